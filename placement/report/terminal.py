"""The plan in at most 25 lines of 80 columns, for the terminal; only commands with long paths are wider."""

from __future__ import annotations

import shlex
import textwrap
import unicodedata
from collections.abc import Mapping

import pandas as pd

from placement.report.formats import MINUS, MISSING, THIN, fixed, money, musd, number, percent, plural, significant
from placement.report.markup import clean
from placement.report.tables import COLUMNS, typed
from placement.report.text import VALUE, alone, checked, has_plan, interrupted, is_priced, names, peak_unserved, rules_excluded, unit_of, verified_gap, worth

COLUMNS_WIDE, LINES = 80, 25
INDENT, MOST_UNSERVABLE = " " * 9, 4
_ASCII = str.maketrans({THIN: " ", MINUS: "-", MISSING: "-"})


def terminal_summary(summary: Mapping[str, object], tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the outcome of a run as text: at most 25 lines, none wider than 80 columns but the commands that come next.

    Parameters
    ----------
    summary, tables
        As for :func:`placement.report.render`; with ``run``, the run folder, and ``case_path`` the commands can be pasted into a shell.
    """
    plan = {name: typed(name, columns, tables.get(name)) for name, columns in COLUMNS.items()}
    lines = [f"{summary.get('case')}: {summary.get('status')}", *_stopped(summary), *_proof(summary), *_impossible(summary)]
    if has_plan(summary):
        told = _priced(plan) if is_priced(summary) else [*_built(plan), *_placed(plan), *_short(plan), *_uncovered(summary)]
        lines += [*_verdict(summary), *told]  # what must not be lost comes first
    after = _next(summary)
    return "\n".join([*(fit(line) for line in lines[: LINES - len(after)]), *after])


def _next(summary: Mapping[str, object]) -> list[str]:
    """Return what to do next; a command is never cut, so that it can be pasted."""
    run, case = _path(summary.get("run"), "RUN"), _path(summary.get("case_path"), "CASE")
    if has_plan(summary):
        report, check = f"placement report {run}", f"placement check {case} {run}"
        wide = max(len(report), len(check)) + 4
        lines = [f"next:    {report:<{wide}}a page with map and charts", f"         {check:<{wide}}recompute plan, cost and bound"]
        bare = [f"next:    {report}", f"         {check}"]
        return lines if max(map(len, lines)) <= COLUMNS_WIDE else bare
    if summary.get("status") == "infeasible":
        return [f"next:    {run}/exclusions.csv says what the rules left out"]
    return ["next:    a longer --time-limit"]


def _path(value: object, word: str) -> str:
    """Return a path as a shell takes it; the word in its place where there is none, or none that a terminal may show."""
    text = str(value) if value else ""
    return shlex.quote(text) if text and clean(text) == text and text.isprintable() else word


def width(line: str) -> int:
    """Return how many columns the line takes."""
    return sum(_widths(" ".join(clean(line.translate(_ASCII)).splitlines())))


def _widths(text: str) -> list[int]:
    return [0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text]


def fit(line: str, most: int = COLUMNS_WIDE) -> str:
    """Return the line without control characters, cut to the given number of columns (wide letters take two)."""
    text = " ".join(clean(line.translate(_ASCII)).splitlines())
    widths = _widths(text)
    if sum(widths) <= most:
        return text
    room, kept = most - 3, ""
    for c, w in zip(text, widths, strict=True):
        room -= w
        if room < 0:
            break
        kept += c
    return kept + "..."


def _stopped(summary: Mapping[str, object]) -> list[str]:
    words = interrupted(summary)
    return textwrap.wrap(f"INTERRUPTED: {words}", COLUMNS_WIDE, subsequent_indent=INDENT) if words else []


def _impossible(summary: Mapping[str, object]) -> list[str]:
    """Why there is no plan, as far as it is known: nothing of it where there is one."""
    if has_plan(summary):
        return []
    lonely, rules = names(summary.get("unservable")), rules_excluded(summary.get("excluded"))
    how = str(summary.get("infeasible_by") or "")
    lines = [f"proof:   {how}"] if how else []
    for n, one in enumerate(lonely[:MOST_UNSERVABLE]):
        lines += textwrap.wrap(clean(one), COLUMNS_WIDE, initial_indent=INDENT if n else "cannot:  ", subsequent_indent=INDENT + "  ")[:3]
    lines += [f"{INDENT}+ {len(lonely) - MOST_UNSERVABLE} more that nothing can serve"] if len(lonely) > MOST_UNSERVABLE else []
    return [*lines, *naming("rules:   options excluded", [f"{rule} {fixed(n)}" for rule, n in rules], 6)] if rules else lines


def naming(start: str, items: list[str], most: int = 2) -> list[str]:
    """Return ``start: a, b + 7 more`` with the first ``most`` items, on a second line where one is too short for them."""
    choices = range(min(most, len(items)), 0, -1)
    ends = [", ".join(items[:kept]) + (f" + {len(items) - kept} more" if len(items) > kept else "") for kept in choices]
    if ends and width(f"{start}: {ends[0]}") > COLUMNS_WIDE:
        return [f"{start}:", INDENT + next((end for end in ends if width(INDENT + end) <= COLUMNS_WIDE), ends[-1])]
    return [f"{start}: {ends[0]}" if ends else start]


def _proof(summary: Mapping[str, object]) -> list[str]:
    seconds = f"seconds: {fixed(summary.get('runtime_s'), 1)}"
    if not has_plan(summary):
        return [seconds]
    (name, amount), gap, claimed = worth(summary), verified_gap(summary), number(summary.get("gap"))
    side, sign = ("at most", -1.0) if name == VALUE else ("at least", 1.0)
    own, cost_unit = number(summary.get("bound")), unit_of(summary)
    bounds = [f"{side} {money(sign * number(summary.get('verified_bound')), cost_unit)} verified" if gap == gap else "none verified"]
    bounds += [f"{money(sign * own, cost_unit)} the solver's own"] if own == own else []
    gaps = [f"{percent(gap)} verified (no solver trusted)" if gap == gap else "not verified"]
    gaps += [f"{percent(claimed)} the solver's own"] if claimed == claimed else []
    label = "value:  " if name == VALUE else "cost:   "
    signed = f" (objective {musd(summary.get('objective'))})" if name == VALUE else ""  # the progress lines show the cost that is minimised
    words = "" if is_priced(summary) else f" {name[0].lower()}{name[1:]}"
    return [f"{label} {amount}{words}{signed}", f"bound:   {', '.join(bounds)}", f"gap:     {', '.join(gaps)}", seconds]


def _built(plan: Mapping[str, pd.DataFrame]) -> list[str]:
    halls = plan["halls"].loc[lambda d: d["existing"] == 0]
    lines = naming(f"build:   {plural(len(halls), 'new hall')}, {significant(halls['it_mw'].sum())} MW of IT capacity", _top(halls, "site", "it_mw", " MW"))
    orders, contracts = plan["orders"], plan["contracts"]
    rents = plan["rents"]
    leased = orders["offer"].isin(rents["offer"])
    for word, some in (("buy:    ", orders[~leased]), ("lease:  ", orders[leased])):
        if len(some):
            lines.extend(naming(f"{word} {fixed(some['units'].sum())} accelerators for {musd(some['cost_musd'].sum())}", _top(some, "sku", "units", "")))
    free = rents[~rents["offer"].isin(orders["offer"])]
    if len(free):
        most = free.groupby("period")["units"].sum().max()
        lines.extend(naming(f"rent:    up to {fixed(most)} accelerators on demand for {musd(free['cost_musd'].sum())}", _top(free, "site", "cost_musd", " M$")))
    if len(contracts):
        lines.extend(
            naming(
                f"sign:    {plural(len(contracts), 'power contract')} for {significant(contracts['mw'].sum())} MW",
                _top(contracts, "ppa", "mw", " MW"),
            )
        )
    made = plan["generators"].groupby("generator")["mw"].max()
    if len(made):
        lines.append(f"install: {significant(made.sum())} MW of on-site generation")
    modules = plan["fibre"].groupby("link")["modules"].max().sum()
    return [*lines, f"light:   {plural(round(modules), 'fibre module')}"] if modules > 0 else lines


def _top(df: pd.DataFrame, key: str, value: str, unit: str) -> list[str]:
    best = df.groupby(key)[value].sum().sort_values(ascending=False, kind="stable")
    return [f"{k} {significant(v)}{unit}" for k, v in best.items()]


def _placed(plan: Mapping[str, pd.DataFrame]) -> list[str]:
    jobs, lost, rows = plan["training"]["job"].nunique(), len(plan["unplaced"]), plan["inference"]
    lines = [f"train:   {fixed(jobs)} of {plural(jobs + lost, 'job')} placed"] if jobs + lost else []
    if len(rows) or len(plan["unserved"]):
        lines.append(f"serve:   {plural(rows['service'].nunique(), 'service')} from {plural(rows['site'].nunique(), 'site')}")
    return lines


def _priced(plan: Mapping[str, pd.DataFrame]) -> list[str]:
    """Return what a plan for a case with pairs opens and places."""
    opened, jobs, shares = plan["openings"], plan["training"], plan["inference"]
    used = pd.concat([jobs["site"], shares["site"]]).nunique()
    lines = [f"open:    {fixed((opened['open'] > 0).sum())} of {plural(len(opened), 'site')}"] if len(opened) else []
    if len(jobs):
        lines.append(f"place:   {plural(len(jobs), 'workload')} whole")
    if len(shares):
        count = shares["service"].value_counts()
        lines.append(f"serve:   {plural(len(count), 'workload')}, {fixed((count > 1).sum())} of them from several sites")
    return [*lines, f"use:     {plural(used, 'site')}"]


def _short(plan: Mapping[str, pd.DataFrame]) -> list[str]:
    jobs, lost = plan["unplaced"].sort_values("value_musd", ascending=False, kind="stable"), plan["unserved"]
    lines = []
    if len(jobs):
        items = [f"{j} {musd(v)}" for j, v in zip(jobs["job"], jobs["value_musd"], strict=True)]
        lines.extend(naming(f"short:   {plural(len(jobs), 'job')} worth {musd(jobs['value_musd'].sum())} not placed", items))
    if len(lost):
        most, period = peak_unserved(lost)
        who = plural(lost["service"].nunique(), "service")
        lines.append(f"short:   demand of {who} not served, up to {significant(most)} Mtok/day in {period}")
    return lines or ["short:   nothing is left out"]


def _uncovered(summary: Mapping[str, object]) -> list[str]:
    """Return where N-1 leaves demand unserved: the first few."""
    found = [f"{service} in {metro}: {why}" for (service, metro), why in alone(summary.get("uncovered")).items()]
    lines = [part for one in found[:2] for part in textwrap.wrap(clean(one), COLUMNS_WIDE, initial_indent=INDENT, subsequent_indent=INDENT + "  ")[:2]]
    return [*lines, f"{INDENT}+ {len(found) - 2} more that N-1 leaves out"] if len(found) > 2 else lines


def _verdict(summary: Mapping[str, object]) -> list[str]:
    ok, violations = checked(summary)
    untold = str(summary.get("prices_note") or "")
    prices = [f"prices:  {untold.removeprefix('prices were ')}"] if untold and not is_priced(summary) else []
    if ok is None:
        return ["check:   not run", *prices]
    return ["check:   passed", *prices] if ok else ["check:   FAILED", *(f"         {v}" for v in violations[:3]), *prices]
