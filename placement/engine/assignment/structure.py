"""Assignment with or without opening decisions, as dense arrays: what a program of that form looks like to compiled loops.

A program has this form when every demand column serves one workload whole or in part, uses at most one resource, and
that resource is a plain number or one switched on by one yes/no decision; nothing else couples the columns, except perhaps
how many decisions may be taken. Generalised assignment, capacitated and uncapacitated facility location and p-median
are programs of this form; whether a program is one is read off its rows, not off where it came from.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """``min sum open_cost y + sum cost x``: each of n workloads to m sites, ``sum_j use x <= capacity y``, ``x <= y``.

    Attributes
    ----------
    cost
        Cost of serving all of a workload from a site, ``inf`` where it may not be, shape (m, n).
    use
        What that uses of the site's capacity, >= 0, 0 where ``cost`` is ``inf``, shape (m, n).
    capacity
        Capacity of each site, ``inf`` without limit, shape (m,).
    open_cost
        Cost of opening each site, shape (m,); 0 where the site is open anyway.
    siting
        Whether sites are opened by decision; otherwise all stand open.
    whole
        Whether each workload goes to one site (x integer); otherwise it may be split.
    fewest, most
        Limits on the number of open sites.
    """

    cost: Floats
    use: Floats
    capacity: Floats
    open_cost: Floats
    siting: bool
    whole: bool
    fewest: int = 0
    most: int = 2**31

    @property
    def m(self) -> int:
        """Number of sites."""
        return self.cost.shape[0]

    @property
    def n(self) -> int:
        """Number of workloads."""
        return self.cost.shape[1]

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Pairs that may be used: there is a column, and a whole workload fits, shape (m, n)."""
        fits = self.use <= self.capacity[:, None] * (1 + 1e-12) if self.whole else True
        return np.isfinite(self.cost) & fits

    def part(self, sites: Ints, workloads: Ints | None = None) -> Assignment:
        """Return the assignment of some workloads (all where none are named) to some sites; limits on their number stay as they are."""
        at = sites if workloads is None else np.ix_(sites, workloads)
        cost, use = np.ascontiguousarray(self.cost[at]), np.ascontiguousarray(self.use[at])
        return replace(self, cost=cost, use=use, capacity=self.capacity[sites], open_cost=self.open_cost[sites])

    def standing(self, sites: Ints) -> Assignment:
        """Return the assignment to some sites, all open."""
        return replace(self.part(sites), siting=False, fewest=0, most=2**31)

    @property
    def step(self) -> float:
        """All objective values are multiples of this; 0 if that is not so."""
        if not self.whole:
            return 0.0
        values = np.concatenate([self.cost[np.isfinite(self.cost)], self.open_cost])
        if not (values == np.round(values)).all() or np.abs(values).max(initial=0.0) > 2**40:
            return 0.0
        return float(np.gcd.reduce(values.astype(np.int64))) or 1.0

    def lift_bound(self, bound: float) -> float:
        """Return the least possible objective value that is not below a bound: rounded up where values come in steps."""
        step = self.step
        return math.ceil(bound / step - 1e-6) * step if step and math.isfinite(bound) else bound


@dataclass(frozen=True, slots=True)
class Placing:
    """A point of an :class:`Assignment`: shares of workloads, shape (m, n), and open sites, shape (m,)."""

    share: Floats
    open: NDArray[np.bool_]

    @classmethod
    def of_sites(cls, a: Assignment, site: Ints) -> Placing:
        """Return the point at which workload j goes whole to ``site[j]``; sites that nobody uses are closed."""
        share = np.zeros((a.m, a.n))
        share[site, np.arange(a.n)] = 1.0
        used = np.bincount(site, minlength=a.m) > 0
        return cls(share, used if a.siting else np.ones(a.m, bool))

    @property
    def sites(self) -> Ints:
        """The site with the largest share of each workload, shape (n,)."""
        return np.asarray(self.share.argmax(axis=0), np.int64)

    def value(self, a: Assignment) -> float:
        """Return the objective, exactly rounded."""
        i, j = np.nonzero(self.share)
        return math.fsum([*(a.cost[i, j] * self.share[i, j]), *a.open_cost[self.open]])

    def overload(self, a: Assignment) -> float:
        """Return by how much capacities are exceeded in all; ``inf`` if a pair is not allowed, a site closed or a workload not served."""
        served = np.abs(self.share.sum(axis=0) - 1) <= 1e-9
        used = self.share > 0
        if not served.all() or (used & ~np.isfinite(a.cost)).any() or used[~self.open].any() or not a.fewest <= self.open.sum() <= a.most:
            return math.inf
        load = (a.use * self.share).sum(axis=1)
        limit = np.where(np.isfinite(a.capacity), a.capacity * (1 + 1e-12), np.inf)
        return float(np.maximum(load - limit, 0).sum())


def rank_of_sites(reduced: Floats) -> Ints:
    """Return the place of each site among those of a workload, the least reduced cost first, shape (m, n)."""
    return np.asarray(np.argsort(np.argsort(reduced, axis=0, kind="stable"), axis=0, kind="stable"), np.int64)
