r"""Dual bounds that need no solver: any dual vector gives one, a branching tree of them a better one; rounding accounted for.

For a minimisation with :math:`l^r \le Ax \le u^r`, :math:`l \le x \le u` and any :math:`y`,

.. math:: \sum_i \min_{a \in [l^r_i, u^r_i]} y_i a + \sum_j \min_{x_j \in [l_j, u_j]} (c_j - y^T A_j) x_j

is at most the optimum. Rounding errors of the reduced costs are bounded term by term (Higham, *Accuracy and Stability of
Numerical Algorithms*, 2nd ed., section 3.1) and taken to the unfavourable side; sums are exactly rounded (``math.fsum``).

Splitting the box at an integer column, :math:`x_j \le k` or :math:`x_j \ge k + 1`, loses no plan. So the least bound over the
leaves of a tree of such splits, each with its own :math:`y` and its own smaller box, is a bound on the whole.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

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
        Column split at each node, -1 for a leaf, shape (n_nodes,).
    at
        Left child: x <= at; right child: x >= at + 1; integer, 0 for a leaf, shape (n_nodes,).
    left, right
        Numbers of the children, -1 for a leaf, shape (n_nodes,).
    leaf
        Row of ``dual`` for a leaf, -1 otherwise, shape (n_nodes,).
    dual
        Row duals, shape (n_duals, n_rows).
    infeasible
        Whether each dual vector is a Farkas ray, which shows that its leaf is empty, shape (n_duals,).
    """

    column: NDArray[np.int64]
    at: Floats
    left: NDArray[np.int64]
    right: NDArray[np.int64]
    leaf: NDArray[np.int64]
    dual: Floats
    infeasible: NDArray[np.bool_]

    @classmethod
    def of_dual(cls, dual: Floats) -> Proof:
        """Return the trivial tree: one leaf with one dual vector."""
        none = np.array([-1])
        return cls(none, np.zeros(1), none, none, np.zeros(1, np.int64), np.asarray(dual, float)[None], np.zeros(1, bool))

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
        kinds = {"at": "f", "dual": "f", "infeasible": "b"}
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


def proven_bound(program: Program, proof: Proof) -> float:
    """Return a lower bound on the objective that a branching tree proves; ``-inf`` if it is no proof for this program.

    Checked: the nodes form a tree, its splits are of integer columns, at whole numbers inside the node's box, and the bound of
    every leaf in its box. A leaf said to be empty counts as such if its ray proves it; else it has the bound of no duals at all.

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
    claimed = proof.infeasible[proof.leaf[[node for node, _ in boxes]]]
    full = [b for b, empty in zip(boxes, claimed, strict=True) if not empty]
    rays = [b for b, empty in zip(boxes, claimed, strict=True) if empty]
    shown = _shows_empty(program, proof, rays)
    plain = Proof.of_dual(np.zeros(len(program.row_lower)))
    unproven = [(0, box) for (_, box), done in zip(rays, shown, strict=True) if not done]
    return float(min([*_leaf_bounds(program, proof, full), *_leaf_bounds(program, plain, unproven)], default=math.inf))


def safe_bound(program: Program, dual: Floats, lower: Floats | None = None, upper: Floats | None = None) -> float:
    """Return a lower bound on the objective that holds in exact arithmetic; ``-inf`` if ``dual`` proves nothing.

    Parameters
    ----------
    dual : ndarray, shape (n_rows,)
        Row duals, positive where the lower side of a row binds. Wrong signs and NaN are set to 0, which keeps the bound valid.
    lower, upper : ndarray, shape (n_columns,)
        Bounds of the columns in place of the program's own, for the part of the program inside them.

    Raises
    ------
    ValueError
        If the length is not the number of rows.
    """
    if dual.shape != program.row_lower.shape:
        raise ValueError(f"dual vector has {dual.size} entries, the program {len(program.row_lower)} rows")
    low, high = program.lower if lower is None else lower, program.upper if upper is None else upper
    return _bounds(program, dual[None], low[:, None], high[:, None])[0]


def proves_infeasible(program: Program, ray: Floats, lower: Floats | None = None, upper: Floats | None = None) -> bool:
    """Return whether row multipliers prove that no point satisfies the rows and bounds (Farkas' lemma).

    With no cost at all every feasible point costs 0, so a safe lower bound above 0 leaves no feasible point.
    ``lower`` and ``upper`` are as in :func:`safe_bound`.
    """
    size = float(np.abs(ray).max(initial=0.0))
    if not np.isfinite(size) or size == 0:
        return False
    free = replace(program, cost=np.zeros_like(program.cost), offset=0.0)
    return max(safe_bound(free, sign * ray / size, lower, upper) for sign in (1.0, -1.0)) > 0


Leaf = tuple[int, dict[int, tuple[float, float]]]  # node, and the bounds of the columns that were split above it


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
    if (proof.column < -1).any():
        return "a column has a negative number"
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


def _leaf_boxes(program: Program, proof: Proof) -> list[Leaf] | None:
    """Return the box of every leaf, or None if a split is not one of an integer column within its node's box."""
    leaves: list[Leaf] = []
    waiting: list[Leaf] = [(0, {})]
    while waiting:
        node, box = waiting.pop()
        j, at = int(proof.column[node]), float(proof.at[node])
        if j == -1:
            leaves.append((node, box))
            continue
        if j >= len(program.cost) or not program.integer[j]:
            return None
        low, high = box.get(j, (float(program.lower[j]), float(program.upper[j])))
        if not (low <= at < high and at == math.floor(at) and abs(at) <= _LARGEST_SPLIT):  # refuses NaN as well
            return None
        waiting += [(int(proof.right[node]), box | {j: (at + 1, high)}), (int(proof.left[node]), box | {j: (low, at)})]
    return leaves


def _shows_empty(program: Program, proof: Proof, leaves: list[Leaf]) -> NDArray[np.bool_]:
    """Return for each leaf whether its ray proves that it is empty; see :func:`proves_infeasible`."""
    free = replace(program, cost=np.zeros_like(program.cost), offset=0.0)
    size = np.abs(proof.dual).max(axis=1, initial=0.0)[:, None]
    ray = np.divide(proof.dual, size, out=np.zeros_like(proof.dual), where=np.isfinite(size) & (size > 0))
    signs = (_leaf_bounds(free, replace(proof, dual=sign * ray), leaves) for sign in (1.0, -1.0))
    return np.maximum(*signs) > 0


def _leaf_bounds(program: Program, proof: Proof, leaves: list[Leaf]) -> Floats:
    """Return the safe bound of each leaf in its box with its dual vector."""
    found: list[float] = []
    step = max(1, _CHUNK // max(1, len(program.cost), len(program.row_lower)))
    for begin in range(0, len(leaves), step):
        part = leaves[begin : begin + step]
        lower, upper = (np.repeat(side[:, None], len(part), axis=1) for side in (program.lower, program.upper))
        for k, (_, box) in enumerate(part):
            for j, (low, high) in box.items():
                lower[j, k], upper[j, k] = low, high
        found += _bounds(program, proof.dual[proof.leaf[[node for node, _ in part]]], lower, upper)
    return np.array(found, float)


def _bounds(program: Program, dual: Floats, lower: Floats, upper: Floats) -> list[float]:
    """Return a safe bound for each dual vector, shape (n, n_rows), in its box, shape (n_columns, n)."""
    y = np.where(np.isfinite(dual), dual, 0.0)
    y = np.where((y > 0) & ~np.isfinite(program.row_lower) | (y < 0) & ~np.isfinite(program.row_upper), 0.0, y)
    with np.errstate(over="ignore", invalid="ignore"):  # absurd duals overflow; then the sum is not finite and proves nothing
        return [_sum(terms) for terms in _terms(program, y, lower, upper)]


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


def _terms(program: Program, y: Floats, lower: Floats, upper: Floats) -> Floats:
    """Return the summands of the bounds, one row each, reduced costs taken to the unfavourable end of their error interval."""
    side = np.where(y > 0, program.row_lower, np.where(y < 0, program.row_upper, 0.0))
    a, cost = program.matrix, program.cost[:, None]
    reduced = cost - a.T @ y.T
    per_column = (np.diff(a.indptr) + 2)[:, None]
    magnitude = np.abs(cost) + abs(a).T @ np.abs(y.T)
    error = per_column * _UNIT / (1 - per_column * _UNIT) * magnitude * (1 + 4 * _UNIT)
    low, high = reduced - error, reduced + error
    worst = np.minimum.reduce([low * lower, low * upper, high * lower, high * upper])
    return np.concatenate([y * side, worst.T, np.full((len(y), 1), program.offset)], axis=1)
