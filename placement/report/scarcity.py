"""What is scarce, as numbers: the size of each limit that has a price, what all of it is worth, and the sum by layer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.report.energy import flows
from placement.report.facts import Facts
from placement.report.tables import records
from placement.units import T_PER_KT

FULL = 0.995  # of a limit: reached
_NIL = 1e-9

#: Layer -> the kinds of price that are limits of it.
LAYERS: dict[str, tuple[str, ...]] = {
    "halls and cooling": ("hall_it_mw", "hall_liquid_mw", "hall_density_mw", "heat_limit", "capacity"),
    "grid connections": ("grid_limit", "grid_queue", "firm", "export_limit"),
    "permits and crews": ("milestone_starts", "crew_limit"),
    "accelerators on offer": ("order_max", "rent_max", "stock_max", "resale_max", "deploy_rate"),
    "upstream stages": ("stage_capacity",),
    "contracts and own power": ("ppa_max", "generator_most", "storage_max", "curtail_max", "curtail_baseline"),
    "carbon and clean energy": ("carbon_cap", "offset_max", "clean_match", "clean_energy", "mix_max", "mix_min"),
    "water and communities": ("water", "community_cap", "community_water", "community_extra_mw", "community_extra_ml"),
    "export and home rules": ("export_cap", "export_performance", "domestic_share"),
    "capital": ("budget", "lease_cap", "debt_max", "tranche_progress", "tranche_drawn"),
    "fibre": ("fibre",),
    "spread over domains": ("spread", "apart"),
}
#: Kinds whose limit is another decision of the plan: what they are worth is passed on to offers, budget and prices, and would count twice.
PASSED_ON = ("chip_stock", "lease_split")
#: Kinds that ask for at least so much: their prices are negative. Of all others a negative price is no scarcity: more of the limit would only bind more.
REQUIRED = ("mix_min", "clean_match", "clean_energy", "domestic_share", "tranche_progress")


def worth(facts: Facts, kind: str, df: pd.DataFrame) -> pd.DataFrame:
    """The rows of a kind with the ``limit`` itself and its ``worth`` (M$; both NaN where not known), most valuable first."""
    limits = LIMITS[kind](facts) if kind in LIMITS else {}
    unknown = 0.0 if kind.startswith("hall_") else np.nan  # a domain without a hall in service has no capacity yet
    limit = np.array([limits.get((r.place or r.sku, r.period, r.block), limits.get((r.resource, "", ""), unknown)) for r in records(df)], dtype=float)
    out = df.assign(limit=limit, worth=limit * df["price"], size=df["price"].abs())
    return out.sort_values(["worth", "size"], key=np.abs, ascending=False, kind="stable", na_position="last")


def by_layer(facts: Facts, prices: pd.DataFrame) -> pd.DataFrame:
    """Return what the limits of each layer are worth together at their prices, the most valuable layer first.

    Parameters
    ----------
    prices
        Typed prices, without those that are nothing.

    Returns
    -------
    DataFrame
        Columns layer, musd (sum of \\|price\\| * limit where the limit is known), limits (how many have a price), unknown (of them without a known size).
    """
    rows = []
    for layer, kinds in LAYERS.items():
        parts = [worth(facts, kind, prices.loc[prices["kind"] == kind]) for kind in kinds if (prices["kind"] == kind).any()]
        if parts:
            df = pd.concat(parts)
            df = df.loc[(df["price"] > 0) | df["kind"].isin(REQUIRED)]
            rows.append((layer, float(df["worth"].abs().sum()), len(df), int(df["worth"].isna().sum())))
    out = pd.DataFrame(rows, columns=["layer", "musd", "limits", "unknown"])
    return out.sort_values("musd", ascending=False, kind="stable", ignore_index=True)


def reached(facts: Facts) -> pd.DataFrame:
    """Return the limits that the plan reaches, whatever their price.

    Returns
    -------
    DataFrame
        One row per layer that the case has: layer, what (is counted), full (how many are used to 99.5 % or more, at least once), of, names (the full ones).
    """
    case, periods = facts.case, facts.case.periods
    rows: list[tuple[str, str, list[str], int]] = []

    def add(layer: str, what: str, names: pd.Series, use: pd.Series) -> None:
        by = use.groupby(names, sort=False).max().dropna()
        if len(by):
            rows.append((layer, what, [str(n) for n in by.index[by >= FULL]], len(by)))

    if facts.power_modelled and len(facts.plan["energy"]):
        df = flows(facts)
        df = df.loc[df["limit"] > _NIL]
        add("grid connections", "sites at the limit of their power", df["site"].map(facts.site_names), df["supplied"] / df["limit"])
    df = facts.loads.loc[lambda d: (d["built"] > _NIL) & d["site"].isin(list(facts.own_sites))]
    add("halls and cooling", "sites with full halls", df["site"].map(facts.site_names), df["filled"] / df["built"])
    took = facts.plan["orders"].set_index("offer")["units"]
    offers = case["offers"].loc[lambda d: (d["kind"] != "on_demand") & (d["max_units"] > 0)]
    add("accelerators on offer", "offers taken in full", offers["offer"], offers["offer"].map(took).astype(float).fillna(0.0) / offers["max_units"])
    df = facts.plan["stages"].loc[lambda d: d["capacity"] > _NIL]
    add("upstream stages", "stages used in full", df["stage"], df["used"] / df["capacity"])
    df = facts.plan["fibre"].loc[lambda d: d["capacity_gbps"] > _NIL]
    add("fibre", "links used in full", df["link"], df["load_gbps"] / df["capacity_gbps"])
    budget = case["budget"].set_index("period")["capex_musd"] + facts.drawn.reindex(case["budget"]["period"]).to_numpy()
    spent = facts.cash.reindex(["capex"], fill_value=0.0).iloc[0].reindex(budget.index)
    if case.budget_carries:  # what a period leaves may be spent later
        budget, spent = budget.cumsum(), spent.cumsum()
    add(
        "capital",
        "periods with the budget spent",
        pd.Series([periods[t] for t in budget.index], dtype=object),
        (spent / budget.where(budget > _NIL)).reset_index(drop=True),
    )
    df = facts.plan["water"].assign(most=lambda d: d[["right_ml", "community_ml"]].min(axis=1)).loc[lambda d: d["most"] > _NIL]
    add("water and communities", "sites at a limit on water", df["site"].map(facts.site_names), df["water_ml"] / df["most"])
    return pd.DataFrame([(layer, what, len(full), of, full) for layer, what, full, of in rows], columns=["layer", "what", "full", "of", "names"])


Key = tuple[str, str, str]  # place or SKU, or the name of the row; period label, block: blank where the kind has none


def _halls(facts: Facts, liquid: bool) -> dict[Key, float]:
    """IT MW in service by domain and period."""
    columns = ["site", "hall", "domain", "cooling"]
    df = facts.plan["halls"].merge(facts.case["halls"][columns], on=["site", "hall"], how="inner")
    df = df.loc[df["cooling"] == "liquid"] if liquid else df
    place = df["domain"].where(df["domain"] != "", df["site"])
    out: dict[Key, float] = {}
    for t, period in enumerate(facts.case.periods):
        there = df["it_mw"].where(df["in_service"] <= t, 0.0).groupby(place).sum()
        out |= {(str(p), period, ""): float(mw) for p, mw in there.items()}
    return out


def _chips(facts: Facts) -> dict[Key, float]:
    """Accelerators owned, by SKU and period."""
    return {(str(sku), facts.case.periods[t], ""): float(v) for (sku, t), v in facts.owned.stack().items()}


def _offers(facts: Facts) -> dict[Key, float]:
    """Accelerators of each offer: at most to be had, and leased."""
    periods = range(facts.case.n_periods)
    most = dict(zip(facts.case["offers"]["offer"], facts.case["offers"]["max_units"], strict=True))
    out = {(f"order_max[{q}]", "", ""): units for q, units in most.items()}
    out |= {(f"rent_max[{q},{t}]", "", ""): units for q, units in most.items() for t in periods}
    return out | {(f"lease_split[{q}]", "", ""): units for q, units in {**dict.fromkeys(most, 0.0), **facts.plan["orders"].set_index("offer")["units"]}.items()}


def _plants(facts: Facts) -> dict[Key, float]:
    """Most MW of generators, storage and contracts."""
    tables = {"generator_most": ("generators", "generator"), "storage_max": ("storage", "storage"), "ppa_max": ("ppas", "ppa")}
    return {(f"{kind}[{r}]", "", ""): mw for kind, (name, key) in tables.items() for r, mw in facts.case[name].set_index(key)["max_mw"].items()}


def _money(facts: Facts, column: str) -> dict[Key, float]:
    return {("", facts.case.periods[r.period], ""): getattr(r, column) for r in records(facts.case["budget"])}


def _each_period(facts: Facts, column: str) -> dict[Key, float]:
    return {(r.site, p, ""): getattr(r, column) for r in records(facts.case["sites"]) if getattr(r, column) == getattr(r, column) for p in facts.case.periods}


def _community(facts: Facts) -> dict[Key, float]:
    places = [(r.site, r.community_mw) for r in records(facts.case["sites"]) if r.community_mw == r.community_mw]
    return {(s, p, b.name): mw for s, mw in places for p in facts.case.periods for b in facts.case.blocks}


def _water(facts: Facts, column: str) -> dict[Key, float]:
    return {(r.site, r.year, ""): getattr(r, column) for r in records(facts.plan["water"])}


def _fibre(facts: Facts) -> dict[Key, float]:
    return {(r.link, facts.case.periods[r.period], ""): r.capacity_gbps for r in records(facts.plan["fibre"])}


#: Kind of limit -> its size by place, period and block; what is not here has a price only.
LIMITS: dict[str, Callable[[Facts], dict[Key, float]]] = {
    "hall_it_mw": lambda facts: _halls(facts, liquid=False), "hall_liquid_mw": lambda facts: _halls(facts, liquid=True),
    "grid_limit": lambda facts: facts.grid_mw, "chip_stock": _chips, "budget": lambda facts: _money(facts, "capex_musd"),
    "order_max": _offers, "rent_max": _offers, "lease_split": _offers, "generator_most": _plants, "storage_max": _plants, "ppa_max": _plants,
    "community_cap": _community, "fibre": _fibre,
    "stage_capacity": lambda facts: {(r.stage, facts.case.periods[r.period], ""): r.capacity for r in records(facts.case["stages"])},
    "deploy_rate": lambda facts: _each_period(facts, "deploy_mw_per_period"), "heat_limit": lambda facts: _each_period(facts, "heat_mw"),
    "lease_cap": lambda facts: _money(facts, "lease_musd"), "debt_max": lambda facts: _money(facts, "debt_musd"),
    "carbon_cap": lambda facts: {("", facts.case.periods[r.period], ""): T_PER_KT * r.kt for r in records(facts.case["carbon_caps"])},
    "water": lambda facts: _water(facts, "right_ml"), "community_water": lambda facts: _water(facts, "community_ml"),
}  # fmt: skip
