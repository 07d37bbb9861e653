# ruff: noqa: E501  # rows of figures are read across
"""Chips: packaging and memory shared by all SKUs, resale, retirement, age, moves, stock, made at home, performance caps."""

from __future__ import annotations

import pandas as pd

from derivation.spec import Spec, quarter_index, quarter_label

# Wafers of advanced packaging (CoWoS class) per accelerator: about 16 packages of two reticles on a 300 mm wafer (scenario from package sizes); HBM stacks per accelerator: data sheets.
PACKAGING_WAFERS = {"b200": 1 / 16, "gb200": 1 / 16, "gb300": 1 / 16, "mi355x": 1 / 15, "tpu-v7": 1 / 24, "trainium2": 1 / 30}
HBM_STACKS = {"b200": 8, "gb200": 8, "gb300": 8, "mi355x": 8, "tpu-v7": 8, "trainium2": 4}
STAGE_LEADS = {"packaging": 1, "hbm": 1}  # scenario: quarters before arrival
STAGE_TIGHTNESS, STAGE_GROWTH, STAGE_BASE = 0.92, 0.05, 2  # scenario: output / what all offers of that quarter would take; growth per quarter
RETIRES = {"h100": 9, "h20": 10}  # scenario: quarter from which running chips of the SKU are gone
SERVICE_QUARTERS = {"b200": 10}  # scenario: bought units are taken out of service after so many quarters
MOVE_USD = {"h100": 900.0, "b200": 1_200.0}  # scenario: taking out, transport, new installation
HOLDING_USD = 60.0  # scenario: storage, insurance, capital, per unit and month in stock
RESALE = {"b200": 0.55}  # scenario: price of used chips, of the new price; share of the quarterly offer that the market takes
RESALE_UNITS = 0.3
ORIGIN = {"ascend-910c": "CN"}  # else designed in the United States
DOMESTIC = 0.6  # scenario: share of spend on chips designed in the United States
# Total processing performance: the largest of dense TOPS x bits over the precisions, data sheets (FP8 or FP4).
TPP = {"h100": 15_824, "b200": 36_000, "gb200": 40_000, "gb300": 61_120, "mi355x": 40_266, "tpu-v7": 36_912, "trainium2": 10_392}
PERFORMANCE_CAPS = {
    "IN": 790.0
}  # million TOPS x bit: a country's allocation until 2027 in the (rescinded) AI diffusion rule of January 2025; in force: scenario

LEASES = (
    ("h100", 0, 6, 12_000, 1_250.0),
    ("h100", 4, 6, 12_000, 1_050.0),
)  # scenario: SKU, quarter, quarters of the term, units, $ per unit and month (about 1.6 $ an hour)
ON_DEMAND = (("h100", "reg-azure-eastus", 4_000, 2_200.0),)  # scenario: rented by the quarter, at one region
LEAST_ORDER = {"mi355x": 2_000, "trainium2": 2_000}  # scenario: smallest order
DISCOUNT_FROM, DISCOUNT = 0.6, 0.03  # scenario: units beyond 60 % of a firm order are 3 % cheaper

ENTRIES = {
    "price_tiers": ("none: scenario", "-", f"Scenario: units beyond {DISCOUNT_FROM:.0%} of a firm order are {DISCOUNT:.0%} cheaper."),
    "stages": (
        "none: scenario",
        "-",
        f"Scenario: output of packaging and memory for this planner = {STAGE_TIGHTNESS:.0%} of what its offers of the third quarter would take, {STAGE_GROWTH:+.0%} a quarter.",
    ),
    "sku_stages": (
        "HBM stacks: vendor data sheets",
        "facts",
        "Scenario: wafers of advanced packaging per accelerator from package sizes; both a quarter before arrival.",
    ),
    "resale": ("none: scenario", "-", f"Scenario: used chips bring {RESALE} of the new price; the market takes {RESALE_UNITS:.0%} of a quarterly offer."),
    "inventory": ("none: scenario", "-", f"Scenario: {HOLDING_USD:g} $ per unit and month in stock."),
    "relocation": ("none: scenario", "-", f"Scenario: moving to another domain costs {MOVE_USD} $ per unit."),
    "domestic_shares": ("none: scenario", "-", f"Scenario: {DOMESTIC:.0%} of the spend on chips designed in the United States."),
}
NOTES = {
    "skus": f"Scenario: taken out of service after {SERVICE_QUARTERS} quarters; moving costs {MOVE_USD} $, stock {HOLDING_USD:g} $ a month; total processing performance: data sheets (dense).",
    "export": "Scenario: the allocation of the rescinded AI diffusion rule of January 2025, in processing performance, holds for India.",
    "installed": f"Scenario: running chips retire from quarter {RETIRES} on.",
}


def extend(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add what the module says."""
    skus, offers = tables["skus"], tables["offers"]
    bought = set(offers["sku"])
    tables["offers"] = offers = _offers(tables, spec)
    skus["kw_per_rack"] = [round(min(kw * node, 132.0), 1) for kw, node in zip(skus["kw_per_unit"], skus["node_units"], strict=True)]
    firm = offers[offers["kind"] == "take_or_pay"]
    tables["price_tiers"] = pd.DataFrame(
        {
            "offer": firm["offer"],
            "from_units": (DISCOUNT_FROM * firm["max_units"]).round(),
            "unit_price_usd": (firm["unit_price_usd"] * (1 - DISCOUNT)).round(-2),
            "assumption": "scenario",
        }
    )
    skus["service_periods"] = skus["sku"].map({s: q for s, q in SERVICE_QUARTERS.items() if s in bought}).astype(object).fillna("")
    for sku, quarters in SERVICE_QUARTERS.items():
        skus.loc[(skus["sku"] == sku) & (skus["life_years"] != ""), "life_years"] = quarters / 4
    skus["origin_country"] = skus["sku"].map(ORIGIN).fillna("US")
    skus["tpp"] = skus["sku"].map(TPP).astype("Int64")
    caps = [
        {"export_class": "advanced", "country": c, "rule": "cap_performance", "cap_tpp_million": cap, "rule_id": f"ai-diffusion-{c.lower()}",
         "source": "BIS Framework for Artificial Intelligence Diffusion (January 2025, rescinded May 2025)", "assumption": "scenario: in force"}
        for c, cap in PERFORMANCE_CAPS.items()
    ]  # fmt: skip
    tables["export"] = pd.concat([tables["export"], pd.DataFrame(caps)], ignore_index=True).fillna({"cap_units": ""})
    tables["installed"]["retires"] = tables["installed"]["sku"].map({s: quarter_label(t, spec.start) for s, t in RETIRES.items()}).fillna("")
    tables["sku_stages"] = pd.DataFrame(
        [
            {
                "sku": s,
                "stage": stage,
                "use_per_unit": round(use[s], 4),
                "lead_periods": STAGE_LEADS[stage],
                "assumption": "scenario: packages per wafer" if stage == "packaging" else "",
            }
            for stage, use in (("packaging", PACKAGING_WAFERS), ("hbm", HBM_STACKS))
            for s in use
            if s in bought
        ]
    )
    tables["stages"] = _stages(tables, spec)
    tables["resale"] = _resale(offers, spec)
    tables["inventory"] = pd.DataFrame(
        [{"sku": s, "holding_usd_per_unit_month": HOLDING_USD, "assumption": "scenario: storage and insurance"} for s in skus["sku"] if s in bought]
    )
    tables["relocation"] = pd.DataFrame([{"sku": s, "usd_per_unit": usd, "assumption": "scenario: transport"} for s, usd in MOVE_USD.items() if s in bought])
    tables["domestic_shares"] = pd.DataFrame([{"programme": "designed-in-us", "origins": "US", "min_spend_share": DOMESTIC, "assumption": "scenario"}])


def _stages(tables: dict[str, pd.DataFrame], spec: Spec) -> pd.DataFrame:
    """Return the output of each stage by period: a share of what the ordinary offers take, and growth."""
    offers = tables["offers"][tables["offers"]["kind"] == "buy"]
    passing = offers.merge(tables["sku_stages"], on="sku", suffixes=("", "_stage"))
    passing["at"] = [quarter_index(p, spec.start) for p in passing["period"]] + passing["lead_periods"].astype(int) - passing["lead_periods_stage"].astype(int)
    passing["use"] = passing["max_units"] * passing["use_per_unit"]
    by = passing.groupby(["stage", "at"])["use"].sum()
    rows = [
        {
            "stage": stage, "period": quarter_label(t, spec.start), "capacity": round(STAGE_TIGHTNESS * by[stage, STAGE_BASE] * (1 + STAGE_GROWTH) ** (t - STAGE_BASE)),
            "assumption": "scenario: output for this planner",
        }
        for stage in STAGE_LEADS
        for t in by[stage].index
        if 0 <= t < spec.n_periods
    ]  # fmt: skip
    return pd.DataFrame(rows)


def _resale(offers: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    rows = []
    for sku, share in RESALE.items():
        mine = offers[(offers["sku"] == sku) & (offers["kind"] == "buy")].set_index("period")
        first = quarter_index(mine.index[0], spec.start)
        for t in range(first + 4, spec.n_periods):
            row = mine.iloc[min(t - first, len(mine) - 1)]
            price, most = round(share * float(row["unit_price_usd"]), -2), round(RESALE_UNITS * float(row["max_units"]))
            rows.append(
                {
                    "sku": sku,
                    "period": quarter_label(t, spec.start),
                    "unit_price_usd": price,
                    "max_units": most,
                    "assumption": "scenario: market for used chips",
                }
            )
    return pd.DataFrame(rows)


def _offers(tables: dict[str, pd.DataFrame], spec: Spec) -> pd.DataFrame:
    """Return the offers with leases, units on demand and smallest orders."""
    offers = tables["offers"]
    offers["min_units"] = [LEAST_ORDER.get(s, "") if k == "buy" else "" for s, k in zip(offers["sku"], offers["kind"], strict=True)]
    rows = [
        {"offer": f"{sku}-lease-{quarter_label(t, spec.start)}", "sku": sku, "kind": "lease", "period": quarter_label(t, spec.start), "lead_periods": 1, "max_units": units,
         "rent_usd_per_unit_month": rent, "term_periods": term, "assumption": "scenario: lease"}
        for sku, t, term, units, rent in LEASES
    ]  # fmt: skip
    rows += [
        {"offer": f"{sku}-on-demand-{site}", "sku": sku, "kind": "on_demand", "period": quarter_label(0, spec.start), "site": site, "max_units": units,
         "rent_usd_per_unit_month": rent, "assumption": "scenario: on demand"}
        for sku, site, units, rent in ON_DEMAND
        if site in spec.sites
    ]  # fmt: skip
    joined = pd.concat([offers, pd.DataFrame(rows)], ignore_index=True)
    whole = ("lead_periods", "max_units", "term_periods")
    return joined.assign(**{c: joined[c].astype("Int64") for c in whole})
