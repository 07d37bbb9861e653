"""Branch and bound on knapsack bounds: is there a plan worth at most so much?

Every node follows subgradients for a few steps, then turns every pair's decision round in its knapsack, and drops the pairs
that no plan within the cutoff uses. Asking for the least value not ruled out, then for the next, keeps
the trees small where a linear relaxation leaves thousands of pairs (Posta, Ferland, Michelon, *Computational Optimization and Applications*
52, 2012, 629-644). Sites stand open.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from placement.engine.assignment.decomposition import ascend
from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.structure import Assignment, Floats, Ints
from placement.engine.effort import Effort
from placement.parallel import stopped

_STEPS_FIRST, _STEPS_LATER = 20, 10  # of subgradients at a node, before and after pairs were dropped
_NODES_PER_S = 200.0  # nominal, for counted work
_AGAIN = 0.1  # share of free pairs dropped that makes another round of bounding worth it
_EVEN = 0.005  # of the room left: losses below count as this when a pair to branch on is chosen


class Reply(StrEnum):
    """What came of a question."""

    FOUND = "found"
    NONE = "none"
    OPEN = "open"  # no answer within the effort


@dataclass(frozen=True, slots=True)
class Node:
    """Part of an assignment: ``rest`` has the workloads still free, in the order of ``free``; the others stand at ``site``."""

    rest: Assignment
    free: Ints
    site: Ints  # of every workload, -1 where free
    spent: float  # cost of those that stand
    u: Floats  # prices of the free ones
    depth: int = 0


def whole(a: Assignment, u: Floats) -> Node:
    """Return the node that leaves everything open."""
    pairs = np.where(a.allowed, a.cost, np.inf)
    return Node(replace(a, cost=pairs, open_cost=np.zeros(a.m)), np.arange(a.n), np.full(a.n, -1), math.fsum(a.open_cost), np.array(u, float))


def penalties(knapsacks: Knapsacks, filled: Filled, room: float) -> Floats:
    """Return by how much the bound rises if a workload goes to a site, shape (m, n): the pair goes in, its pairs elsewhere go out."""
    loss = knapsacks.losses(filled, room)
    out = np.where(filled.taken > 0, np.where(np.isfinite(loss), loss, 0.0), 0.0)
    inside = np.where(filled.taken > 0, 0.0, loss)
    return np.asarray(inside + out.sum(axis=0) - out)


def drop(node: Node, pairs: np.ndarray) -> Node | None:
    """Keep only some pairs, and place the workloads that have one left; None if one has none or capacity does not suffice."""
    rest = node.rest
    cost, capacity, site, spent = np.where(pairs, rest.cost, np.inf), rest.capacity, node.site.copy(), node.spent
    free = np.arange(rest.n)
    while True:
        options = np.isfinite(cost[:, free]).sum(axis=0)
        if (options == 0).any():
            return None
        single = free[options == 1]
        if not len(single):
            break
        at = np.isfinite(cost[:, single]).argmax(axis=0)
        capacity = capacity - np.bincount(at, rest.use[at, single], rest.m)
        if (capacity < -1e-12 * (1 + rest.capacity)).any():
            return None
        capacity = np.maximum(capacity, 0.0)
        site[node.free[single]] = at
        spent += math.fsum(cost[at, single])
        free = free[options > 1]
        cost = np.where(rest.use > capacity[:, None] * (1 + 1e-12), np.inf, cost)
    left = replace(rest, cost=np.ascontiguousarray(cost[:, free]), use=np.ascontiguousarray(rest.use[:, free]), capacity=capacity)
    return Node(left, node.free[free], site, spent, node.u[free], node.depth)


def _tighten(node: Node, cutoff: float, aim: float, steps: int) -> tuple[Node | None, Floats | None, float]:
    """Bound a node and drop pairs until little more goes; with the penalties of what is left and the room below the cutoff.

    No node comes back if it is ruled out, no penalties if it is a plan.
    """
    while len(node.free):
        knapsacks = Knapsacks(node.rest)
        best = ascend(knapsacks, node.u, Effort(), aim, most=steps, enough=cutoff - node.spent)
        room, steps = cutoff - node.spent - best.bound, _STEPS_LATER
        if room < 0:
            return None, None, 0.0
        if (best.taken.sum(axis=0) == 1).all():  # a plan, worth what the bound says
            return drop(node, best.taken > 0), None, 0.0
        rise, pairs = penalties(knapsacks, best, room), np.isfinite(node.rest.cost)
        keep = pairs & (rise <= room)
        smaller = drop(replace(node, u=best.u), keep)
        if smaller is None:
            return None, None, 0.0
        if len(smaller.free) and keep.sum() > (1 - _AGAIN) * pairs.sum():
            return smaller, np.where(np.isfinite(smaller.rest.cost), rise[:, smaller.site[node.free] < 0], np.inf), room
        node = smaller
    return (node if node.spent <= cutoff else None), None, 0.0


def _split(node: Node, rise: Floats, room: float) -> tuple[Node | None, Node | None]:
    """Branch on the pair that raises the bound on both sides: the workload goes there, or it does not."""
    rank = np.sort(rise, axis=0)
    score = np.maximum(rank[0], _EVEN * room) * np.minimum(np.maximum(rank[1], _EVEN * room), room)
    j = int(score.argmax())
    i = int(rise[:, j].argmin())
    yes, no = np.isfinite(node.rest.cost), np.isfinite(node.rest.cost)
    yes[:, j], yes[i, j], no[i, j] = False, True, False
    deeper = replace(node, depth=node.depth + 1)
    return drop(deeper, yes), drop(deeper, no)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of a question, the sites of the plan that was found, the nodes not yet looked at and how many were."""

    reply: Reply
    site: Ints | None
    left: list[Node]
    nodes: int


def ask(stack: list[Node], cutoff: float, aim: float, effort: Effort, stop: Callable[[], bool] = stopped) -> Answer:
    """Look, depth first, among some nodes (last one first) for a plan worth at most ``cutoff``.

    Parameters
    ----------
    aim
        Distance between bound and optimum to expect, see :func:`placement.engine.assignment.decomposition.ascend`.
    stop
        Asked at every node whether to give up.
    """
    stack, nodes = list(stack), 0
    allowed = effort.count(_NODES_PER_S) if effort.counted else 2**62
    while stack:
        if nodes >= allowed or effort.left <= 0 or stop():
            return Answer(Reply.OPEN, None, stack, nodes)
        nodes += 1
        tight, rise, room = _tighten(stack.pop(), cutoff, aim, _STEPS_FIRST)
        if tight is None:
            continue
        if rise is None:
            return Answer(Reply.FOUND, tight.site, stack, nodes)
        yes, no = _split(tight, rise, room)
        stack += [child for child in (no, yes) if child is not None]
    return Answer(Reply.NONE, None, stack, nodes)
