"""Comparisons, sweeps, tornados and fronts as text of 80 columns."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import pandas as pd

from placement.explain.compare import BEYOND, TOGETHER, Comparison
from placement.explain.layout import amount, cut, paragraph, share, signed, table
from placement.plan.plan import Plan

_MOST_INPUTS, _MOST_CHANGES, _MOST_KPIS, _MOST_BROUGHT = 20, 40, 15, 5


def comparison_lines(a: Plan, b: Plan, found: Comparison) -> list[str]:
    """Return a comparison as text: input, plan, causes, key figures."""
    unit = a.case.cost_unit
    names = [cut(f"{p.case.name}: {p.status}", 60) for p in (a, b)]
    whole = found.causes[found.causes["group"] == TOGETHER].iloc[0]
    lines = [f"A: {names[0]}", f"B: {names[1]}"]
    if not math.isnan(whole["value_musd"]):
        lines += paragraph(f"value of B less A: {_proven(whole)} {unit} (more is better)", "   ")
    lines += ["", f"input: {_counted(found.inputs)}"]
    rows = [[f"{r.table}.{r.column}", r.key, r.a, r.b, r.change] for r in found.inputs.head(_MOST_INPUTS).itertuples()]
    lines += table(["what", "row", "A", "B", "change"], rows, [False, False, False, False, False]) if rows else []
    lines += _more(len(found.inputs), _MOST_INPUTS)
    return [*lines, "", *_plan_lines(found), "", *_cause_lines(found, unit), "", *_kpi_lines(found)]


def _plan_lines(found: Comparison) -> Iterator[str]:
    changes = found.plan
    yield f"plan: {_counted(changes)}"
    if not len(changes):
        return
    marks = {group: str(n + 1) for n, group in enumerate(_groups(found))}
    for r in changes.head(_MOST_CHANGES).itertuples():
        cause = f" [{_marks(r.causes, marks)}]" if marks else ""
        yield from paragraph(f"{r.kind} {r.what}: {r.change}, {_with_unit(r.a, r.unit)} -> {_with_unit(r.b, r.unit)}{cause}", "   ")
    if marks:
        yield "[n]: caused by the change of the input with that number below"
    yield from _more(len(changes), _MOST_CHANGES)


def _counted(changes: pd.DataFrame) -> str:
    return f"{len(changes) or 'no'} change{'s' if len(changes) != 1 else ''}"


def _with_unit(value: object, unit: str) -> str:
    return f"{value} {unit if unit != 'accelerators' else ''}".strip()


def _marks(causes: str, marks: dict[str, str]) -> str:
    return "together" if causes == BEYOND else " ".join(marks[c] for c in causes.split("; ") if c in marks)


def _groups(found: Comparison) -> list[str]:
    return [g for g in found.causes["group"] if g != TOGETHER]


def _cause_lines(found: Comparison, unit: str) -> Iterator[str]:
    """Yield what each group of inputs alone is worth and brings."""
    for note in found.causes.loc[found.causes["group"] == TOGETHER, "note"]:
        yield from paragraph(f"causes: {note}", "   ") if note else ()
    if not _groups(found):
        return
    yield f"causes: each change of the input alone, from plan A; value in {unit}"
    for n, row in enumerate(found.causes[found.causes["group"] != TOGETHER].to_dict("records")):
        yield from paragraph(
            f"{n + 1}. {row['group']}: {row['note'] or row['status']}" if math.isnan(row["value_musd"]) else f"{n + 1}. {row['group']}: {_proven(row)}", "   "
        )
        mine = found.brought[found.brought["group"] == row["group"]]
        said = [f"{r.kind} {r.what} {r.change}" for r in mine.head(_MOST_BROUGHT).itertuples()]
        rest = f"; {len(mine) - _MOST_BROUGHT} more" if len(mine) > _MOST_BROUGHT else ""
        if not math.isnan(row["value_musd"]):
            yield from paragraph(f"   {'; '.join(said) or 'no decision differs'}{rest}", "   ")


def _proven(row: object) -> str:
    value, least, most = (float(row[name]) for name in ("value_musd", "at_least_musd", "at_most_musd"))  # type: ignore[index]
    return f"{signed(value)}, proven between {signed(least)} and {signed(most)}"


def _kpi_lines(found: Comparison) -> list[str]:
    kpis = found.kpis
    rows = [[r.kpi, f"{r.a:,.6g}", f"{r.b:,.6g}", f"{r.change:+,.4g}"] for r in kpis.head(_MOST_KPIS).itertuples()]
    lines = [f"key figures: {_counted(kpis)}"]
    return [*lines, *(table(["figure", "A", "B", "change"], rows, [False, True, True, True]) if rows else []), *_more(len(kpis), _MOST_KPIS)]


def _more(n: int, shown: int) -> list[str]:
    return [f"... and {n - shown} more (--out FILE.csv has all)"] if n > shown else []


def sweep_lines(found: pd.DataFrame) -> list[str]:
    """Return the table of a sweep as text: values, then key figures, then notes."""
    rows = [
        [
            r.scenario,
            r.status,
            amount(r.objective_musd),
            signed(r.value_delta_musd),
            signed(r.at_least_musd),
            signed(r.at_most_musd),
            share(r.verified_gap),
            amount(r.seconds),
        ]
        for r in found.itertuples()
    ]
    head = ["scenario", "status", "cost M$", "value +-", "at least", "at most", "gap", "s"]
    lines = table(head, rows, [False, False, True, True, True, True, True, True])
    lines += ["cost: what is minimised; value +-: against the base, more is better;", "at least, at most, gap: proven without a solver"]
    return [*lines, *_figures(found), *_notes(found)]


def _figures(found: pd.DataFrame) -> list[str]:
    """Return the key figures that differ in some scenario, scenarios as rows."""
    deltas = [c for c in found.columns if c.endswith("_delta")]
    told = [c for c in deltas if found[c].abs().max() > 1e-6]
    if len(found) < 2 or not told:
        return []
    lines = ["", "key figures against the base"]
    for part in (told[i : i + 4] for i in range(0, len(told), 4)):
        rows = [[str(r["scenario"]), *(signed(float(r[c]), 4 if "share" in c else 1) for c in part)] for r in found.iloc[1:].to_dict("records")]
        lines += table(["scenario", *(c.removesuffix("_delta") for c in part)], rows, [False, *[True] * len(part)])
    return lines


def _notes(found: pd.DataFrame) -> list[str]:
    return [line for r in found.itertuples() if r.note for line in paragraph(f"{r.scenario}: {r.note}", "   ")]


def tornado_lines(plan: Plan, found: pd.DataFrame, step: float) -> list[str]:
    """Return a tornado as text, with bars."""
    widest = found["swing_musd"].max()
    rows = [
        [
            r.input,
            signed(r.low_value_musd),
            signed(r.high_value_musd),
            amount(r.swing_musd),
            _span(r.swing_at_least_musd, r.swing_at_most_musd),
            _bar(r.swing_musd, widest),
        ]
        for r in found.itertuples()
    ]
    unit = plan.case.cost_unit
    lines = [f"{plan.case.name}: change of value, {unit}, with each input {step:.0%} lower and higher (more is better)"]
    lines = [part for line in lines for part in paragraph(line)]
    lines += table(["input", "lower", "higher", "swing", "proven", ""], rows, [False, True, True, True, True, False])
    return [*lines, *(part for r in found.itertuples() if r.note for part in paragraph(f"{r.input}: {r.note}", "   "))]


def _span(least: float, most: float) -> str:
    return f"{amount(least, 0)}..{amount(most, 0)}" if math.isfinite(least) and math.isfinite(most) else "-"


def _bar(swing: float, widest: float) -> str:
    return "#" * max(1, round(12 * swing / widest)) if widest > 0 and swing > 0 else ""


def pareto_lines(plan: Plan, found: pd.DataFrame) -> list[str]:
    """Return a front as text: the points, and below them the sites of each."""
    a, b = found.columns[1:3]
    digits = [_digits(found[c]) for c in (a, b)]
    rows = [
        [
            str(n + 1),
            amount(r["epsilon"], digits[1]),
            amount(r[a], digits[0]),
            amount(r[b], digits[1]),
            amount(r["objective_musd"]),
            share(r["gap"]),
            "dominated" if r["dominated"] else "",
        ]
        for n, r in enumerate(found.to_dict("records"))
    ]
    lines = paragraph(f"{plan.case.name}: {a} against {b}; cost in {plan.case.cost_unit} is what the case minimises; gap of {a}, proven without a solver")
    lines += table(["", "epsilon", a, b, "cost", "gap", ""], rows, [True, True, True, True, True, True, False])
    told: Sequence[str] = found["sites"].tolist()
    for n, sites in enumerate(told):
        same = n > 0 and sites == told[n - 1]
        lines += paragraph(f"{n + 1}: {'as before' if same else sites or found['status'].iloc[n]}", "   ")
    return lines


def _digits(values: pd.Series) -> int:
    largest = values.abs().max()
    return 1 if not largest or math.isnan(largest) or largest >= 100 else 4 if largest < 2 else 2
