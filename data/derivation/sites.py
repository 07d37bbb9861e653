"""Tables ``sites``, ``halls`` and ``milestones``: staged campus power, and what must still be done before a hall runs."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pandas as pd

from derivation.facts import Facts, percentile_days, quartile_days
from derivation.spec import DAYS_PER_QUARTER, Spec, quarter_index, quarter_label

MAX_DOMAIN_IT_MW = 600.0  # scenario: largest fabric domain of a campus
SINGLE_FABRIC = ("camp-microsoft-fairwater-wisconsin", "camp-meta-hyperion")  # scenario: one fabric over the whole campus
MAX_SINGLE_FABRIC_HALL_MW = 800.0
AIR_UNTIL = "2025Q2"  # scenario: power energised by then is air cooled, later power liquid cooled
EXPANSION_SHARE = 0.30  # scenario: expansion beyond the announced power, share of it
EXPANSION_MW = (60.0, 400.0)  # scenario: smallest and largest expansion, MW at the meter
REGION_HALL_MW = (40.0, 40.0)  # scenario: expansion halls of a region, MW at the meter (20 existing + 80 = 100)
REMAINING_COST_SHARE = 0.6  # scenario: share of a staged hall's construction cost that is still to be paid
HALL_LIFE_YEARS = 20
OPEX_MUSD_PER_IT_MW_YEAR = 0.30  # scenario: staff and maintenance, about 3 % of construction cost
OPENING_MUSD_PER_MW = 0.05  # scenario: site works and community agreements of a greenfield campus
PERMIT_MUSD, EQUIPMENT_MUSD_PER_MW = 4.0, 0.4  # scenario: permit file; deposits for switchgear and transformers
CHAIN_SHARES = {"permit": 0.30, "equipment": 0.45, "shell": 0.55, "energise": 0.15}  # scenario: of the measured duration
SLOW_PERMITS = ("EEA", "UK", "SG", "JP", "KR", "CH")  # scenario: blocs where a region's first hall takes the median, not the quartile
COMMUNITY_FACTOR = {"camp-colossus-2": 1.02, "camp-google-the-dalles": 1.25}  # scenario: cap / announced power
DIPS_PER_INTERRUPTION = 10.0  # scenario: dips and cooling trips that stop a gang, per sustained interruption of the grid


@dataclass(frozen=True, slots=True)
class Hall:
    """A hall before it becomes a row; ``mw`` is facility power and ``ready`` the median quarter of service."""

    hall: str
    mw: float
    cooling: str
    kind: str  # existing, staged, expansion
    ready: int = 0


def chosen_sites(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return the fact rows of the case's sites, in the order of the specification."""
    return facts["sites"].set_index("site_id", drop=False).loc[list(spec.sites)]


def campus_power(facts: Facts, site: str) -> pd.Series:
    """Return the facility power in MW by quarter label."""
    rows = facts["campus_power"]
    return rows[rows["site_id"] == site].set_index("quarter")["power_mw"]


def announced_mw(facts: Facts, spec: Spec, site: str) -> list[tuple[int, float]]:
    """Return (quarter index, MW added) for each announced step of a campus; index -1 is what runs at the start."""
    power = campus_power(facts, site)
    running = float(power[quarter_label(-1, spec.start)])
    steps = [(-1, running)] if running > 0 else []
    for label, level in power.items():
        t = quarter_index(str(label), spec.start)
        if 0 <= t < spec.n_periods and level > running + 1:
            steps.append((t, float(level) - running))
            running = float(level)
    return steps


def expansion_mw(facts: Facts, spec: Spec, site: str) -> float:
    """Return the power of the scenario expansion of a campus, MW at the meter."""
    total = sum(mw for _, mw in announced_mw(facts, spec, site))
    return float(round(min(max(EXPANSION_SHARE * total, EXPANSION_MW[0]), EXPANSION_MW[1])))


def merged_steps(steps: list[tuple[int, float]]) -> list[tuple[int, float]]:
    """Return at most two steps: where there are more, all but the largest are joined at the latest date before it or after it."""
    if len(steps) <= 2:
        return steps
    half = sum(mw for _, mw in steps) / 2
    first: list[tuple[int, float]] = []
    while steps and sum(mw for _, mw in first) < half:
        first.append(steps[0])
        steps = steps[1:]
    groups = [first, steps] if steps else [first]
    return [(max(t for t, _ in g), sum(mw for _, mw in g)) for g in groups]


def campus_halls(facts: Facts, spec: Spec, row: pd.Series) -> list[Hall]:
    """Return the halls of a campus: running, announced, and one expansion."""
    site, steps = row["site_id"], announced_mw(facts, spec, row["site_id"])
    running = sum(mw for t, mw in steps if t < 0)
    air = min(float(campus_power(facts, site).get(AIR_UNTIL, 0.0)), running)
    air = 0.0 if air < 0.1 * running else air
    halls = [Hall("e-air", air, "air", "existing")] if air else []
    halls += [Hall("e-liq", running - air, "liquid", "existing")] if running - air > 1 else []
    halls += [Hall(f"s{i + 1}", mw, "liquid", "staged", t) for i, (t, mw) in enumerate(merged_steps([s for s in steps if s[0] >= 0]))]
    lead = expansion_days(facts, row) / DAYS_PER_QUARTER
    last = max([t for t, _ in steps], default=0)
    # An expansion follows the announced stages: it is asked for now, but not finished before the last of them.
    halls.append(Hall("x1", expansion_mw(facts, spec, site), "liquid", "expansion", max(math.ceil(lead), last)))
    return [part for hall in halls for part in split_hall(hall, float(row["pue"]), site)]


def split_hall(hall: Hall, pue: float, site: str) -> list[Hall]:
    """Return equal parts of a hall that is larger than one fabric domain."""
    limit = MAX_SINGLE_FABRIC_HALL_MW if site in SINGLE_FABRIC else MAX_DOMAIN_IT_MW
    n = max(1, math.ceil(hall.mw / pue / limit - 1e-9))
    if n == 1:
        return [hall]
    return [Hall(f"{hall.hall}{'abcdef'[i]}", hall.mw / n, hall.cooling, hall.kind, hall.ready) for i in range(n)]


def region_halls(facts: Facts, row: pd.Series) -> list[Hall]:
    """Return the halls of a cloud region: one running air-cooled hall and two liquid-cooled expansions."""
    lower, _ = quartile_days(facts)
    median = percentile_days(facts)[1]
    first = median if row["jurisdiction_bloc"] in SLOW_PERMITS else lower
    halls = [Hall("e-air", float(row["current_power_mw"]), "air", "existing")]
    for i, (mw, days) in enumerate(zip(REGION_HALL_MW, (first, max(first, median)), strict=True)):
        halls.append(Hall(f"x{i + 1}", mw, "liquid", "expansion", math.ceil(days / DAYS_PER_QUARTER)))
    return halls


def expansion_days(facts: Facts, row: pd.Series) -> float:
    """Return a campus's own measured days from first milestone to power, kept inside the quartiles of all campuses."""
    lower, upper = quartile_days(facts)
    days = float(row["days_first_milestone_to_power"])
    return min(max(days, lower), upper) if days > 0 else lower


def halls_of(facts: Facts, spec: Spec, row: pd.Series) -> list[Hall]:
    """Return the halls of any site that can serve within the horizon."""
    halls = campus_halls(facts, spec, row) if row["kind"] == "campus" else region_halls(facts, row)
    return [h for h in halls if h.ready < spec.n_periods]


def domains_of(site: str, halls: list[Hall], pue: float) -> list[str]:
    """Return the fabric domain of each hall: halls are joined in order while the domain stays within its limit."""
    names, used, number = [], 0.0, 1
    for hall in halls:
        it_mw = hall.mw / pue
        if site not in SINGLE_FABRIC and used and used + it_mw > MAX_DOMAIN_IT_MW:
            used, number = 0.0, number + 1
        used += it_mw
        names.append(site if number == 1 else f"{site}-f{number}")
    return names


def hall_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``halls``."""
    rows = []
    for _, row in chosen_sites(facts, spec).iterrows():
        halls = halls_of(facts, spec, row)
        pue, campus = float(row["pue"]), row["kind"] == "campus"
        for hall, domain in zip(halls, domains_of(row["site_id"], halls, pue), strict=True):
            it_mw = round(hall.mw / pue, 1)
            # Epoch's construction cost is per MW at the meter; the country tables' per MW of IT.
            full = float(row["dc_capex_musd_per_mw"]) * (hall.mw if campus else it_mw)
            share = {"existing": 0.0, "staged": REMAINING_COST_SHARE, "expansion": 1.0}[hall.kind]
            rows.append(
                {
                    "site": row["site_id"],
                    "hall": hall.hall,
                    "domain": domain,
                    "it_mw": it_mw,
                    "cooling": hall.cooling,
                    "capex_musd": round(full * share, 1),
                    "opex_musd_per_year": round(OPEX_MUSD_PER_IT_MW_YEAR * it_mw, 2),
                    "existing": int(hall.kind == "existing"),
                    "life_years": "" if hall.kind == "existing" else HALL_LIFE_YEARS,
                    "source": ("Epoch AI campus timeline" if campus else "region") + f"; {row['dc_capex_source']}",
                    "assumption": _hall_assumption(hall, campus),
                }
            )
    return pd.DataFrame(rows)


def _hall_assumption(hall: Hall, campus: bool) -> str:
    cooling = "cooling by date of first power" if campus else "cooling"
    what = {"existing": "power" if not campus else "", "staged": f"{REMAINING_COST_SHARE:.0%} of the cost still to pay", "expansion": "size and dates"}
    return "scenario: " + "; ".join(x for x in (what[hall.kind], cooling, "opex") if x)


def site_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``sites``."""
    rows = []
    for _, row in chosen_sites(facts, spec).iterrows():
        halls = halls_of(facts, spec, row)
        greenfield = not any(h.kind == "existing" for h in halls)
        total, factor = sum(h.mw for h in halls), COMMUNITY_FACTOR.get(row["site_id"])
        announced = sum(h.mw for h in halls if h.kind != "expansion")
        rows.append(
            {
                "site": row["site_id"],
                "name": row["name"],
                "kind": row["kind"],
                "country": row["country"],
                "lat_deg": row["lat"],
                "lon_deg": row["lon"],
                "zone": zone_of(row),
                "pue": row["pue"],
                "opening_cost_musd": round(OPENING_MUSD_PER_MW * total, 1) if greenfield else 0,
                "outages_per_year": outages_per_year(facts, row),
                "community_mw": round(announced * factor) if factor else "",
                "source": f"coordinates and owner: {row['source_id']}; PUE: {row['pue_source']}",
                "assumption": "scenario: dips per sustained interruption" + ("; opening cost" if greenfield else "") + ("; community cap" if factor else ""),
            }
        )
    return pd.DataFrame(rows)


def zone_of(row: pd.Series) -> str:
    """Return the tariff zone: the state in the United States, else the country."""
    return f"US-{row['admin1']}" if row["country"] == "US" else str(row["country"])


def outages_per_year(facts: Facts, row: pd.Series) -> float:
    """Return interruptions that stop a job: EIA SAIFI of the state, elsewhere from the grid quality index."""
    if row["country"] == "US":
        saifi = facts["reliability"].query("year >= 2019 and admin1 == @row.admin1")["saifi_no_med_n"].median()
    else:
        saifi = 0.3 + 10.0 * (1.0 - float(row["grid_quality_index"]))  # scenario: 0.3 a year at index 1, 3.3 at 0.7
    return round(float(saifi) * DIPS_PER_INTERRUPTION, 1)


def milestone_table(facts: Facts, spec: Spec) -> pd.DataFrame:
    """Return table ``milestones``: the chain that remains before each hall that is not running."""
    p10, p50, p90 = percentile_days(facts)
    rows: list[dict[str, object]] = []
    for _, row in chosen_sites(facts, spec).iterrows():
        halls = halls_of(facts, spec, row)
        new = [h for h in halls if h.kind != "existing"]
        greenfield = len(new) == len(halls)
        opening = _opening_quarters(new) if greenfield else 0
        chain = _shared_chain(row["site_id"], opening) if greenfield else []
        for hall in new:
            chain += _hall_chain(row["site_id"], hall, opening, greenfield)
        rows += chain
    table = pd.DataFrame(rows)
    lead = table["lead_p50"]
    table["lead_p10"], table["lead_p90"] = (lead * p10 / p50).round(2), (lead * p90 / p50).round(2)
    # A step that is due now has no median duration left; one late quarter in ten is kept for the last step.
    due = (lead == 0) & (table["milestone"] == "energise")
    table.loc[due, "lead_p90"] = 1.0
    table["source"] = "Epoch AI milestones; spread as measured from first milestone to power"
    return table[["site", "hall", "milestone", "after", "lead_p10", "lead_p50", "lead_p90", "cost_musd", "source", "assumption"]]


def _opening_quarters(new: list[Hall]) -> int:
    """Return the quarters until a greenfield site can open: about 40 % of the way to its first hall."""
    return round(0.4 * min(h.ready for h in new))


def _row(site: str, hall: str, milestone: str, after: str, lead: float, cost: float, note: str) -> dict[str, object]:
    return {
        "site": site,
        "hall": hall,
        "milestone": milestone,
        "after": after,
        "lead_p50": _floor(lead),
        "cost_musd": round(cost, 2),
        "assumption": note,
    }


def _floor(quarters: float) -> float:
    # Rounded down, so that a chain of rounded parts does not slip into the next quarter.
    return math.floor(quarters * 100 + 1e-6) / 100


def _shared_chain(site: str, opening: int) -> list[dict[str, object]]:
    note = "scenario: split of the remaining time, cost"
    permit = opening / 2
    return [
        _row(site, "", "land", "", 0.0, 1.0, "land held; " + note),
        _row(site, "", "permit", "land", permit, PERMIT_MUSD, note),
        _row(site, "", "grid", "permit", opening - permit, 2.0, note),
    ]


def _hall_chain(site: str, hall: Hall, opening: int, greenfield: bool) -> list[dict[str, object]]:
    """Return the hall's own milestones: their critical path ends at ``hall.ready``."""
    equipment = EQUIPMENT_MUSD_PER_MW * hall.mw
    if hall.kind == "staged" or greenfield:
        note = "scenario: split of the time to the announced date, cost"
        left = hall.ready - opening
        energise = min(1.0, left)
        first = "grid" if greenfield else ""
        build = left - energise
        return [
            _row(site, hall.hall, "equipment", first, build, equipment, note),
            _row(site, hall.hall, "shell", first, max(build - 1.0, 0.0), 0.0, note),
            _row(site, hall.hall, "energise", "equipment;shell", energise, 0.0, note),
        ]
    note = "scenario: split of the measured duration, cost"
    path = CHAIN_SHARES["permit"] + CHAIN_SHARES["shell"] + CHAIN_SHARES["energise"]
    lead = {name: hall.ready * share / path for name, share in CHAIN_SHARES.items()}
    return [
        _row(site, hall.hall, "permit", "", lead["permit"], PERMIT_MUSD, note),
        _row(site, hall.hall, "equipment", "permit", lead["equipment"], equipment, note),
        _row(site, hall.hall, "shell", "permit", lead["shell"], 0.0, note),
        _row(site, hall.hall, "energise", "equipment;shell", lead["energise"], 0.0, note),
    ]
