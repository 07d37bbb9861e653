"""Tables ``grid``, ``tariffs``, ``profiles``, ``ppas`` and ``generators``."""

from __future__ import annotations

import pandas as pd

from derivation.facts import Facts
from derivation.sites import Hall, chosen_sites, halls_of, zone_of
from derivation.spec import BLOCKS, Spec, quarter_label

PRICE_SHAPE = {"base": 0.95, "peak": 1.15, "stress": 2.15}  # scenario: of the year's price; the mean over the hours is 1
CARBON_SHAPE = {"base": 0.978, "peak": 1.08, "stress": 1.24}  # scenario: of the year's intensity; the mean over the hours is 1
PRICE_GROWTH, CARBON_DECLINE = 0.005, 0.01  # scenario: per quarter
TIER_LIFE_YEARS = 30
STAGED_MUSD_PER_MW, EXPANSION_MUSD_PER_MW, FLEXIBLE_MUSD_PER_MW = 0.15, 0.35, 0.10  # scenario: substation and line works
FLEXIBLE_FIRMNESS = 0.98  # scenario: hours in which a flexible (interruptible) connection is there
STRESSED_GRID = {"camp-colossus-2": 0.85, "camp-meta-prometheus": 0.88}  # scenario: grid power / announced power; the rest is on-site gas
TIGHT = ("DE", "GB", "SG", "US-VA", "JP")  # European, Virginian and metropolitan connection queues (permitting/lead_time_facts.csv)
TIGHT_QUARTER, NORMAL_QUARTER, FLEXIBLE_QUARTER = 10, 5, 3  # scenario: quarters until a region's next tier
REGION_TIER_MW = (40.0, 40.0)

# Scenario offers: zone, technology, MW, $/MWh, profile, first quarter, quarters, share paid for if not taken, kg CO2/MWh (life cycle, IPCC medians).
PPAS = (
    ("US-TX", "solar", 600, 34, "solar", 2, 48, 1.0, 41),
    ("US-TX", "wind", 500, 38, "wind", 0, 40, 1.0, 11),
    ("US-WI", "nuclear", 400, 82, "", 3, 60, 0.9, 12),
    ("US-LA", "solar", 500, 46, "solar", 5, 48, 1.0, 41),
    ("AE", "solar", 800, 27, "solar", 1, 60, 1.0, 41),
    ("DE", "offshore wind", 120, 92, "wind", 4, 40, 1.0, 12),
    ("MY", "solar", 150, 58, "solar", 2, 60, 1.0, 41),
    ("PT", "wind", 120, 62, "wind", 1, 40, 0.9, 11),
    ("IN", "solar", 60, 48, "solar", 1, 60, 1.0, 41),
    ("US-IN", "wind", 400, 59, "wind", 2, 48, 1.0, 11),
    ("US-OH", "nuclear", 350, 88, "", 2, 60, 0.9, 12),
    ("US-NM", "solar", 600, 40, "solar", 4, 48, 1.0, 41),
)
PROFILES = {"solar": (0.20, 0.34, 0.05), "wind": (0.37, 0.33, 0.12)}  # scenario: output per MW in base, peak and stress hours

# Scenario: site, technology, MW, firmness, first quarter, M$/MW, $/MWh, kg CO2/MWh, profile, years.
GENERATORS = (
    ("camp-colossus-2", "gas turbine", 400, 0.9990, 0, 1.3, 52, 490, "", 20),
    ("camp-meta-prometheus", "gas turbine", 250, 0.9990, 0, 1.4, 50, 490, "", 20),
    ("camp-openai-stargate-abilene", "gas turbine", 360, 0.9992, 1, 1.5, 44, 480, "", 20),
    ("camp-openai-stargate-shackelford", "gas engine", 500, 0.9992, 1, 1.7, 46, 470, "", 20),
    ("camp-openai-stargate-new-mexico", "gas turbine", 700, 0.9992, 6, 1.8, 48, 480, "", 20),
    ("camp-openai-stargate-uae", "gas turbine", 400, 0.9995, 2, 1.4, 38, 450, "", 20),
    ("camp-openai-stargate-uae", "solar", 600, 0.0, 3, 0.9, 3, 0, "solar", 25),
    ("camp-meta-hyperion", "combined cycle", 750, 0.9993, 5, 1.9, 40, 370, "", 25),
    ("camp-start-campus-sines-data-campus", "solar", 80, 0.0, 3, 0.8, 3, 0, "solar", 25),
    ("reg-azure-germanywestcentral", "gas engine", 40, 0.9990, 4, 1.6, 95, 470, "", 20),
    ("reg-azure-uksouth", "gas engine", 40, 0.9990, 4, 1.6, 98, 470, "", 20),
    ("reg-azure-southeastasia", "fuel cell", 30, 0.9995, 3, 3.2, 105, 420, "", 15),
    ("reg-azure-japaneast", "fuel cell", 40, 0.9995, 3, 3.2, 110, 420, "", 15),
)
FLEXIBLE_CAMPUS = ("camp-openai-stargate-abilene", "camp-openai-stargate-shackelford", "camp-openai-stargate-uae", "camp-colossus-2")


def firmness(facts: Facts, row: pd.Series) -> float:
    """Return the share of hours with power: EIA SAIDI of the state, elsewhere from the grid quality index."""
    if row["country"] == "US":
        return round(1.0 - float(row["saidi_no_med_min_per_year"]) / 525_960, 5)
    return round(0.9998 - 0.03 * (1.0 - float(row["grid_quality_index"])), 5)  # scenario: 0.9998 at index 1, 0.9908 at 0.7


def grid_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``grid``."""
    rows: list[dict[str, object]] = []
    for _, row in chosen_sites(facts, spec).iterrows():
        halls = halls_of(facts, spec, row)
        tiers = _campus_tiers(row, halls) if row["kind"] == "campus" else _region_tiers(row)
        firm = firmness(facts, row)
        for tier, mw, available, capex, flexible, note in tiers:
            if available < spec.n_periods and mw > 0.5:
                rows.append(
                    {
                        "site": row["site_id"],
                        "tier": tier,
                        "mw": round(mw, 1),
                        "firmness": FLEXIBLE_FIRMNESS if flexible else firm,
                        "available": quarter_label(available, spec.start),
                        "capex_musd": round(capex * mw, 2),
                        "interruptible": int(flexible),
                        "life_years": TIER_LIFE_YEARS if capex else "",
                        "source": "EIA-861 SAIDI" if row["country"] == "US" else "grid quality index",
                        "assumption": "scenario: " + note,
                    }
                )
    return pd.DataFrame(rows)


Tier = tuple[str, float, int, float, bool, str]


def _campus_tiers(row: pd.Series, halls: list[Hall]) -> list[Tier]:
    share = STRESSED_GRID.get(row["site_id"], 1.0)
    running = sum(h.mw for h in halls if h.kind == "existing")
    tiers: list[Tier] = [("running", share * running, 0, 0.0, False, "tier = energised power" if share == 1 else "grid below announced power")]
    staged = sorted({h.ready for h in halls if h.kind == "staged"})
    for i, t in enumerate(staged):
        mw = share * sum(h.mw for h in halls if h.kind == "staged" and h.ready == t)
        tiers.append((f"stage{i + 1}", mw, t, STAGED_MUSD_PER_MW, False, "tier follows the announced power; works cost"))
    last = max([h.ready for h in halls if h.kind == "expansion"], default=0)
    extra = sum(h.mw for h in halls if h.kind == "expansion")
    if row["site_id"] in FLEXIBLE_CAMPUS:
        tiers.append(("flexible", 0.5 * extra, max(last - 2, 1), FLEXIBLE_MUSD_PER_MW, True, "flexible connection, earlier and cheaper"))
    tiers.append(("expansion", extra, last, EXPANSION_MUSD_PER_MW, False, "expansion tier; works cost"))
    return tiers


def _region_tiers(row: pd.Series) -> list[Tier]:
    tight = row["country"] in TIGHT or zone_of(row) in TIGHT
    first = TIGHT_QUARTER if tight else NORMAL_QUARTER
    tiers: list[Tier] = [("running", float(row["current_power_mw"]), 0, 0.0, False, "20 MW of a region")]
    if tight:
        tiers.append(("flexible", 25.0, FLEXIBLE_QUARTER, FLEXIBLE_MUSD_PER_MW, True, "flexible connection while the queue lasts"))
    for i, mw in enumerate(REGION_TIER_MW):
        tiers.append((f"stage{i + 1}", mw, first + 4 * i, EXPANSION_MUSD_PER_MW, False, "queue length and works cost"))
    return tiers


def tariff_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``tariffs``: the zone's industrial price and carbon intensity, shaped over the blocks."""
    sites = chosen_sites(facts, spec)
    zones = sites.assign(zone=[zone_of(r) for _, r in sites.iterrows()]).groupby("zone", sort=True)
    mean = zones[["power_price_usd_per_mwh", "carbon_g_per_kwh"]].mean()
    rows = [
        {
            "zone": zone,
            "period": quarter_label(t, spec.start),
            "block": block,
            "energy_usd_per_mwh": round(z["power_price_usd_per_mwh"] * PRICE_SHAPE[block] * (1 + PRICE_GROWTH) ** t, 2),
            "co2_kg_per_mwh": round(z["carbon_g_per_kwh"] * CARBON_SHAPE[block] * (1 - CARBON_DECLINE) ** t, 1),
            "assumption": "scenario: shape and drift",
        }
        for zone, z in mean.iterrows()
        for t in range(spec.n_periods)
        for block, _ in BLOCKS
    ]
    return pd.DataFrame(rows)


def ppa_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``ppas``: the scenario offers in zones of the case."""
    zones = {zone_of(row) for _, row in chosen_sites(facts, spec).iterrows()}
    rows = [
        {
            "ppa": f"ppa-{zone.lower()}-{tech.replace(' ', '-')}",
            "zone": zone,
            "tech": tech,
            "max_mw": mw,
            "price_usd_per_mwh": price,
            "profile": profile,
            "start": quarter_label(start, spec.start),
            "tenor_periods": tenor,
            "take_share": take,
            "co2_kg_per_mwh": co2,
            "assumption": "scenario: no open source for offers",
        }
        for zone, tech, mw, price, profile, start, tenor, take, co2 in PPAS
        if zone in zones and start < spec.n_periods
    ]
    return pd.DataFrame(rows)


def generator_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``generators``: the scenario plants at sites of the case."""
    rows = [
        {
            "generator": f"{site.split('-', 1)[1]}-{tech.replace(' ', '-')}",
            "site": site,
            "tech": tech,
            "max_mw": mw,
            "firmness": firm,
            "available": quarter_label(start, spec.start),
            "capex_musd_per_mw": capex,
            "energy_usd_per_mwh": energy,
            "co2_kg_per_mwh": co2,
            "profile": profile,
            "life_years": years,
            "assumption": "scenario: size, cost and date",
        }
        for site, tech, mw, firm, start, capex, energy, co2, profile, years in GENERATORS
        if site in spec.sites and start < spec.n_periods
    ]
    return pd.DataFrame(rows)


def profile_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``profiles``: those that an offer or a plant of the case uses."""
    used = {*ppa_table(facts, spec)["profile"], *generator_table(facts, spec)["profile"]}
    rows = [
        {"profile": name, "block": block, "factor": factor, "assumption": "scenario: output by block"}
        for name, factors in PROFILES.items()
        if name in used
        for (block, _), factor in zip(BLOCKS, factors, strict=True)
    ]
    return pd.DataFrame(rows)
