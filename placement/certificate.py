r"""Dual bounds that need no solver: any dual vector gives one, a branching tree of them a better one; rounding accounted for.

For a minimisation with :math:`l^r \le Ax \le u^r`, :math:`l \le x \le u` and any :math:`y`,

.. math:: \sum_i \min_{a \in [l^r_i, u^r_i]} y_i a + \sum_j \min_{x_j \in [l_j, u_j]} (c_j - y^T A_j) x_j

is at most the optimum. Rounding errors of the reduced costs are bounded term by term (Higham, *Accuracy and Stability of
Numerical Algorithms*, 2nd ed., section 3.1) and taken to the unfavourable side; sums are exactly rounded (``math.fsum``).

Splitting the box at an integer column, :math:`x_j \le k` or :math:`x_j \ge k + 1`, loses no plan. Nor does splitting a choice: where a
row lets at most one of its yes/no columns be taken, none of a part of them is, or one of the part is and none of the others. So the
least bound over the leaves of a tree of such splits, each with its own :math:`y` and its own smaller box, is a bound on the whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace

import numpy as np
from numpy.typing import NDArray

from placement.knapsack_bound import knapsack_bound
from placement.program import Program

Floats = NDArray[np.float64]

_UNIT = 2.0**-53  # rounding unit of IEEE double precision
_LARGEST_SPLIT = 2.0**52  # above, k + 1 may not be a number of double precision
_CHUNK = 500_000  # entries of an array (columns x leaves) worked on at a time


@dataclass(frozen=True)
class Proof:
    """A branching tree whose leaves carry dual vectors; node 0 is the root.

    Nothing here is trusted: see :func:`proven_bound`. Leaves may share a dual vector.

    Attributes
    ----------
    column
        Column split at each node, -1 for a leaf, -2 - c for choice c, shape (n_nodes,).
    at
        Left child: x <= at; right child: x >= at + 1; integer, 0 for a leaf or a choice, shape (n_nodes,).
    left, right
        Numbers of the children, -1 for a leaf, shape (n_nodes,).
    leaf
        Row of ``dual`` for a leaf, -1 otherwise, shape (n_nodes,).
    dual
        Row duals, shape (n_duals, n_rows).
    infeasible
        Whether each dual vector is a Farkas ray, which shows that its leaf is empty, shape (n_duals,).
    price
        Prices of equality rows for a bound through knapsacks (see :mod:`placement.knapsack_bound`), shape (n_rows,) or (0,); it
        counts where it is better than the tree's.
    choice, part_start, part
        Row of each choice, shape (n_choices,), and its part: columns ``part[part_start[c] : part_start[c + 1]]``. Left child: none
        of the part is taken; right child: one of the part is, and no other column of the row.
    """

    column: NDArray[np.int64]
    at: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    leaf: NDArray[np.int64]
    dual: Floats
    infeasible: NDArray[np.bool_]
    price: Floats = field(default_factory=lambda: np.empty(0))
    choice: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    part_start: NDArray[np.int64] = field(default_factory=lambda: np.zeros(1, np.int64))
    part: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    @classmethod
    def of_prices(cls, price: Floats) -> Proof:
        """Return a proof through knapsacks alone, with the prices as the duals of its one leaf."""
        return replace(cls.of_dual(price), price=np.asarray(price, float))

    @classmethod
    def of_dual(cls, dual: Floats) -> Proof:
        """Return the trivial tree: one leaf with one dual vector."""
        none = np.array([-1])
        return cls(none, np.zeros(1), none, none, np.zeros(1, np.int64), np.asarray(dual, float)[None], np.zeros(1, bool))

    def mean_dual(self) -> Floats:
        """Return the mean dual vector of the leaves that are not shown empty, shape (n_rows,); zeros if all are."""
        return np.asarray(self.dual[~self.infeasible].mean(axis=0)) if (~self.infeasible).any() else np.zeros(self.dual.shape[1])

    def renumbered(self, column: NDArray[np.int64], row: NDArray[np.int64], n_rows: int) -> Proof:
        """Return the tree for a similar program, where it proves what it proves; a split of what is gone falls away with its right side.

        Parameters
        ----------
        column, row
            New number of each column and row, -1 for one that is gone, shapes (n_columns,) and (n_rows,).
        n_rows
            Rows of that program.
        """
        of_choice = np.repeat(np.arange(len(self.choice)), np.diff(self.part_start))
        kept = (column[self.part] >= 0) & (row[self.choice] >= 0)[of_choice]
        size = np.bincount(of_choice[kept], minlength=len(self.choice))
        alive = size > 0  # a choice without its row, or with nothing left of its part, splits nothing
        number = np.where(alive, np.cumsum(alive) - 1, -1)
        split = np.concatenate([column, number[::-1], [0]])[self.column]  # -2 - c counts from the end, a leaf is -1
        nodes: list[list[int]] = []  # old number, left, right
        waiting = [(0, 0, 0)]  # old number, new parent, side
        while waiting:
            was, parent, side = waiting.pop()
            while split[was] < 0:
                was = int(self.left[was])
            if nodes:
                nodes[parent][side] = len(nodes)
            if self.column[was] != -1:
                waiting += [(int(self.right[was]), len(nodes), 2), (int(self.left[was]), len(nodes), 1)]
            nodes.append([was, -1, -1])
        old, left, right = np.array(nodes, np.int64).T
        start = np.concatenate([[0], np.cumsum(size[alive])]).astype(np.int64)
        return Proof(
            np.where(self.column[old] < -1, -2 - split[old], np.where(self.column[old] < 0, -1, split[old])), self.at[old], left, right, self.leaf[old],
            _spread(self.dual, row, n_rows), self.infeasible, _spread(self.price, row, n_rows) if len(self.price) else self.price,
            row[self.choice][alive], start, column[self.part][kept],
        )  # fmt: skip

    def arrays(self) -> dict[str, NDArray]:
        """Return the tree as named arrays, to be stored; see :meth:`from_arrays`."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    @classmethod
    def from_arrays(cls, stored: Mapping[str, NDArray]) -> Proof:
        """Return the tree from named arrays, such as an open ``.npz`` file.

        Raises
        ------
        ValueError
            If an array is missing or of the wrong kind or shape, or they do not describe a tree.
        """
        kinds = {"at": "f", "dual": "f", "infeasible": "b", "price": "f"}
        found: dict[str, NDArray] = {}
        for f in fields(cls):
            if f.name not in stored:
                raise ValueError(f"the proof has no array '{f.name}'")
            values = np.asarray(stored[f.name])
            kind = kinds.get(f.name, "i")
            if values.dtype.kind != kind:
                raise ValueError(f"'{f.name}' of the proof is {values.dtype}, of kind '{values.dtype.kind}' instead of '{kind}'")
            found[f.name] = values.astype({"f": np.float64, "i": np.int64, "b": np.bool_}[kind])
        proof = cls(**found)
        fault = _fault(proof)
        if fault:
            raise ValueError(f"the proof is no tree: {fault}")
        return proof


def _spread(values: Floats, row: NDArray[np.int64], n_rows: int) -> Floats:
    """Return values of rows, the last axis, under new numbers."""
    out = np.zeros((*values.shape[:-1], n_rows))
    out[..., row[row >= 0]] = values[..., row >= 0]
    return out


def proven_bound(program: Program, proof: Proof) -> float:
    """Return the better of the lower bounds that a branching tree and prices for knapsacks prove; ``-inf`` if neither does.

    Where every plan costs a whole number, a bound between two of them is worth the upper one.

    Raises
    ------
    ValueError
        If dual vectors or prices do not have one entry per row.
    """
    if proof.price.shape not in ((0,), program.row_lower.shape):
        raise ValueError(f"prices have shape {proof.price.shape}, the program {len(program.row_lower)} rows")
    by_knapsacks = knapsack_bound(program, proof.price) if len(proof.price) else -math.inf
    bound = max(_tree_bound(program, proof), by_knapsacks)
    return float(math.ceil(bound)) if math.isfinite(bound) and _costs_whole_numbers(program) else bound


def _costs_whole_numbers(p: Program) -> bool:
    """Whether every plan costs a whole number that double precision holds exactly."""
    costly = p.cost != 0
    values = np.append(p.cost[costly], p.offset)
    return bool(p.integer[costly].all() and (values == np.round(values)).all() and np.abs(values).sum() < _LARGEST_SPLIT)


def _tree_bound(program: Program, proof: Proof) -> float:
    """Return the lower bound on the objective that a branching tree proves; ``-inf`` if it is no proof for this program.

    Checked: the nodes form a tree, its splits are of integer columns, at whole numbers inside the node's box, or of choices, and the
    bound of every leaf in its box. A leaf said to be empty counts as such if its ray proves it; else it has the bound of no duals at all.

    Raises
    ------
    ValueError
        If the dual vectors do not have one entry per row.
    """
    if proof.dual.ndim != 2 or proof.dual.shape[1] != len(program.row_lower):
        raise ValueError(f"dual vectors have shape {proof.dual.shape}, the program {len(program.row_lower)} rows")
    if _fault(proof):
        return -math.inf
    boxes = _leaf_boxes(program, proof)
    if boxes is None:
        return -math.inf
    claimed = proof.infeasible[proof.leaf[[leaf.node for leaf in boxes]]]
    full = [b for b, empty in zip(boxes, claimed, strict=True) if not empty]
    rays = [b for b, empty in zip(boxes, claimed, strict=True) if empty]
    shown = _shows_empty(program, proof, rays)
    plain = replace(Proof.of_dual(np.zeros(len(program.row_lower))), choice=proof.choice, part_start=proof.part_start, part=proof.part)
    unproven = [replace(leaf, node=0) for leaf, done in zip(rays, shown, strict=True) if not done]
    return float(min([*_leaf_bounds(program, proof, full), *_leaf_bounds(program, plain, unproven)], default=math.inf))


def safe_bound(program: Program, dual: Floats, lower: Floats | None = None, upper: Floats | None = None, row_lower: Floats | None = None) -> float:
    """Return a lower bound on the objective that holds in exact arithmetic; ``-inf`` if ``dual`` proves nothing.

    Parameters
    ----------
    dual : ndarray, shape (n_rows,)
        Row duals, positive where the lower side of a row binds. Wrong signs and NaN are set to 0, which keeps the bound valid.
    lower, upper : ndarray, shape (n_columns,)
        Bounds of the columns in place of the program's own, for the part of the program inside them.
    row_lower : ndarray, shape (n_rows,)
        Lower sides of the rows in place of the program's own.

    Raises
    ------
    ValueError
        If the length is not the number of rows.
    """
    if dual.shape != program.row_lower.shape:
        raise ValueError(f"dual vector has {dual.size} entries, the program {len(program.row_lower)} rows")
    low, high = program.lower if lower is None else lower, program.upper if upper is None else upper
    sides = program.row_lower if row_lower is None else row_lower
    return _bounds(program, dual[None], low[:, None], high[:, None], sides[None])[0]


def proves_infeasible(program: Program, ray: Floats, lower: Floats | None = None, upper: Floats | None = None, row_lower: Floats | None = None) -> bool:
    """Return whether row multipliers prove that no point satisfies the rows and bounds (Farkas' lemma).

    With no cost at all every feasible point costs 0, so a safe lower bound above 0 leaves no feasible point.
    ``lower``, ``upper`` and ``row_lower`` are as in :func:`safe_bound`.
    """
    size = float(np.abs(ray).max(initial=0.0))
    if not np.isfinite(size) or size == 0:
        return False
    free = replace(program, cost=np.zeros_like(program.cost), offset=0.0)
    return max(safe_bound(free, sign * ray / size, lower, upper, row_lower) for sign in (1.0, -1.0)) > 0


@dataclass(frozen=True)
class _Leaf:
    """A leaf and what was split above it."""

    node: int
    box: dict[int, tuple[float, float]]  # column -> its bounds
    chosen: dict[int, bool]  # choice -> whether one of its part is taken


def _fault(proof: Proof) -> str:
    """Return what keeps the arrays from being a tree, or blank."""
    n = len(proof.column)
    per_node = (proof.column, proof.at, proof.left, proof.right, proof.leaf)
    if n == 0 or any(a.shape != (n,) for a in per_node):
        return f"arrays over nodes have shapes {[a.shape for a in per_node]}"
    if proof.dual.ndim != 2 or proof.infeasible.shape != (len(proof.dual),):
        return f"{proof.dual.shape} dual vectors with {proof.infeasible.shape} marks"
    is_leaf = proof.column == -1
    inner = ~is_leaf
    children = np.concatenate([proof.left[inner], proof.right[inner]])
    if (proof.column < -1 - len(proof.choice)).any():
        return "a column has a negative number, or there is no such choice"
    ends = proof.part_start
    if ends.shape != (len(proof.choice) + 1,) or ends[0] != 0 or (np.diff(ends) < 0).any() or proof.part.shape != (ends[-1],):
        return "the parts of choices do not fit together"
    if (proof.left[is_leaf] != -1).any() or (proof.right[is_leaf] != -1).any() or (proof.leaf[inner] != -1).any():
        return "a leaf has children, or another node a dual vector"
    if ((proof.leaf[is_leaf] < 0) | (proof.leaf[is_leaf] >= len(proof.dual))).any():
        return "a leaf has no dual vector"
    if not np.array_equal(np.sort(children), np.arange(1, n)):  # each once, the root never
        return "a node is not the child of exactly one other"
    seen, level = 0, np.zeros(1, np.int64)
    while len(level):  # ends, since no node has two parents; a cycle apart from the root is never entered
        seen += len(level)
        below = level[inner[level]]
        level = np.concatenate([proof.left[below], proof.right[below]])
    return "" if seen == n else f"{n - seen} nodes cannot be reached from the root"


def _leaf_boxes(program: Program, proof: Proof) -> list[_Leaf] | None:
    """Return the box of every leaf, or None if a split is neither one of an integer column within its node's box nor of a choice."""
    if not all(_is_choice(program, proof, c) for c in range(len(proof.choice))):
        return None
    leaves: list[_Leaf] = []
    waiting = [_Leaf(0, {}, {})]
    while waiting:
        above = waiting.pop()
        node, box = above.node, above.box
        j, at, left, right = int(proof.column[node]), float(proof.at[node]), int(proof.left[node]), int(proof.right[node])
        if j == -1:
            leaves.append(above)
            continue
        if j < -1:  # the same choice twice is of no use, but the later answer alone holds as well
            waiting += [_Leaf(child, box, above.chosen | {-2 - j: taken}) for child, taken in ((right, True), (left, False))]
            continue
        if j >= len(program.cost) or not program.integer[j]:
            return None
        low, high = box.get(j, (float(program.lower[j]), float(program.upper[j])))
        if not (low <= at < high and at == math.floor(at) and abs(at) <= _LARGEST_SPLIT):  # refuses NaN as well
            return None
        waiting += [replace(above, node=right, box=box | {j: (at + 1, high)}), replace(above, node=left, box=box | {j: (low, at)})]
    return leaves


def _is_choice(program: Program, proof: Proof, c: int) -> bool:
    """Whether at most one column of the row of a choice can be taken in any plan, and its part are columns of that row."""
    row, part = int(proof.choice[c]), proof.part[proof.part_start[c] : proof.part_start[c + 1]]
    if not 0 <= row < len(program.row_lower):
        return False
    entries = program.rows[[row]]
    columns = entries.indices
    yes_no = program.integer[columns].all() and (program.lower[columns] == 0).all() and (program.upper[columns] == 1).all()
    return bool(yes_no and program.row_upper[row] == 1 and (entries.data == 1).all() and np.isin(part, columns).all())


def _shows_empty(program: Program, proof: Proof, leaves: list[_Leaf]) -> NDArray[np.bool_]:
    """Return for each leaf whether its ray proves that it is empty; see :func:`proves_infeasible`."""
    free = replace(program, cost=np.zeros_like(program.cost), offset=0.0)
    size = np.abs(proof.dual).max(axis=1, initial=0.0)[:, None]
    ray = np.divide(proof.dual, size, out=np.zeros_like(proof.dual), where=np.isfinite(size) & (size > 0))
    signs = (_leaf_bounds(free, replace(proof, dual=sign * ray), leaves) for sign in (1.0, -1.0))
    return np.maximum(*signs) > 0


def _leaf_bounds(program: Program, proof: Proof, leaves: list[_Leaf]) -> Floats:
    """Return the safe bound of each leaf in its box with its dual vector."""
    found: list[float] = []
    step = max(1, _CHUNK // max(1, len(program.cost), len(program.row_lower)))
    for begin in range(0, len(leaves), step):
        part = leaves[begin : begin + step]
        lower, upper = (np.repeat(side[:, None], len(part), axis=1) for side in (program.lower, program.upper))
        row_lower = np.repeat(program.row_lower[None], len(part), axis=0)
        for k, leaf in enumerate(part):
            for j, (low, high) in leaf.box.items():
                lower[j, k], upper[j, k] = low, high
            for c, taken in leaf.chosen.items():
                upper[excluded(program, proof, c, taken), k] = 0.0  # where this leaves no value the leaf is empty, and has any bound
                row_lower[k, proof.choice[c]] = 1.0 if taken else row_lower[k, proof.choice[c]]
        found += _bounds(program, proof.dual[proof.leaf[[leaf.node for leaf in part]]], lower, upper, row_lower)
    return np.array(found, float)


def excluded(program: Program, proof: Proof, c: int, taken: bool) -> NDArray[np.int64]:
    """Return the columns that are not taken: the part of choice ``c``, or the others of its row if one of the part is."""
    part = proof.part[proof.part_start[c] : proof.part_start[c + 1]]
    return np.setdiff1d(program.rows[[int(proof.choice[c])]].indices, part) if taken else part


def _bounds(program: Program, dual: Floats, lower: Floats, upper: Floats, row_lower: Floats) -> list[float]:
    """Return a safe bound for each dual vector in its box; ``dual`` and ``row_lower`` (n, n_rows), ``lower`` and ``upper`` (n_columns, n)."""
    y = np.where(np.isfinite(dual), dual, 0.0)
    y = np.where((y > 0) & ~np.isfinite(row_lower) | (y < 0) & ~np.isfinite(program.row_upper), 0.0, y)
    with np.errstate(over="ignore", invalid="ignore"):  # absurd duals overflow; then the sum is not finite and proves nothing
        return [_sum(terms) for terms in _terms(program, y, lower, upper, row_lower)]


def _sum(terms: Floats) -> float:
    """Return the sum of rounded products, rounded down; ``-inf`` if it has no finite value."""
    if not np.isfinite(terms).all():
        return -math.inf
    try:
        size = math.fsum(np.abs(terms).tolist())
    except OverflowError:
        return -math.inf
    # one rounding of each product, one each of the sum and of taking the slack off
    return math.fsum(terms.tolist()) - (4 * _UNIT * size + _UNIT)


def _terms(program: Program, y: Floats, lower: Floats, upper: Floats, row_lower: Floats) -> Floats:
    """Return the summands of the bounds, one row each, reduced costs taken to the unfavourable end of their error interval."""
    side = np.where(y > 0, row_lower, np.where(y < 0, program.row_upper, 0.0))
    a, cost = program.matrix, program.cost[:, None]
    reduced = cost - a.T @ y.T
    per_column = (np.diff(a.indptr) + 2)[:, None]
    magnitude = np.abs(cost) + abs(a).T @ np.abs(y.T)
    error = per_column * _UNIT / (1 - per_column * _UNIT) * magnitude * (1 + 4 * _UNIT)
    low, high = reduced - error, reduced + error
    worst = np.minimum.reduce([low * lower, low * upper, high * lower, high * upper])
    return np.concatenate([y * side, worst.T, np.full((len(y), 1), program.offset)], axis=1)
