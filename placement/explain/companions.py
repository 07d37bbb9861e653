"""What must be said beside a repair so that the changed files are a case, and the case that was solved."""

from __future__ import annotations

from collections.abc import Iterator

from placement.case import Case
from placement.explain.fact_rules import FactRule, to
from placement.explain.facts import Edit, Fact

_PENALTY = FactRule("jobs", "unplaced_musd", to(1.0), "", "")
_ALLOWED = FactRule("residency", "allow", to(True), "", "")


def with_companions(case: Case, original: Case, edits: tuple[Edit, ...]) -> tuple[Edit, ...]:
    """Return the edits with those that they make necessary.

    A job that may stay unplaced and is worth nothing gets a penalty, or it would have no effect. A class of ``residency`` of which rows deny
    countries only allows all others; once a row of it allows one, the others need rows that allow them, too. Lower percentiles of a lead time are no longer.
    """
    more = [extra for edit in edits for extra in (*_penalty(case, edit), *_others(case, original, edit), *_percentiles(case, edit))]
    named = {(e.fact.group, e.fact.row) for e in edits}
    unique = {(e.fact.group, e.fact.row): e for e in more if (e.fact.group, e.fact.row) not in named}
    return (*edits, *unique.values())


def _penalty(case: Case, edit: Edit) -> Iterator[Edit]:
    if edit.fact.group != ("jobs", "mandatory"):
        return
    job = case["jobs"].iloc[edit.fact.row]
    wanted = {*case["releases"]["job"], *case["jobs"]["base_job"]}
    if job["value_musd"] == 0 and job["unplaced_musd"] == 0 and job["job"] not in wanted:
        yield Edit(Fact(_PENALTY, edit.fact.row, 0.0, 1.0), 1.0)


def _others(case: Case, original: Case, edit: Edit) -> Iterator[Edit]:
    if edit.fact.group != ("residency", "allow"):
        return
    rows = case["residency"]
    row = rows.iloc[edit.fact.row]
    for i in range(len(original["residency"]), len(rows)):  # rows that the case does not have
        other = rows.iloc[i]
        if other["class"] == row["class"] and other["origin"] == row["origin"] and other["allow"]:
            yield Edit(Fact(_ALLOWED, i, "", True), True)


def _percentiles(case: Case, edit: Edit) -> Iterator[Edit]:
    if edit.fact.rule.table != "milestones" or not edit.fact.rule.column.startswith("lead_p"):
        return
    row = case["milestones"].iloc[edit.fact.row]
    for percentile in (p for p in (10, 50) if p < case.lead_percentile):
        column = f"lead_p{percentile}"
        if row[column] > edit.value:
            yield Edit(Fact(FactRule("milestones", column, to(0.0), "", ""), edit.fact.row, float(row[column]), 0.0), edit.value)
