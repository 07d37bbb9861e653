"""The section about power: load against limit at every site, who supplies it in each block of hours, water."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from placement.report.charts import heat, legend, stacked
from placement.report.energy import CONTRACTS, GRID, STORAGE, TAKEN, Group, flows, groups, in_all, stack, suppliers, tightest
from placement.report.facts import Facts
from placement.report.formats import fixed, listed, percent, significant
from placement.report.markup import Html, details, el, figure, note, section, table
from placement.report.tables import label, records

MOST_SITES = 12  # small multiples of power; all sites are in the tables
MOST_ROWS = 40  # rows of a heat map
_NIL = 1e-9


def power_section(facts: Facts) -> Html:
    """Return load against limit: a heat map of all sites, all sites together and the largest ones by block."""
    title = "Power"
    if not facts.power_modelled:
        return section("power", title, note("Power is not modelled in this case: it has neither a grid nor a generator table."))
    df = flows(facts)
    size = df.groupby("site")["supplied"].max()
    busy = [str(s) for s in size.loc[size > _NIL].sort_values(ascending=False, kind="stable").index]
    if not busy:
        return section("power", title, note("No site draws power in this plan."))
    parts = groups(facts)
    key = legend([*((name, colour) for name, colour, _ in parts), *_more(df), ("line: what is available", "c7")])
    blocks = listed([b.name + (" (the hardest hours)" if b.stress else "") for b in facts.case.blocks], 9)
    hint = note(f"The bars of a period are its blocks of hours, from left to right: {blocks}.") if len(facts.case.blocks) > 1 else ""
    shown = busy[:MOST_SITES]
    charts = [figure(f"{facts.site_names[s]}, MW", _stack(facts, df.loc[df["site"] == s], parts, facts.site_names[s], "s")) for s in shown]
    head = f"The {len(shown)} of {len(busy)} sites that draw most" if len(busy) > len(shown) else "Site by site"
    every = details("Show the numbers of these sites, block by block", _table(facts, df.loc[df["site"].isin(shown)]))
    return section(
        "power", title, _use(facts, df, busy), el("h3", "Who supplies it"), hint, key, _all_sites(facts, parts),
        el("h3", head), el("div", *charts, class_="multiples"), every, *_water(facts),
    )  # fmt: skip


def _use(facts: Facts, df: pd.DataFrame, busy: Sequence[str]) -> Html:
    """Return the heat map of use in the tightest block, with the numbers of every site."""
    one = tightest(df)
    one = one.loc[one["site"].isin(busy)]
    share = one.assign(share=one["supplied"] / one["limit"].where(one["limit"] > _NIL)).pivot(index="site", columns="period", values="share")
    top = list(busy[:MOST_ROWS])
    hint = "Power supplied / (energised grid tiers + generation + storage), per cent, in the tightest block of each period. Dark is full."
    hint += f" The {len(top)} of {len(busy)} sites that draw most; the table has all." if len(busy) > len(top) else ""
    chart = heat(
        [facts.site_names[s] for s in top],
        facts.case.periods,
        share.loc[top].to_numpy(),
        "Use of the available power by site and period",
        "of the available power used",
    )
    return figure("Use of the available power, %", chart, hint, _table(facts, one))


def _more(df: pd.DataFrame) -> list[tuple[str, str]]:
    return [(f"below zero: {TAKEN[0]}", TAKEN[1])] if (df["taken"] > _NIL).any() else []


def _stack(facts: Facts, df: pd.DataFrame, parts: Sequence[Group], where: str, size: str) -> Html:
    """Return one bar per period and block, by supplier, with what is available as a line."""
    peak = df.loc[df["supplied"].idxmax()]
    said = f"most in {label(facts.case, int(peak['period']))} {peak['block']}: {significant(peak['supplied'])} MW of {significant(peak['limit'])} MW"
    blocks = [b.name for b in facts.case.blocks]
    limit = df["limit"].to_numpy(float)
    return stacked(stack(df, parts), facts.case.periods, "MW", f"Power of {where} by supplier, period and block; {said}", size, limit, inner=blocks)


def _all_sites(facts: Facts, parts: Sequence[Group]) -> Html:
    total = in_all(facts)
    hint = "Available power of one site is of no use at another: a gap between bars and line says little about single sites."
    return figure("All sites together, MW", _stack(facts, total, parts, "all sites together", "l"), hint, _table(facts, total))


def _table(facts: Facts, df: pd.DataFrame) -> Html:
    """Return power by supplier for rows of :func:`placement.report.energy.flows`; columns without anything are left out."""
    kinds = [k for k in suppliers(facts) if df[k].abs().max() > _NIL]
    extra = {"taken": "Charging or sold, MW", "given_up": "Given up on call, MW"}
    some = [c for c in extra if df[c].abs().max() > _NIL]
    names = {GRID: "Grid, MW", CONTRACTS: "Contracts, MW", STORAGE: "Storage, MW"}
    sited = "site" in df
    heads = (
        *(("Site",) if sited else ()), "Period", "Block", *(names.get(k, f"{k[:1].upper()}{k[1:]}, MW") for k in kinds), *(extra[c] for c in some),
        "Load, MW", "Available, MW", "Used",
    )  # fmt: skip
    used = np.where(df["limit"] > _NIL, df["supplied"] / df["limit"].where(df["limit"] > _NIL, 1.0), np.nan)
    values = df[[*kinds, *some, "load", "limit"]].to_numpy(float)
    rows = [
        (*((facts.site_names[r.site],) if sited else ()), label(facts.case, r.period), r.block, *(fixed(v, 1) for v in row), percent(u))
        for r, row, u in zip(records(df), values, used, strict=True)
    ]
    first = 3 if sited else 2
    return table(heads, rows, range(first, len(heads)))


def _water(facts: Facts) -> list[Html]:
    """Return water by site and year beside its limits; nothing where no site with a WUE uses any."""
    df = facts.plan["water"]
    if df.empty:
        return []
    limit = df[["right_ml", "community_ml"]].min(axis=1)
    df = df.assign(limited=limit.notna()).sort_values("limited", ascending=False, kind="stable")  # those with a limit first
    rows = [
        (facts.site_names.get(r.site, r.site), r.year, significant(r.water_ml), significant(r.right_ml), significant(r.community_ml), percent(share))
        for r, share in zip(records(df), df["water_ml"] / limit.where(limit > 0).reindex(df.index), strict=True)
    ]
    hint = note("Sites with a WUE only, by calendar year within the horizon. The community's cap includes what it grants against benefits.")
    heads = ("Site", "Year", "Water, Ml", "Right, Ml", "Community's cap, Ml", "Used of the tighter one")
    return [el("h3", "Water"), hint, table(heads, rows, range(2, 6))]
