"""Neighbourhoods of a plan searched exactly: some workloads are released, the others stay, and branch and bound looks for a better plan.

Large neighbourhood search (Shaw, *Principles and Practice of Constraint Programming* 1998, 417-431). With knapsack bounds, some 60
workloads of type D at once are decided in a tenth of a second; by linear relaxations they are not. The number released follows what gets answered.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placement.engine.assignment.branching import Reply, ask, drop, whole
from placement.engine.assignment.structure import Assignment, Floats, Ints, rank_of_sites
from placement.engine.effort import Effort
from placement.parallel import stopped

_RELEASED = 50.0  # workloads at first
_CHOICES = (4, 4, 6)  # sites each of them may go to, drawn anew each time
_NODES = 150  # of one neighbourhood
_QUICK, _GROW, _SHRINK = 0.3, 1.04, 0.9  # answered within this share of the nodes: more workloads; not answered: fewer
_TRIALS_PER_S = 10.0  # nominal, for counted work
_NODE_WORK = 1 / 200  # nominal seconds of a node, as :func:`placement.engine.assignment.branching.ask` counts them


@dataclass(frozen=True, slots=True)
class Guide:
    """What tells good pairs from bad ones: reduced costs, shape (m, n), knapsack prices, shape (n,), and the bound they prove."""

    reduced: Floats
    u: Floats
    bound: float


def improve(a: Assignment, guide: Guide, site: Ints, value: float, seed: int, effort: Effort) -> Ints:
    """Improve a plan, given as one site per workload and its value, until the effort is used up; return the sites of the best one."""
    rng = np.random.default_rng(seed)
    rank = rank_of_sites(guide.reduced)
    everything, everyone = whole(a, guide.u), np.arange(a.n)
    margin = a.step * (1 - 1e-6) or 1e-7 * abs(value)
    size = min(_RELEASED, float(a.n))
    for _ in range(effort.count(_TRIALS_PER_S) if effort.counted else 2**31):
        if effort.left <= 0 or stopped() or value - margin < guide.bound:
            break
        free = _choose(a, guide, site, int(size), rng)
        pairs = np.zeros((a.m, a.n), bool)
        pairs[:, free] = rank[:, free] < rng.choice(_CHOICES)
        pairs[site, everyone] = True
        part = drop(everything, pairs)
        if part is None:
            continue
        cutoff = value - margin
        answer = ask([part], cutoff, cutoff - guide.bound, Effort(work=_NODES * _NODE_WORK))
        if answer.reply is Reply.FOUND and answer.site is not None:
            site, value = answer.site, float(a.cost[answer.site, everyone].sum() + a.open_cost.sum())
        elif answer.reply is Reply.OPEN:
            size *= _SHRINK
        elif answer.nodes <= _QUICK * _NODES:
            size = min(size * _GROW, float(a.n))
    return site


def _choose(a: Assignment, guide: Guide, site: Ints, size: int, rng: np.random.Generator) -> Ints:
    """Draw workloads from some sites, those placed dearly rather than others half of the time."""
    sites = int(rng.choice([a.m, max(2, a.m // 2), 8, 5]))
    chosen: NDArray[np.bool_] = np.isin(site, rng.permutation(a.m)[:sites])
    excess = guide.reduced[site, np.arange(a.n)]
    weight = rng.random(a.n)
    if rng.random() < 0.5:
        finite = np.where(np.isfinite(excess), excess, 0.0)
        weight *= finite + 0.5 * (finite.mean() + 1e-9)
    return np.argsort(np.where(chosen, -weight, 1.0), kind="stable")[: min(size, int(chosen.sum()))]
