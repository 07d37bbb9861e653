"""A run folder around a plan: solve into it, check it, report from it. The commands are thin shells over these."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from placement.cards import card
from placement.case import Case, read_case
from placement.case.case import expect_case
from placement.case.workbook import is_case_place, is_workbook
from placement.errors import DataError, OptionError, Problem
from placement.instances import read_instance
from placement.plan.checker import PLAN_TABLES, Verdict, read_tables
from placement.plan.checker import check as check_tables
from placement.plan.figures.service_costs import service_costs
from placement.plan.plan import Plan
from placement.plan.run_folder import POINT, RunFolder, check_target, read_certificate, read_run, read_summary, write_files, write_run
from placement.report import render

_CLOSE = 1e-9  # relative, for numbers that are the same computation twice


def write_plan(plan: Plan, out: str | Path, log: Sequence[str] = ()) -> Path:
    """Write a run folder with everything about a plan, whole or not at all; return it.

    Raises
    ------
    DataError
        If ``out`` holds something that is not an old run, or cannot be written to.
    """
    target = check_target(out)

    def fill(folder: Path) -> None:
        saved = (plan.proof.arrays() if plan.proof else {}) | ({} if plan.point is None else {POINT: plan.point})
        write_files(folder, plan.summary, plan.tables, plan.prices, plan.exclusions, plan.progress, saved or None)
        page = render(plan.case, plan.tables, plan.summary, plan.prices, plan.progress, plan.exclusions, costs=_costs(plan.case, plan.tables))
        (folder / "report.html").write_text(page, encoding="utf-8")
        (folder / "log.txt").write_text("".join(f"{line}\n" for line in log), encoding="utf-8")

    write_run(target, fill)
    return target


def _costs(case: Case, tables: Mapping[str, pd.DataFrame]) -> pd.DataFrame | None:
    """Return what serving costs; nothing where there is no plan or placements have prices of their own."""
    return service_costs(case, tables) if tables and "pairs" not in case else None


def read_plan(folder: str | Path) -> Plan:
    """Return the plan of a run folder with the case that it was made from, so that questions can be asked about it.

    Raises
    ------
    DataError
        If it is not a run folder, a file of it is damaged, or its case is gone or changed.
    """
    from placement.certificate import Proof  # loads Pyomo, which a report does not need
    from placement.engine import Status

    run, saved = read_run(folder), read_certificate(folder) or {}
    summary = run.summary
    try:
        proof, status = Proof.from_arrays(saved) if "dual" in saved else None, Status(str(summary["status"]))
        kpis = pd.Series(dict(summary["kpis"]), dtype=float)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError([Problem(str(folder), "", f"is damaged ({error})", "Solve the case again")]) from None
    case = replace(case_of(run), model=str(summary["model"]))
    return Plan(
        case=case, status=status, objective=_number(summary, "objective", math.inf), bound=_number(summary, "bound", -math.inf),
        verified_bound=_number(summary, "verified_bound", -math.inf), gap=_number(summary, "gap", math.inf), tables=run.tables, kpis=kpis,
        prices=run.prices, prices_note=str(summary.get("prices_note") or ""), exclusions=run.exclusions, proof=proof, point=saved.get(POINT),
        summary=dict(summary), progress=run.progress,
    )  # fmt: skip


def _number(summary: Mapping[str, Any], name: str, missing: float) -> float:
    value = summary.get(name)
    return missing if value is None else float(value)


def earlier_plan(case: Case, folder: str | Path) -> Plan:
    """Return the plan of an earlier run as a start for a case, whatever case it was made from; with its point and proof where it is of the same case.

    Raises
    ------
    DataError
        If it is not a run folder, holds no plan, or lacks a table.
    """
    from placement.certificate import Proof
    from placement.engine import Status

    run = read_run(folder)
    lacking = tuple(f"plan/{name}.csv" for name, table in PLAN_TABLES.items() if name not in run.tables and not table.optional)
    if lacking:
        what = "holds no plan to start from" if not run.tables else "lacks plan tables"
        remedy = "Give a run folder that `placement solve --out` wrote with a plan, or leave --start out"
        raise DataError([Problem(str(folder), "", what, remedy, lacking if run.tables else ())])
    nan = float("nan")
    start = Plan(case=case, status=Status.FEASIBLE, objective=nan, bound=nan, verified_bound=nan, gap=nan, tables=run.tables)
    saved = read_certificate(folder) or {}
    if run.summary.get("case_sha256") != case.sha256 or POINT not in saved or "dual" not in saved:
        return start
    try:
        return replace(start, point=saved[POINT], proof=Proof.from_arrays(saved))
    except (ValueError, KeyError, TypeError):  # damaged: the tables are enough to begin with
        return start


def case_of(run: RunFolder) -> Case:
    """Read the case that a run was made from.

    Raises
    ------
    DataError
        If it is gone, or no longer what it was.
    """
    path, instance = run.summary.get("case_path"), run.summary.get("instance")
    if not path or not (Path(path).is_file() if instance else is_case_place(path)):
        what = "an instance file" if instance else "a workbook" if is_workbook(path or "") else "a case folder"
        raise DataError([Problem(str(run.path), "case_path", f"names {what} that is not there: {path}", "Put the case back or solve it again")])
    overlay = run.summary.get("case_overlay")
    if overlay and not Path(overlay).is_dir():
        raise DataError([Problem(str(run.path), "case_overlay", f"names a scenario folder that is not there: {overlay}", "Put it back or solve again")])
    case = read_again(path, run.summary) if instance else read_case(path, overlay=overlay or None)
    if case.sha256 != run.summary.get("case_sha256"):
        raise DataError([Problem(str(path), "", "is not the case that this run was made from (its content changed)", "Restore it or solve it again")])
    return case


def read_again(file: str | Path, summary: Mapping[str, Any], **options: Any) -> Case:
    """Read an instance file as a run did; ``options`` (of :func:`placement.read_instance`, ``format`` too) that are not ``None`` replace the run's.

    Raises
    ------
    DataError
        If the file is damaged, or the run was not made from an instance file and no format is given.
    OptionError
        If the options do not fit the file.
    """
    made = summary.get("instance")
    known = dict(made) if isinstance(made, Mapping) else {}
    wanted: dict[str, Any] = {name: known.get(name) for name in ("format", "capacity", "open_sites")} | {"model": summary.get("model")}
    wanted |= {name: value for name, value in options.items() if value is not None}
    if wanted["format"] is None:
        raise DataError([Problem(str(file), "", "is a file, and the run was not made from an instance file", "Name the case folder, or give --format")])
    return read_instance(file, **wanted)


def case_to_check(path: str | Path, folder: str | Path, *, model: str | None = None, **options: Any) -> Case:
    """Read the case folder, workbook or instance file that a run is checked against; what ``options`` leave out about a file is taken from the run.

    Raises
    ------
    DataError
        If the case cannot be read, or the run was made with another model than is asked for.
    OptionError
        If options are given that say nothing of a case folder.
    """
    is_file = options.get("format") is not None or (Path(path).is_file() and not is_workbook(path))
    if not is_file:
        refuse_options(**options)
    case = None if is_file else read_case(path)
    summary = read_summary(folder)
    if model not in (None, summary.get("model")):
        raise DataError([Problem(str(folder), "model", f"is '{summary.get('model')}', not '{model}'", "Leave --model out, or name another run")])
    return read_again(path, summary, **options) if case is None else case


def refuse_options(**options: Any) -> None:
    """Refuse options that only say how to read an instance file.

    Raises
    ------
    OptionError
        Naming those that are given.
    """
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if given:
        raise OptionError(f"{', '.join(given)}: only with --format FORMAT, for the file of a published instance")


def check(case: Case, plan: Plan | dict[str, pd.DataFrame]) -> Verdict:
    """Check a plan, or plan tables, against a case, independently of model and solver; raises nothing on a bad plan."""
    expect_case(case)
    weights = {**card(case.model).weights, **case.weights}
    if isinstance(plan, Plan):
        return check_tables(case, plan.tables, weights, plan.objective, plan.verified_bound, _most(plan.summary))
    return check_tables(case, plan, weights)


def check_run(case: Case, folder: str | Path) -> tuple[Verdict, dict[str, Any]]:
    """Check a run folder: plan, cost and bound; the bound is recomputed from the rebuilt arrays and the saved proof.

    Returns
    -------
    verdict
        What the checker says of plan, objective and bound.
    facts
        What was compared: objective, claimed and recomputed bounds, whether bound and gaps hold, whether the case is unchanged,
        and ``holds``: all of it together.

    Raises
    ------
    DataError
        If it is not a run folder, or one without a plan.
    FormulationError
        If the case does not fit the model of the run.
    """
    path, summary = Path(folder), read_summary(folder)
    if summary.get("status") not in ("optimal", "feasible"):
        raise DataError([Problem(str(path), "", f"holds no plan (status: {summary.get('status')})", "There is nothing to check; solve the case again")])
    case = replace(case, model=str(summary.get("model", case.model)))  # the run may have named another card
    bound = _recomputed_bound(case, path)
    objective, claimed, solver = (_claim(summary, name) for name in ("objective", "verified_bound", "bound"))
    weights = {**card(case.model).weights, **case.weights}
    verdict = check_tables(case, read_tables(path), weights, objective, max(bound, -math.inf if math.isnan(solver) else solver), _most(summary))
    facts: dict[str, Any] = {
        "objective": objective,
        "recomputed_objective": verdict.objective,
        "claimed_verified_bound": claimed,
        "recomputed_bound": bound,
        "bound_holds": _bound_holds(claimed, bound),
        "gap_holds": _gap_holds(summary, "gap", objective, solver) and _gap_holds(summary, "verified_gap", objective, claimed),
        "same_case": case.sha256 == summary.get("case_sha256"),
    }
    return verdict, facts | {"holds": verdict.ok and facts["bound_holds"] and facts["gap_holds"] and facts["same_case"]}


def _recomputed_bound(case: Case, folder: Path) -> float:
    """Return the bound that the saved proof proves for the case as it is now; ``-inf`` if it proves none."""
    from placement.certificate import Proof, proven_bound  # these two load Pyomo, which a report does not need
    from placement.objectives import kept
    from placement.program import assemble, build_sides

    saved = read_certificate(folder)
    if saved is None:
        return -math.inf
    sides = build_sides(case)
    program, variables = assemble(sides)
    try:
        program = kept(program, sides, variables, _most(read_summary(folder)))
        with np.errstate(all="ignore"):  # a damaged vector may hold anything
            return proven_bound(program, Proof.from_arrays(saved))
    except (ValueError, OverflowError, KeyError, TypeError):  # damaged, or it belongs to another case
        return -math.inf


def _most(summary: Mapping[str, Any]) -> dict[str, float]:
    """Return what the values of a run's objectives may be at most, by name."""
    return {str(s["name"]): float(s["most"]) for s in summary.get("objectives") or ()}


def _claim(summary: Mapping[str, Any], name: str) -> float:
    """Return a number of the summary: ``-inf`` for a bound that is not claimed (null), NaN for what is missing or no number."""
    value = summary.get(name, math.nan)
    if value is None:
        return -math.inf
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else math.nan


def _bound_holds(claimed: float, bound: float) -> bool:
    return claimed == -math.inf or bound >= claimed - _CLOSE * max(1.0, abs(claimed))  # NaN compares false


def _gap_holds(summary: Mapping[str, Any], name: str, objective: float, bound: float) -> bool:
    """Return whether a gap of the summary follows from its objective and bound."""
    gap = summary.get(name, math.nan)
    if bound == -math.inf or gap is None:
        return bound == -math.inf and gap is None
    return math.isclose(_claim(summary, name), abs(objective - bound) / max(abs(objective), 1e-9), rel_tol=1e-6, abs_tol=_CLOSE)


def checked_again(case: Case, run: RunFolder) -> dict[str, Any]:
    """Return the summary of a run with the checker's verdict on the tables as they are now, which need not be those that the solve wrote.

    Raises
    ------
    DataError
        If a table of the plan is missing.
    """
    if run.summary.get("status") not in ("optimal", "feasible"):
        return dict(run.summary)
    lacking = tuple(f"plan/{name}.csv" for name in PLAN_TABLES if name not in run.tables)
    if lacking:
        raise DataError([Problem(str(run.path), "", "lacks plan tables", "Put them back or solve the case again", lacking)])
    model = card(str(run.summary.get("model", case.model)))
    bound = max((b for b in (_claim(run.summary, name) for name in ("verified_bound", "bound")) if not math.isnan(b)), default=-math.inf)
    weights = {**model.weights, **case.weights}
    verdict = check_tables(replace(case, model=model.name), read_tables(run.path), weights, _claim(run.summary, "objective"), bound, _most(run.summary))
    return {**run.summary, "check": {"ok": verdict.ok, "violations": [str(v) for v in verdict.violations]}}


def write_report(folder: str | Path) -> Path:
    """Write ``report.html`` of a run folder again, whole or not at all; return its path. The plan is checked again, and the page says what is wrong.

    Raises
    ------
    DataError
        If it is not a run folder, a table of its plan is missing or cannot be read, or its case is gone or changed.
    """
    return report_again(folder)[0]


def report_again(folder: str | Path) -> tuple[Path, list[str]]:
    """Write the report as :func:`write_report` does; return its path and what the checker finds wrong with the plan."""
    run = read_run(folder)
    page = run.path / "report.html"
    case = case_of(run)
    summary = checked_again(case, run)
    text = render(case, run.tables, summary, run.prices, run.progress, run.exclusions, costs=_costs(case, run.tables), bottlenecks=run.bottlenecks)
    with tempfile.TemporaryDirectory(dir=run.path.parent) as work:  # beside the run, on the same file system
        fresh = Path(work) / page.name
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, page)
    return page, list((summary.get("check") or {}).get("violations") or ())
