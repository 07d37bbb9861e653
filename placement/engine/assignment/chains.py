"""Ejection chains on reduced costs, annealed, with a price on idle capacity that rises during the run.

A plan's excess over the bound is the sum of its reduced costs and of its idle capacity at the capacity's price. A move places a workload
elsewhere, which ejects another, and so on (ejection chains: Yagiura, Ibaraki, Glover, *INFORMS J. Computing* 16, 2004, 133-151); the whole
chain is accepted or undone (annealing). Idle capacity is nearly free at first, so loads wander while reduced costs stay low,
and costs its full price at the end; overload costs a multiple of it.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numba import njit

from placement.engine.assignment.structure import Assignment, Floats, Ints
from placement.engine.effort import Effort
from placement.parallel import stopped

_SITES, _REACH = 8, 4.0  # candidate sites per workload, and their reduced cost in units of the scale
_DEPTH = 6  # workloads moved by one chain
_BLOCK = 1000  # chains begun between two looks at the clock at most
_BLOCKS_PER_S = 400.0  # nominal, for counted work
_RISE = 0.9  # share of the run over which the price rises


@dataclass(frozen=True, slots=True)
class Terrain:
    """What chains move on.

    Attributes
    ----------
    reduced
        Reduced costs of all pairs, ``inf`` where not allowed, shape (m, n).
    price
        Price of idle capacity per unit, > 0, shape (m,).
    scale
        A typical reduced cost of a good second choice.
    sites, count
        Candidate sites of each workload, best first, shape (n, k), and how many there are, shape (n,).
    """

    cost: Floats
    use: Floats
    capacity: Floats
    reduced: Floats
    price: Floats
    scale: float
    sites: Ints
    count: Ints


@dataclass(frozen=True, slots=True)
class Schedule:
    """Temperature at the beginning and the end in units of the scale, share of the price of idle capacity at the beginning, price of overload."""

    hot: float = 1.0
    cold: float = 0.1
    slack: float = 0.05
    overload: float = 5.0


SCHEDULES = (Schedule(), Schedule(overload=10.0), Schedule(hot=0.6), Schedule(hot=1.2, slack=0.1))


def terrain(a: Assignment, reduced: Floats, v: Floats) -> Terrain:
    """Prepare chains from reduced costs, shape (m, n), and capacity duals <= 0, shape (m,)."""
    k = min(_SITES, a.m)
    order = np.argsort(reduced, axis=0, kind="stable")[:k].T
    ranked = np.take_along_axis(reduced.T, order, axis=1)
    third = ranked[:, min(2, k - 1)]
    finite = a.cost[a.allowed]
    scale = float(np.median(np.where(np.isfinite(third), third, 0.0))) / 1.5
    scale = max(scale, 0.003 * float(np.abs(finite).mean()), 1e-9)
    count = np.maximum((ranked <= _REACH * scale).sum(axis=1), np.minimum(2, np.isfinite(ranked).sum(axis=1)))
    typical_use = float(a.use[a.allowed].mean()) or 1.0
    price = np.where(np.isfinite(a.capacity), np.maximum(-v, 0.3 * scale / typical_use), 0.0)
    cost, use, capacity, reduced, price = (np.ascontiguousarray(x, float) for x in (a.cost, a.use, a.capacity, reduced, price))
    return Terrain(cost, use, capacity, reduced, price, scale, np.ascontiguousarray(order), count.astype(np.int64))


@njit(cache=True, nogil=True)
def _idle(load, capacity, price, overload):  # type: ignore[no-untyped-def]
    """Price of a load: idle capacity at its price, overload at ``overload`` times it."""
    slack = capacity - load
    return price * slack if slack >= 0 else -overload * price * slack


@njit(cache=True, nogil=True)
def _move(j, to, site, place, members, size, load, use):  # type: ignore[no-untyped-def]
    """Move workload j to another site, in place."""
    i = site[j]
    last = members[i, size[i] - 1]
    members[i, place[j]] = last
    place[last] = place[j]
    size[i] -= 1
    members[to, size[to]] = j
    place[j] = size[to]
    size[to] += 1
    site[j] = to
    load[i] -= use[i, j]
    load[to] += use[to, j]


@njit(cache=True, nogil=True)
def _change(load, more, capacity, price, overload):  # type: ignore[no-untyped-def]
    """By how much the price of a load changes; 0 where capacity has no price."""
    if price == 0:
        return 0.0
    return _idle(load + more, capacity, price, overload) - _idle(load, capacity, price, overload)


@njit(cache=True, nogil=True)
def _eject(k, change, before, moved, steps, heat, now, overload, members, size, load, use, capacity, reduced, sites, count):  # type: ignore[no-untyped-def]
    """Look for the workload to eject from site ``k`` and where it goes.

    Returns value, workload, site and change without idle capacity of the best chain that ends there, then workload, site and
    change of the best one to go on with, shaken a little.
    """
    close, close_j, close_i, close_change = np.inf, -1, -1, 0.0
    onward, next_j, next_i, next_change = np.inf, -1, -1, 0.0
    for e in range(size[k]):
        w = members[k, e]
        fresh = True
        for q in range(steps):
            if moved[q] == w:
                fresh = False
        if not fresh:
            continue
        here = change - reduced[k, w]
        if now[k] > 0:
            here += _idle(load[k] - use[k, w], capacity[k], now[k], overload) - before
        if here > close and here > onward:
            continue
        for z in range(count[w]):
            t = sites[w, z]
            if t == k:
                continue
            value = here + reduced[t, w]
            if value > close and value > onward:
                break  # candidates come by reduced cost
            ends = value + _change(load[t], use[t, w], capacity[t], now[t], overload)
            if ends < close:
                close, close_j, close_i, close_change = ends, w, t, value
            shaken = value + heat * np.random.random()  # noqa: NPY002 - the compiled generator
            if shaken < onward:
                onward, next_j, next_i, next_change = shaken, w, t, value
    return close, close_j, close_i, close_change, next_j, next_i, next_change


@njit(cache=True, nogil=True)
def _chain(site, place, members, size, load, moved, origin, heat, now, overload, use, capacity, reduced, sites, count):  # type: ignore[no-untyped-def]
    """Try one chain, in place; return how many workloads it moved, 0 if it was undone."""
    j = np.random.randint(len(site))  # noqa: NPY002
    i, k = site[j], sites[j, np.random.randint(count[j])]  # noqa: NPY002
    if k == i:
        return 0
    threshold = -heat * np.log(np.random.random() + 1e-300)  # noqa: NPY002
    before = 0.0 if now[k] == 0 else _idle(load[k], capacity[k], now[k], overload)
    change = reduced[k, j] - reduced[i, j] + _change(load[i], -use[i, j], capacity[i], now[i], overload)
    done = change + _change(load[k], use[k, j], capacity[k], now[k], overload) <= threshold
    _move(j, k, site, place, members, size, load, use)
    moved[0], origin[0], steps = j, i, 1
    while not done and steps < len(moved):
        close, close_j, close_i, close_change, next_j, next_i, next_change = _eject(
            k, change, before, moved, steps, heat, now, overload, members, size, load, use, capacity, reduced, sites, count
        )
        done = close <= threshold
        if done:
            next_j, next_i, next_change = close_j, close_i, close_change
        elif close_j < 0 or steps == len(moved) - 1:
            break
        moved[steps], origin[steps] = next_j, k
        before = 0.0 if now[next_i] == 0 else _idle(load[next_i], capacity[next_i], now[next_i], overload)
        _move(next_j, next_i, site, place, members, size, load, use)
        change, k, steps = next_change, next_i, steps + 1
    if done:
        return steps
    for e in range(steps - 1, -1, -1):
        _move(moved[e], origin[e], site, place, members, size, load, use)
    return 0


@njit(cache=True, nogil=True)
def _anneal(site, best_site, best, blocks, heat, slack, overload, depth, seed, cost, use, capacity, reduced, price, sites, count):  # type: ignore[no-untyped-def]
    """Run blocks of chains from ``site``, in place; keep the best feasible point. Returns its cost."""
    np.random.seed(seed)  # noqa: NPY002
    m, n = cost.shape
    load, size = np.zeros(m), np.zeros(m, np.int64)
    members, place = np.zeros((m, n), np.int64), np.zeros(n, np.int64)
    for j in range(n):
        place[j] = size[site[j]]
        members[site[j], size[site[j]]] = j
        size[site[j]] += 1
    moved, origin = np.zeros(depth, np.int64), np.zeros(depth, np.int64)
    now = price * slack
    for _ in range(blocks):
        load[:] = 0.0
        total = 0.0
        for j in range(n):  # afresh, or rounding errors add up
            load[site[j]] += use[site[j], j]
            total += cost[site[j], j]
        for _ in range(_BLOCK):
            steps = _chain(site, place, members, size, load, moved, origin, heat, now, overload, use, capacity, reduced, sites, count)
            for e in range(steps):
                total += cost[site[moved[e]], moved[e]] - cost[origin[e], moved[e]]
            if steps and total < best:
                feasible = True
                for i in range(m):
                    if load[i] > capacity[i] * (1 + 1e-12):
                        feasible = False
                        break
                if feasible:
                    best = total
                    best_site[:] = site
    return best


def anneal(t: Terrain, start: Ints, seed: int, effort: Effort, plan: Schedule) -> tuple[float, Ints]:
    """Run one schedule from a point, which may be overloaded; return the best plan's cost (``inf`` if there was none) and sites."""
    site, best_site, best = start.copy(), start.copy(), math.inf
    blocks = effort.count(_BLOCKS_PER_S) if effort.counted else 0
    whole, done, chunk, draw = effort.left, 0, 1, seed
    while (blocks - done if effort.counted else effort.left) > 0 and not stopped():
        share = done / blocks if effort.counted else 1 - effort.left / whole
        chunk = min(chunk, blocks - done) if effort.counted else chunk
        heat = t.scale * plan.hot * (plan.cold / plan.hot) ** share
        slack = plan.slack ** max(0.0, 1 - share / _RISE)
        began = time.monotonic()
        best = _anneal(
            site, best_site, best, chunk, heat, slack, plan.overload, _DEPTH, draw % 2**32,
            t.cost, t.use, t.capacity, t.reduced, t.price, t.sites, t.count,
        )  # fmt: skip
        done += chunk
        draw = draw * 1103515245 + 12345
        pace = min(0.01 * whole, 0.3) / max(time.monotonic() - began, 1e-6)  # about a hundred adjustments in all, some per second at least
        chunk = max(1, blocks // 100 if effort.counted else int(chunk * pace))
    return best, best_site
