r"""Branch and bound over the choice of sites with a pool of Benders cuts, for workloads that may be split over few large sites.

Every price vector u ever looked at gives the cut :math:`\text{cost}(y) \ge \sum_j u_j + \sum_i V_i(u) y_i` (see
:mod:`~placement.engine.assignment.lagrangian`), valid in every node. A node (sites open, sites closed, the others free) is bounded by the best
cut of the pool over the choices that it allows, then by subgradient steps of its own, which add a cut. The choice of sites that a
node prefers is placed exactly by a transport program, whose prices give the cut that is tight there. Best bound first.

Sources: J. F. Benders, Partitioning procedures, Numerische Mathematik 4 (1962); M. Fischetti, I. Ljubić, M. Sinnl, Benders decomposition
without separability, EJOR 253 (2016); J. E. Beasley, EJOR 33 (1988).
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from placement.engine.assignment.lagrangian import Lagrangian, Prices
from placement.engine.assignment.restricted import place_with_prices
from placement.engine.assignment.structure import Assignment, Placing
from placement.engine.effort import Effort

_NODES_PER_S = 20.0  # nominal, for counted work
_POOL = 400  # cuts kept
_CANDIDATES = 8  # sites tried for branching
_NODE_STEPS, _NODE_LENGTH, _PATIENCE = 40, 0.15, 4  # subgradient steps in a node, how long they are at first
_PLACE_ALL, _PLACE_EVERY = 40, 5  # the first nodes' choices are placed all, later ones' not: it costs as much as the steps
Mask = NDArray[np.bool_]


def sub_assignment(a: Assignment, sites: Mask) -> Assignment:
    """Return the assignment over some sites only."""
    return replace(a.part(np.flatnonzero(sites)), fewest=min(a.fewest, int(sites.sum())))


@dataclass(order=True, slots=True)
class _Node:
    bound: float
    number: int
    is_in: Mask = field(compare=False)
    is_out: Mask = field(compare=False)


class _Pool:
    """Benders cuts as rows; the least used of the old ones make room."""

    def __init__(self, lagrangian: Lagrangian) -> None:
        self._lagrangian = lagrangian
        self.prices: list[Prices] = []
        self._constant, self._value = np.zeros(0), np.zeros((0, lagrangian.a.m))
        self._used = np.zeros(0)

    def add(self, found: Prices) -> None:
        if len(self.prices) >= _POOL:
            gone = 1 + int(np.argmin(self._used[1:-20]))
            del self.prices[gone]
            self._constant, self._used = np.delete(self._constant, gone), np.delete(self._used, gone)
            self._value = np.delete(self._value, gone, axis=0)
        self.prices.append(found)
        self._constant = np.r_[self._constant, math.fsum(found.u)]
        self._value = np.vstack([self._value, found.value])
        self._used = np.r_[self._used * 0.99, 1.0]

    def bound(self, is_in: Mask, is_out: Mask) -> tuple[float, Prices]:
        """Return the best bound that a single cut gives for a node, and the cut."""
        a, fewest = self._lagrangian.a, self._lagrangian.fewest
        inside = int(is_in.sum())
        free = np.sort(self._value[:, ~(is_in | is_out)], axis=1)
        rank = np.arange(free.shape[1])
        taken = ((free < 0) | (rank < fewest - inside)) & (rank < a.most - inside)
        total = self._constant + self._value[:, is_in].sum(axis=1) + np.where(taken, free, 0.0).sum(axis=1)
        k = int(np.argmax(total))
        self._used[k] += 1
        return float(total[k]) - 1e-12 * abs(float(total[k])), self.prices[k]


def branch(a: Assignment, first: list[Prices], forced: Mask, upper: float, effort: Effort, *, offer: Callable[[Placing], object],
           watch: Callable[[float], float], rel_gap: float = 1e-6, max_nodes: int | None = None) -> float:  # fmt: skip
    """Search all choices of sites; return a proven bound on plans better than ``upper`` (``upper`` itself when nothing is left).

    Parameters
    ----------
    first
        Prices to begin the pool with, for all sites of ``a``.
    forced
        Sites that are open in every plan of interest, shape (m,).
    upper
        Value of the best plan known.
    offer
        Called with each plan found.
    watch
        Called with the bound after every node; says how good the best plan known to anybody is, ``-inf`` to stop the search.
    """
    search = _Search(a, first, upper, offer)
    heap = [_Node(search.pool.bound(forced, ~forced & False)[0], 0, forced, np.zeros_like(forced))]
    allowed = effort.count(_NODES_PER_S) if effort.counted else 2**31
    allowed = min(allowed, max_nodes) if max_nodes is not None else allowed
    number = 0
    while heap and number < 2 * allowed:
        node = heap[0]
        if node.bound >= search.good_enough(rel_gap):
            return min(node.bound, search.upper, search.undecided)
        known = watch(node.bound)
        if effort.left <= 0 or known == -math.inf:
            break
        search.upper = min(search.upper, known)
        heapq.heappop(heap)
        children = search.split(node, effort, search.good_enough(rel_gap))
        for child in children:
            number += 1
            child.number = number
            heapq.heappush(heap, child)
        number += not children
    return min([search.upper, search.undecided, *(node.bound for node in heap[:1])])


class _Search:
    def __init__(self, a: Assignment, first: list[Prices], upper: float, offer: Callable[[Placing], object]) -> None:
        self.a, self.upper, self._offer = a, upper, offer
        self.lagrangian = Lagrangian(a)
        self.pool = _Pool(self.lagrangian)
        for prices in first:
            self.pool.add(prices)
        self._placed: dict[bytes, float] = {}  # bounds of choices that were placed
        self.undecided = math.inf  # least bound of nodes given up
        self._nodes = 0

    def good_enough(self, rel_gap: float) -> float:
        """Bound from which on a node is of no interest."""
        return self.upper - rel_gap * abs(self.upper) * 0.5 if math.isfinite(self.upper) else math.inf

    def split(self, node: _Node, effort: Effort, enough: float) -> list[_Node]:
        """Bound a node better; return its children, none if nothing better than ``enough`` can be in it."""
        is_in, is_out = node.is_in, node.is_out
        bound, start = self.pool.bound(is_in, is_out)
        bound = max(bound, node.bound)
        if bound >= enough:
            return []
        found = self.lagrangian.improve(
            start.u, effort, self.upper, ~is_out, is_in, patience=_PATIENCE, length=_NODE_LENGTH, smallest=_NODE_LENGTH / 20, steps=_NODE_STEPS
        )
        self.pool.add(found)
        self._nodes += 1
        free = ~(is_in | is_out)
        decided = not free.any()
        if decided or self._nodes <= _PLACE_ALL or self._nodes % _PLACE_EVERY == 0:
            placed = self._place(self._preferred(found, is_in, is_out), effort)
            bound = max(bound, placed) if decided else bound
        bound = max(bound, self.pool.bound(is_in, is_out)[0])
        if bound >= enough or bound >= self.good_enough(0.0):
            return []
        if decided:
            self.undecided = min(self.undecided, bound)  # placed, or out of time: there is nothing to split
            return []
        return self._best_children(node, found, bound, enough)

    def _best_children(self, node: _Node, found: Prices, bound: float, enough: float) -> list[_Node]:
        """Branch on the site, among those that the averaged solution opens by halves, whose children the pool bounds best."""
        free = ~(node.is_in | node.is_out)
        doubtful = np.argsort(np.where(free, np.abs(found.share - 0.5), np.inf), kind="stable")[: min(_CANDIDATES, int(free.sum()))]
        best: tuple[float, list[_Node]] = (-1.0, [])
        for site in doubtful:
            children = [c for c in (self._child(node, int(site), opened, bound) for opened in (True, False)) if c is not None and c.bound < enough]
            if len(children) < 2:
                return children
            rise = [max(c.bound - bound, 1e-6 * abs(bound) * 1e-3) for c in children]
            if rise[0] * rise[1] > best[0]:
                best = rise[0] * rise[1], children
        return best[1]

    def _child(self, node: _Node, site: int, opened: bool, bound: float) -> _Node | None:
        a = self.a
        is_in, is_out = node.is_in.copy(), node.is_out.copy()
        (is_in if opened else is_out)[site] = True
        if is_in.sum() == a.most:
            is_out = ~is_in
        need = max(self.lagrangian.fewest, 1)
        if (~is_out).sum() < need or is_in.sum() > a.most or a.capacity[~is_out].sum() < self.lagrangian.least_use * (1 - 1e-9):
            return None
        if (~is_out).sum() == need:
            is_in = ~is_out
        return _Node(max(bound, self.pool.bound(is_in, is_out)[0]), 0, is_in, is_out)

    def _preferred(self, found: Prices, is_in: Mask, is_out: Mask) -> Mask:
        """Sites that the node's prices choose, and as many more as capacity asks for."""
        value = np.where(is_in, -np.inf, np.where(is_out, np.inf, found.value))
        order = np.argsort(value, kind="stable")
        k = int(np.clip((value < 0).sum(), min(self.lagrangian.fewest, self.a.m), self.a.most))
        room = np.cumsum(self.a.capacity[order])
        k = max(k, int((room < self.lagrangian.least_use).sum()) + 1)
        chosen = np.zeros(self.a.m, bool)
        chosen[order[:k]] = True
        return chosen & ~is_out

    def _place(self, chosen: Mask, effort: Effort) -> float:
        """Place the workloads on given sites, once; return a bound on what that costs."""
        key = chosen.tobytes()
        if key in self._placed:
            return self._placed[key]
        placing, root = place_with_prices(self.a, chosen, None if effort.counted else effort)
        self._placed[key] = -math.inf if root is None else root.bound
        if root is not None:
            self.pool.add(self.lagrangian.prices(root.u))
        if placing is not None and (value := placing.value(self.a)) < self.upper:
            self.upper = value
            self._offer(placing)
        return self._placed[key]
