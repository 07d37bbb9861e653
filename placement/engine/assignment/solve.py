"""A program of assignment form: the order of work for its kind, then an outcome in the program's own columns."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from placement.certificate import Proof
from placement.engine.assignment import choice, divisible, given
from placement.engine.assignment.best import Best
from placement.engine.assignment.detect import Recognised
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Assignment
from placement.engine.effort import Effort
from placement.engine.highs import Run, solve
from placement.engine.outcome import Outcome, Progress, Status
from placement.engine.search import arrays
from placement.options import REL_GAP, SolveOptions
from placement.parallel import Pool

Search = Callable[[Assignment, Best, Pool, Effort, int], None]

_SMALL = 3000  # pairs up to which branch and bound gets a short try before anything is compiled
_TRY_S, _TRY_NODES = 4.0, 300


def solve_assignment(known: Recognised, options: SolveOptions, progress: Progress, begin: np.ndarray | None = None) -> Outcome | None:
    """Return the outcome for a recognised program; None if no plan was found, which other ways may still find or rule out.

    Parameters
    ----------
    begin
        Values of the program's columns to begin with; of no effect if they are no plan.
    """
    a, offset = known.assignment, known.program.offset
    best = Best(a, progress, rel_gap=options.rel_gap, offset=offset)
    if begin is not None:
        progress.enter("warm start")
        used = best.offer(known.placing(begin))
        progress.phases[-1]["start"] = "as it was" if used else "not used: it is no plan of this program"
    if a.whole and a.m * a.n <= _SMALL and not best.closed and not _try_at_once(known, best, options):
        return None
    effort = Effort(work=options.work_limit) if options.work_limit is not None else Effort(seconds=progress.search_s)
    with Pool(options.workers, options.cluster) as pool:
        progress.on_interrupt(pool.stop)
        if not best.closed:
            order_of_work(a)(a, best, pool, effort, options.seed)
    if best.placing is None:
        return None
    if best.multipliers is None and not progress.interrupted:  # what was solved at once should be shown to be so
        root = solve_root(a, Effort(work=1.0) if effort.counted else Effort(seconds=min(2.0, max(progress.left, 0.1))), seed=options.seed)
        best.raise_bound(root.bound, root.u)
    progress.enter("done")
    price = known.price(best.multipliers) if best.multipliers is not None else np.zeros(len(known.program.row_lower))
    return Outcome(
        status=Status.OPTIMAL if best.closed and best.gap <= REL_GAP else Status.FEASIBLE,
        objective=best.value + offset, bound=best.bound + offset, x=known.point(best.placing), proof=Proof.of_prices(price),
        unpriced="the method for assignments makes none", phases=progress.phases, interrupted=progress.interrupted,
    )  # fmt: skip


def _try_at_once(known: Recognised, best: Best, options: SolveOptions) -> bool:
    """Give a small program to HiGHS as it is: most are solved in a second, the others begin with a plan; False if it sees that there is none."""
    p, progress = known.program, best.progress
    progress.enter("branch and bound")
    counted = options.work_limit is not None
    run = Run(
        time_limit_s=math.inf if counted else min(_TRY_S, 0.15 * progress.search_s), rel_gap=min(options.rel_gap, REL_GAP) / 2, seed=options.seed,
        max_nodes=_TRY_NODES if counted else None,
    )  # fmt: skip
    answer = solve(replace(arrays(p), offset=0.0), run, watch=lambda objective, bound: progress.interrupted)
    if answer.x is not None:
        best.offer(known.placing(np.round(answer.x)))
    if not answer.infeasible:
        best.raise_bound(answer.bound)
    return not answer.infeasible


def order_of_work(a: Assignment) -> Search:
    """Return the search for the kind of problem: may workloads be split, are sites opened by decision."""
    if not a.whole:
        return divisible.search
    return choice.search if a.siting else given.search
