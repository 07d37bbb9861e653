"""Better plans from the best one: free a few workloads, fix the other gangs, solve, repeat.

Two ways to draw the workloads: *related* ones, whose columns meet in the same resource rows, and *random* ones, drawn by
what is at stake; with the supply's integer decisions free or kept (much faster, so more workloads fit). What has paid off
more per second is taken more often; each keeps its own size.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from placement.engine.highs import Floats
from placement.engine.outcome import Progress
from placement.engine.start import Kernel, Mask, run_part
from placement.options import SolveOptions

_SECONDS = 8.0  # per sub-program
_GROW, _SHRINK = 1.15, 0.8  # size when a sub-program ended early, or at its limit
_QUIET = 25  # sub-programs without gain after which the search gives up


def improve(k: Kernel, x: Floats, options: SolveOptions, progress: Progress) -> Floats:
    """Return a kernel point at least as good as ``x``, searching until time, gap or patience runs out."""
    progress.enter("neighbourhoods")
    rng = np.random.default_rng(options.seed)
    gangs = k.part.integer & (k.workload >= 0)
    ids = np.unique(k.workload[gangs])
    if not len(ids):
        return x
    stake, meets = _stake(k, gangs, ids), _meets(k, gangs, ids)
    arms = [_Arm(related, supply, 24.0 if supply else 48.0) for related in (True, False) for supply in (True, False)]
    quiet = 0
    while progress.search_s > 1.0 and progress.gap > options.rel_gap and quiet < _QUIET:
        rate = np.array([a.gain / a.seconds for a in arms])
        arm = arms[rng.choice(len(arms), p=(rate + 0.2 * rate.max()) / (rate + 0.2 * rate.max()).sum())]
        n = min(len(ids), max(4, round(arm.size)))
        chosen = _related(rng, meets, stake, n) if arm.related else rng.choice(len(ids), n, replace=False, p=stake / stake.sum())
        free = ~k.part.integer | np.isin(k.workload, ids[chosen]) | (arm.supply & ~gangs)
        began, before = progress.elapsed, k.part.value(x)
        found = _solve_part(k, x, free, options, progress)
        gain = before - k.part.value(found) if found is not None else 0.0
        arm.learn(max(gain, 0.0) / (abs(before) * 1e-4 + 1e-12), progress.elapsed - began)
        if found is not None and gain > 1e-9 * abs(before):
            x, quiet = found, 0
            progress.report(objective=k.part.value(x))
        else:
            quiet += 1
    return x


@dataclass
class _Arm:
    """One way to draw a neighbourhood and what it has brought."""

    related: bool
    supply: bool  # supply's integer decisions are free
    size: float  # workloads
    gain: float = 1.0  # in 1e-4 of the objective, recent ones weigh more; 1 is the benefit of the doubt
    seconds: float = 1.0

    def learn(self, gain: float, seconds: float) -> None:
        """Take in the result of one sub-program."""
        self.gain, self.seconds = 0.9 * self.gain + gain, 0.9 * self.seconds + seconds
        self.size *= _GROW if seconds < 0.5 * _SECONDS else _SHRINK if seconds > 0.9 * _SECONDS else 1.0


def _stake(k: Kernel, gangs: Mask, ids: NDArray[np.int64]) -> Floats:
    """Return the weight of each workload in random draws: the root of the most that its columns cost or earn."""
    worth = np.zeros(int(k.workload.max()) + 1)
    np.maximum.at(worth, k.workload[gangs], np.abs(k.part.cost[gangs]))
    return np.sqrt(worth[ids]) + 1e-9


def _meets(k: Kernel, gangs: Mask, ids: NDArray[np.int64]) -> Floats:
    """Return how much each pair of workloads competes: rows in common, each weighed by how few workloads use it."""
    coo = csr_array(k.part.matrix)[:, gangs].tocoo()
    member = np.searchsorted(ids, k.workload[gangs])[coo.col]
    use = csr_array((np.ones(len(member)), (member, coo.row)), shape=(len(ids), coo.shape[0]))
    use.data[:] = 1.0
    crowd = np.maximum(use.sum(axis=0), 1.0)
    return np.asarray((use.multiply(1.0 / crowd) @ use.T).todense())


def _related(rng: np.random.Generator, meets: Floats, stake: Floats, n: int) -> NDArray[np.int64]:
    """Return a workload drawn by stake and those that compete with it, with some noise."""
    seed = rng.choice(len(stake), p=stake / stake.sum())
    score = meets[seed] * rng.uniform(0.3, 1.0, len(stake))
    score[seed] = np.inf
    return np.argsort(-score, kind="stable")[:n]


def _solve_part(k: Kernel, x: Floats, free: Mask, options: SolveOptions, progress: Progress) -> Floats | None:
    sub, _ = k.part.restricted(free, x)
    found = run_part(sub, min(_SECONDS, progress.search_s), 1e-4, options, progress, x[free])
    if found is None:
        return None
    out = x.copy()
    out[free] = np.where(sub.integer, np.round(found), found)
    return out
