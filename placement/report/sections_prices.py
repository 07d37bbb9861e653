"""What is scarce: one table of limits per kind, with what one more unit and the whole limit are worth."""

from __future__ import annotations

import pandas as pd

from placement.report.bars import for_both, rows_of_bars
from placement.report.binding import relieved
from placement.report.facts import Facts
from placement.report.formats import fixed, listed, musd, plural, significant
from placement.report.markup import Html, el, figure, note, section, table
from placement.report.scarcity import by_layer, reached, worth
from placement.report.tables import PRICES, names_of, records, typed

_NIL = 1e-9
MOST_LAYERS = 20  # bars of a chart
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


def prices_section(facts: Facts, prices: pd.DataFrame, untold: str = "", bottlenecks: pd.DataFrame | None = None) -> Html:
    """Return what each layer's relief is worth where that was found out, rents by layer, limits that are reached, and the limits of each kind worth most.

    Parameters
    ----------
    untold
        Why there are no prices, where they were not computed.
    bottlenecks
        What ``placement explain`` found by solving again; ``None`` or without rows where it was not asked.
    """
    parts: list[object] = [*_relief(bottlenecks), *_priced(facts, prices, untold), *_reached(facts)]
    return section("prices", "What is scarce", *parts)


def limits_only(prices: pd.DataFrame) -> pd.DataFrame:
    """Return the typed prices of limits, without prices of use and those that are nothing."""
    return typed("prices", PRICES, prices).loc[lambda d: (d["price"].abs() > _NIL) & d["kind"].isin(list(KINDS))]


def _relief(table_of: pd.DataFrame | None) -> list[Html]:
    """Return what relief in each layer is worth, as ``placement explain`` found it."""
    df = relieved(table_of)
    if df.empty:
        return []
    rows = [(r.layer, r.step, musd(r.value_musd), musd(r.at_least_musd), musd(r.at_most_musd)) for r in records(df)]
    top = df.head(MOST_LAYERS)
    chart = _bars(list(top["layer"]), list(top["value_musd"]), "Worth of relief by layer")
    hint = "Each layer relaxed by a standard step and the plan made anew, decisions free; the worth lies between the two bounds for certain."
    heads = ("Layer", "Relief", "Worth", "At least", "At most")
    return [el("h3", "What relief would be worth"), figure("Worth of relief by layer, M$", chart, hint, table(heads, rows, (2, 3, 4)))]


def _bars(names: list[str], musd_of: list[float], title: str) -> Html:
    return for_both(lambda narrow: rows_of_bars(names, musd_of, ["c0"] * len(names), "M$", title, narrow))


def _priced(facts: Facts, prices: pd.DataFrame, untold: str) -> list[object]:
    """Return rents by layer and the limits of each kind that are worth most: in total where the size of the limit is known, else per unit."""
    if untold:
        return [note(f"{untold[:1].upper()}{untold[1:]}: which limits hold the plan back is not known from prices.")]
    df, every = limits_only(prices), typed("prices", PRICES, prices)
    if df.empty:
        used = int((every["price"].abs() > _NIL).sum())
        more = f" prices.csv has {plural(used, 'price')} of use (of power, compute and serving)." if used else ""
        return [note(f"No limit has a price: with the plan's decisions fixed, none of them holds it back.{more}")]
    labels = [str(v) for v in df["label"].unique() if v]
    parts: list[object] = [el("h3", "Local prices"), note(_HOW, f" Kind of price: {'; '.join(labels[:3])}." if labels else ""), *_layers(facts, df)]
    size = pd.Series({kind: worth(facts, kind, df.loc[df["kind"] == kind])["worth"].abs().sum() for kind in df["kind"].unique()})
    for kind in sorted(size.index, key=lambda k: (-size[k], list(KINDS).index(k))):
        parts += [el("h4", KINDS[kind]), _table(facts, kind, worth(facts, kind, df.loc[df["kind"] == kind]))]
    return parts


def _layers(facts: Facts, df: pd.DataFrame) -> list[Html]:
    layers = by_layer(facts, df)
    if layers.empty or layers["musd"].sum() <= _NIL:
        return []
    known = layers.loc[layers["musd"] > _NIL]
    rows = [(r.layer, musd(r.musd), fixed(r.limits), fixed(r.unknown)) for r in records(layers)]
    hint = (
        "Local prices times limits, added up: what the limits of a layer earn with the decisions fixed, not what more of it would bring. What owned and leased "
        "accelerators are worth is passed on to offers, budget and prices, and left out here."
    )
    chart = _bars(list(known["layer"]), list(known["musd"]), "Rent of limits by layer")
    numbers = table(("Layer", "Rent", "Limits with a price", "Of them of unknown size"), rows, (1, 2, 3))
    return [figure("Rent of limits by layer, M$", chart, hint, numbers)]


def _reached(facts: Facts) -> list[Html]:
    """Return the limits that the plan uses in full, whatever their price."""
    df = reached(facts)
    if df.empty:
        return []
    rows = [(r.layer, r.what, f"{fixed(r.full)} of {fixed(r.of)}", listed(list(r.names), 6)) for r in records(df)]
    hint = note("Used to 99.5 % or more in at least one period. A limit that is reached need not be worth anything: something else may be scarcer.")
    return [el("h3", "Limits that are reached"), hint, table(("Layer", "What", "How many", "Which"), rows, (2,))]


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
