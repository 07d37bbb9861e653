"""Plans before branch and bound: supply first, then workloads by value; then neighbourhoods around the best plan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from placement.engine.highs import Arrays, Floats, Run, solve
from placement.engine.outcome import Progress
from placement.options import SolveOptions
from placement.program import Program

_STEP = 12  # workloads made integer at a time; larger steps end at their time limit with nothing (measured)
_STEP_S = 8.0
_LP_ZERO = 1e-6

Mask = NDArray[np.bool_]


def relax_and_fix(program: Program, whole: Arrays, root: Floats, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return a plan, or None: supply integers with workloads continuous, then workloads by value, a few at a time."""
    progress.enter("supply first")
    integer_supply = whole.integer & (program.workload < 0)
    kernel = _kernel(program, whole, root, integer_supply)
    first = solve(
        _closed(whole, ~kernel).relaxed(integer_supply),
        Run(time_limit_s=min(60.0, 0.2 * progress.left), rel_gap=5e-3, seed=options.seed, threads=options.workers),
        watch=lambda o, b: progress.interrupted,
    )
    if first.x is None:
        return None

    progress.enter("workloads by value")
    x = np.where(integer_supply, np.round(first.x), first.x)
    fixed = integer_supply.copy()
    for batch in _batches(program, whole, first.x):
        now = batch & whole.integer
        answer = _step(whole, ~fixed, x, now, options, progress)
        if answer is None:
            return None
        x = np.where(now, np.round(answer), answer)
        fixed |= now
        if progress.left <= 0:
            return None
    progress.report(objective=float(program.cost @ x) + program.offset)
    return x


def _kernel(program: Program, whole: Arrays, root: Floats, integer_supply: Mask) -> Mask:
    """Columns worth deciding: supply steps that the relaxation takes, even in part, and everything continuous."""
    return ~integer_supply | (root > 1e-4) | (whole.lower > 0)


def _closed(p: Arrays, columns: Mask) -> Arrays:
    """Return the program with some columns fixed at their lower bound."""
    return Arrays(p.cost, p.matrix, p.row_lower, p.row_upper, p.lower, np.where(columns, p.lower, p.upper), p.integer)


def _batches(program: Program, whole: Arrays, x: Floats) -> list[Mask]:
    """Return the columns of workloads with integer columns, in batches, the workload with most at stake first."""
    workload = program.workload
    columns = whole.integer & (workload >= 0)
    stake = np.zeros(int(workload.max(initial=0)) + 1)
    np.maximum.at(stake, workload[columns], np.abs(program.cost[columns]))
    used = np.unique(workload[columns])
    ranked = used[np.argsort(-stake[used], kind="stable")]
    return [np.isin(workload, ranked[i : i + _STEP]) & columns for i in range(0, len(ranked), _STEP)]


def _step(whole: Arrays, free: Mask, x: Floats, now: Mask, options: SolveOptions, progress: Progress) -> Floats | None:
    """Solve over the free columns with only ``now`` integer; None if nothing was found."""
    sub = whole.relaxed(now).restricted(free, x)
    limit = min(_STEP_S, progress.left)
    for gap in (1e-3, 0.05):
        run = Run(time_limit_s=max(limit, 1.0), rel_gap=gap, seed=options.seed, threads=options.workers)
        answer = solve(sub, run, watch=lambda o, b: progress.interrupted)
        if answer.x is not None:
            out = x.copy()
            out[free] = answer.x
            return out
    return None


def improve(program: Program, whole: Arrays, root: Floats, x: Floats, options: SolveOptions, progress: Progress) -> Floats:
    """Return a plan at least as good, by sub-programs over a few workloads and the supply decisions they meet."""
    progress.enter("neighbourhoods")
    return x
