"""Small random location cases with whole workloads, and their optima by enumeration."""

from __future__ import annotations

import math
from itertools import product

import numpy as np

from placement.engine.assignment.structure import Assignment, Placing


def random_case(seed: int, m: int = 4, n: int = 7, *, kind: str = "capacitated", slack: float = 1.6) -> Assignment:
    """Return a case on a map; kinds: capacitated, fractional, unlimited, counted (limits on open sites), forbidden (some pairs are)."""
    rng = np.random.default_rng(seed)
    at, to = rng.random((m, 2)), rng.random((n, 2))
    demand = rng.integers(3, 12, n).astype(float)
    cost = np.round(100 * np.linalg.norm(at[:, None] - to[None], axis=2))
    use, capacity, open_cost = np.tile(demand, (m, 1)), rng.dirichlet(np.full(m, 8.0)) * demand.sum() * slack, rng.integers(40, 160, m).astype(float)
    capacity = np.ceil(capacity)
    if kind == "fractional":
        cost, use, capacity = cost + rng.random((m, n)), use * rng.uniform(0.8, 1.2, (m, n)), capacity + rng.random(m)
    if kind == "unlimited":
        capacity = np.full(m, np.inf)
    if kind == "forbidden":
        banned = rng.random((m, n)) < 0.2
        banned[rng.integers(0, m, n), np.arange(n)] = False
        cost[banned], use[banned] = np.inf, 0.0
    limits = {"fewest": 3, "most": 3} if kind == "counted" else {}
    return Assignment(cost=cost, use=use, capacity=capacity, open_cost=open_cost, siting=True, whole=True, **limits)


def optimum(a: Assignment) -> float:
    """Return the optimum over all ways to place all workloads, ``inf`` if there is none."""
    sites = np.array(list(product(range(a.m), repeat=a.n)))
    j = np.arange(a.n)
    load = np.stack([np.where(sites == i, a.use[i, j], 0.0).sum(axis=1) for i in range(a.m)])
    used = np.stack([(sites == i).any(axis=1) for i in range(a.m)])
    spare = max(0, a.fewest)
    value = a.cost[sites, j].sum(axis=1) + a.open_cost @ used
    ok = (load <= a.capacity[:, None] * (1 + 1e-12)).all(axis=0) & (used.sum(axis=0) <= a.most) & (used.sum(axis=0) >= spare)
    return float(value[ok].min()) if ok.any() else math.inf


def feasible(a: Assignment, site: np.ndarray) -> bool:
    """Return whether a placing keeps to the capacities."""
    return Placing.of_sites(a, site).overload(a) == 0
