"""Plans before branch and bound, inside a kernel of columns that the root relaxation's prices make promising.

Supply first with workloads continuous, then workloads by value, a few at a time; then neighbourhoods of the best plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from placement.engine.highs import Answer, Arrays, Floats, Run, solve
from placement.engine.outcome import Progress
from placement.options import SolveOptions
from placement.program import Program

_STEP = 12  # workloads made integer at a time; with more, steps end at their time limit with nothing (measured)
_STEP_S = 8.0
_BEST_INTEGER, _BEST_SHARES = 40, 6  # columns kept per workload by reduced cost: gangs, shares of demand
_ZERO = 1e-6

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Kernel:
    """The promising columns of a program and the way back to all of them."""

    keep: Mask
    whole: Arrays
    part: Arrays
    workload: NDArray[np.int64]

    @classmethod
    def of(cls, keep: Mask, program: Program, whole: Arrays) -> Kernel:
        """Return the kernel of the columns to keep; the others stand at their lower bound."""
        return cls(keep, whole, whole.restricted(keep, whole.lower), program.workload[keep])

    def lift(self, x: Floats) -> Floats:
        """Return a point of the whole program from one of the kernel; the rest stands at its lower bound."""
        out = self.whole.lower.copy()
        out[self.keep] = x
        return out

    def all_rows(self, dual: Floats | None) -> Floats | None:
        """Return row duals of the whole program from those of the kernel's rows; rows without kernel columns have none."""
        if dual is None:
            return None
        out = np.zeros(len(self.whole.row_lower))
        out[np.diff(csr_array(self.whole.matrix[:, self.keep]).indptr) > 0] = dual
        return out

    def cost(self, x: Floats) -> float:
        """Return the cost of a kernel point."""
        return float(self.whole.cost @ self.lift(x))


def kernel(program: Program, whole: Arrays, root: Answer, *, plan: Floats | None = None) -> Kernel:
    """Return the columns that the relaxation uses, the best of each workload by reduced cost, and those of a plan.

    A kernel is for finding plans; its bound says nothing about the whole program. Without prices it is the whole.
    """
    if root.x is None or root.dual is None:
        return Kernel.of(np.ones(len(program.cost), bool), program, whole)
    reduced = program.cost - program.matrix.T @ root.dual
    rank = _rank(program.workload, reduced)
    few = np.where(program.integer, rank < _BEST_INTEGER, rank < _BEST_SHARES)
    used = root.x > _ZERO
    keep = np.where(program.workload >= 0, few | _slack(program) | used, ~program.integer | used | (whole.lower > 0))
    if plan is not None:
        keep |= plan > _ZERO
    return Kernel.of(keep, program, whole)


def _rank(workload: NDArray[np.int64], value: Floats) -> NDArray[np.int64]:
    """Return the place of each column among those of its workload, the least value first."""
    order = np.lexsort((value, workload))
    new = np.concatenate([[True], workload[order][1:] != workload[order][:-1]])[: len(order)]
    at = np.arange(len(order))
    rank = np.empty(len(order), np.int64)
    rank[order] = at - np.maximum.accumulate(np.where(new, at, 0))
    return rank


def _slack(program: Program) -> Mask:
    """Columns that only leave a workload unserved; without them a kernel may have no plan."""
    return (program.workload >= 0) & (np.diff(program.matrix.indptr) <= 1)


def least_plan(program: Program, whole: Arrays, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return a plan that serves only what must be served, or None: poor, but found in no time."""
    slack = _slack(program)
    free = program.optional.copy()
    free[program.workload[slack]] = True  # workloads that may stay unserved
    supply = program.workload < 0
    keep = supply | slack | ~free[program.workload]
    k = Kernel.of(keep, program, whole)
    x = run_part(k.part, 0.3 * progress.search_s, 0.05, options, progress)
    return None if x is None else k.lift(x)


def relax_and_fix(k: Kernel, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return a kernel point with integers decided (the rest is to be settled), or None.

    Supply integers first with gangs continuous, then gangs by what is at stake; gangs not decided in time stay out.
    """
    progress.enter("supply first")
    supply = k.part.integer & (k.workload < 0)
    first = run_part(k.part.relaxed(supply), min(60.0, 0.25 * progress.search_s), 5e-3, options, progress)
    if first is None:
        return None
    progress.enter("gangs by value")
    x = np.where(supply, np.round(first), first)
    fixed = supply.copy()
    for now in _batches(k):
        step = _fix(k, ~fixed, x, now, options, progress)
        if step is None:
            break
        x = np.where(now, np.round(step), step)
        fixed |= now
    return np.where(k.part.integer & ~fixed, np.floor(x + _ZERO), x)


def run_part(p: Arrays, seconds: float, gap: float, options: SolveOptions, progress: Progress, start: Floats | None = None) -> Floats | None:
    """Return the best point that HiGHS finds in some seconds, or until interrupted; ``None`` if there is none."""
    run = Run(time_limit_s=max(seconds, 1.0), rel_gap=gap, seed=options.seed, threads=options.workers)
    return solve(p, run, start, watch=lambda o, b: progress.interrupted).x


def _batches(k: Kernel) -> list[Mask]:
    """Return the integer columns of workloads in batches, the workload with most at stake first."""
    columns = k.part.integer & (k.workload >= 0)
    stake = np.zeros(int(k.workload.max(initial=0)) + 1)
    np.maximum.at(stake, k.workload[columns], np.abs(k.part.cost[columns]))
    used = np.unique(k.workload[columns])
    ranked = used[np.argsort(-stake[used], kind="stable")]
    return [np.isin(k.workload, ranked[i : i + _STEP]) & columns for i in range(0, len(ranked), _STEP)]


def _fix(k: Kernel, free: Mask, x: Floats, now: Mask, options: SolveOptions, progress: Progress) -> Floats | None:
    """Solve over the free columns with only ``now`` integer; None if nothing was found or time is up."""
    sub = k.part.relaxed(now).restricted(free, x)
    for gap in (1e-3, 0.05):
        if progress.out_of_time:
            return None
        found = run_part(sub, min(_STEP_S, progress.search_s), gap, options, progress)
        if found is not None:
            out = x.copy()
            out[free] = found
            return out
    return None
