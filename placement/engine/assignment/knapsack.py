"""Exact 0/1 knapsacks per site, and the bound they give when the serve rows are priced (Lagrangian relaxation).

With a price ``u[j]`` for serving workload j, the program falls apart into one knapsack per site, and ``sum(u) - sum of their
values`` is a lower bound whatever the prices are. The knapsacks are solved by the states that grow around the break item
(Pisinger, *Operations Research* 45, 1997, 758-767): weights may be fractional and capacities large, and few items are looked at.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from placement.engine.assignment.root import choose_sites, fewest_open
from placement.engine.assignment.structure import Assignment, Floats

Marks = NDArray[np.uint8]

_STATES, _STEPS = 1 << 14, 1 << 18  # room for undominated states and for the decisions that led to them
_SLACK = 1e-12  # relative; the same leeway as :attr:`Assignment.allowed` has
_TIE = 1e-10  # states that promise no more than this are dropped, and what they promise is counted
_EXACT = 1e-11  # relative to the sum of all terms: what floating point may have added to a bound


@njit(cache=True, nogil=True)
def _grow(weights, profits, tails, count, w_item, p_item, item, capacity, best, r_left, r_right, new_w, new_p, new_t, parent, step, steps):  # type: ignore[no-untyped-def]
    """Merge the states with the same states changed by one item; keep the undominated ones that may still beat ``best``.

    ``r_left`` is the ratio of the next item that may be taken out, ``r_right`` of the next that may be put in. Returns the number of
    states and of steps, the best profit, the step that led to it (-2: no better one) and the largest bound of states that were dropped.
    """
    a = b = kept = 0
    tail, lost, top = -2, -np.inf, -np.inf
    tolerance = _TIE * (1.0 + best)
    while a < count or b < count:
        changed = a >= count or (b < count and (weights[b] + w_item < weights[a] or (weights[b] + w_item == weights[a] and profits[b] + p_item >= profits[a])))
        if changed:
            w, p, origin = weights[b] + w_item, profits[b] + p_item, tails[b]
            b += 1
        else:
            w, p, origin = weights[a], profits[a], tails[a]
            a += 1
        if p <= top:
            continue
        top = p
        bound = p + (capacity - w) * (r_right if w <= capacity else r_left)
        if w > capacity and r_left == np.inf:
            continue
        fits = w <= capacity and p > best
        if not fits and bound <= best + tolerance:
            lost = max(lost, bound)
            continue
        if kept >= len(new_w) or steps >= len(parent):
            lost = max(lost, bound, p if fits else -np.inf)
            continue
        if changed:
            parent[steps], step[steps] = origin, item
            origin = steps
            steps += 1
        if fits:
            best, tail = p, origin
        new_w[kept], new_p[kept], new_t[kept] = w, p, origin
        kept += 1
    return kept, steps, best, tail, lost


@njit(cache=True, nogil=True)
def _knapsack(profit, weight, capacity, taken, weights, profits, tails, new_w, new_p, new_t, parent, step):  # type: ignore[no-untyped-def]
    """Fill one knapsack: mark the items ``taken`` and return an upper bound on the value (the value itself unless room ran out)."""
    limit = capacity * (1 + _SLACK)
    taken[:] = 0
    n, k, fixed = len(profit), 0, 0.0
    chosen = np.empty(n, np.int64)
    for j in range(n):
        if profit[j] > 0 and weight[j] <= limit:
            if weight[j] <= 0:
                taken[j] = 1
                fixed += profit[j]
            else:
                chosen[k] = j
                k += 1
    ratio = np.empty(k)
    for e in range(k):
        ratio[e] = -profit[chosen[e]] / weight[chosen[e]]
    order = np.argsort(ratio)
    items = chosen[:k][order]
    ratio = -ratio[order]
    w, p, b = 0.0, 0.0, 0
    while b < k and w + weight[items[b]] <= limit:
        w += weight[items[b]]
        p += profit[items[b]]
        taken[items[b]] = 1
        b += 1
    if b == k:
        return fixed + p
    weights[0], profits[0], tails[0] = w, p, -1
    count, steps, best, tail, over = 1, 0, p, -1, -np.inf
    left, right = b - 1, b
    while count > 0 and (left >= 0 or right < k):
        if right < k:
            j = items[right]
            right += 1
            r_left, r_right = ratio[left] if left >= 0 else np.inf, ratio[right] if right < k else 0.0
            count, steps, best, found, lost = _grow(
                weights, profits, tails, count, weight[j], profit[j], j, limit, best, r_left, r_right, new_w, new_p, new_t, parent, step, steps
            )
            tail, over = found if found != -2 else tail, max(over, lost)
            weights, profits, tails, new_w, new_p, new_t = new_w, new_p, new_t, weights, profits, tails
        if left >= 0:
            j = items[left]
            left -= 1
            r_left, r_right = ratio[left] if left >= 0 else np.inf, ratio[right] if right < k else 0.0
            count, steps, best, found, lost = _grow(
                weights, profits, tails, count, -weight[j], -profit[j], j, limit, best, r_left, r_right, new_w, new_p, new_t, parent, step, steps
            )
            tail, over = found if found != -2 else tail, max(over, lost)
            weights, profits, tails, new_w, new_p, new_t = new_w, new_p, new_t, weights, profits, tails
    while tail >= 0:
        taken[step[tail]] ^= 1
        tail = parent[tail]
    return fixed + max(best, over)


@njit(cache=True, nogil=True)
def _fill_all(u, cost, use, capacity, states, steps, value, taken):  # type: ignore[no-untyped-def]
    """Solve every site's knapsack with profits ``u - cost`` into ``value`` (m,) and ``taken`` (m, n)."""
    m, n = cost.shape
    weights, profits, tails = np.empty(states), np.empty(states), np.empty(states, np.int64)
    new_w, new_p, new_t = np.empty(states), np.empty(states), np.empty(states, np.int64)
    parent, step = np.empty(steps, np.int64), np.empty(steps, np.int64)
    profit = np.empty(n)
    for i in range(m):
        for j in range(n):
            profit[j] = u[j] - cost[i, j]
        value[i] = _knapsack(profit, use[i], capacity[i], taken[i], weights, profits, tails, new_w, new_p, new_t, parent, step)


@njit(cache=True, nogil=True)
def _losses(u, cost, use, capacity, states, steps, value, taken, room, loss):  # type: ignore[no-untyped-def]
    """Write into ``loss`` (m, n) by how much a site's value falls at least if a pair's decision is turned round; exact up to ``room``."""
    m, n = cost.shape
    weights, profits, tails = np.empty(states), np.empty(states), np.empty(states, np.int64)
    new_w, new_p, new_t = np.empty(states), np.empty(states), np.empty(states, np.int64)
    parent, step = np.empty(steps, np.int64), np.empty(steps, np.int64)
    profit, ratio, scratch = np.empty(n), np.empty(n), np.empty(n, np.uint8)
    for i in range(m):
        for j in range(n):
            profit[j] = u[j] - cost[i, j]
            ratio[j] = -profit[j] / use[i, j] if use[i, j] > 0 and profit[j] > 0 else np.inf
        order = np.argsort(ratio)
        left, relaxed, price = capacity[i] * (1 + _SLACK), 0.0, 0.0
        for j in range(n):
            if use[i, j] <= 0 and profit[j] > 0:
                relaxed += profit[j]
        for e in range(n):  # linear relaxation of the knapsack: price of capacity at the break item
            j = order[e]
            if ratio[j] == np.inf:
                break
            if use[i, j] > left:
                price = -ratio[j]
                relaxed += left * price
                break
            left -= use[i, j]
            relaxed += profit[j]
        for j in range(n):
            at_least = value[i] - relaxed + (profit[j] - price * use[i, j] if taken[i, j] else price * use[i, j] - profit[j])
            loss[i, j] = max(0.0, at_least)
            fits = use[i, j] <= capacity[i] * (1 + _SLACK)
            if not fits or not np.isfinite(cost[i, j]):
                loss[i, j] = np.inf
            elif at_least <= room:
                kept, gain = profit[j], 0.0 if taken[i, j] else profit[j]
                profit[j] = 0.0
                remaining = capacity[i] if taken[i, j] else max(0.0, capacity[i] - use[i, j])
                other = _knapsack(profit, use[i], remaining, scratch, weights, profits, tails, new_w, new_p, new_t, parent, step)
                profit[j] = kept
                loss[i, j] = max(0.0, value[i] - gain - other)


@dataclass(frozen=True, slots=True)
class Filled:
    """All knapsacks at one price vector.

    Attributes
    ----------
    bound
        Lower bound on the objective.
    u
        Prices of the serve rows, shape (n,).
    value
        Value of each site's knapsack (an upper bound on it where memory ran out), shape (m,).
    taken
        What is in them, shape (m, n).
    chosen
        Sites that the bound opens, shape (m,); all where none is opened by decision.
    """

    bound: float
    u: Floats
    value: Floats
    taken: Marks
    chosen: NDArray[np.bool_]


class Knapsacks:
    """The knapsacks of an assignment of whole workloads, to be filled at one price vector after another."""

    def __init__(self, a: Assignment) -> None:
        self.a, self._fewest = a, fewest_open(a)
        self._cost = np.ascontiguousarray(np.where(a.allowed, a.cost, np.inf))
        self._use = np.ascontiguousarray(a.use)

    def fill(self, u: Floats) -> Filled:
        """Solve all knapsacks at prices ``u``."""
        a = self.a
        value, taken = np.empty(a.m), np.empty((a.m, a.n), np.uint8)
        _fill_all(np.ascontiguousarray(u, float), self._cost, self._use, a.capacity, _STATES, _STEPS, value, taken)
        site = a.open_cost - value
        if not a.siting:
            total, chosen = math.fsum(site), np.ones(a.m, bool)
        else:
            total, _ = choose_sites(site, self._fewest, a.most)
            chosen = np.zeros(a.m, bool)
            chosen[np.argsort(site, kind="stable")[: int(np.clip((site < 0).sum(), min(self._fewest, a.m), a.most))]] = True
        size = float(np.abs(u).sum() + np.abs(site).sum())
        return Filled(math.fsum([*u, total]) - _EXACT * size, np.array(u, float), value, taken, chosen)

    def losses(self, filled: Filled, room: float) -> Floats:
        """Return by how much each site's value falls at least if a pair is used that is not in ``taken``, or the other way round.

        Exact up to ``room``, at least ``room`` where it is above; ``inf`` for pairs that are not allowed. Shape (m, n). Where sites are given,
        no plan worth less than ``filled.bound + loss`` turns the pair's decision round.
        """
        loss = np.empty((self.a.m, self.a.n))
        _losses(filled.u, self._cost, self._use, self.a.capacity, _STATES, _STEPS, filled.value, filled.taken, room, loss)
        return loss
