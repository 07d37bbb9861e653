"""The first engine: a start, the root relaxation, plans inside a kernel of its promising columns, HiGHS on the whole.

Order of work, measured on cases of this model (benchmarks/README.md): a plan that serves only what must be served comes first,
so that there always is one; the root gives the bound that is certified and the prices that choose the kernel; in the kernel
supply is decided with gangs continuous, then gangs by value a few at a time, which finds better plans in seconds than branch
and bound does in minutes. Small programs go to HiGHS at once.
"""

from __future__ import annotations

import numpy as np

from placement.certificate import safe_bound
from placement.engine.highs import Answer, Arrays, Floats, Run, solve
from placement.engine.neighbourhoods import improve
from placement.engine.outcome import Outcome, Progress, Status
from placement.engine.start import kernel, least_plan, relax_and_fix
from placement.options import SolveOptions
from placement.program import Program

_SMALL = 2500  # integers up to which HiGHS alone is faster than building a start
_LARGE_ROWS = 20_000  # rows from which the root is solved by interior point without crossover


def arrays(program: Program) -> Arrays:
    """Return the program as the solver takes it."""
    return Arrays(program.cost, program.matrix, program.row_lower, program.row_upper, program.lower, program.upper, program.integer)


def solve_program(program: Program, options: SolveOptions, progress: Progress, begin: Floats | None = None) -> Outcome:
    """Search for a plan and a bound until the gap, the time or the user says stop; ``begin`` suggests integer values."""
    whole = arrays(program)
    small = int(whole.integer.sum()) <= _SMALL
    x: Floats | None = None
    if begin is not None:
        progress.enter("warm start")
        x = _take(program, progress, settle(whole, begin, progress)[0])
    if x is None and not small:
        progress.enter("start")
        x = _take(program, progress, least_plan(program, whole, options, progress))

    progress.enter("root")
    root = _root(whole, options, progress)
    if root.infeasible:
        return _end(Status.INFEASIBLE if _confirmed(whole.relaxed(), progress) else Status.NO_PLAN, program, root, None, progress)
    if root.dual is not None:
        progress.report(bound=safe_bound(program, root.dual))
    if not whole.integer.any() and root.x is not None:
        return _end(Status.OPTIMAL, program, root, root.x, progress)

    if not small and root.x is not None and root.dual is not None and not progress.out_of_time:
        x = _in_kernel(program, whole, root, x, options, progress)
    answer = None
    if progress.gap > options.rel_gap and not progress.out_of_time and root.x is not None:
        progress.enter("branch and bound")
        answer = solve(whole, _run(options, progress), x, lambda o, b: _watch(progress, o + program.offset, b + program.offset))
        if answer.infeasible and x is None:
            return _end(Status.INFEASIBLE if _confirmed(whole, progress) else Status.NO_PLAN, program, root, None, progress)
        progress.report(bound=answer.bound + program.offset)
        if answer.x is not None and (x is None or program.cost @ answer.x < program.cost @ x):
            x = answer.x
    return _end(_status(x, progress, options, answer), program, root, x, progress)


def _in_kernel(program: Program, whole: Arrays, root: Answer, x: Floats | None, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return the best plan found among the promising columns; ``x`` if none is better."""
    k = kernel(program, whole, root, plan=x)
    rough = relax_and_fix(k, options, progress)
    if rough is not None:
        found, _ = settle(k.part, rough, progress)
        better = _take(program, progress, None if found is None else k.lift(found))
        if better is not None and (x is None or program.cost @ better < program.cost @ x):
            x = better
    if x is not None and progress.gap > options.rel_gap:
        x = k.lift(improve(k, x[k.keep], options, progress, program.offset))
    return x


def _take(program: Program, progress: Progress, x: Floats | None) -> Floats | None:
    if x is not None:
        progress.report(objective=float(program.cost @ x) + program.offset)
    return x


def _run(options: SolveOptions, progress: Progress, **changes: object) -> Run:
    base = Run(time_limit_s=progress.search_s, rel_gap=options.rel_gap, seed=options.seed, threads=options.workers)
    return Run(**{**{k: getattr(base, k) for k in Run.__slots__}, **changes})  # type: ignore[arg-type]


def _root(whole: Arrays, options: SolveOptions, progress: Progress) -> Answer:
    """Solve the relaxation; without integers a vertex is needed, else interior point without crossover will do when large."""
    large = whole.matrix.shape[0] > _LARGE_ROWS and bool(whole.integer.any())
    run = _run(options, progress, method="ipm" if large else "choose", crossover=not large)
    return solve(whole.relaxed(), run, watch=lambda o, b: progress.interrupted)


def _confirmed(p: Arrays, progress: Progress) -> bool:
    """Ask again with presolve off and another seed: HiGHS has called feasible models infeasible."""
    progress.enter("confirm infeasible")
    again = solve(p, Run(time_limit_s=max(progress.search_s, 10.0), presolve=False, seed=12345))
    return again.infeasible


def _watch(progress: Progress, objective: float, bound: float) -> bool:
    if objective < progress.objective or bound > progress.bound + 1e-9 * abs(progress.bound):
        progress.report(objective, bound)
    return progress.out_of_time


def _status(x: Floats | None, progress: Progress, options: SolveOptions, answer: Answer | None = None) -> Status:
    if x is None:
        return Status.NO_PLAN
    closed = progress.gap <= max(options.rel_gap, 1e-9) or (answer is not None and answer.status == "kOptimal")
    return Status.OPTIMAL if closed else Status.FEASIBLE


def _end(status: Status, program: Program, root: Answer, x: Floats | None, progress: Progress) -> Outcome:
    """Make integers exact, settle the rest by one LP over the columns in play, and take the local prices from it."""
    price = None
    if x is not None:
        progress.enter("settle")
        k = kernel(program, arrays(program), root, plan=x)
        part, price = settle(k.part, x[k.keep], progress)
        x = None if part is None else k.lift(part)
        status = Status.NO_PLAN if x is None else status
        price = k.all_rows(price)
    objective = float(program.cost @ x) + program.offset if x is not None else np.inf
    progress.objective = min(progress.objective, objective)
    progress.enter("done")
    return Outcome(
        status=status, objective=objective, bound=progress.bound, x=x, dual=root.dual, price=price,
        phases=progress.phases, interrupted=progress.interrupted,
    )  # fmt: skip


def settle(p: Arrays, x: Floats, progress: Progress) -> tuple[Floats | None, Floats | None]:
    """Return the best point with all integers fixed at their rounded values, and its row duals; (None, None) if there is none."""
    exact = np.where(p.integer, np.round(x), x)
    lower, upper = np.where(p.integer, exact, p.lower), np.where(p.integer, exact, p.upper)
    fixed = Arrays(p.cost, p.matrix, p.row_lower, p.row_upper, lower, upper, np.zeros(len(x), bool))
    answer = solve(fixed, Run(time_limit_s=max(60.0, progress.search_s)))
    if answer.x is None:
        return None, None
    return np.where(p.integer, exact, np.clip(answer.x, p.lower, p.upper)), answer.dual
