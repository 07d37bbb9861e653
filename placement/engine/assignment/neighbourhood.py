"""Neighbourhoods of whole plans with site choice: a region of sites re-planned by branch and bound.

Large neighbourhood search (P. Shaw, CP 1998, LNCS 1520, 417-431) whose regions are chosen by what prices say: a region grows around a site
whose workloads are dear compared with the best set its knapsack could hold, and takes in sites that the same workloads find attractive,
open ones and closed ones that nearly pay. All workloads of the region are placed anew; its size adapts so that most regions are solved to
optimality within the limit. Where that finds nothing, an opening decision is turned round by force and the plan accepted if it is
only a little worse (threshold accepting: G. Dueck, T. Scheuer, *J. Computational Physics* 90, 1990, 161-175).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from placement.engine.assignment.opening import Guide
from placement.engine.assignment.restricted import Restricted
from placement.engine.assignment.sited import solve_sited
from placement.engine.assignment.structure import Assignment, Floats, Ints, Placing, rank_of_sites
from placement.engine.effort import Effort
from placement.parallel import stopped

_PAIRS = 10  # pairs per workload and region
_LIMIT_S = 2.0  # for one region
_QUICK = 0.25  # of the limit: regions solved faster than that may grow
_GROW, _SHRINK, _LEAST = 1.04, 0.93, 2.0
_FORCED = 0.3  # share of regions in which an opening decision is turned round
_WORSE = 2e-4  # relative: how much worse a plan may be than the best to go on from it, at first
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Improved:
    """The best plan found, and the size of regions (open sites) to go on with."""

    site: Ints
    size: float


def affinity(a: Assignment, prices: Guide) -> Floats:
    """Return how many workloads find both of two sites attractive, shape (m, m)."""
    reduced = prices.reduced
    near = np.sort(reduced, axis=0)[min(5, a.m - 1)]
    finite = near[np.isfinite(near)]
    scale = max(float(np.median(finite)) if len(finite) else 1.0, 1e-9)
    weight = np.exp(-np.maximum(reduced, 0.0) / scale)
    both = np.asarray(weight @ weight.T)
    np.fill_diagonal(both, 0.0)
    return both


def part(a: Assignment, sites: Ints, workloads: Ints, open_elsewhere: int) -> Assignment:
    """Return the assignment of some workloads to some sites; the limits on open sites count those elsewhere."""
    return replace(a.part(sites, workloads), fewest=max(0, a.fewest - open_elsewhere), most=max(0, a.most - open_elsewhere))


def value(a: Assignment, site: Ints) -> float:
    """Return the objective of a whole plan."""
    opened = np.bincount(site, minlength=a.m) > 0
    return float(a.cost[site, np.arange(a.n)].sum() + (a.open_cost[opened].sum() if a.siting else a.open_cost.sum()))


def improve(a: Assignment, prices: Guide, site: Ints, effort: Effort, seed: int, size: float) -> Improved:
    """Re-plan regions of a feasible plan until effort is used up.

    Parameters
    ----------
    site
        Site of each workload, shape (n,).
    size
        Open sites per region to begin with.
    """
    return _Walk(a, prices, site, effort, seed, size).run()


def combine(a: Assignment, prices: Guide, plans: list[Ints], effort: Effort, seed: int) -> Ints | None:
    """Return the best plan over the pairs that some plans use and the two best of each workload at their sites; the first is the start."""
    sites = np.zeros(a.m, bool)
    pairs = np.zeros((a.m, a.n), bool)
    for site in plans:
        sites[site] = True
        pairs[site, np.arange(a.n)] = True
    reduced = np.where(sites[:, None], prices.reduced, np.inf)
    pairs |= (rank_of_sites(reduced) < 2) & np.isfinite(reduced)
    found = solve_sited(a, pairs, effort=effort, start=Placing.of_sites(a, plans[0]), seed=seed, watch=lambda *_: stopped())
    return None if found.placing is None else found.placing.sites


class _Walk:
    def __init__(self, a: Assignment, prices: Guide, site: Ints, effort: Effort, seed: int, size: float) -> None:
        self.a, self.prices, self.effort, self.size = a, prices, effort, size
        self.best = self.now = np.array(site, np.int64)
        self.best_value = self.now_value = value(a, site)
        self.random, self.affinity = np.random.default_rng(seed), affinity(a, prices)

    def run(self) -> Improved:
        total = self.effort.left
        rounds = self.effort.count(1 / _LIMIT_S) if self.effort.counted else 2**31
        for done in range(rounds):
            left = self.effort.left
            if left <= 0.05 or stopped():
                break
            remaining = 1 - done / rounds if self.effort.counted else left / total
            self._step(_WORSE * remaining)
        return Improved(self.best, self.size)

    def _step(self, worse: float) -> None:
        sites, workloads = self._region()
        region = part(self.a, sites, workloads, int((np.bincount(self.now, minlength=self.a.m) > 0).sum() - np.isin(sites, self.now).sum()))
        limit = Effort.of(min(_LIMIT_S, self.effort.left), self.effort.counted)
        fixed = self._forced(sites) if self.random.random() < _FORCED else None
        found = self._solve(region, sites, workloads, limit, fixed)
        solved = found.status in ("kOptimal", "kInfeasible")
        self._resize(solved and (limit.counted or limit.left > (1 - _QUICK) * _LIMIT_S), not solved)
        if found.placing is None or found.placing.overload(region) > 0:
            return
        new = self.now.copy()
        new[workloads] = sites[found.placing.sites]
        new_value = value(self.a, new)
        if new_value <= max(self.now_value + 1e-12 * abs(self.now_value), self.best_value * (1 + worse)):
            self.now, self.now_value = new, new_value
        if new_value < self.best_value - 1e-9 * max(1.0, abs(self.best_value)):
            self.best, self.best_value = new, new_value
        elif self.random.random() < 0.02:
            self.now, self.now_value = self.best, self.best_value

    def _solve(self, region: Assignment, sites: Ints, workloads: Ints, limit: Effort, fixed: NDArray[np.int8] | None) -> Restricted:
        reduced = self.prices.reduced[np.ix_(sites, workloads)]
        rank = rank_of_sites(reduced)
        at = np.searchsorted(sites, self.now[workloads])
        pairs = (rank < _PAIRS) & np.isfinite(reduced)
        pairs[at, np.arange(len(workloads))] = True
        start = Placing.of_sites(region, at.astype(np.int64)) if fixed is None else None
        return solve_sited(region, pairs, effort=limit, open_fixed=fixed, start=start, rel_gap=1e-6,
                                seed=int(self.random.integers(2**31)))  # fmt: skip

    def _resize(self, quick: bool, unsolved: bool) -> None:
        n_open = len(np.unique(self.now))
        self.size = float(np.clip(self.size * (_GROW if quick else _SHRINK if unsolved else 1.0), _LEAST, max(n_open, _LEAST)))

    def _region(self) -> tuple[Ints, Ints]:
        """Return sites, in order, and all workloads at them."""
        a, random = self.a, self.random
        is_open = np.bincount(self.now, minlength=a.m) > 0
        opened, closed = np.flatnonzero(is_open), np.flatnonzero(~is_open)
        excess = self.prices.excess(a, self.now)[opened]
        weight = excess + max(excess.mean(), 1e-9)
        first = random.choice(opened, p=weight / weight.sum())
        wanted = max(2, int(self.size + random.random()))
        others = opened[opened != first]
        key = np.log(np.maximum(self.affinity[first, others], 1e-12)) + 0.7 * random.gumbel(size=len(others))
        inside = np.r_[first, others[np.argsort(-key, kind="stable")[: wanted - 1]]]
        gap = max(self.now_value - self.prices.floor, 0.0)
        near = closed[self.prices.site[closed] <= max(0.5 * gap, float(np.sort(self.prices.site[closed])[min(3, len(closed) - 1)]))] if len(closed) else closed
        key = np.log(np.maximum(self.affinity[np.ix_(inside, near)].sum(axis=0), 1e-12)) + 0.5 * random.gumbel(size=len(near))
        sites = np.sort(np.r_[inside, near[np.argsort(-key, kind="stable")[: max(2, wanted // 2)]]])
        return sites, np.flatnonzero(np.isin(self.now, sites))

    def _forced(self, sites: Ints) -> NDArray[np.int8]:
        """Turn one opening decision round, rather one that hardly pays."""
        is_open = np.isin(sites, self.now)
        doubt = -np.abs(self.prices.site[sites]) / max(float(np.abs(self.prices.site[sites]).mean()), 1e-9)
        turned = int(np.argmax(doubt + self.random.gumbel(size=len(sites))))
        fixed = np.full(len(sites), -1, np.int8)
        fixed[turned] = 0 if is_open[turned] else 1
        return fixed
