"""A program of assignment form: the order of work for its kind, then an outcome in the program's own columns."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from placement.certificate import Proof
from placement.engine.assignment import choice, divisible, given
from placement.engine.assignment.best import Best
from placement.engine.assignment.detect import Recognised
from placement.engine.assignment.structure import Assignment
from placement.engine.effort import Effort
from placement.engine.outcome import Outcome, Progress, Status
from placement.options import REL_GAP, SolveOptions
from placement.parallel import Pool

Search = Callable[[Assignment, Best, Pool, Effort, int], None]


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
    effort = Effort(work=options.work_limit) if options.work_limit is not None else Effort(seconds=progress.search_s)
    with Pool(options.workers, options.cluster) as pool:
        progress.on_interrupt(pool.stop)
        order_of_work(a)(a, best, pool, effort, options.seed)
    if best.placing is None:
        return None
    progress.enter("done")
    price = known.price(best.multipliers) if best.multipliers is not None else np.zeros(len(known.program.row_lower))
    return Outcome(
        status=Status.OPTIMAL if best.closed and best.gap <= REL_GAP else Status.FEASIBLE,
        objective=best.value + offset, bound=best.bound + offset, x=known.point(best.placing), proof=Proof.of_prices(price),
        phases=progress.phases, interrupted=progress.interrupted,
    )  # fmt: skip


def order_of_work(a: Assignment) -> Search:
    """Return the search for the kind of problem: may workloads be split, are sites opened by decision."""
    if not a.whole:
        return divisible.search
    return choice.search if a.siting else given.search
