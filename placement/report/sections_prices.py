"""What is scarce: one table of limits per kind, with what one more unit and the whole limit are worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.report.facts import Facts
from placement.report.formats import musd, significant
from placement.report.markup import Html, el, note, section, table
from placement.report.tables import PRICES, names_of, records, typed

MOST = 5  # rows per kind; prices.csv has all

#: Kinds of row that are limits (models/README.md, sections 1 to 4) -> heading. The balances of power and chips are prices of use.
KINDS = {
    "hall_it_mw": "IT capacity of halls", "hall_liquid_mw": "Liquid-cooled capacity of halls", "grid_limit": "Grid connections",
    "community_cap": "Community limits on power", "firm": "Firm power", "chip_stock": "Accelerators",
    "deploy_rate": "Deployment at a site", "stock_max": "Accelerators in stock", "stage_capacity": "Upstream stages", "export_cap": "Export caps",
    "hall_density_mw": "Halls for dense racks", "heat_limit": "Cooling plants",
    "milestone_starts": "Permits and other milestones", "crew_limit": "Construction crews", "grid_queue": "Grid queues",
    "water": "Rights to water",
    "community_water": "Communities' caps on water",
    "export_performance": "Export caps on processing performance", "domestic_share": "Chips to be made at home",
    "budget": "Budget", "fibre": "Fibre",
}  # fmt: skip
_HOW = (
    "What one more unit of a limit would be worth, discounted, if nothing else is built: local prices, that is, duals with all integer "
    "decisions of this plan fixed, so that only amounts can move. They are not the prices that prove the bound. "
    "Units differ from kind to kind. prices.csv has all rows; its prices of power, compute and serving are prices of use, not limits."
)


def prices_section(facts: Facts, prices: pd.DataFrame, untold: str = "") -> Html:
    """Return the five limits of each kind that are worth most: in total where the size of the limit is known, else per unit.

    ``untold``: why there are no prices, where they were not computed.
    """
    if untold:
        return section("prices", "What is scarce", note(f"{untold[:1].upper()}{untold[1:]}: which limits hold the plan back is not known."))
    df = typed("prices", PRICES, prices)
    df = df.loc[df["kind"].isin(list(KINDS)) & (df["price"].abs() > 1e-9)]
    if df.empty:
        return section("prices", "What is scarce", note("No limit has a price: none of them holds the plan back, with its decisions fixed."))
    labels = [str(v) for v in df["label"].unique() if v]
    parts: list[object] = [note(_HOW, f" Kind of price: {'; '.join(labels[:3])}." if labels else "")]
    worth = pd.Series({kind: _worth(facts, kind, df.loc[df["kind"] == kind])["worth"].abs().sum() for kind in df["kind"].unique()})
    for kind in sorted(worth.index, key=lambda k: (-worth[k], list(KINDS).index(k))):
        parts += [el("h3", KINDS[kind]), _table(facts, kind, _worth(facts, kind, df.loc[df["kind"] == kind]))]
    return section("prices", "What is scarce", *parts)


def _worth(facts: Facts, kind: str, df: pd.DataFrame) -> pd.DataFrame:
    """The rows of a kind with the ``limit`` itself and its ``worth`` (M$; both NaN where not known), most valuable first."""
    limits = _LIMITS[kind](facts) if kind in _LIMITS else {}
    unknown = 0.0 if kind.startswith("hall_") else np.nan  # a domain without a hall in service has no capacity yet
    limit = np.array([limits.get((r.place or r.sku, r.period, r.block), unknown) for r in records(df)], dtype=float)
    out = df.assign(limit=limit, worth=limit * df["price"], size=df["price"].abs())
    return out.sort_values(["worth", "size"], key=np.abs, ascending=False, kind="stable", na_position="last")


def _table(facts: Facts, kind: str, df: pd.DataFrame) -> Html:
    unit = str(df["unit"].iloc[0])
    place, when, block, total = (df[c].astype(str).ne("").any() for c in ("place", "period", "block", "sku"))
    where, sized = place or total, df["worth"].notna().any()
    names = _names(facts)
    heads = (
        *(["Where"] if where else []), *(["Period"] if when else []), *(["Block of hours"] if block else []), f"One more unit, {unit}",
        *(["Limit", "All of the limit"] if sized else []),
    )  # fmt: skip
    rows = [
        (
            *([_where(kind, names, r)] if where else []), *([r.period] if when else []), *([r.block] if block else []), significant(r.price),
            *([significant(r.limit), musd(r.worth)] if sized else []),
        )
        for r in records(df.head(MOST))
    ]  # fmt: skip
    first = len(heads) - 1 - 2 * int(sized)
    more = f"The {MOST} of {len(df)} that are worth most" if len(df) > MOST else ""
    return table(heads, rows, range(first, len(heads)), more)


def _where(kind: str, names: dict[str, str], r: object) -> str:
    parts = [names.get(v, v) for v in (str(getattr(r, "place", "")), str(getattr(r, "sku", ""))) if v]
    if kind == "firm":  # the level of firmness is only in the name of the row: firm[site,level,period]
        inner = str(getattr(r, "resource", "")).partition("[")[2].rstrip("]").split(",")
        parts += [f"firmness {inner[1]}"] if len(inner) == 3 else []
    return ", ".join(parts)


def _names(facts: Facts) -> dict[str, str]:
    """Id of a site, domain, SKU or link -> its name."""
    halls, links = facts.case["halls"], facts.case["links"]
    ends = {**names_of(facts.case["metros"], "metro"), **facts.site_names}
    names = {r.link: f"{ends.get(r.a, r.a)} to {ends.get(r.b, r.b)} ({r.link})" for r in records(links)}
    names |= {r.domain: facts.domain_name(r.site, r.domain) for r in records(halls) if r.domain}
    return {**names, **facts.sku_names, **facts.site_names}


Key = tuple[str, str, str]  # place or SKU, period label, block: blank where the kind has none


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
    """Accelerators ordered and there, by SKU and period."""
    df = facts.plan["orders"]
    return {
        (str(sku), period, ""): float(units)
        for t, period in enumerate(facts.case.periods)
        for sku, units in df["units"].where(df["arrives"] <= t, 0.0).groupby(df["sku"]).sum().items()
    }


def _budget(facts: Facts) -> dict[Key, float]:
    return {("", facts.case.periods[r.period], ""): r.capex_musd for r in records(facts.case["budget"])}


def _community(facts: Facts) -> dict[Key, float]:
    places = [(r.site, r.community_mw) for r in records(facts.case["sites"]) if r.community_mw == r.community_mw]
    return {(s, p, b.name): mw for s, mw in places for p in facts.case.periods for b in facts.case.blocks}


def _fibre(facts: Facts) -> dict[Key, float]:
    return {(r.link, facts.case.periods[r.period], ""): r.capacity_gbps for r in records(facts.plan["fibre"])}


#: Kind of limit -> its size by place, period and block; what is not here has a price only.
_LIMITS: dict[str, Callable[[Facts], dict[Key, float]]] = {
    "hall_it_mw": lambda facts: _halls(facts, liquid=False), "hall_liquid_mw": lambda facts: _halls(facts, liquid=True),
    "grid_limit": lambda facts: facts.grid_mw, "chip_stock": _chips, "budget": _budget, "community_cap": _community, "fibre": _fibre,
}  # fmt: skip
