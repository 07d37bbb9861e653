"""Annealing of whole workloads over promising sites: shifts and swaps, overload at a penalty.

Simulated annealing (S. Kirkpatrick, C. D. Gelatt, M. P. Vecchi, *Science* 220, 1983, 671-680) with a geometric schedule. Which sites
may be used is decided beforehand (:mod:`~placement.engine.assignment.opening`): opening decisions freeze early in an annealing, while the
assignment to nearly the right sites is found within seconds. Sites are opened and closed only as workloads come and go.
"""

# ruff: noqa: NPY002 -- compiled loops have this generator only, seeded in every call
from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from placement.engine.assignment.structure import Assignment, Ints
from placement.engine.effort import Effort
from placement.parallel import stopped

_BLOCK = 50_000  # moves between two looks at the clock at most
_BLOCKS_PER_S = 150.0  # nominal, for counted work
_CANDIDATES = 10  # cheapest sites per workload
_TO_CLOSED = 0.2  # of the moves to a closed site, how many are tried
_SLACK = 1e-12  # relative leeway of capacities, as for :attr:`Assignment.allowed`


@dataclass(frozen=True, slots=True)
class Schedule:
    """Heat at the beginning and the end, in units of the typical cost of a placement; price of overload, in units of the price of capacity."""

    hot: float = 1.0
    cold: float = 0.05
    overload: float = 10.0


SCHEDULES = (Schedule(), Schedule(hot=0.5, cold=0.02, overload=6.0), Schedule(hot=3.0), Schedule(hot=0.5, cold=0.01))


@njit(cache=True, nogil=True)
def _over(load, capacity):  # type: ignore[no-untyped-def]
    return load - capacity if load > capacity else 0.0


@njit(cache=True, nogil=True)
def _anneal(site, best_site, best, steps, heat, penalty, seed, cost, use, capacity, open_cost, sites, count):  # type: ignore[no-untyped-def]
    """Make ``steps`` moves from ``site``, in place; keep the best feasible point. Returns its cost."""
    np.random.seed(seed)
    m, n = cost.shape
    load, size = np.zeros(m), np.zeros(m, np.int64)
    members, place = np.zeros((m, n), np.int64), np.zeros(n, np.int64)
    total = overload = 0.0
    for j in range(n):
        i = site[j]
        load[i] += use[i, j]
        total += cost[i, j]
        place[j] = size[i]
        members[i, size[i]] = j
        size[i] += 1
    for i in range(m):
        overload += _over(load[i], capacity[i])
        if size[i] > 0:
            total += open_cost[i]
    for _ in range(steps):
        j = np.random.randint(n)
        i, k = site[j], sites[j, np.random.randint(count[j])]
        if k == i:
            continue
        other = -1
        if size[k] == 0:
            if np.random.random() > _TO_CLOSED:
                continue
        elif np.random.random() < 0.5:
            other = members[k, np.random.randint(size[k])]
            if cost[i, other] == np.inf:
                continue
        to_i, to_k = load[i] - use[i, j], load[k] + use[k, j]
        change = cost[k, j] - cost[i, j]
        if other >= 0:
            to_i, to_k = to_i + use[i, other], to_k - use[k, other]
            change += cost[i, other] - cost[k, other]
        else:
            change += (open_cost[k] if size[k] == 0 else 0.0) - (open_cost[i] if size[i] == 1 else 0.0)
        more = _over(to_i, capacity[i]) + _over(to_k, capacity[k]) - _over(load[i], capacity[i]) - _over(load[k], capacity[k])
        energy = change + penalty * more
        if energy > 0 and np.random.random() >= np.exp(-energy / heat):
            continue
        load[i], load[k] = to_i, to_k
        total += change
        overload += more
        if other >= 0:
            members[i, place[j]], members[k, place[other]] = other, j
            place[j], place[other] = place[other], place[j]
            site[j], site[other] = k, i
        else:
            last = members[i, size[i] - 1]
            members[i, place[j]] = last
            place[last] = place[j]
            size[i] -= 1
            members[k, size[k]] = j
            place[j] = size[k]
            size[k] += 1
            site[j] = k
        if overload <= 1e-9 and total < best:
            feasible = True
            for s in range(m):
                if _over(load[s], capacity[s] * (1 + _SLACK)) > 0:
                    feasible = False
                    break
            if feasible:
                best = total
                best_site[:] = site
    return best


def candidates(a: Assignment, sites: NDArray[np.bool_], start: Ints, most: int = _CANDIDATES) -> tuple[Ints, Ints]:
    """Return the cheapest sites of each workload among some, shape (n, k), with how many there are, shape (n,); the one at ``start`` is one of them."""
    cost = np.where(sites[:, None] & a.allowed, a.cost, np.inf)
    cost[start, np.arange(a.n)] = -np.inf
    order = np.argsort(cost, axis=0, kind="stable")[: min(most, a.m)].T
    count = np.isfinite(np.take_along_axis(cost.T, order, axis=1)[:, 1:]).sum(axis=1) + 1
    return np.ascontiguousarray(order, np.int64), count.astype(np.int64)


def anneal(a: Assignment, sites: NDArray[np.bool_], start: Ints, seed: int, effort: Effort, plan: Schedule) -> tuple[float, Ints]:
    """Run one schedule from a point, which may be overloaded; return the value of the best plan (``inf`` if there was none) and its sites.

    Parameters
    ----------
    sites
        Sites that may be used, shape (m,).
    start
        Site of each workload, an allowed pair, shape (n,).
    """
    chosen, count = candidates(a, sites, start)
    cost = np.ascontiguousarray(np.where(a.allowed, a.cost, np.inf))
    open_cost = a.open_cost if a.siting else np.zeros(a.m)
    unit, price = _units(a, sites, start)
    site, best_site, best = np.array(start, np.int64), np.array(start, np.int64), math.inf
    whole, done, draw, share = effort.left, 0, seed, 0.0
    blocks = effort.count(_BLOCKS_PER_S) if effort.counted else 2**62
    slice_ = max(1, blocks // 50) if effort.counted else 1
    while done < blocks and share < 1.0 and whole > 0 and not stopped():
        heat = unit * plan.hot * (plan.cold / plan.hot) ** share
        chunk = min(slice_, blocks - done) if effort.counted else 1
        best = _anneal(site, best_site, best, chunk * _BLOCK, heat, price * plan.overload, draw % 2**32, cost, a.use, a.capacity, open_cost, chosen, count)
        done, draw = done + chunk, draw * 1103515245 + 12345
        share = done / blocks if effort.counted else 1 - effort.left / whole
    constant = 0.0 if a.siting else math.fsum(a.open_cost)
    return best + constant, best_site


def _units(a: Assignment, sites: NDArray[np.bool_], start: Ints) -> tuple[float, float]:
    """Return the typical cost of a placement, and the price of a unit of capacity at sites that may be used."""
    at_start = np.abs(a.cost[start, np.arange(a.n)])
    unit = float(np.median(at_start)) or float(at_start.mean())
    limited = sites & np.isfinite(a.capacity) & (a.capacity > 0)
    opening = float(np.median(a.open_cost[limited] / a.capacity[limited])) if a.siting and limited.any() else 0.0
    return max(unit, 1e-9), max(opening, unit / max(float(a.use[start, np.arange(a.n)].mean()), 1e-12))
