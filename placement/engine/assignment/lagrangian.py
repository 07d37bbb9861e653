r"""Lagrangian bound of location with workloads that may be split: one continuous knapsack per site, subgradient steps on the prices.

For prices :math:`u` of the serve rows each site stands for itself: what it would earn is a continuous knapsack over the workloads that
cost less than their price, filled by earning per unit of capacity. With :math:`V_i` the opening cost less those earnings,

.. math:: \text{cost}(y) \ge \sum_j u_j + \sum_i V_i(u)\, y_i \qquad \text{for every choice of sites } y

which serves as bound (least over y), as Benders cut and for fixing sites. It is as strong as the linear relaxation with all rows
``x <= y``, and does not degenerate where sites hold hundreds of workloads.

Sources: J. E. Beasley, An algorithm for solving large capacitated warehouse location problems, EJOR 33 (1988); steps and averaged
directions after F. Barahona, R. Anbil, The volume algorithm, Mathematical Programming 87 (2000).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from placement.engine.assignment.root import choose_sites, fewest_open, usable
from placement.engine.assignment.structure import Assignment, Floats, Ints
from placement.engine.effort import Effort

_STEPS_PER_S = 100.0  # nominal, for counted work
_REACH = 0.5  # prices may rise by this part before pairs are missed


@njit(cache=True, nogil=True)
def _fill(cost, use, capacity, open_cost, u, sites, first, near, value, share):  # type: ignore[no-untyped-def]
    """Fill the knapsacks of some sites with pairs ``near[first[i]:first[i + 1]]``: their ``value`` and ``share`` of each workload.

    The best rates are found by partition, not by sorting (E. Balas, E. Zemel, Operations Research 28 (1980)).
    """
    n = cost.shape[1]
    rate, which = np.empty(n), np.empty(n, np.int64)
    for i in sites:
        earned, wanted, k = 0.0, 0.0, 0
        for p in range(first[i], first[i + 1]):
            j = near[p]
            share[i, j] = 0.0
            gain = u[j] - cost[i, j]  # -inf where the pair may not be used
            if gain > 0:
                wanted += use[i, j]
                which[k] = j
                rate[k] = gain / use[i, j] if use[i, j] > 0 else np.inf
                k += 1
        room, low, high = capacity[i], 0, k
        if wanted <= room:
            for e in range(k):
                share[i, which[e]] = 1.0
                earned += u[which[e]] - cost[i, which[e]]
            low = high
        while low < high:  # all before low are taken, none from high on; room is what is left
            pivot = rate[(low + high) // 2]
            above, at, below = low, low, high
            more = 0.0
            while at < below:
                r, j = rate[at], which[at]
                if r > pivot:
                    more += use[i, j]
                    rate[at], which[at], rate[above], which[above] = rate[above], which[above], r, j
                    above += 1
                    at += 1
                elif r == pivot:
                    at += 1
                else:
                    below -= 1
                    rate[at], which[at], rate[below], which[below] = rate[below], which[below], r, j
            if more > room:
                high = above
                continue
            for e in range(low, below):
                j = which[e]
                part = 1.0 if use[i, j] <= room else max(room, 0.0) / use[i, j]
                share[i, j] = part
                earned += part * (u[j] - cost[i, j])
                room -= part * use[i, j]
            low = below if room > 0.0 else high
        value[i] = open_cost[i] - earned


class _Near:
    """Pairs that a fill looks at, and what it found: values (m,) and shares (m, n), stale for sites that were not filled."""

    def __init__(self, pairs: NDArray[np.bool_]) -> None:
        self.first = np.r_[0, np.cumsum(pairs.sum(axis=1))].astype(np.int64)
        self.pair = np.nonzero(pairs)[1].astype(np.int64)
        self.value, self.share = np.zeros(len(pairs)), np.zeros(pairs.shape)


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of the serve rows, the site values that go with them (all sites), and the bound they prove.

    ``penalty``: by how much the bound rises if a site outside the choice must be open, or (negative) one inside must be closed, (m,).
    """

    bound: float
    u: Floats
    value: Floats
    penalty: Floats
    share: Floats  # weight of each site in the averaged solution, shape (m,)


class Lagrangian:
    """Site values of an assignment for any prices; arrays are laid out once."""

    def __init__(self, a: Assignment) -> None:
        self.a, self.fewest = a, fewest_open(a)
        pairs = usable(a)
        self.cost = np.ascontiguousarray(np.where(pairs, a.cost, np.inf))
        self.use = np.ascontiguousarray(np.where(pairs, a.use, 0.0))
        self.capacity = np.ascontiguousarray(np.where(np.isfinite(a.capacity), a.capacity, 1e300))
        self.open_cost = np.ascontiguousarray(a.open_cost, float)
        self.least_use = float(np.where(pairs, a.use, np.inf).min(axis=0, initial=np.inf).sum())  # of all workloads together
        self.all = np.arange(a.m)
        self.dearest = float(np.where(pairs, np.abs(a.cost), 0.0).max(axis=0, initial=0.0).sum() + np.abs(a.open_cost).sum())  # above every plan
        self._everything = _Near(pairs)
        self._last: tuple[_Near, Floats] | None = None

    def _fill(self, u: Floats, sites: Ints, near: _Near) -> tuple[Floats, Floats]:
        _fill(self.cost, self.use, self.capacity, self.open_cost, np.ascontiguousarray(u), sites, near.first, near.pair, near.value, near.share)
        return near.value, near.share

    def prices(self, u: Floats, weight: Floats | None = None) -> Prices:
        """Return what some prices prove."""
        value = self._fill(u, self.all, self._everything)[0].copy()
        least, penalty = choose_sites(value, self.fewest, self.a.most)
        doubt = 1e-13 * (float(np.abs(u).sum()) + float(np.abs(value).sum()))
        return Prices(math.fsum([*u, least]) - doubt, u.copy(), value, penalty, np.zeros(self.a.m) if weight is None else weight)

    def first_prices(self) -> Floats:
        """Return prices to begin with: each workload's third best cost, its part of the opening cost included, shape (n,)."""
        part = np.where(self.capacity < 1e300, self.open_cost / np.maximum(self.capacity, 1e-300), 0.0)
        full = np.sort(self.cost + part[:, None] * self.use, axis=0)[: min(3, self.a.m)]
        return np.asarray(np.where(np.isfinite(full), full, -np.inf).max(axis=0))

    def improve(self, u: Floats, effort: Effort, target: float, sites: NDArray[np.bool_] | None = None, forced: NDArray[np.bool_] | None = None,
                patience: int = 15, length: float = 1.0, smallest: float = 1e-4, steps: int | None = None,
                stop: Callable[[], bool] | None = None) -> Prices:  # fmt: skip
        """Return better prices by subgradient steps from some prices; stops at ``target`` (a plan's value, or ``inf``) or when steps get short.

        Parameters
        ----------
        sites, forced
            Sites that may be open (default all) and that must be, shape (m,): the steps aim at these, the result's bound is for all.
        length, smallest, patience
            Length of the first and of the last steps, as a part of the way to ``target``; shorter after so many steps in vain.
        stop
            Asked before every step; a true answer ends it.
        """
        a = self.a
        free = self.all if sites is None else np.flatnonzero(sites)
        must = np.zeros(a.m, bool) if forced is None else forced
        best, best_u, stalled = -math.inf, u.copy(), 0
        mean: Floats | None = None
        near = self._near(u)  # the steps only look for prices; what these prove is computed over all pairs
        weight = np.zeros(a.m)
        if steps is None:
            steps = effort.count(_STEPS_PER_S) if effort.counted else 2**31
        for _ in range(steps):
            if effort.left <= 0 or length < smallest or best >= target or (stop and stop()):
                break
            value, share = self._fill(u, free, near)
            chosen = self._choose(value, free, must)
            bound = float(u.sum() + value[chosen].sum())
            if bound > self.dearest:  # no plan costs that much: there is none
                best, best_u = bound, u.copy()
                break
            short = 1.0 - share[chosen].sum(axis=0)
            mean = short if mean is None else 0.4 * short + 0.6 * mean
            weight *= 0.95
            weight[chosen] += 0.05
            if bound > best + 1e-5 * abs(best) or not math.isfinite(best):
                stalled = 0
            else:
                stalled += 1
            if bound > best:
                best, best_u = bound, u.copy()
            if stalled > patience:
                length, stalled, u, mean = 0.7 * length, 0, best_u, short
            norm = float(mean @ mean)
            if norm < 1e-12:
                break
            ahead = target - bound if math.isfinite(target) else 0.1 * abs(bound) + 1e-3 * float(np.abs(u).sum())
            u = u + length * max(ahead, 1e-9 * abs(bound)) / norm * mean
        return self.prices(best_u, weight)

    def _near(self, u: Floats) -> _Near:
        """Return the pairs that may come to earn something at prices like these; the last ones if they still serve."""
        if self._last is None or (u > self._last[1]).any():
            reach = u + _REACH * np.maximum(np.abs(u), float(np.abs(u).mean()))
            self._last = _Near(np.isfinite(self.cost) & (self.cost < reach)), u + 0.5 * (reach - u)
        return self._last[0]

    def _choose(self, value: Floats, free: Ints, must: NDArray[np.bool_]) -> Ints:
        ranked = free[np.argsort(np.where(must[free], -np.inf, value[free]), kind="stable")]
        k = int(np.clip(((value[ranked] < 0) | must[ranked]).sum(), min(self.fewest, len(ranked)), self.a.most))
        return np.asarray(ranked[:k])
