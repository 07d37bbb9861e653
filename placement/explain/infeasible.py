"""Why a case has no plan, in the planner's words: facts that contradict one another, and the smallest changes that give it one. See models/README.md, 14."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from placement.case import Case
from placement.case.workbook import is_case_place
from placement.engine import Status
from placement.errors import OptionError
from placement.explain.again import Effort
from placement.explain.companions import with_companions
from placement.explain.concern import DEMANDED, Concern
from placement.explain.conflict import Conflict, confirmed, find_conflict
from placement.explain.facts import Fact, cell, edited, explicit, fact_words, facts_of, key_of, repair_words, unit_of
from placement.explain.oracle import Oracle
from placement.explain.repairs import Repair, find_repairs
from placement.explain.scenario import as_read, in_files, write_scenario
from placement.plan.plan import Plan
from placement.solving import solve

CONFLICT = ("fact", "table", "key", "column", "value", "unit")
REPAIRS = ("repair", "words", "table", "key", "column", "from", "to", "unit", "size", "objective_musd")
_MOST = 3  # repairs
_SHARES = (0.45, 0.8)  # of the time: for the conflict, and for it and the repairs; the rest solves with these
_EACH = 0.2  # of the time: the most for one question
_GAP = 0.05  # to which a repaired case is solved


@dataclass(frozen=True, eq=False)
class InfeasibleReport:
    """Why a case has no plan, and what would give it one.

    Attributes
    ----------
    infeasible_by, conflict_by
        How it is established that the case, and that the facts of the conflict alone, leave no plan; the latter "" where time was too short for it.
    minimal
        Whether each fact of the conflict was seen to be needed: without it there is a plan.
    conflict : DataFrame
        ``fact`` in words, and the cell that says so: ``table``, ``key`` (joined by ``/``), ``column``, ``value``, ``unit``.
    repairs : DataFrame
        One row per cell to change, or row to be removed as it has no effect any more (``column`` blank): number of the ``repair`` (1 is the smallest),
        its ``words``, ``table``, ``key``, ``column``, ``from``, ``to``, ``unit``, ``size`` (how much it changes in all, see :class:`Repair`),
        ``objective_musd`` (cost of a checked plan of the case with the repair, within 5 % of the best or the best found in time; in the case's ``cost_unit``).
    unservable
        Workloads that must be served and that nothing can serve, with the rules that exclude the most options.
    questions, runtime_s
        How many changed cases were looked at, and how long that took, s.
    """

    case: Case
    infeasible_by: str
    conflict_by: str
    minimal: bool
    conflict: pd.DataFrame
    repairs: pd.DataFrame
    unservable: tuple[str, ...]
    found: tuple[Repair, ...]
    questions: int
    runtime_s: float

    def repaired(self, number: int = 1) -> Case:
        """Return the case with a repair.

        Raises
        ------
        OptionError
            If there is no repair of that number.
        """
        if not 1 <= number <= len(self.found):
            raise OptionError(f"there is no repair {number}; there are {len(self.found)}")
        return replace(edited(explicit(self.case), self.found[number - 1].edits), sha256="")

    def write_scenario(self, number: int, folder: str | Path) -> Path:
        """Write a repair as a scenario folder on top of the case's own folder; return it.

        Raises
        ------
        OptionError
            If there is no repair of that number, or the case has no folder.
        """
        if self.case.path is None or not is_case_place(self.case.path):
            raise OptionError(f"{self.case.name} has no case folder that a scenario could refer to")
        self.repaired(number)
        return write_scenario(self.case, explicit(self.case), self.found[number - 1].edits, Path(folder), self.found[number - 1].removed)

    def record(self) -> dict[str, Any]:
        """Return what ``infeasible.json`` holds."""
        return {
            "case": self.case.name, "case_sha256": self.case.sha256, "infeasible_by": self.infeasible_by, "conflict_by": self.conflict_by,
            "minimal": self.minimal, "cost_unit": self.case.cost_unit, "conflict": self.conflict.to_dict("records"), "repairs": self.repairs.to_dict("records"),
            "unservable": list(self.unservable), "questions": self.questions, "runtime_s": round(self.runtime_s, 3),
        }  # fmt: skip


def explain_infeasible(case: Case | Plan, effort: Effort | None = None, stop: Callable[[], bool] = lambda: False) -> InfeasibleReport:
    """Return a minimal set of conflicting facts of a case that has no plan, and up to three smallest repairs, each solved with.

    Parameters
    ----------
    case
        A case, or what solving it returned; a case is solved first, until it is proven that there is no plan.
    effort
        ``time_limit_s`` holds for all of it but that proof.
    stop
        Asked now and then; once true, what was found by then is returned.

    Raises
    ------
    OptionError
        If the case has a plan, or it is not proven that it has none.
    """
    effort = effort or Effort()
    plan = case if isinstance(case, Plan) else solve(case, time_limit_s=effort.time_limit_s, rel_gap=1.0 - 1e-9, seed=effort.seed)
    if plan.status is not Status.INFEASIBLE:
        raise OptionError(f"{plan.case.name} is not proven infeasible (status: {plan.status}); there is no conflict to name")
    began, limit = time.monotonic(), effort.time_limit_s
    base = explicit(plan.case)
    every = facts_of(base)
    concern = Concern.of(base, [f for f in every if f.group in DEMANDED])
    facts = [f for f in every if "pairs" in base or concern.about(f)]
    oracle = Oracle(began + _SHARES[0] * limit, _EACH * limit, stop)
    conflict = find_conflict(base, facts, oracle)
    oracle.until = began + _SHARES[1] * limit
    candidates = [replace(r, edits=with_companions(base, plan.case, r.edits)) for r in find_repairs(base, facts, conflict, oracle)]
    repairs = _verified(plan.case, base, candidates, began + 0.95 * limit, effort, stop)
    by = confirmed(base, facts, conflict, min(0.1 * limit, began + limit - time.monotonic()), effort.seed) if not stop() else ""
    return InfeasibleReport(
        case=plan.case, infeasible_by=str(plan.summary.get("infeasible_by", "")), conflict_by=by, minimal=conflict.minimal and bool(by),
        conflict=_conflict_table(base, conflict), repairs=_repairs_table(base, repairs), unservable=tuple(plan.summary.get("unservable", ())),
        found=tuple(repairs), questions=oracle.asked, runtime_s=time.monotonic() - began,
    )  # fmt: skip


def _verified(case: Case, base: Case, candidates: Sequence[Repair], until: float, effort: Effort, stop: Callable[[], bool]) -> list[Repair]:
    """Return the first repairs with which the case, its files so changed, is solved to a plan that the checker accepts, the smallest first."""
    found, files = list[Repair](), in_files(case)
    for repair in candidates:
        left = until - time.monotonic()
        if len(found) == _MOST or left <= 0 or stop():
            break
        read = as_read(case, base, repair.edits) if files else (edited(base, repair.edits), ())
        if read is None:  # the data's rules forbid it
            continue
        changed, removed = read
        seconds = max(left / (_MOST - len(found)), min(left, 2.0))
        plan = solve(replace(changed, model=case.model, objectives=()), time_limit_s=seconds, rel_gap=_GAP, seed=effort.seed)
        if plan.verdict is not None and plan.verdict.ok:
            found.append(replace(repair, objective=plan.objective, removed=removed))
    return sorted(found, key=lambda r: r.size)


def _conflict_table(case: Case, conflict: Conflict) -> pd.DataFrame:
    rows = [(fact_words(case, f), *_cell(case, f), cell(case, f, f.value), unit_of(f)) for f in conflict.facts]
    return pd.DataFrame(rows, columns=list(CONFLICT))


def _repairs_table(case: Case, repairs: Sequence[Repair]) -> pd.DataFrame:
    rows = []
    for n, repair in enumerate(repairs, 1):
        words = repair_words(case, repair.edits)
        for e in repair.edits:
            what = (cell(case, e.fact, e.fact.value), cell(case, e.fact, e.value), unit_of(e.fact))
            rows.append((n, words, *_cell(case, e.fact), *what, repair.size, repair.objective))
        for table, key in repair.removed:
            rows.append((n, words, table, key, "", "row", "removed", "", repair.size, repair.objective))
    return pd.DataFrame(rows, columns=list(REPAIRS))


def _cell(case: Case, fact: Fact) -> tuple[str, str, str]:
    return fact.rule.table, key_of(case, fact), fact.rule.column
