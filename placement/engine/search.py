"""The first engine: root relaxation, a price-guided start, then HiGHS on the whole.

Order of work, measured on cases of this model (benchmarks/README.md): the root gives the bound that is certified; the
start decides supply first with jobs continuous, then fixes jobs by value a few at a time, which finds better plans
in seconds than branch and bound does in minutes; HiGHS gets that plan as its incumbent and the time that is left.
"""

from __future__ import annotations

import numpy as np

from placement.certificate import safe_bound
from placement.engine.highs import Answer, Arrays, Floats, Run, solve
from placement.engine.outcome import Outcome, Progress, Status
from placement.engine.start import improve, relax_and_fix
from placement.options import SolveOptions
from placement.program import Program

_SMALL = 1500  # integers up to which HiGHS alone is faster than building a start


def arrays(program: Program) -> Arrays:
    """Return the program as the solver takes it."""
    return Arrays(
        program.cost, program.matrix, program.row_lower, program.row_upper, program.lower, program.upper, program.integer
    )


def solve_program(program: Program, options: SolveOptions, progress: Progress, begin: Floats | None = None) -> Outcome:
    """Search for a plan and a bound until the gap, the time or the user says stop; ``begin`` suggests integer values."""
    whole = arrays(program)
    progress.enter("root")
    root = _root(program, whole, options, progress)
    if root.infeasible:
        return _outcome(Status.INFEASIBLE if _confirmed(whole.relaxed(), progress) else Status.NO_PLAN, program, root, None, progress)
    if root.dual is not None:
        progress.report(bound=safe_bound(program, root.dual))
    if not whole.integer.any():
        return _outcome(Status.OPTIMAL, program, root, root.x, progress)

    x: Floats | None = None
    if begin is not None:
        progress.enter("warm start")
        x, _ = settle(program, begin)
        if x is not None:
            progress.report(objective=float(program.cost @ x) + program.offset)
    if x is None and whole.integer.sum() > _SMALL and root.x is not None:
        x = relax_and_fix(program, whole, root.x, options, progress)
        if x is not None:
            x = improve(program, whole, root.x, x, options, progress)
    if progress.gap <= options.rel_gap or progress.left <= 0:
        return _outcome(_status(x, progress, options), program, root, x, progress)

    progress.enter("branch and bound")
    answer = solve(whole, _run(options, progress), x, lambda o, b: _watch(progress, o + program.offset, b + program.offset))
    if answer.infeasible and x is None:
        return _outcome(Status.INFEASIBLE if _confirmed(whole, progress) else Status.NO_PLAN, program, root, None, progress)
    progress.report(bound=answer.bound + program.offset)
    if answer.x is not None:
        x = answer.x
    return _outcome(_status(x, progress, options, answer), program, root, x, progress)


def _run(options: SolveOptions, progress: Progress, **changes: object) -> Run:
    base = Run(time_limit_s=progress.left, rel_gap=options.rel_gap, seed=options.seed, threads=options.workers)
    return Run(**{**{k: getattr(base, k) for k in Run.__slots__}, **changes})  # type: ignore[arg-type]


def _root(program: Program, whole: Arrays, options: SolveOptions, progress: Progress) -> Answer:
    """Solve the relaxation; without integers a vertex is needed, else interior point without crossover will do when large."""
    large = program.matrix.shape[0] > 20_000 and bool(whole.integer.any())
    run = _run(options, progress, method="ipm" if large else "choose", crossover=not large)
    return solve(whole.relaxed(), run, watch=lambda o, b: progress.interrupted)


def _confirmed(p: Arrays, progress: Progress) -> bool:
    """Ask again with presolve off and another seed: HiGHS has called feasible models infeasible."""
    progress.enter("confirm infeasible")
    again = solve(p, Run(time_limit_s=max(progress.left, 10.0), presolve=False, seed=12345))
    return again.infeasible


def _watch(progress: Progress, objective: float, bound: float) -> bool:
    if objective < progress.objective or bound > progress.bound + 1e-9 * abs(progress.bound):
        progress.report(objective, bound)
    return progress.interrupted or progress.left <= 0


def _status(x: Floats | None, progress: Progress, options: SolveOptions, answer: Answer | None = None) -> Status:
    if x is None:
        return Status.NO_PLAN
    closed = progress.gap <= max(options.rel_gap, 1e-9) or (answer is not None and answer.status == "kOptimal")
    return Status.OPTIMAL if closed else Status.FEASIBLE


def _outcome(status: Status, program: Program, root: Answer, x: Floats | None, progress: Progress) -> Outcome:
    """Make integers exact, settle the rest by one LP, and take the local prices from it."""
    price = None
    if x is not None:
        progress.enter("settle")
        x, price = settle(program, x)
        if x is None:
            status = Status.NO_PLAN
    objective = float(program.cost @ x) + program.offset if x is not None else np.inf
    progress.objective = min(progress.objective, objective)
    progress.enter("done")
    return Outcome(
        status=status, objective=objective, bound=progress.bound, x=x, dual=root.dual, price=price,
        phases=progress.phases, interrupted=progress.interrupted,
    )  # fmt: skip


def settle(program: Program, x: Floats) -> tuple[Floats | None, Floats | None]:
    """Return the best point with all integers fixed at their rounded values, and its row duals; (None, None) if there is none."""
    whole = arrays(program)
    exact = x.copy()
    exact[whole.integer] = np.round(x[whole.integer])
    free = ~whole.integer
    p = whole.relaxed()
    lower, upper = p.lower.copy(), p.upper.copy()
    lower[~free] = upper[~free] = exact[~free]
    answer = solve(Arrays(p.cost, p.matrix, p.row_lower, p.row_upper, lower, upper, p.integer), Run(time_limit_s=600.0))
    if answer.x is None:
        return None, None
    exact[free] = np.clip(answer.x[free], program.lower[free], program.upper[free])
    return exact, answer.dual
