# ruff: noqa: E501  # rows of figures are read across
"""Sites: failure domains, speed of deployment, density, cooling, heat, water, benefits, permit offices, crews, grid queues, gates, options on land."""

from __future__ import annotations

import pandas as pd

from derivation.spec import Spec, quarter_label

DEPLOY_MW = {"campus": 400.0, "region": 30.0}  # scenario: IT power of chips that a site can put into service in a quarter
STATES = ("US-TX", "US-IN", "US-VA")  # scenario: sites of one state, on one grid, fail together
SUMMER = {"north": (3,), "south": (1,)}  # scenario: hot quarter by hemisphere
HOT_RISE = {"stress": 0.10, "peak": 0.05}  # scenario: rise of the PUE in hot hours of the hot quarter
HOT_BEYOND_DEG = 42.0  # scenario: nearer to the equator than this, cooling takes more in summer

RACK_KW = {"air": 45.0, "liquid": 150.0}  # scenario: densest racks of a hall by cooling
WUE = {"dry": 0.2, "wet": 1.6}  # scenario: litres per kWh of IT energy; evaporative cooling where it is cool or water is plenty, closed loops in dry places
DRY = ("US-TX", "US-NM", "AE", "SA", "CL")
WATER_ML = {"camp-google-the-dalles": 1_500.0, "camp-meta-prometheus": 12_000.0}  # scenario: rights, million litres a year
HEAT_MW = {"camp-colossus-2": 900.0, "camp-dayone-nusajaya": 420.0}  # scenario: heat that can be rejected in the hottest hours
BENEFITS = {"camp-colossus-2": (150.0, 60_000.0), "camp-google-the-dalles": (60.0, 45_000.0)}  # scenario: MW beyond the cap, $ per MW and year
PERMIT_STARTS = (("US-TX", 2), ("US-IN", 1))  # scenario: building permits that an office takes in per quarter
CREWS, CREWS_PER_SHELL = {"US": 26}, 2.0  # scenario: crews for large halls in the country; per hall under construction
QUEUE_MW = {"US-VA": (40.0, 120.0), "DE": (40.0, 120.0), "GB": (40.0, 120.0)}  # scenario: MW of new connections in a zone in the first half and in all
OPTION_MUSD = 1.5  # scenario: fee of an option on land, M$ a year
GATED = (
    ("pilot-new-mexico", "hall", "camp-openai-stargate-new-mexico", "s1c", "hall", "camp-openai-stargate-new-mexico", "s1a", 1),
    ("interconnect-hyperion", "hall", "camp-meta-hyperion", "s1c", "tier", "camp-meta-hyperion", "stage1", 1),
)  # scenario: pilot before scale, grid before halls

ENTRIES = {
    "local_benefits": ("none: scenario", "-", f"Scenario: power beyond the community's cap against benefits: {BENEFITS} (MW, $ per MW and year)."),
    "milestone_limits": ("none: scenario", "-", f"Scenario: building permits taken in per quarter: {PERMIT_STARTS}."),
    "crews": ("none: scenario", "-", f"Scenario: {CREWS} crews for large halls, {CREWS_PER_SHELL:g} per hall while its shell is built."),
    "grid_queue": ("none: scenario", "-", f"Scenario: MW of new connections in crowded zones, at first and after six quarters: {QUEUE_MW}."),
    "land_options": ("none: scenario", "-", f"Scenario: {OPTION_MUSD:g} M$ a year until a greenfield campus is opened."),
    "gates": ("none: scenario", "-", "Scenario: a pilot hall before the last one; an energised interconnection before the last hall."),
    "cooling": (
        "none: scenario",
        "-",
        f"Scenario: sites within {HOT_BEYOND_DEG:g} degrees of the equator need a PUE higher by {HOT_RISE} in the hot quarter (3 in the north, 1 in the south).",
    ),
}
NOTES = {
    "halls": f"Scenario: racks of at most {RACK_KW} kW by cooling.",
    "milestones": f"Scenario: {CREWS_PER_SHELL:g} crews for every shell.",
    "sites": f"Scenario: water {WUE} l/kWh (dry: {', '.join(DRY)}), rights {WATER_ML} Ml a year; heat {HEAT_MW} MW. Scenario: {DEPLOY_MW} MW of chips a quarter; sites of {', '.join(STATES)} are one failure domain each.",
}


def extend(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add what the module says."""
    sites = tables["sites"]
    sites["failure_domain"] = sites["zone"].where(sites["zone"].isin(STATES), "")
    sites["deploy_mw_per_period"] = sites["kind"].map(DEPLOY_MW)
    rows = [
        {"site": s["site"], "quarter": q, "block": block, "pue": round(float(s["pue"]) + rise, 3), "assumption": "scenario: cooling in hot hours"}
        for _, s in sites.iterrows()
        if abs(s["lat_deg"]) < HOT_BEYOND_DEG
        for q in SUMMER["north" if s["lat_deg"] >= 0 else "south"]
        for block, rise in HOT_RISE.items()
    ]
    tables["cooling"] = pd.DataFrame(rows)
    _density_and_water(tables)
    _permits(tables, spec)


def _density_and_water(tables: dict[str, pd.DataFrame]) -> None:
    sites = tables["sites"]
    tables["halls"]["max_kw_per_rack"] = tables["halls"]["cooling"].map(RACK_KW)
    sites["wue_l_per_kwh"] = [WUE["dry" if z in DRY else "wet"] for z in sites["zone"]]
    sites["water_ml_per_year"], sites["heat_mw"] = sites["site"].map(WATER_ML), sites["site"].map(HEAT_MW)
    rows = [
        {"site": s, "extra_mw": mw, "usd_per_mw_year": usd, "assumption": "scenario: agreement with the community"}
        for s, (mw, usd) in BENEFITS.items()
        if s in set(sites["site"])
    ]
    tables["local_benefits"] = pd.DataFrame(rows)


def _permits(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    milestones, sites, halls = tables["milestones"], tables["sites"], tables["halls"]
    labels = [quarter_label(t, spec.start) for t in range(spec.n_periods)]
    milestones["crews"] = [
        CREWS_PER_SHELL if m == "shell" and sites.set_index("site")["country"][s] in CREWS else ""
        for s, m in zip(milestones["site"], milestones["milestone"], strict=True)
    ]
    tables["crews"] = pd.DataFrame([{"place": c, "period": t, "crews": n, "assumption": "scenario: crews"} for c, n in CREWS.items() for t in labels])
    tables["milestone_limits"] = pd.DataFrame(
        [{"milestone": "permit", "place": z, "period": t, "max_starts": n, "assumption": "scenario: permit office"} for z, n in PERMIT_STARTS for t in labels]
    )
    tables["grid_queue"] = pd.DataFrame(
        [
            {"zone": z, "period": labels[t], "mw": mw, "assumption": "scenario: connection queue"}
            for z, steps in QUEUE_MW.items()
            for t, mw in zip((0, 6), steps, strict=True)
        ]
    )
    green = [s for s in sites["site"] if not halls.loc[halls["site"] == s, "existing"].any()]
    tables["land_options"] = pd.DataFrame([{"site": s, "fee_musd_per_year": OPTION_MUSD, "assumption": "scenario: option on land"} for s in green])
    columns = ("gate", "kind", "site", "item", "after_kind", "after_site", "after_item", "lag_periods")
    tables["gates"] = pd.DataFrame(GATED, columns=list(columns)).assign(assumption="scenario: order of commitments")
