"""A bound for large programs that can be checked without a solver: a tree that splits the choices with most at stake.

Each node's relaxation is solved over few columns with all others priced out (:mod:`placement.engine.nodes`), so a node takes tenths
of a second where the whole relaxation takes half a minute. What splitting a choice or a column brought before decides what is
split next, and is tried out where little is known (reliability branching: Achterberg, Koch, Martin, *Operations Research
Letters* 33, 2005, 42-54).
"""

from __future__ import annotations

import heapq
import math
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from placement.certificate import Proof
from placement.engine.choices import Choices, Part, find_choices, parts
from placement.engine.highs import Floats
from placement.engine.nodes import NodeProgram, Solved
from placement.engine.pricing import Box
from placement.errors import SolverError
from placement.parallel import stopped
from placement.program import Program

_TRIES, _MOST_TRIES, _RELIABLE = 4, 30, 2  # splits tried at a node while little is known, and while none brings much; times until a split counts as known
_MUCH = 3e-4  # of the bound: by less on its worse side a split does not bring much
_FRACTION, _LEAST_FRACTION = 0.02, 1e-6  # from a whole number: what is split, and what is where nothing else is left
_MOST = 0.05  # what a side gains beyond this share of the bound does not count
_STEP, _STEPS = 0.01, 100
_LATE, _LATE_GAIN = 0.2, 0.1  # beyond its share a tree goes on while this last part of its time has brought this part of what it gained
_DUAL_ENTRIES = 25_000_000  # of all leaves together, 200 MB

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Split:
    """A choice with a part, or a column (``part`` is None) at a whole number."""

    key: tuple[str, int]
    part: Part | None
    column: int
    at: float
    fraction: float  # how far the left side moves the relaxation


@dataclass(frozen=True, eq=False)
class _Node:
    """A leaf so far: the splits above it with the side taken, and its relaxation."""

    path: tuple[tuple[_Split, bool], ...]
    solved: Solved


@dataclass
class _Known:
    """What splits of a kind raised the bound by, per unit of distance; left and right."""

    raised: list[float] = field(default_factory=lambda: [0.0, 0.0])
    times: int = 0


class Tree:
    """Branch and bound for the bound alone, to be carried on as long as one likes.

    Parameters
    ----------
    keep
        Columns to begin with.
    dual
        Row duals of the root, if known.
    """

    def __init__(self, program: Program, keep: Mask, dual: Floats | None = None, seed: int = 0) -> None:
        self.program = program
        self.choices: Choices = find_choices(program)
        self.relaxation = NodeProgram(program, self.choices, keep, seed)
        self.stake = self._stakes()
        self.known: defaultdict[tuple[str, int], _Known] = defaultdict(_Known)
        known = np.zeros(len(program.row_lower)) if dual is None else dual
        box = self._box(())
        begin = Solved(self.relaxation.pricing.bound(known, box), known)
        self.nodes: list[_Node] = [_Node((), begin)]
        self.children: dict[int, tuple[_Split, int]] = {}  # node -> split, left child; the right one comes next
        self.heap: list[tuple[float, int]] = [(begin.bound, 0)]
        self.solves = 0

    @property
    def bound(self) -> float:
        """Bound of the whole so far; ``inf`` when nothing is left."""
        return self.heap[0][0] if self.heap else math.inf

    @property
    def leaves(self) -> int:
        """Leaves so far."""
        return len(self.nodes) - len(self.children)

    def run(self, target: float, seconds: float, stop: Callable[[], bool], max_solves: int = 1_000_000) -> None:
        """Split the leaf with the least bound until the target is reached, or time, relaxations or room for leaves run out."""
        until = time.monotonic() + seconds
        most = max(2, _DUAL_ENTRIES // max(1, len(self.program.row_lower)))

        def left() -> float:
            return 0.0 if stop() or self.solves >= max_solves else until - time.monotonic()

        while self.heap and self.bound < target and self.leaves < most and left() > 0:
            number = self.heap[0][1]
            node = self.nodes[number]
            if node.solved.x is None:
                solved = self._solve((), node, left(), target)
                if solved is None or solved.x is None:
                    break
                self._replace(number, solved)
                continue
            found = self._choose(node, left, target)
            if found is None:
                break
            split, sides = found
            heapq.heappop(self.heap)
            self.children[number] = (split, len(self.nodes))
            for side in sides:
                heapq.heappush(self.heap, (side.solved.bound, len(self.nodes)))
                self.nodes.append(side)
            self.nodes[number] = _Node((), Solved(node.solved.bound, np.empty(0)))  # let go of what only a leaf needs

    def _replace(self, number: int, solved: Solved) -> None:
        """Take in a leaf's own relaxation."""
        before = self.nodes[number]
        if solved.bound < before.solved.bound and not solved.empty:
            solved = replace(solved, bound=before.solved.bound, dual=before.solved.dual)
        self.nodes[number] = _Node(before.path, solved)
        heapq.heapreplace(self.heap, (solved.bound, number))

    def _stakes(self) -> Floats:
        """Return the most that a column of each choice costs or earns, shape (n_rows,)."""
        stake, row = np.zeros(len(self.program.row_lower)), self.choices.share_row
        np.maximum.at(stake, row[row >= 0], np.abs(self.program.cost[row >= 0]))
        return stake

    def _box(self, path: tuple[tuple[_Split, bool], ...]) -> Box:
        """Return the box of a node."""
        p = self.program
        lower, upper, row_lower = p.lower.copy(), p.upper.copy(), p.row_lower.copy()
        for split, right in path:
            if split.part is None:
                if right:
                    lower[split.column] = max(lower[split.column], split.at + 1)
                else:
                    upper[split.column] = min(upper[split.column], split.at)
            elif right:
                upper[np.setdiff1d(p.rows[[split.part.row]].indices, split.part.columns)] = 0.0
                row_lower[split.part.row] = 1.0
            else:
                upper[split.part.columns] = 0.0
        return Box(lower, upper, row_lower)

    def _solve(self, more: tuple[tuple[_Split, bool], ...], node: _Node, seconds: float, limit: float) -> Solved | None:
        """Return the relaxation of a node, or of a side of it; never below the node's own bound."""
        if seconds <= 0:
            return None
        self.solves += 1
        try:
            solved = self.relaxation.solve(self._box(node.path + more), seconds, node.solved.basis, limit)
        except SolverError:  # what is proven so far stands without the solver
            return None
        if solved is None:
            return Solved(node.solved.bound, node.solved.dual)
        if not solved.empty and solved.bound < node.solved.bound:
            return replace(solved, bound=node.solved.bound, dual=node.solved.dual)
        return solved

    def _choose(self, node: _Node, left: Callable[[], float], target: float) -> tuple[_Split, tuple[_Node, _Node]] | None:
        """Return the best split of a node and its two sides; None to end the search."""
        splits = self._splits(node, _FRACTION) or self._splits(node, _LEAST_FRACTION)
        best: tuple[float, _Split, tuple[_Node, _Node]] | None = None
        much = (_MUCH * abs(node.solved.bound)) ** 2
        for tried in range(min(_MOST_TRIES, len(splits))):
            split = max(splits, key=self._merit)  # anew each time: what was tried tells of the others
            if best is not None and ((tried >= _TRIES and best[0] >= much) or (self.known[split.key].times >= _RELIABLE and best[0] >= self._merit(split))):
                break
            splits.remove(split)
            one = self._solve(((split, False),), node, left(), target)
            other = self._solve(((split, True),), node, left(), target) if one is not None else None
            if one is None or other is None:
                break
            most = min(target, node.solved.bound + _MOST * abs(node.solved.bound))
            gains = [min(side.bound, most) - node.solved.bound for side in (one, other)]
            self._learn(split, gains)
            score = max(gains[0], 1e-6) * max(gains[1], 1e-6)
            if best is None or score > best[0]:
                best = (score, split, (_Node((*node.path, (split, False)), one), _Node((*node.path, (split, True)), other)))
        return None if best is None else best[1:]

    def _splits(self, node: _Node, some: float) -> list[_Split]:
        """Return ways to split a node where its relaxation is fractional."""
        p, x = self.program, node.solved.values(len(self.program.cost))
        off = p.integer & (np.abs(x - np.round(x)) > some)
        rows = np.unique(self.choices.share_row[off])
        found: list[_Split] = []
        for row in rows[(rows >= 0)]:
            if self.choices.whole[row]:
                found += [_Split(("choice", int(row)), part, -1, 0.0, part.taken) for part in parts(p, int(row), x, some)[:1]]
        covered = (self.choices.share_row >= 0) & self.choices.whole[self.choices.share_row]
        for j in np.flatnonzero(off & ~covered):
            at = math.floor(x[j])
            found.append(_Split(("column", int(j)), None, int(j), float(at), float(x[j] - at)))
        return found

    def _merit(self, split: _Split) -> float:
        """Return how much a split promises: the product of what its sides raise the bound by."""
        known = self.known[split.key]
        if known.times:
            down, up = (r / known.times for r in known.raised)
        else:
            down = up = self._guess(split)
        return max(down * split.fraction, 1e-6) * max(up * (1 - split.fraction), 1e-6)

    def _guess(self, split: _Split) -> float:
        """Return what a split never tried may bring per unit: its stake, times what stakes of its kind brought."""
        kind = split.key[0]
        tried = [(key[1], known) for key, known in self.known.items() if key[0] == kind and known.times]
        brought = sum(sum(known.raised) / (2 * known.times) for _, known in tried)
        stakes = sum(self._stake(kind, number) for number, _ in tried)
        return self._stake(kind, split.key[1]) * ((brought + 1e-3) / max(stakes, 1e-9) if tried else 1.0)

    def _stake(self, kind: str, number: int) -> float:
        return float(self.stake[number]) if kind == "choice" else 1.0

    def _learn(self, split: _Split, gains: list[float]) -> None:
        known = self.known[split.key]
        for way, distance in ((0, split.fraction), (1, 1 - split.fraction)):
            known.raised[way] += max(gains[way], 0.0) / max(distance, 0.05)
        known.times += 1

    def proof(self) -> Proof:
        """Return the tree as a proof; leaves that have their parent's duals share them."""
        n = len(self.nodes)
        column, left, right, leaf = (np.full(n, -1, np.int64) for _ in range(4))
        at = np.zeros(n)
        rows: dict[int, int] = {}
        duals: list[Floats] = []
        empty: list[bool] = []
        chosen: list[Part] = []
        for i, node in enumerate(self.nodes):
            if i in self.children:
                split, left[i] = self.children[i]
                right[i] = left[i] + 1
                if split.part is None:
                    column[i], at[i] = split.column, split.at
                else:
                    column[i] = -2 - len(chosen)
                    chosen.append(split.part)
                continue
            if id(node.solved.dual) not in rows:
                rows[id(node.solved.dual)] = len(duals)
                duals.append(node.solved.dual)
                empty.append(node.solved.empty)
            leaf[i] = rows[id(node.solved.dual)]
        start = np.cumsum([0] + [len(c.columns) for c in chosen]).astype(np.int64)
        part = np.concatenate([np.empty(0, np.int64)] + [c.columns for c in chosen])
        choice = np.array([c.row for c in chosen], np.int64)
        return Proof(column, at, left, right, leaf, np.array(duals), np.array(empty, bool), choice=choice, part_start=start, part=part)


class _Worth:
    """Whether a tree still gains enough to be grown beyond its share of the time."""

    def __init__(self, bound: float, seconds: float, most: float) -> None:
        self._began, self._seconds, self._most = time.monotonic(), seconds, most
        self._seen = [(0.0, bound)]

    @property
    def spent(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._began

    def going_on(self, bound: float) -> bool:
        """Take in the bound of now; beyond the share, the last part of the time must have brought its part of the whole gain."""
        spent = self.spent
        self._seen.append((spent, bound))
        if spent < self._seconds:
            return True
        before = next(b for at, b in reversed(self._seen) if at <= (1 - _LATE) * spent)
        return spent < self._most and bound - before >= _LATE_GAIN * (bound - self._seen[0][1])


def grow(program: Program, keep: Mask, dual: Floats, bound: float, share: tuple[float, float], seed: int) -> Proof:
    """Return the proof of a tree grown for its share of the time, or until the pool whose task this is stops.

    Parameters
    ----------
    keep, dual
        See :class:`Tree`.
    bound
        Bound of the root. Leaves a hundredth above it are left alone until no lower one is left, then two hundredths, and so on.
    share
        Seconds, and the most seconds if the bound keeps rising.
    """
    worth = _Worth(bound, *share)
    tree = Tree(program, keep, dual, seed)
    for step in range(1, _STEPS + 1):
        target = bound + step * _STEP * abs(bound)
        tree.run(target, share[1] - worth.spent, lambda: stopped() or not worth.going_on(tree.bound))
        if tree.bound < target:
            break
    return tree.proof()
