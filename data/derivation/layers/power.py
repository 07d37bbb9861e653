# ruff: noqa: E501  # rows of figures are read across
"""Power: demand charges, temporary power, contract sizes, modules, must-run and late technology, storage."""

from __future__ import annotations

import pandas as pd

from derivation.spec import Spec, quarter_label

DEMAND_USD = {"US": 6_000.0, "other": 8_500.0}  # scenario: $/MW and month, the size of industrial demand charges
TEMPORARY = (
    ("camp-colossus-2", 150.0, 0, 3, 0.10, 18.0),
    ("camp-openai-stargate-abilene", 120.0, 0, 3, 0.10, 14.0),
)  # scenario: MW, first, last quarter, M$/MW, M$ a year
LEAST_CONTRACT = 0.25  # scenario: a contract is for at least this share of its size
ESCALATION = 0.02  # scenario: per year
FIXED_OPEX = {"gas turbine": 0.02, "gas engine": 0.03, "combined cycle": 0.03, "fuel cell": 0.05, "solar": 0.02}  # scenario: M$/MW and year
MODULES = {"fuel cell": 10.0, "gas engine": 20.0}  # scenario: MW of one module
MUST_RUN = {"combined cycle": 0.3}  # scenario
SOLD_USD = {"solar": 15.0}  # scenario: $/MWh for what is not needed
FUEL_HOURS = {"gas turbine": 7_000}  # scenario: full-load hours a year that gas supply or air permit allow

# Scenario: further plants: site, technology, MW, firmness, first quarter, M$/MW, $/MWh, kg CO2/MWh, profile, years, MW of a module, least load, M$/MW and year.
FURTHER = (
    ("camp-microsoft-fairwater-wisconsin", "small modular reactor", 400, 0.9995, 10, 9.0, 12, 12, "", 40, 80.0, 0.5, 0.12),
    ("camp-google-the-dalles", "geothermal", 60, 0.9990, 5, 6.0, 6, 38, "", 30, 20.0, 0.6, 0.10),
    ("camp-openai-stargate-new-mexico", "space solar", 100, 0.99, 11, 12.0, 1, 20, "", 15, 50.0, 0.0, 0.05),
)
# Scenario: site, MW, hours, efficiency, firmness, first quarter, M$/MW, M$/MWh.
STORAGE = (
    ("camp-openai-stargate-abilene", 300, 4, 0.86, 0.999, 2, 0.10, 0.22),
    ("camp-openai-stargate-uae", 300, 6, 0.86, 0.999, 3, 0.10, 0.20),
    ("camp-start-campus-sines-data-campus", 60, 4, 0.86, 0.999, 3, 0.12, 0.24),
    ("camp-colossus-2", 200, 4, 0.86, 0.999, 1, 0.10, 0.22),
)

CREDIT = {
    "camp-openai-stargate-abilene": (0.2, 55_000.0, 900.0),
    "reg-azure-germanywestcentral": (0.3, 40_000.0, 400.0),
}  # scenario: share of the running tier, $/MW and year, $/MWh
CLEAN = (("", "2028Q1", "period", 0.35), ("", "2029Q1", "period", 0.40), ("PT", "2029Q1", "block", 0.60))  # scenario: targets
FOSSIL_KG, CLEAN_TECH = 650.0, ("solar", "geothermal", "small modular reactor", "space solar")  # scenario: carbon of the fossil part of a grid, kg/MWh
CARBON_KT = 9_000.0  # scenario: per quarter from 2028 on, with offsets
OFFSET_USD, OFFSET_KT = 180.0, 3_000.0  # scenario
MIX = (("gas turbine", "2029Q1", 0.25),)  # scenario: largest share

ENTRIES = {
    "curtailment": ("none: scenario", "-", f"Scenario: demand response on the running tier: share, $ per MW and year, $ per MWh: {CREDIT}."),
    "clean_targets": ("none: scenario", "-", f"Scenario: {CLEAN}."),
    "carbon_caps": ("none: scenario", "-", f"Scenario: {CARBON_KT:,.0f} kt a quarter from 2028 on, offsets at {OFFSET_USD:g} $/t up to {OFFSET_KT:,.0f} kt."),
    "mix_limits": ("none: scenario", "-", f"Scenario: largest share of a technology: {MIX}."),
    "demand_charges": ("none: scenario", "-", f"Scenario: {DEMAND_USD} $ per MW and month of the highest power taken."),
    "storage": ("none: scenario", "-", "Scenario: batteries of 4 to 6 hours at sites with weak or dear power."),
}
NOTES = {
    "grid": "Scenario: temporary power (rented, for the first quarters) at two campuses.",
    "tariffs": f"Scenario: clean share of the grid = 1 - carbon / {FOSSIL_KG:g} kg/MWh.",
    "ppas": f"Scenario: at least {LEAST_CONTRACT:.0%} of the size if signed; {ESCALATION:.0%} a year.",
    "generators": f"Scenario: fixed cost {FIXED_OPEX}, modules {MODULES} MW, must-run {MUST_RUN}, sale {SOLD_USD} $/MWh, full-load hours {FUEL_HOURS}; small modular reactor, geothermal and "
    "space solar as technology that comes late.",
}


def extend(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add what the module says."""
    _grid(tables, spec)
    ppas, generators = tables["ppas"], tables["generators"]
    ppas["min_mw"], ppas["escalation_per_year"] = (LEAST_CONTRACT * ppas["max_mw"]).round(), ESCALATION
    hours = generators["tech"].map(FUEL_HOURS)
    generators["opex_musd_per_mw_year"] = generators["tech"].map(FIXED_OPEX).fillna(0.0)
    generators["unit_mw"] = generators["tech"].map(MODULES)
    generators["min_load"] = generators["tech"].map(MUST_RUN).fillna(0.0)
    generators["export_usd_per_mwh"] = generators["tech"].map(SOLD_USD)
    generators["max_gwh_per_year"] = generators["max_mw"] * hours / 1e3
    tables["generators"] = pd.concat([generators, _further(spec)], ignore_index=True)
    _policy(tables, spec)
    tables["storage"] = pd.DataFrame(
        [
            {
                "storage": f"{site.split('-', 1)[1]}-battery", "site": site, "max_mw": mw, "hours": hours, "efficiency": eff, "cycles_per_day": 1, "firmness": firm,
                "available": quarter_label(start, spec.start), "capex_musd_per_mw": per_mw, "capex_musd_per_mwh": per_mwh, "opex_musd_per_mw_year": 0.01, "life_years": 15,
                "assumption": "scenario: size and cost",
            }
            for site, mw, hours, eff, firm, start, per_mw, per_mwh in STORAGE
            if site in spec.sites
        ]
    )  # fmt: skip


def _grid(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    sites = tables["sites"].set_index("site")
    charges = [
        {
            "zone": zone,
            "period": quarter_label(t, spec.start),
            "usd_per_mw_month": DEMAND_USD["US" if zone.startswith("US-") else "other"],
            "assumption": "scenario: demand charge",
        }
        for zone in sorted(set(sites["zone"]))
        for t in range(spec.n_periods)
    ]
    tables["demand_charges"] = pd.DataFrame(charges)
    grid = tables["grid"]
    rows = [
        {
            "site": site, "tier": "temporary", "mw": mw, "firmness": 0.995, "available": quarter_label(first, spec.start), "until": quarter_label(last, spec.start),
            "capex_musd": round(capex * mw, 2), "interruptible": 0, "opex_musd_per_year": rent, "assumption": "scenario: temporary power",
        }
        for site, mw, first, last, capex, rent in TEMPORARY
        if site in spec.sites
    ]  # fmt: skip
    grid["until"], grid["opex_musd_per_year"] = "", ""
    tables["grid"] = pd.concat([grid, pd.DataFrame(rows)], ignore_index=True)


def _further(spec: Spec) -> pd.DataFrame:
    rows = [
        {
            "generator": f"{site.split('-', 1)[1]}-{tech.replace(' ', '-')}", "site": site, "tech": tech, "max_mw": mw, "firmness": firm,
            "available": quarter_label(start, spec.start), "capex_musd_per_mw": capex, "energy_usd_per_mwh": energy, "co2_kg_per_mwh": co2, "profile": profile,
            "life_years": years, "unit_mw": unit, "min_load": least, "opex_musd_per_mw_year": opex, "assumption": "scenario: technology that comes late",
        }
        for site, tech, mw, firm, start, capex, energy, co2, profile, years, unit, least, opex in FURTHER
        if site in spec.sites and start < spec.n_periods
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _policy(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add demand response, clean targets, carbon caps and limits on the mix."""
    rows = [
        {"site": s, "tier": "running", "max_share": share, "usd_per_mw_year": mw, "usd_per_mwh": mwh, "assumption": "scenario: demand response"}
        for s, (share, mw, mwh) in CREDIT.items()
        if s in spec.sites
    ]
    tables["curtailment"] = pd.DataFrame(rows)
    tables["tariffs"]["clean_share"] = (1 - tables["tariffs"]["co2_kg_per_mwh"] / FOSSIL_KG).clip(0, 1).round(3)
    tables["ppas"]["clean"] = 1
    tables["generators"]["clean"] = tables["generators"]["tech"].isin(CLEAN_TECH).astype(int)
    labels = [quarter_label(t, spec.start) for t in range(spec.n_periods)]
    targets = [
        {"zone": zone, "period": t, "matching": matching, "share": share, "assumption": "scenario: target"}
        for zone, first, matching, share in CLEAN
        for t in labels
        if t >= first and t < str(int(first[:4]) + 1)
    ]
    tables["clean_targets"] = pd.DataFrame(targets)
    tables["carbon_caps"] = pd.DataFrame(
        [
            {"period": t, "kt": CARBON_KT, "offset_usd_per_t": OFFSET_USD, "max_offset_kt": OFFSET_KT, "assumption": "scenario: cap"}
            for t in labels
            if t >= "2028Q1"
        ]
    )
    tables["mix_limits"] = pd.DataFrame(
        [{"tech": tech, "period": t, "max_share": most, "assumption": "scenario: limit"} for tech, first, most in MIX for t in labels if t >= first]
    )
