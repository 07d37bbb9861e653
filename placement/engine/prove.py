"""A bound that can be checked without a solver: branch and bound that keeps the dual vector of every leaf.

Best first, each node's relaxation from its parent's basis. The column to split is chosen by what splitting it raised the bound
by so far, and tried out where little is known (reliability branching: Achterberg, Koch, Martin, *Operations Research Letters*
33, 2005, 42-54). Splitting supply before workloads takes ten times the leaves on frontier-small (measured). HiGHS has cuts and
presolve besides, but leaves no duals.
"""

from __future__ import annotations

import heapq
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from placement.certificate import Proof, proves_infeasible, safe_bound
from placement.engine.highs import Arrays, Floats, Relaxation
from placement.errors import SolverError
from placement.program import Program

_CLOSE = 1e-6  # relative distance to the plan at which a leaf is done
_WHOLE = 1e-9  # distance to a whole number; smaller than HiGHS's, for what a large coefficient makes of a small fraction
_RELIABLE, _TRIES, _PATIENCE = 4, 12, 4  # times a column was split to be known; columns tried at a node, and in vain in a row
_DUAL_ENTRIES = 50_000_000  # of all leaves together, 400 MB

Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class _Node:
    """A leaf of the tree so far: bounds of the integer columns, a dual vector and the bound that it proves."""

    lower: Floats
    upper: Floats
    bound: float
    dual: Floats
    empty: bool = False
    x: Floats | None = None  # of the relaxation, integer columns only
    basis: object = None
    old: bool = False  # from an earlier proof, whose relaxation has not been solved again


@dataclass(frozen=True)
class _Split:
    """A column (place among the integer ones), where it is split, and what the two sides are."""

    place: int
    at: float
    sides: tuple[_Node, _Node]


def prove(
    whole: Arrays,
    program: Program,
    target: float,
    seconds: float,
    stop: Callable[[], bool],
    max_leaves: int = 2000,
    dual: Floats | None = None,
    earlier: Proof | None = None,
    offer: Callable[[Floats], float] | None = None,
    tell: Callable[[float], None] | None = None,
) -> Proof:
    """Return a branching tree that proves a bound; :func:`placement.certificate.proven_bound` says which.

    Parameters
    ----------
    target
        Objective of the plan in hand; the search ends when the bound is as good to a millionth. ``inf`` without a plan.
    seconds
        Wall clock allowed, s.
    stop
        Asked between relaxations; a true result ends the search with what is proven so far.
    max_leaves
        Most leaves of the tree; fewer if their dual vectors would take more than 400 MB.
    dual
        Row duals of the root, if known: the proof is never worse than them.
    earlier
        A tree of a similar program with the same rows and columns: the search goes on from its leaves, each of which is solved again only
        when it is the one with the least bound (reoptimisation: Gamrath, Hiller, Witzig, *SEA* 2015). Splits of choices are not taken over.
    offer
        Told each point with whole numbers that a relaxation has, shape (n_columns,); returns the new ``target``.
    tell
        Told the bound of the whole whenever it rises.
    """
    known = np.zeros(len(program.row_lower)) if dual is None else dual
    if not len(program.cost):  # HiGHS calls it empty whatever the rows say
        ray = _impossible_row(program, program.lower, program.upper)
        return replace(Proof.of_dual(ray), infeasible=np.ones(1, bool)) if ray.any() else Proof.of_dual(known)
    leaves = min(max_leaves, max(1, _DUAL_ENTRIES // max(1, len(known))))
    return _Search(whole, program, target, seconds, stop, offer, tell).run(leaves, known, earlier)


class _Search:
    """The tree, the relaxation, and what splitting each column has brought."""

    def __init__(
        self,
        whole: Arrays,
        program: Program,
        target: float,
        seconds: float,
        stop: Callable[[], bool],
        offer: Callable[[Floats], float] | None,
        tell: Callable[[float], None] | None,
    ) -> None:
        self.program, self.stop, self.until, self.offer, self.tell = program, stop, time.monotonic() + seconds, offer, tell
        self.aim(target)
        self.relaxation = Relaxation(whole)
        self.columns = np.flatnonzero(program.integer)
        self.supply = program.workload[self.columns] < 0
        self.raised = np.zeros((2, len(self.columns)))  # per unit of distance; left, right
        self.times = np.zeros((2, len(self.columns)))
        self.nodes: list[_Node] = []
        self.root = np.empty(0)  # dual vector
        self.children: dict[int, tuple[int, float, int]] = {}  # node -> column, at, left child; the right one comes next

    @property
    def left_s(self) -> float:
        """Seconds left; none when asked to stop."""
        return 0.0 if self.stop() else self.until - time.monotonic()

    def aim(self, target: float) -> None:
        """Set the bound at which a leaf is done."""
        self.limit = target - _CLOSE * abs(target) if math.isfinite(target) else math.inf

    def run(self, max_leaves: int, dual: Floats, earlier: Proof | None = None) -> Proof:
        """Split the leaf with the least bound until the plan is reached or time or leaves run out."""
        lower, upper = np.ceil(self.program.lower[self.columns]), np.floor(self.program.upper[self.columns])
        begin = _Node(lower, upper, self._bound(dual, lower, upper), dual, old=True)
        self.nodes, self.root = [begin], dual
        if earlier is not None and self.left_s > 0 and earlier.dual.shape[1] == len(dual) and not len(earlier.choice):
            self._take_over(earlier)
        heap = [(node.bound, i) for i, node in enumerate(self.nodes) if i not in self.children]
        heapq.heapify(heap)
        n_leaves, told = len(heap), -math.inf
        while heap and heap[0][0] < self.limit and self.left_s > 0:
            bound, number = heap[0]
            if self.tell is not None and bound > told:
                told = bound
                self.tell(bound)
            node = self.nodes[number]
            if node.old:
                self.nodes[number] = self._solved(node, node.lower, node.upper) or replace(node, old=False)
                heapq.heapreplace(heap, (self.nodes[number].bound, number))
                continue
            if n_leaves >= max_leaves:
                break
            split = self._choose(node)
            if split is None:  # the least leaf stays as it is, so the bound does as well
                break
            heapq.heappop(heap)
            self.children[number] = (int(self.columns[split.place]), split.at, len(self.nodes))
            for side in split.sides:
                heapq.heappush(heap, (side.bound, len(self.nodes)))
                self.nodes.append(side)
            self._forget(number)
            n_leaves += 1
        return self._proof()

    def _take_over(self, earlier: Proof) -> None:
        """Put an earlier tree in the place of the root; splits that lie outside a box of this program fall away."""
        place = np.full(len(self.program.cost), -1)
        place[self.columns] = np.arange(len(self.columns))
        waiting = [(0, 0, self.nodes[0].lower, self.nodes[0].upper)]  # old number, new number, box
        while waiting:
            was, number, lower, upper = waiting.pop()
            j, at = int(earlier.column[was]), float(earlier.at[was])
            if j < 0:
                dual = earlier.dual[earlier.leaf[was]]
                self.nodes[number] = self._kept(lower, upper, dual, bool(earlier.infeasible[earlier.leaf[was]]))
                continue
            k = int(place[j]) if j < len(place) and at == math.floor(at) else -1
            if k < 0 or not lower[k] <= at < upper[k]:  # no split of whole numbers, so that any side will do; or one side is all of it
                waiting.append((int((earlier.right if k >= 0 and at < lower[k] else earlier.left)[was]), number, lower, upper))
                continue
            below, above = upper.copy(), lower.copy()
            below[k], above[k] = at, at + 1
            self.children[number] = (j, at, len(self.nodes))
            self._forget(number)
            waiting += [(int(earlier.right[was]), len(self.nodes) + 1, above, upper), (int(earlier.left[was]), len(self.nodes), lower, below)]
            self.nodes += [self.nodes[number]] * 2

    def _kept(self, lower: Floats, upper: Floats, dual: Floats, empty: bool) -> _Node:
        """Return a leaf with the duals of an earlier one, as far as they still prove something."""
        if empty and proves_infeasible(self.program, dual, *self._box(lower, upper)):
            return _Node(lower, upper, math.inf, dual, empty=True)
        root = self.root  # never worse than it
        options = [(self._bound(known, lower, upper), known) for known in ([root] if empty else [dual, root])]
        bound, known = max(options, key=lambda option: option[0])
        return _Node(lower, upper, bound, known, old=True)

    def _forget(self, number: int) -> None:
        """Let go of what only a leaf needs."""
        nothing = np.empty(0)
        self.nodes[number] = _Node(nothing, nothing, self.nodes[number].bound, nothing)

    def _bound(self, dual: Floats, lower: Floats, upper: Floats) -> float:
        return safe_bound(self.program, dual, *self._box(lower, upper))

    def _box(self, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
        """Return bounds of all columns; the program's own are never rounded, since the proof's are not."""
        low, high = self.program.lower.copy(), self.program.upper.copy()
        low[self.columns] = np.where(lower > np.ceil(low[self.columns]), lower, low[self.columns])
        high[self.columns] = np.where(upper < np.floor(high[self.columns]), upper, high[self.columns])
        return low, high

    def _solved(self, parent: _Node, lower: Floats, upper: Floats) -> _Node | None:
        """Return the node of a box inside its parent's, with the better of its own and the parent's duals; None to end the search."""
        if self.left_s <= 0:
            return None
        try:
            answer, ray, basis = self.relaxation.solve(self.columns.astype(np.int32), lower, upper, self.left_s, parent.basis)
        except SolverError:  # what is proven so far stands without the solver
            return None
        box = self._box(lower, upper)
        if answer.infeasible and ray is None:  # HiGHS has no ray for a row without columns
            ray = _impossible_row(self.program, *box)
        if ray is not None and proves_infeasible(self.program, ray, *box):
            return _Node(lower, upper, math.inf, ray, empty=True)
        options = [(self._bound(parent.dual, lower, upper), parent.dual)]
        if answer.dual is not None:
            options.append((self._bound(answer.dual, lower, upper), answer.dual))
        bound, dual = max(options, key=lambda option: option[0])
        x = answer.x[self.columns] if answer.x is not None and answer.status == "kOptimal" else None
        if self.offer is not None and x is not None and answer.x is not None and bound < self.limit and (np.abs(x - np.round(x)) <= _WHOLE).all():
            self.aim(self.offer(answer.x))
        return _Node(lower, upper, bound, dual, x=x, basis=basis)

    def _choose(self, node: _Node) -> _Split | None:
        """Return the most promising split of a leaf; None if there is none, or no time to find it."""
        x = node.x if node.x is not None else np.floor((node.lower + node.upper) / 2) + 0.5  # nothing known: halve a range
        at = np.clip(np.floor(x), node.lower, node.upper - 1)
        fraction = np.clip(x - at, 0.0, 1.0)
        open_ = np.flatnonzero((node.upper > node.lower) & (np.minimum(fraction, 1 - fraction) > _WHOLE))
        best: _Split | None = None
        best_score, in_vain = -1.0, 0
        for k in self._ranked(open_, fraction)[:_TRIES]:
            known = self.times[:, k].min() >= _RELIABLE
            if best is not None and (in_vain >= _PATIENCE or known):
                break
            split = self._try(node, int(k), float(at[k]), float(fraction[k]))
            if split is None:
                return best
            score = float(_score(*(self._gain(node, side) for side in split.sides)))
            if score > best_score:
                best, best_score, in_vain = split, score, 0
            else:
                in_vain += 1
        return best

    def _try(self, node: _Node, k: int, at: float, fraction: float) -> _Split | None:
        """Solve both sides of a split and note what they brought; None when out of time."""
        lower, upper = node.lower.copy(), node.upper.copy()
        upper[k], lower[k] = at, at + 1
        left = self._solved(node, node.lower, upper)
        right = self._solved(node, lower, node.upper) if left is not None else None
        if left is None or right is None:
            return None
        for way, (side, distance) in enumerate(((left, fraction), (right, 1 - fraction))):
            self.raised[way, k] += self._gain(node, side) / max(distance, 1e-6)
            self.times[way, k] += 1
        return _Split(k, at, (left, right))

    def _gain(self, node: _Node, side: _Node) -> float:
        """Return how far a side raises the bound; beyond the plan nothing counts, and an empty side without a plan counts as much."""
        gain = min(side.bound, self.limit) - node.bound
        return max(gain, 0.0) if math.isfinite(gain) else max(1.0, abs(node.bound)) if math.isfinite(node.bound) else 1.0

    def _ranked(self, places: Ints, fraction: Floats) -> Ints:
        """Return columns to split, the most promising first; a column never split counts as the average of its kind."""
        each = np.ones_like(self.raised)
        for kind in (self.supply, ~self.supply):
            times = self.times[:, kind].sum(axis=1, keepdims=True)
            mean = np.where(times > 0, self.raised[:, kind].sum(axis=1, keepdims=True) / np.maximum(times, 1), 1.0)
            each[:, kind] = np.where(self.times[:, kind] > 0, self.raised[:, kind] / np.maximum(self.times[:, kind], 1), mean)
        score = _score(each[0] * fraction, each[1] * (1 - fraction))[places]
        return places[np.lexsort((places, ~self.supply[places], -score))]

    def _proof(self) -> Proof:
        """Return the tree; leaves that have their parent's duals share them."""
        n = len(self.nodes)
        column, left, right, leaf = (np.full(n, -1, np.int64) for _ in range(4))
        at = np.zeros(n)
        rows: dict[int, int] = {}
        duals: list[Floats] = []
        empty: list[bool] = []
        for i, node in enumerate(self.nodes):
            if i in self.children:
                column[i], at[i], left[i] = self.children[i]
                right[i] = left[i] + 1
                continue
            if id(node.dual) not in rows:
                rows[id(node.dual)] = len(duals)
                duals.append(node.dual)
                empty.append(node.empty)
            leaf[i] = rows[id(node.dual)]
        return Proof(column, at, left, right, leaf, np.array(duals), np.array(empty, bool))


def _impossible_row(program: Program, lower: Floats, upper: Floats) -> Floats:
    """Return the Farkas ray of the first row that no point of the box keeps; all 0 if there is none."""
    a = program.matrix
    positive, negative = a.maximum(0), a.minimum(0)
    over = positive @ lower + negative @ upper > program.row_upper
    under = positive @ upper + negative @ lower < program.row_lower
    ray = np.zeros(len(program.row_lower))
    for i in np.flatnonzero(over | under)[:1]:
        ray[i] = 1.0 if under[i] else -1.0
    return ray


def _score(down: Floats | float, up: Floats | float) -> Floats:
    """Return the merit of a split from how far its sides raise the bound; the product favours splits where both do."""
    return np.maximum(down, 1e-6) * np.maximum(up, 1e-6)
