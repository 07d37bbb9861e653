"""The one path, read first: case -> two sides -> program -> engine -> plan -> independent check."""

from __future__ import annotations

import platform
import warnings
from collections.abc import Callable
from dataclasses import asdict
from functools import cache
from importlib.metadata import version
from typing import Any

import pandas as pd

import placement
from placement.case import Case
from placement.case.case import expect_case
from placement.certificate import proven_bound
from placement.engine import Event, Outcome, Progress, relative_gap, solve_program
from placement.engine.settle import gap_closed
from placement.errors import StartWarning
from placement.in_turn import Reached, solve_in_turn
from placement.lint import remark
from placement.options import REL_GAP, SolveOptions
from placement.plan.checker import check
from placement.plan.extract import Solution, costs, extract
from placement.plan.kpis import kpis
from placement.plan.plan import Plan
from placement.plan.prices import COLUMNS, prices
from placement.plan.warm import fits, start_values
from placement.program import Floats, Program, Sides, assemble, build_sides, component_key
from placement.reasons import uncovered, unservable, unserved

LOCAL = "local dual, decisions fixed"


def solve(
    case: Case,
    *,
    time_limit_s: float = 300.0,
    rel_gap: float = REL_GAP,
    seed: int = 0,
    workers: int = 1,
    cluster: str | None = None,
    work_limit: float | None = None,
    start: Plan | None = None,
    listen: Callable[[Event], None] | None = None,
    progress: Progress | None = None,
) -> Plan:
    """Return the best plan found for a case, checked, with a verified bound.

    Parameters
    ----------
    time_limit_s, rel_gap, seed, workers, cluster, work_limit
        See :class:`placement.options.SolveOptions`. ``workers`` is 1 here and as many as there are cores, at most 4, in ``placement solve``.
    start
        A plan of the same or a similar case to begin with; where it is of the same case and its proof closes the gap, it is only settled and checked
        anew. A :class:`placement.StartWarning`, and a note in ``plan.summary["notes"]``, say where nothing of it fits.
    listen
        Called with every progress event.
    progress
        A clock of your own, whose ``interrupted`` another thread or a signal handler may set; default: a new one.

    Raises
    ------
    FormulationError, OptionError, SolverError
        If the case does not fit its model card, an option is out of range, the start has periods of another length, or the solver refuses the model.
    TypeError
        If ``case`` is no :class:`placement.Case`, or ``start`` no :class:`placement.Plan`.
    """
    expect_case(case)
    if start is not None and not isinstance(start, Plan):
        raise TypeError(f"start must be a Plan, such as placement.solve returns, not {type(start).__name__}")
    options = SolveOptions(time_limit_s=time_limit_s, rel_gap=rel_gap, seed=seed, workers=workers, cluster=cluster, work_limit=work_limit)
    events: list[Event] = []
    clock = progress or Progress(options.time_limit_s)
    clock.subscribe(events.append)
    if listen is not None:
        clock.subscribe(listen)
    clock.enter("build")
    sides = build_sides(case)
    program, variables = assemble(sides)
    clock.columns = program.matrix.shape[1]
    begin, notes = _begin(sides, program, start)
    for note in notes:
        warnings.warn(note, StartWarning, stacklevel=2)
    reached: list[Reached] = []
    if case.objectives:
        outcome, program, reached = solve_in_turn(sides, program, variables, options, clock, begin)
    else:
        proof = None
        if start is not None and _finished(program, start, options):
            begin, proof = start.point, start.proof
        outcome = solve_program(program, options, clock, begin, proof)
    plan = _plan(sides, program, variables, outcome, reached, options, events, clock)
    plan.summary["notes"] += notes
    return plan


def _begin(sides: Sides, program: Program, start: Plan | None) -> tuple[Floats | None, list[str]]:
    """Return the decisions of the start that fit, ``None`` where none does, and what is to be said of it."""
    if start is None or not start.tables:
        return None, [] if start is None else ["the start holds no plan; the search began without one"]
    begin = start_values(sides, program, start.tables)
    if fits(sides.case, start.tables):
        return begin, []
    what = f"nothing of the start fits case '{sides.case.name}': no workload, hall, grid tier or order of its plan is there"
    return None, [f"{what}; the search began without it"]


def _finished(program: Program, start: Plan, options: SolveOptions) -> bool:
    """Return whether a start is a point of this very program whose proof closes the gap that is asked for, so that there is nothing to search."""
    if start.point is None or start.proof is None:
        return False
    if start.point.shape != program.cost.shape or start.proof.dual.shape[1:] != program.row_lower.shape:
        return False
    return gap_closed(float(program.cost @ start.point) + program.offset, proven_bound(program, start.proof), options.rel_gap)


def _plan(
    sides: Sides, program: Program, variables: list[Any], outcome: Outcome, reached: list[Reached], options: SolveOptions, events: list[Event], clock: Progress
) -> Plan:
    """Put the engine's answer into the planner's words, and have it checked."""
    case, status, bound = sides.case, outcome.status, outcome.bound
    verified = proven_bound(program, outcome.proof) if outcome.proof is not None else float("-inf")
    exclusions = sides.demand.exclusions
    records = tuple(Progress.record(e) for e in events)
    if outcome.x is None:
        summary = _summary(sides, outcome, verified, None, program, options, clock)
        return Plan(
            case=case, status=status, objective=float("inf"), bound=bound, verified_bound=verified, gap=float("inf"), exclusions=exclusions,
            proof=outcome.proof, interrupted=outcome.interrupted, summary=summary, progress=records,
        )  # fmt: skip
    solution = Solution(sides, variables, outcome.x)
    tables = extract(solution)
    verdict = check(case, tables, sides.weights, outcome.objective, max(bound, verified), {r.one.name: r.most for r in reached})
    untold = f"prices were not computed ({outcome.unpriced})" if outcome.price is None else ""
    figures = pd.Series(kpis(case, tables, costs(solution)), dtype=float)
    found = Plan(
        case=case, status=status, objective=outcome.objective, bound=bound, verified_bound=verified, gap=relative_gap(outcome.objective, bound),
        tables=tables, kpis=figures, exclusions=exclusions, verdict=verdict, proof=outcome.proof, point=outcome.x, interrupted=outcome.interrupted,
        progress=records,
        prices=_prices(case, program, outcome, variables),
        prices_note=untold,
    )  # fmt: skip
    told = {"objectives": [r.record() for r in reached], "unserved": unserved(sides, program, tables["unserved"], outcome.price)}
    found.summary.update(_summary(sides, outcome, verified, found, program, options, clock) | told)
    return found


def _prices(case: Case, program: Program, outcome: Outcome, variables: list[Any]) -> pd.DataFrame:
    if outcome.price is None:
        return pd.DataFrame(columns=list(COLUMNS))
    return prices(case, program, outcome.price, LOCAL, outcome.x, [component_key(v) for v in variables])


def _summary(sides: Sides, outcome: Outcome, verified: float, plan: Plan | None, program: Program, options: SolveOptions, clock: Progress) -> dict[str, Any]:
    """Return what ``summary.json`` holds."""
    case = sides.case
    verdict = plan.verdict if plan is not None else None
    untold = plan.prices_note if plan is not None else ""
    notes = [*case.notes, remark(program), "" if "pairs" in case else untold]  # where pairs are priced nobody asks for prices of limits
    return {
        "case": case.name, "title": case.title, "case_path": str(case.path.resolve()) if case.path else None,
        "case_overlay": str(case.overlay.resolve()) if case.overlay else None,
        "case_sha256": case.sha256, "model": case.model, "cost_unit": case.cost_unit, "priced": "pairs" in case,
        "instance": dict(case.origin) or None, "notes": list(filter(None, notes)), "prices_note": untold,
        "status": outcome.status, "infeasible_by": outcome.infeasible_by, "interrupted": outcome.interrupted,
        "objective": outcome.objective, "bound": outcome.bound, "verified_bound": verified,
        "gap": relative_gap(outcome.objective, outcome.bound), "verified_gap": relative_gap(outcome.objective, verified),
        "kpis": plan.kpis.to_dict() if plan is not None else {},
        "check": {"ok": verdict.ok, "violations": [str(v) for v in verdict.violations]} if verdict else None,
        "runtime_s": round(clock.elapsed, 3), "phases": outcome.phases, "sizes": program.sizes,
        "unservable": unservable(sides), "uncovered": uncovered(sides), "excluded": sides.demand.exclusions.groupby("rule")["n"].sum().to_dict(),
        "options": asdict(options), "seed": options.seed, "versions": versions(),
    }  # fmt: skip


def versions() -> dict[str, str]:
    """Return the versions of everything that a number depends on."""
    return {"placement": placement.__version__, "python": platform.python_version(), **_installed()}


@cache
def _installed() -> dict[str, str]:
    return {name: version(name) for name in ("highspy", "pyomo", "networkx", "numpy", "scipy", "pandas")}  # each reads a file
