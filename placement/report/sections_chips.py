"""The section about accelerators: orders, arrivals, rent, what is in halls and in stock, what works and what idles, site by site."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from placement.report.charts import Series, heat, legend, stacked
from placement.report.facts import Facts
from placement.report.formats import fixed, musd, percent, plural
from placement.report.markup import Html, details, el, figure, note, section, table
from placement.report.tables import by_period, label, records

MOST_SKUS = 12  # small multiples; the table has all
MOST_ROWS = 40  # rows of a heat map
_NIL = 1e-9
_USES = (
    ("training", "c0", "used by training"),
    ("serving", "c1", "serving inference"),
    ("idle", "c6", "idle in a hall"),
    ("stock", "c5", "owned, not in a hall"),
)
_COLOURS = ("c0", "c1", "c2", "c3", "c4", "c5", "c7")  # of kinds of accelerators, the rest in one
_COLUMNS = {
    "ordered": "Ordered", "arriving": "Arriving", "owned": "Owned", "rented": "Rented", "there": "In halls", "training": "Training", "serving": "Serving",
    "idle": "Idle", "stock": "In stock", "sold": "Sold on", "moving": "Moving",
}  # fmt: skip


def chips_section(facts: Facts) -> Html:
    """Return accelerators by use, SKU and period, where they come from, and how full sites are."""
    df, title = facts.balance, "Accelerators"
    size = df.assign(most=df[["there", "stock", "ordered"]].max(axis=1)).groupby("sku")["most"].max()
    busy = [str(k) for k in size.loc[size > _NIL].sort_values(ascending=False, kind="stable").index]
    if not busy:
        return section("chips", title, note("No accelerators are installed or deployed."))
    df = df.loc[df["sku"].isin(busy)]
    charts = [_use_of(facts, df, sku) for sku in busy[:MOST_SKUS]]
    hint = note("Counts are rounded: part of an accelerator in a plan stands for one that is in use for part of the period; plan/*.csv has all digits.")
    key = legend([(words, colour) for use, colour, words in _USES if (df[use] > _NIL).any()])
    more = note(f"The {len(charts)} of {len(busy)} kinds of which there are most; the table has all.") if len(busy) > len(charts) else ""
    numbers = details("Show the numbers", _balance(facts, df))
    return section(
        "chips", title, hint, more, key, el("div", *charts, class_="multiples"), numbers, *_supply(facts, df, busy), _orders(facts),
        *_sites(facts), *_stages(facts),
    )  # fmt: skip


def _use_of(facts: Facts, df: pd.DataFrame, sku: str) -> Html:
    one = df.loc[df["sku"] == sku].set_index("period").reindex(range(facts.case.n_periods), fill_value=0.0)
    series = [Series(words, one[use].to_numpy(float), colour) for use, colour, words in _USES]
    name, last = facts.sku_names.get(sku, sku), one.iloc[-1]
    used = f"{percent(1 - last['idle'] / last['there'])} in use in {facts.case.periods[-1]}" if last["there"] > 0 else ""
    return figure(name, stacked(series, facts.case.periods, "accelerators", f"{name} by use and period", "s"), used)


def _balance(facts: Facts, df: pd.DataFrame) -> Html:
    """Return units by SKU and period; columns without anything are left out."""
    shown = [c for c in _COLUMNS if (df[c].abs() > _NIL).any()]
    rows = [(facts.sku_names.get(r.sku, r.sku), label(facts.case, r.period), *(fixed(getattr(r, c)) for c in shown)) for r in records(df)]
    words = "Ordered, arriving, sold on and moving in the period; the others at its end. In stock: owned and not in a hall."
    return table(("Accelerator", "Period", *(_COLUMNS[c] for c in shown)), rows, range(2, 2 + len(shown)), words)


def _supply(facts: Facts, df: pd.DataFrame, busy: Sequence[str]) -> list[Html]:
    """Return charts of orders, arrivals, rented units and those that are sold on, by kind of accelerator; only what there is."""
    what = {"ordered": "Ordered in the period", "arriving": "Arriving in the period", "rented": "Rented and in place", "sold": "Sold on in the period"}
    some = [c for c in what if (df[c] > _NIL).any()]
    if not some:
        return [note("No accelerators are ordered or rented.")]
    kinds = [k for k in busy if (df.loc[df["sku"] == k, some] > _NIL).any(axis=None)]
    top = kinds if len(kinds) <= len(_COLOURS) else kinds[: len(_COLOURS) - 1]
    groups = [(facts.sku_names.get(k, k), c, [k]) for k, c in zip(top, _COLOURS, strict=False)]
    groups += [("other", _COLOURS[-1], kinds[len(top) :])] if len(top) < len(kinds) else []
    charts = []
    for column in some:
        wide = by_period(df, "sku", column, facts.case.n_periods)
        series = [Series(name, wide.reindex(skus, fill_value=0.0).sum(axis=0).to_numpy(float), colour) for name, colour, skus in groups]
        chart = stacked(series, facts.case.periods, "accelerators", f"Accelerators by kind: {what[column]}", "s")
        total = "" if column == "rented" else f"{fixed(df[column].sum())} over the horizon"
        charts.append(figure(what[column], chart, total))
    return [el("h3", "Where they come from"), legend([(name, colour) for name, colour, _ in groups]), el("div", *charts, class_="multiples")]


def _orders(facts: Facts) -> Html:
    df = facts.plan["orders"].sort_values(["period", "cost_musd"], ascending=[True, False])
    if df.empty:
        return note("No accelerators are ordered.")
    kinds = dict(zip(facts.case["offers"]["offer"], facts.case["offers"]["kind"], strict=True))
    rows = [
        (
            r.offer,
            facts.sku_names.get(r.sku, r.sku),
            str(kinds.get(r.offer, "")).replace("_", " "),
            label(facts.case, r.period),
            _arrival(facts, r.arrives),
            fixed(r.units),
            musd(r.cost_musd),
        )
        for r in records(df)
    ]
    total = f"{plural(len(rows), 'order')}, {fixed(np.sum(df['units']))} accelerators, {musd(df['cost_musd'].sum())}"
    return details(f"Show the orders: {total}", table(("Offer", "Accelerator", "Kind", "Order in", "Usable from", "Accelerators", "Cost"), rows, (5, 6)))


def _arrival(facts: Facts, period: int) -> str:
    return label(facts.case, period) if period < facts.case.n_periods else "after the end"


def _sites(facts: Facts) -> list[Html]:
    """Return heat maps of accelerators at work and of halls filled, by site and period, with the numbers of both."""
    df = facts.loads
    own = facts.own_sites
    most = df.groupby("site")["built"].max()
    sites = [str(s) for s in most.loc[most > _NIL].sort_values(ascending=False, kind="stable").index]
    if not sites:
        return []
    top, names = sites[:MOST_ROWS], facts.site_names
    cut = f" The {len(top)} of {len(sites)} sites with most IT power; the table has all." if len(sites) > len(top) else ""
    rows = [
        (names[r.site], label(facts.case, r.period), *(fixed(v, 1) for v in (r.built, r.filled, r.used)), *map(percent, _shares(r.used, r.filled, r.built)))
        for r in records(df.loc[df["site"].isin(sites)])
    ]
    heads = ("Site", "Period", "Built, MW", "Filled, MW", "At work, MW", "At work / filled", "Filled / built")
    numbers = table(heads, rows, range(2, 7), "IT power")

    def chart(shown: Sequence[str], part: str, whole: str, title: str, what: str) -> Html:
        share = (df[part] / df[whole].where(df[whole] > _NIL)).clip(upper=1.0)
        grid = df.assign(share=share).pivot(index="site", columns="period", values="share").loc[shown].to_numpy(float)
        return heat([names[s] for s in shown], facts.case.periods, grid, title, what)

    working, filled = "Accelerators at work, % of those in halls", "Halls filled, % of the IT power built"
    peak = f"Weighted by power, at the peak of the period. Dark is full.{cut}"
    room = f"Power of the accelerators in halls, idle or not, over that of the halls.{cut}"
    mine = [s for s in top if s in own]  # what a provider keeps for its customer is a quota, no hall
    return [
        el("h3", "How full sites are"),
        figure(working, chart(top, "used", "filled", working, "of the accelerators at work"), peak, numbers),
        *([figure(filled, chart(mine, "filled", "built", filled, "of the IT power filled"), room)] if mine else []),
    ]


def _shares(used: float, filled: float, built: float) -> tuple[float, float]:
    nan = float("nan")
    return used / filled if filled > _NIL else nan, filled / built if built > _NIL else nan


def _stages(facts: Facts) -> list[Html]:
    """Return how much of the upstream stages' capacity orders use; nothing where there are none."""
    df = facts.plan["stages"]
    if df.empty:
        return []
    stages = list(dict.fromkeys(df["stage"]))
    share = df.assign(share=df["used"] / df["capacity"].where(df["capacity"] > _NIL)).pivot(index="stage", columns="period", values="share")
    grid = share.reindex(index=stages, columns=range(facts.case.n_periods)).to_numpy(float)
    rows = [
        (r.stage, label(facts.case, r.period), fixed(r.used), fixed(r.capacity), percent(r.used / r.capacity if r.capacity > _NIL else float("nan")))
        for r in records(df)
    ]
    title = "Upstream stages, % of their capacity used"
    chart = heat(stages, facts.case.periods, grid, title, "of the capacity used")
    hint = "What orders take of foundry, packaging, memory or test capacity. Dark is full."
    return [figure(title, chart, hint, table(("Stage", "Period", "Used", "Capacity", "Share"), rows, (2, 3, 4)))]
