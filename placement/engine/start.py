"""Plans before branch and bound, inside a kernel of columns that the root relaxation's prices make promising.

Supply first with workloads continuous, then workloads by value, a few at a time; then neighbourhoods of the best plan.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csc_array

from placement.engine.highs import Arrays, Floats, Run, solve
from placement.engine.kernel import Kernel, Mask, least_columns
from placement.engine.outcome import Progress
from placement.engine.settle import settle
from placement.options import SolveOptions
from placement.program import Program

_STEP, _MORE = 6, 1.6  # workloads made integer at first, and how many more with each step: those with little at stake are easy
_STEP_S = 8.0
_ROUND_UP = (0.1, 0.03, 0.2, 0.4)  # fractions from which the relaxation's supply decisions are rounded up, the best on the whole first (measured)
_QUICK = 0.05  # of the search: a linear program that takes longer is solved for one such fraction only if that one gives a plan
_ZERO = 1e-6


def least_plan(program: Program, whole: Arrays, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return a plan that serves only what must be served, or None: poor, but found in no time."""
    k = Kernel.of(least_columns(program), program, whole)
    x = run_part(k.part, 0.3 * progress.search_s, 0.05, options, progress)
    return None if x is None else k.lift(x)


def repair(k: Kernel, begin: Floats, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return a point that keeps what it can of an earlier plan's gangs, supply decided anew, or None."""
    gangs = k.part.integer & (k.workload >= 0)
    was = begin[k.keep]
    part = replace(k.part, upper=np.where(gangs, np.minimum(k.part.upper, np.round(was)), k.part.upper))
    x = run_part(part, 0.3 * progress.search_s, 0.01, options, progress)
    return None if x is None else k.lift(x)


def reduced_to_what_pays(program: Program, p: Arrays, begin: Floats, keep: Mask, seconds: float, progress: Progress) -> Floats | None:
    """Return an earlier plan of a changed program without the gangs that do not fit or pay any more, or None.

    One linear program with supply as it was and each gang up to as much as it was: a new limit leaves few of them fractional, and these go.
    """
    gangs = p.integer & (program.workload >= 0)
    most = np.where(gangs, np.clip(np.round(begin), p.lower, p.upper), p.upper)
    found = settle(replace(p.relaxed(p.integer & ~gangs), upper=most), begin, keep | (begin > p.lower), seconds, progress)
    return None if found is None else np.where(gangs, np.floor(found.x + _ZERO), found.x)


def rounded(k: Kernel, relaxed: Floats, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return the best kernel point with the relaxation's supply decisions rounded and gangs continuous, or None.

    Up from a small fraction on, for that makes room; but switches (taking part, signing), which bind as much as they allow, down.
    """
    best: tuple[float, Floats] | None = None
    slow = False
    whole, near, down = _between(k, relaxed), relaxed[k.workload < 0], _switches(k)
    for least in _ROUND_UP:
        fraction = np.where(down, 1.0 - _ZERO, least)
        quick = _QUICK * progress.search_s
        if progress.out_of_time or (slow and best is not None):
            break
        # Without rows each decision would be ``ceil(relaxed - fraction)``, the least of this cost between the whole numbers around it.
        nearest = replace(whole, cost=np.where(whole.integer, fraction[k.workload < 0] - near, 0.0))
        answer = solve(nearest, Run(time_limit_s=quick, seed=options.seed, threads=options.workers), watch=lambda o, b: progress.interrupted)
        x = np.where(k.supply, np.ceil(relaxed - fraction), relaxed)
        if answer.x is not None:
            x[k.supply] = np.round(answer.x[whole.integer])
        began = progress.elapsed
        found = relaxed_around(k, ~k.supply, x, 0.25 * progress.search_s, options, progress)
        slow = progress.elapsed - began > quick
        if found is not None and (best is None or found[0] < best[0]):
            best = found
    return None if best is None else best[1]


def _between(k: Kernel, relaxed: Floats) -> Arrays:
    """Return supply's columns with the rows that hold without any workload, each decision between the whole numbers around the relaxation's.

    Its integral points are the roundings that supply's own rows allow (as in the feasibility pump: Fischetti, Glover and Lodi 2005).
    """
    ours = k.workload < 0
    part, _ = k.part.restricted(ours, np.zeros(len(relaxed)))
    said = np.diff(part.matrix.tocsr().indptr) > 0  # what must be placed has rows that no decision of supply is in
    lower = np.where(part.integer, np.maximum(part.lower, np.floor(relaxed[ours] + _ZERO)), part.lower)
    upper = np.where(part.integer, np.minimum(part.upper, np.ceil(relaxed[ours] - _ZERO)), part.upper)
    return replace(
        part, matrix=csc_array(part.matrix.tocsr()[said]), row_lower=part.row_lower[said], row_upper=part.row_upper[said],
        lower=np.minimum(lower, upper), upper=upper, offset=0.0,
    )  # fmt: skip


def _switches(k: Kernel) -> Mask:
    """Columns that tighten as many of the rows with anything continuous as they relax, when they grow (their locks: Achterberg 2007, section 3.3)."""
    mixed = abs(k.part.matrix) @ (~k.part.integer | (k.workload >= 0)).astype(float) > 0
    below, above = np.isfinite(k.part.row_upper) & mixed, np.isfinite(k.part.row_lower) & mixed  # a row with both limits counts twice
    grows = csc_array(k.part.matrix.sign()).T
    tightens, met = grows @ (below.astype(float) - above), abs(grows) @ (below ^ above).astype(float)
    return np.asarray((tightens == 0) & (met > 0))


def relaxed_around(k: Kernel, free: Mask, x: Floats, seconds: float, options: SolveOptions, progress: Progress) -> tuple[float, Floats] | None:
    """Return value and point with the free columns decided anew, all of them continuous, the others standing at ``x``; or None."""
    sub, _ = k.part.relaxed().restricted(free, x)
    run = Run(time_limit_s=seconds, seed=options.seed, method="ipm", crossover=False)
    answer = solve(sub, run, watch=lambda o, b: progress.interrupted)
    if answer.x is None:
        return None
    out = x.copy()
    out[free] = np.clip(answer.x, sub.lower, sub.upper)
    return answer.objective, out


def stakes(k: Kernel, columns: Mask) -> Floats:
    """Return the most that one of some columns of each workload costs or earns, by the workload's number."""
    stake = np.zeros(int(k.workload.max(initial=0)) + 1)
    np.maximum.at(stake, k.workload[columns], np.abs(k.part.cost[columns]))
    return stake


def relax_and_fix(k: Kernel, options: SolveOptions, progress: Progress, first: Floats | None = None) -> Floats | None:
    """Return a point of the whole program with integers decided (the rest is to be settled), or None.

    Supply integers first with gangs continuous, then gangs by what is at stake; gangs not decided in time stay out.

    Parameters
    ----------
    first
        A kernel point with supply's integers decided, if known.
    """
    supply = k.supply
    if first is None and not progress.out_of_time:
        progress.enter("supply first")
        first = run_part(k.loose().part, min(60.0, 0.25 * progress.search_s), 5e-3, options, progress)
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
    return k.lift(np.where(k.part.integer & ~fixed, np.floor(x + _ZERO), x))


def run_part(p: Arrays, seconds: float, gap: float, options: SolveOptions, progress: Progress, start: Floats | None = None) -> Floats | None:
    """Return the best point that HiGHS finds in some seconds, or until interrupted; ``None`` if there is none."""
    run = Run(time_limit_s=max(seconds, 1.0), rel_gap=gap, seed=options.seed, threads=options.workers)
    return solve(p, run, start, watch=lambda o, b: progress.interrupted).x


def _batches(k: Kernel) -> list[Mask]:
    """Return the integer columns of workloads in batches, the workload with most at stake first."""
    columns = k.part.integer & (k.workload >= 0)
    stake = stakes(k, columns)
    used = np.unique(k.workload[columns])
    ranked = used[np.argsort(-stake[used], kind="stable")]
    found, at = list[Mask](), 0
    for n in _sizes(len(ranked)):
        found.append(np.isin(k.workload, ranked[at : at + n]) & columns)
        at += n
    return found


def _sizes(gangs: int) -> list[int]:
    """Return how many gangs are decided at each step."""
    found, n = list[int](), float(_STEP)
    while sum(found) < gangs:
        found.append(int(n))
        n *= _MORE
    return found


def steps(k: Kernel) -> int:
    """Return how many steps it takes to decide all gangs of a kernel by value."""
    return len(_sizes(len(np.unique(k.workload[k.part.integer & (k.workload >= 0)]))))


def _fix(k: Kernel, free: Mask, x: Floats, now: Mask, options: SolveOptions, progress: Progress) -> Floats | None:
    """Solve over the free columns with only ``now`` integer; None if nothing was found or time is up."""
    sub, _ = k.part.relaxed(now).restricted(free, x)
    for gap in (1e-3, 0.05):
        if progress.out_of_time:
            return None
        found = run_part(sub, min(_STEP_S, progress.search_s), gap, options, progress)
        if found is not None:
            out = x.copy()
            out[free] = found
            return out
    return None
