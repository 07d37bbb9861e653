"""A run folder around a plan: solve into it, check it, report from it. The commands are thin shells over these."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from placement.cards import card
from placement.case import Case, read_case
from placement.errors import DataError, Problem
from placement.plan.checker import Verdict, read_tables
from placement.plan.checker import check as check_tables
from placement.plan.plan import Plan
from placement.plan.run_folder import RunFolder, check_target, read_run, write_files, write_run
from placement.report import render


def write_plan(plan: Plan, out: str | Path, log: Sequence[str] = ()) -> Path:
    """Write a run folder with everything about a plan, whole or not at all; return it.

    Raises
    ------
    DataError
        If ``out`` holds something that is not an old run, or cannot be written to.
    """
    target = check_target(out)

    def fill(folder: Path) -> None:
        write_files(folder, plan.summary, plan.tables, plan.prices, plan.progress, plan.dual)
        (folder / "report.html").write_text(render(plan.case, plan.tables, plan.summary, plan.prices, plan.progress), encoding="utf-8")
        (folder / "log.txt").write_text("".join(f"{line}\n" for line in log), encoding="utf-8")

    write_run(target, fill)
    return target


def case_of(run: RunFolder) -> Case:
    """Read the case that a run was made from.

    Raises
    ------
    DataError
        If it is gone, or no longer what it was.
    """
    path = run.summary.get("case_path")
    if not path or not Path(path).is_dir():
        raise DataError([Problem(str(run.path), "case_path", f"names a case folder that is not there: {path}", "Put the case back or solve it again")])
    case = read_case(path)
    if case.sha256 != run.summary.get("case_sha256"):
        raise DataError([Problem(str(path), "", "is not the case that this run was made from (its content changed)", "Restore it or solve it again")])
    return case


def check(case: Case, plan: Plan | dict[str, pd.DataFrame]) -> Verdict:
    """Check a plan, or plan tables, against a case, independently of model and solver; raises nothing on a bad plan."""
    weights = {**card(case.model).weights, **case.weights}
    if isinstance(plan, Plan):
        return check_tables(case, plan.tables, weights, plan.objective, plan.verified_bound)
    return check_tables(case, plan, weights)


def check_run(case: Case, folder: str | Path) -> tuple[Verdict, dict[str, Any]]:
    """Check a run folder: plan, cost and bound; the bound is recomputed from the rebuilt arrays and the saved dual vector.

    Returns
    -------
    The verdict of the checker, and what was compared: objective, claimed and recomputed bounds, whether the case is unchanged.
    """
    from placement.certificate import safe_bound
    from placement.program import assemble, build_sides

    run = read_run(folder)
    program, _ = assemble(build_sides(case))
    try:
        bound = safe_bound(program, run.dual) if run.dual is not None else float("-inf")
    except ValueError:  # the dual vector belongs to another case
        bound = float("-inf")
    weights = {**card(case.model).weights, **case.weights}
    objective = run.summary.get("objective")
    verdict = check_tables(case, read_tables(run.path), weights, float("nan") if objective is None else float(objective), bound)
    claimed = run.summary.get("verified_bound")
    return verdict, {
        "objective": objective,
        "recomputed_objective": verdict.objective,
        "claimed_verified_bound": claimed,
        "recomputed_bound": bound,
        "bound_holds": claimed is None or bound >= claimed - 1e-9 * max(1.0, abs(claimed)),
        "same_case": case.sha256 == run.summary.get("case_sha256"),
    }


def write_report(folder: str | Path) -> Path:
    """Write ``report.html`` of a run folder again; return its path."""
    run = read_run(folder)
    page = run.path / "report.html"
    page.write_text(render(case_of(run), run.tables, run.summary, run.prices, run.progress), encoding="utf-8")
    return page
