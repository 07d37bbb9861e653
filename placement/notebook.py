"""Cases and plans as notebooks show them: short HTML without a script, a style sheet or a colour, so that it takes the look of the page around it.

All text from data is escaped. ``Case`` and ``Plan``, which lie below, reach it through the lazy names of the package.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import islice

import pandas as pd

from placement.case import Case
from placement.case.schema import TABLES
from placement.plan.plan import Plan
from placement.report.facts import Facts
from placement.report.formats import accelerators, figure_of, fixed, listed, money, number, percent, plural, significant
from placement.report.markup import Html, details, el, join
from placement.report.text import certainty, checked, has_plan, headline, interrupted, is_priced, left_out, no_plan, unit_of

MOST_ROWS = 8  # of a table of the plan
MOST_NOTES = 3
#: Plan tables that are shown on demand, in this order, where they have rows.
KEY_TABLES = ("training", "inference", "halls", "orders", "rents", "contracts", "generators", "unplaced", "unserved", "openings")
_COUNTS = ("units", "nominal_units")  # columns of accelerators
_RIGHT, _LEFT = "text-align:right", "text-align:left"


def case_html(case: Case) -> str:
    """Return a case as HTML: name and title, horizon, tables with their sizes, layers that are there and that are not, notes."""
    ends = "one period" if case.n_periods == 1 else f"{case.periods[0]} to {case.periods[-1]}, {plural(case.n_periods, 'period')}"
    horizon = f"{ends} of {plural(case.period_months, 'month')}"
    sizes = [(name, fixed(len(df))) for name, df in case.tables.items()]
    rows = sum(len(df) for df in case.tables.values())
    layers = dict.fromkeys(t.layer for t in TABLES.values() if t.layer != "pairs" or "pairs" in case)
    there = {TABLES[name].layer for name in case.tables}
    lines = [
        el("p", f"{horizon}; model {case.model}", f"; discounted at {percent(case.discount_rate)} a year" if case.discount_rate else "", "."),
        el("p", "Layers: ", listed([x for x in layers if x in there], len(layers)), "."),
    ]
    absent = [x for x in layers if x not in there]
    if absent and "pairs" not in case:  # a case with pairs has no use for the rest
        lines.append(el("p", f"Absent, so not modelled: {listed(absent, len(absent))}."))
    folded = details(f"{plural(len(sizes), 'table')}, {plural(rows, 'row')}", _table(("table", "rows"), sizes, {1}))
    return _card("Case", case.name, case.title, [*lines, *_notes(case.notes), folded])


def plan_html(plan: Plan) -> str:
    """Return a plan as HTML: status, what it does, objective, verified bound and gap, what is left out; its main tables on demand."""
    case, summary = plan.case, {"cost_unit": plan.case.cost_unit, "priced": "pairs" in plan.case, **plan.summary}
    summary |= {"status": str(plan.status), "objective": plan.objective, "verified_bound": plan.verified_bound}
    if not plan.tables or not has_plan(summary):
        return _card("Plan", case.name, str(plan.status), [el("p", no_plan(summary))])
    facts = Facts.of(case, plan.tables)
    said = [] if is_priced(summary) else [headline(facts), left_out(facts)]
    ok = plan.verdict.ok if plan.verdict is not None else checked(summary)[0]
    verdict = {True: "passed the independent check", False: "FAILED the independent check", None: "not checked"}[ok]
    status = f"{plan.status}, {verdict}"
    lines = [el("p", line) for line in (*said, certainty(summary), interrupted(summary)) if line]
    folded = [details(f"{name}: {plural(len(plan.tables[name]), 'row')}", _frame(plan.tables[name])) for name in KEY_TABLES if len(plan.tables.get(name, ()))]
    figures = details(f"{plural(len(plan.kpis), 'key figure')}", _table(("figure", "value"), [figure_of(str(k), v) for k, v in plan.kpis.items()], {1}))
    return _card("Plan", case.name, status, [_proof(plan, unit_of(summary)), *lines, figures, *folded])


def _proof(plan: Plan, unit: str) -> Html:
    bound = money(plan.verified_bound, unit) if math.isfinite(plan.verified_bound) else "none"
    gap = percent(plan.verified_gap) if math.isfinite(plan.verified_gap) else "none"
    cells = [("objective", money(plan.objective, unit)), ("verified bound", bound), ("verified gap", gap)]
    seconds = number(plan.summary.get("runtime_s"))
    cells += [] if math.isnan(seconds) else [("found in", f"{fixed(seconds, 1)} s")]
    return _table([name for name, _ in cells], [[value for _, value in cells]], range(len(cells)))


def _card(kind: str, name: str, said: str, parts: Sequence[object]) -> Html:
    head = el("p", f"{kind} ", el("strong", name), f": {said}" if said else "")
    return el("div", head, *parts)


def _notes(notes: Sequence[str]) -> list[Html]:
    if not notes:
        return []
    more = [el("li", f"and {plural(len(notes) - MOST_NOTES, 'more note')}")] if len(notes) > MOST_NOTES else []
    return [el("ul", *(el("li", note) for note in notes[:MOST_NOTES]), *more)]


def _frame(df: pd.DataFrame) -> Html:
    """Return the first rows of a table."""
    numeric = {i for i, c in enumerate(df) if pd.api.types.is_numeric_dtype(df[c])}
    rows = [[_cell(v, str(c)) for c, v in zip(df, row, strict=True)] for row in islice(df.itertuples(index=False), MOST_ROWS)]
    more = el("p", f"and {plural(len(df) - MOST_ROWS, 'more row')}") if len(df) > MOST_ROWS else ""
    return join([_table(list(map(str, df.columns)), rows, numeric), more])


def _cell(value: object, column: str) -> str:
    if column in _COUNTS and number(value) == number(value):
        return accelerators(value)
    return significant(value, 4) if number(value) == number(value) else str(value)


def _table(heads: Sequence[str], rows: Sequence[Sequence[object]], numeric: set[int] | range) -> Html:
    def cells(tag: str, row: Sequence[object]) -> Html:
        return el("tr", *(el(tag, cell, style=_RIGHT if i in numeric else _LEFT) for i, cell in enumerate(row)))

    return el("table", el("thead", cells("th", heads)), el("tbody", *(cells("td", row) for row in rows)))
