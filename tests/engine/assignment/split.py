"""Small random location cases with workloads that may be split, and their optima by enumeration with another solver's transport programs."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
from scipy.optimize import linprog

from placement.engine.assignment.structure import Assignment


def random_case(seed: int, m: int = 5, n: int = 8, *, kind: str = "capacitated") -> Assignment:
    """Return a feasible case; kinds: capacitated, general (use depends on the site), unlimited, median, mixed (some sites without limit)."""
    rng = np.random.default_rng(seed)
    demand = rng.integers(2, 12, n).astype(float)
    cost = rng.uniform(1, 30, (m, n)) * demand
    use = np.tile(demand, (m, 1)) if kind != "general" else demand * rng.uniform(0.7, 1.4, (m, n))
    capacity = rng.uniform(0.35, 0.7, m) * use.max(axis=0).sum()
    fewest, most = 0, 2**31
    open_cost = rng.uniform(50, 900, m)
    if kind in ("unlimited", "median"):
        capacity = np.full(m, np.inf)
    if kind == "median":
        fewest, most, open_cost = 2, 2, np.zeros(m)
    if kind == "mixed":
        capacity[0] = np.inf
    forbidden = rng.random((m, n)) < 0.15
    forbidden[0] = False
    cost[forbidden] = np.inf
    return Assignment(cost=cost, use=np.where(forbidden, 0.0, use), capacity=capacity, open_cost=open_cost, siting=True, whole=False, fewest=fewest, most=most)


def transport_value(a: Assignment, is_open: np.ndarray) -> float:
    """Return the least cost with given open sites, ``inf`` if they cannot serve all."""
    i, j = np.nonzero(np.isfinite(a.cost) & is_open[:, None])
    if len(np.unique(j)) < a.n:
        return math.inf
    k = np.arange(len(i))
    serve, room = np.zeros((a.n, len(i))), np.zeros((a.m, len(i)))
    serve[j, k], room[i, k] = 1.0, a.use[i, j]
    limited = np.isfinite(a.capacity)
    done = linprog(a.cost[i, j], A_ub=room[limited], b_ub=a.capacity[limited], A_eq=serve, b_eq=np.ones(a.n), bounds=(0, 1))
    return float(done.fun) + float(a.open_cost[is_open].sum()) if done.status == 0 else math.inf


def optimum(a: Assignment, site: int = 0, stands: bool | None = None) -> float:
    """Return the optimum over all choices of sites, or those in which a site is open or not."""
    choices = (np.array(c, bool) for c in product([False, True], repeat=a.m))
    allowed = (c for c in choices if c.any() and a.fewest <= c.sum() <= a.most and stands in (None, bool(c[site])))
    return min((transport_value(a, c) for c in allowed), default=math.inf)


def relaxation_value(a: Assignment) -> float:
    """Return the linear relaxation with all rows ``x <= y``."""
    i, j = np.nonzero(np.isfinite(a.cost))
    k, m = np.arange(len(i)), a.m
    serve, room, link = np.zeros((a.n, m + len(i))), np.zeros((m, m + len(i))), np.zeros((len(i), m + len(i)))
    serve[j, m + k], room[i, m + k], link[k, m + k], link[k, i] = 1.0, a.use[i, j], 1.0, -1.0
    limited = np.isfinite(a.capacity)
    room[np.flatnonzero(limited), np.flatnonzero(limited)] = -a.capacity[limited]
    count = np.r_[np.ones(m), np.zeros(len(i))]
    rows = np.vstack([room[limited], link, -count, count])
    limit = np.r_[np.zeros(limited.sum() + len(i)), -float(a.fewest), float(min(a.most, m))]
    done = linprog(np.r_[a.open_cost, a.cost[i, j]], A_ub=rows, b_ub=limit, A_eq=serve, b_eq=np.ones(a.n), bounds=(0, 1))
    assert done.status == 0
    return float(done.fun)


KINDS = ("capacitated", "general", "unlimited", "median", "mixed")
