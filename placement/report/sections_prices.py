"""What is scarce: one table of limits per kind, with what one more unit and the whole limit are worth."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.report.facts import Facts
from placement.report.formats import musd, plural, significant
from placement.report.markup import Html, el, note, section, table
from placement.report.tables import PRICES, names_of, records, typed

MOST = 5  # rows per kind; prices.csv has all

#: Kinds of price that are limits (models/README.md, sections 1 to 8) -> heading. What is in neither of the two is not known here.
KINDS = {
    "hall_it_mw": "IT capacity of halls", "hall_liquid_mw": "Liquid-cooled capacity of halls", "grid_limit": "Grid connections",
    "community_cap": "Community limits on power", "firm": "Firm power", "chip_stock": "Accelerators owned", "order_max": "Offers of accelerators",
    "rent_max": "Accelerators on demand", "lease_split": "Leased accelerators",
    "deploy_rate": "Deployment at a site", "stock_max": "Accelerators in stock", "stage_capacity": "Upstream stages", "export_cap": "Export caps",
    "hall_density_mw": "Halls for dense racks", "heat_limit": "Cooling plants",
    "milestone_starts": "Permits and other milestones", "crew_limit": "Construction crews", "grid_queue": "Grid queues",
    "generator_most": "Largest size of on-site generation", "storage_max": "Largest size of storage", "ppa_max": "Largest size of power contracts",
    "curtail_max": "Demand response on offer", "curtail_baseline": "Demand response against its baseline", "export_limit": "Sale through the connection",
    "carbon_cap": "Carbon caps", "offset_max": "Offsets on offer", "clean_match": "Clean energy by the hour", "clean_energy": "Clean energy of the period",
    "mix_max": "Largest share of a technology", "mix_min": "Least share of a technology",
    "water": "Rights to water",
    "community_water": "Communities' caps on water", "community_extra_mw": "Power for local benefits", "community_extra_ml": "Water for local benefits",
    "export_performance": "Export caps on processing performance", "domestic_share": "Chips to be made at home",
    "resale_max": "Market for used accelerators", "spread": "Largest share in one failure domain", "apart": "Jobs kept apart",
    "budget": "Budget", "lease_cap": "Cap on rent", "debt_max": "Debt headroom", "tranche_progress": "Progress that tranches ask for",
    "tranche_drawn": "Tranches", "fibre": "Fibre", "capacity": "Capacity of sites",
}  # fmt: skip
#: Kinds that are prices of use: of what there is at a place and time, by whatever limits.
USES = frozenset({
    "power", "compute", "serve", "pool", "presence", "least_units", "cover", "spare", "demand_peak", "base", "deferrable", "filler", "lull", "release",
})  # fmt: skip
#: Kinds whose rows are told apart by an id that is in the name of the row only -> whether a period follows it there.
_NAMED = {"order_max": False, "lease_split": False, "rent_max": True, "generator_most": False, "storage_max": False, "ppa_max": False, "curtail_max": True}
_HOW = (
    "What one more unit of a limit would be worth, discounted, if nothing else is built: local prices, that is, duals with all integer "
    "decisions of this plan fixed, so that only amounts can move. They are not the prices that prove the bound. "
    "Where a least amount is required, it is what one unit less would save. "
    "Units differ from kind to kind. prices.csv has all rows; its prices of power, compute and serving are prices of use, not limits."
)


def prices_section(facts: Facts, prices: pd.DataFrame, untold: str = "") -> Html:
    """Return the five limits of each kind that are worth most: in total where the size of the limit is known, else per unit.

    ``untold``: why there are no prices, where they were not computed.
    """
    if untold:
        return section("prices", "What is scarce", note(f"{untold[:1].upper()}{untold[1:]}: which limits hold the plan back is not known."))
    df = typed("prices", PRICES, prices)
    df = df.loc[df["price"].abs() > 1e-9]
    used = int((~df["kind"].isin(list(KINDS))).sum())
    df = df.loc[df["kind"].isin(list(KINDS))]
    if df.empty:
        more = f" prices.csv has {plural(used, 'price')} of use (of power, compute and serving)." if used else ""
        return section("prices", "What is scarce", note(f"No limit has a price: with the plan's decisions fixed, none of them holds it back.{more}"))
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
    limit = np.array([limits.get((r.place or r.sku, r.period, r.block), limits.get((r.resource, "", ""), unknown)) for r in records(df)], dtype=float)
    out = df.assign(limit=limit, worth=limit * df["price"], size=df["price"].abs())
    return out.sort_values(["worth", "size"], key=np.abs, ascending=False, kind="stable", na_position="last")


def _table(facts: Facts, kind: str, df: pd.DataFrame) -> Html:
    unit = str(df["unit"].iloc[0]).replace("/", " per ", 1)
    yearly = kind in ("water", "community_water")
    required = bool((df["price"] < 0).all())  # a row that asks for at least so much
    each = f"One unit less required, {unit}" if required else f"One more unit, {unit}"
    place, when, block, total = (df[c].astype(str).ne("").any() for c in ("place", "period", "block", "sku"))
    where, sized = place or total or kind in _NAMED, df["worth"].notna().any()
    names = _names(facts)
    heads = (
        *(["Where"] if where else []), *(["Year" if yearly else "Period"] if when else []), *(["Block of hours"] if block else []), each,
        *(["Limit", "All of the limit"] if sized else []),
    )  # fmt: skip
    rows = [
        (
            *([_where(kind, names, r)] if where else []), *([r.period] if when else []), *([r.block] if block else []),
            significant(abs(r.price) if required else r.price), *([significant(r.limit), musd(r.worth)] if sized else []),
        )
        for r in records(df.head(MOST))
    ]  # fmt: skip
    first = len(heads) - 1 - 2 * int(sized)
    more = f"The {MOST} of {len(df)} that are worth most" if len(df) > MOST else ""
    return table(heads, rows, range(first, len(heads)), more)


def _where(kind: str, names: dict[str, str], r: object) -> str:
    parts = [names.get(v, v) for v in (str(getattr(r, "place", "")), str(getattr(r, "sku", ""))) if v]
    inner = str(getattr(r, "resource", "")).partition("[")[2].removesuffix("]")
    if kind == "firm":  # the level of firmness is only in the name of the row: firm[site,level,period]
        ids = inner.split(",")
        parts += [f"firmness {ids[1]}"] if len(ids) == 3 else []
    if kind in _NAMED:  # several offers are for the same accelerators at the same place
        parts.append((inner.rpartition(",")[0] if _NAMED[kind] else inner).removeprefix(f"{getattr(r, 'place', '')},"))
    return ", ".join(parts)


def _names(facts: Facts) -> dict[str, str]:
    """Id of a site, domain, SKU or link -> its name."""
    halls, links = facts.case["halls"], facts.case["links"]
    ends = {**names_of(facts.case["metros"], "metro"), **facts.site_names}
    names = {r.link: f"{ends.get(r.a, r.a)} to {ends.get(r.b, r.b)} ({r.link})" for r in records(links)}
    names |= {r.domain: facts.domain_name(r.site, r.domain) for r in records(halls) if r.domain}
    return {**names, **facts.sku_names, **facts.site_names}


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


def _budget(facts: Facts) -> dict[Key, float]:
    return {("", facts.case.periods[r.period], ""): r.capex_musd for r in records(facts.case["budget"])}


def _community(facts: Facts) -> dict[Key, float]:
    places = [(r.site, r.community_mw) for r in records(facts.case["sites"]) if r.community_mw == r.community_mw]
    return {(s, p, b.name): mw for s, mw in places for p in facts.case.periods for b in facts.case.blocks}


def _water(facts: Facts, column: str) -> dict[Key, float]:
    return {(r.site, r.year, ""): getattr(r, column) for r in records(facts.plan["water"])}


def _fibre(facts: Facts) -> dict[Key, float]:
    return {(r.link, facts.case.periods[r.period], ""): r.capacity_gbps for r in records(facts.plan["fibre"])}


#: Kind of limit -> its size by place, period and block; what is not here has a price only.
_LIMITS: dict[str, Callable[[Facts], dict[Key, float]]] = {
    "hall_it_mw": lambda facts: _halls(facts, liquid=False), "hall_liquid_mw": lambda facts: _halls(facts, liquid=True),
    "grid_limit": lambda facts: facts.grid_mw, "chip_stock": _chips, "budget": _budget,
    "order_max": _offers, "rent_max": _offers, "lease_split": _offers, "generator_most": _plants, "storage_max": _plants, "ppa_max": _plants,
    "community_cap": _community, "fibre": _fibre,
    "water": lambda facts: _water(facts, "right_ml"), "community_water": lambda facts: _water(facts, "community_ml"),
}  # fmt: skip
