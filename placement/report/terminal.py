"""The plan in at most 25 lines of 80 columns, for the terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping

import pandas as pd

from placement.report.formats import MINUS, MISSING, THIN, fixed, musd, number, percent, plural, significant
from placement.report.markup import clean
from placement.report.tables import COLUMNS, typed
from placement.report.text import checked, has_plan, verified_gap, worth

COLUMNS_WIDE, LINES = 80, 25
_ASCII = str.maketrans({THIN: " ", MINUS: "-", MISSING: "-"})


def terminal_summary(summary: Mapping[str, object], tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the outcome of a run as text: at most 25 lines, none wider than 80 columns.

    Parameters
    ----------
    summary, tables
        As for :func:`placement.report.render`.
    """
    plan = {name: typed(name, columns, tables.get(name)) for name, columns in COLUMNS.items()}
    lines = [f"{summary.get('case')}: {summary.get('status')}", *_proof(summary)]
    if has_plan(summary):
        lines += [*_built(plan), *_placed(plan), *_short(plan), *_verdict(summary)]
        lines += [
            "next:    placement report RUN        a page with map and charts",
            "         placement check CASE RUN    recompute plan, cost and bound",
        ]
    else:
        lines.append(
            "next:    placement explain RUN --infeasible" if summary.get("status") == "infeasible" else "next:    a longer --time-limit"
        )
    return "\n".join(fit(line) for line in lines[:LINES])


def fit(line: str, most: int = COLUMNS_WIDE) -> str:
    """Return the line without control characters, cut to the given number of columns (wide letters take two)."""
    text = " ".join(clean(line.translate(_ASCII)).splitlines())
    widths = [0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text]
    if sum(widths) <= most:
        return text
    room, kept = most - 3, ""
    for c, w in zip(text, widths, strict=True):
        room -= w
        if room < 0:
            break
        kept += c
    return kept + "..."


def _proof(summary: Mapping[str, object]) -> list[str]:
    gap, name = verified_gap(summary), worth(summary)
    seconds = f"seconds: {fixed(summary.get('runtime_s'), 1)}"
    bound = f"bound:   {musd(summary.get('verified_bound'))} verified without the solver"
    if not has_plan(summary):
        return [seconds]
    claimed = number(summary.get("gap"))
    extra = f" (gap to the solver's own bound: {percent(claimed)})" if claimed == claimed else ""
    return [
        f"value:   {musd(summary.get('objective'))} objective ({name[0].lower()} {name[1]})",
        bound if gap == gap else "bound:   none verified",
        f"gap:     {percent(gap) if gap == gap else 'not verified'}{extra}",
        seconds,
    ]


def _built(plan: Mapping[str, pd.DataFrame]) -> list[str]:
    halls = plan["halls"].loc[lambda d: d["existing"] == 0]
    lines = [
        f"build:   {plural(len(halls), 'new hall')}, {significant(halls['it_mw'].sum())} MW of IT power"
        + _top(halls, "site", "it_mw", "MW")
    ]
    orders, contracts = plan["orders"], plan["contracts"]
    if len(orders):
        lines.append(
            f"buy:     {fixed(orders['units'].sum())} accelerators for {musd(orders['cost_musd'].sum())}" + _top(orders, "sku", "units", "")
        )
    if len(contracts):
        lines.append(
            f"sign:    {plural(len(contracts), 'power contract')} for {significant(contracts['mw'].sum())} MW"
            + _top(contracts, "ppa", "mw", "MW")
        )
    made = plan["generators"].groupby("generator")["mw"].max()
    if len(made):
        lines.append(f"install: {significant(made.sum())} MW of on-site generation")
    modules = plan["fibre"].groupby("link")["modules"].max().sum()
    return [*lines, f"light:   {plural(round(modules), 'fibre module')}"] if modules > 0 else lines


def _top(df: pd.DataFrame, key: str, value: str, unit: str) -> str:
    best = df.groupby(key)[value].sum().nlargest(3)
    return (": " + ", ".join(f"{k} {significant(v)} {unit}".strip() for k, v in best.items())) if len(best) else ""


def _placed(plan: Mapping[str, pd.DataFrame]) -> list[str]:
    jobs, lost, rows = plan["training"]["job"].nunique(), len(plan["unplaced"]), plan["inference"]
    lines = [f"train:   {fixed(jobs)} of {plural(jobs + lost, 'job')} placed"] if jobs + lost else []
    if len(rows) or len(plan["unserved"]):
        lines.append(f"serve:   {plural(rows['service'].nunique(), 'service')} from {plural(rows['site'].nunique(), 'site')}")
    return lines


def _short(plan: Mapping[str, pd.DataFrame]) -> list[str]:
    jobs, lost = plan["unplaced"].nlargest(3, "value_musd"), plan["unserved"]
    lines = []
    if len(jobs):
        names = ", ".join(f"{j} {musd(v)}" for j, v in zip(jobs["job"], jobs["value_musd"], strict=True))
        lines.append(f"short:   {plural(len(plan['unplaced']), 'job')} not placed, the most valuable: {names}")
    if len(lost):
        peak = lost.groupby(["service", "period"])["mtok_per_day"].sum().groupby("service").max().nlargest(3)
        names = ", ".join(f"{s} {significant(v)}" for s, v in peak.items())
        lines.append(f"short:   unserved at most, Mtok/day: {names}")
    return lines or ["short:   nothing is left out"]


def _verdict(summary: Mapping[str, object]) -> list[str]:
    ok, violations = checked(summary)
    if ok is None:
        return ["check:   not run"]
    return ["check:   passed"] if ok else ["check:   FAILED", *(f"         {v}" for v in violations[:3])]
