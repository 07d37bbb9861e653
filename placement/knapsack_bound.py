r"""Dual bounds through one knapsack per place: stronger than those of a linear relaxation, and as free of any solver.

Price the equality rows (every workload served once) with any multipliers :math:`u` and drop them. What is left falls apart into
places :math:`i`, each with at most one resource row and one yes/no decision :math:`y_i`:

.. math:: \sum_j u_j + \min_y \sum_i V_i y_i, \qquad V_i = f_i - \max \{ \sum_j (u_j - c_{ij}) x_j : \sum_j w_{ij} x_j \le C_i \}

is at most the optimum (Geoffrion 1974, "Lagrangean relaxation for integer programming", Math. Prog. Study 2). Whole columns give a 0/1
knapsack, solved here by dynamic programming over integers; others a continuous one. ``y`` respects a limit on how many decisions
are taken, and that the capacities taken hold the least total use. Profits are rounded up and weights down, so the bound is safe.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from placement.program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_STEPS = 20_000  # capacity is held in at most so many steps when weights are not whole numbers
_LARGEST = 2**26  # whole capacities are not rescaled while capacity x things is up to here, a fraction of a second
_LEEWAY = 1e-9  # relative; what fills a place exactly fits, as in demand/pairs.py
_PROFIT_BITS = 50
_UNIT = 2.0**-52


def knapsack_bound(program: Program, price: Floats) -> float:
    """Return a lower bound on the objective from prices of the equality rows; ``-inf`` if the program does not fall apart.

    Parameters
    ----------
    price : ndarray, shape (n_rows,)
        Multipliers; only those of equality rows count. NaN counts as 0.

    Raises
    ------
    ValueError
        If the length is not the number of rows.
    """
    if price.shape != program.row_lower.shape:
        raise ValueError(f"price vector has {price.size} entries, the program {len(program.row_lower)} rows")
    counts = np.zeros(len(price), bool)
    counts[program.matrix[:, program.workload < 0].indices] = True  # rows over decisions are kept, not priced
    equal = (program.row_lower == program.row_upper) & ~counts
    u = np.where(equal & np.isfinite(price), price, 0.0)
    places = _places(program, equal)
    if places is None:
        return -math.inf
    a = program.matrix
    gain = a.T @ u - program.cost  # profit of every column
    gain += (np.diff(a.indptr) + 3) * _UNIT * (abs(a).T @ np.abs(u) + np.abs(program.cost))  # rounded up
    values, loose = _values(program, places, gain)
    chosen = _choose(program, places, values)
    terms = [*(u * np.where(equal, program.row_lower, 0.0)).tolist(), chosen, *loose.tolist(), program.offset]
    size = math.fsum(abs(t) for t in terms)
    return math.fsum(terms) - 8 * _UNIT * (size + 1)


@dataclass(frozen=True)
class _Places:
    """Where each column belongs: ``place`` per column (-1: none), its ``weight``, and decision and capacity per place."""

    place: Ints
    weight: Floats
    decision: Ints  # -1: stands open
    capacity: Floats
    needs: NDArray[np.bool_]  # the column is 0 unless its place is open
    count: tuple[float, float]  # limits on the number of decisions taken


def _places(p: Program, equal: NDArray[np.bool_]) -> _Places | None:
    """Read the places off the rows other than equalities; rows that do not fit are dropped, which keeps the bound valid."""
    if (p.lower != 0).any() or (p.upper != 1).any():
        return None
    rows = p.rows
    row = np.repeat(np.arange(len(equal)), np.diff(rows.indptr))
    decides = p.workload < 0
    at_most = ~equal & np.isfinite(p.row_upper)
    negative, positive = (np.bincount(row[mask], minlength=len(equal)) for mask in (rows.data < 0, rows.data > 0))
    decided = np.bincount(row[decides[rows.indices]], minlength=len(equal))
    ones = np.bincount(row[np.abs(rows.data) == 1], minlength=len(equal))
    link = at_most & (np.diff(rows.indptr) == 2) & (ones == 2) & (negative == 1) & (positive == 1) & (decided == 1) & (p.row_upper == 0)
    load = at_most & ~link & (positive > 0) & (((negative == 0) & (decided == 0)) | ((negative == 1) & (decided == 1) & (p.row_upper == 0)))
    loads = np.flatnonzero(load)
    place, weight = np.full(len(p.cost), -1), np.zeros(len(p.cost))
    decision, capacity = np.full(len(loads), -1), p.row_upper[loads].astype(float)
    number = np.full(len(equal), -1)
    number[loads] = np.arange(len(loads))
    mine = load[row]
    at, col, value = number[row[mine]], rows.indices[mine], rows.data[mine]
    taken = value < 0
    decision[at[taken]], capacity[at[taken]] = col[taken], -value[taken]
    if not decides[col[taken]].all() or len(np.unique(col)) != len(col) or not p.integer[col[taken]].all():
        return None
    place[col[~taken]], weight[col[~taken]] = at[~taken], value[~taken]
    lonely = np.setdiff1d(np.flatnonzero(decides & p.integer), decision)  # decisions that only links need
    decision, capacity = np.concatenate([decision, lonely]), np.concatenate([capacity, np.full(len(lonely), np.inf)])
    if not len(capacity):
        return None
    needs = (place >= 0) & (weight > 0) & (decision[place] >= 0)
    _follow_links(p, rows, np.flatnonzero(link), decides, decision, place, needs)
    return _Places(place, weight, decision, capacity, needs, _count(p, rows, decided, decision))


def _follow_links(p: Program, rows: csr_array, links: Ints, decides: NDArray[np.bool_], decision: Ints, place: Ints, needs: NDArray[np.bool_]) -> None:
    """Give columns that use nothing the place whose decision they wait for."""
    of = np.full(len(p.cost), -1)
    of[decision[decision >= 0]] = np.flatnonzero(decision >= 0)
    at = rows.indptr[links]
    pair, data = np.stack([rows.indices[at], rows.indices[at + 1]]), np.stack([rows.data[at], rows.data[at + 1]])
    first = decides[pair[0]]
    x, y = np.where(first, pair[1], pair[0]), np.where(first, pair[0], pair[1])
    good = (of[y] >= 0) & (data == np.where(decides[pair], -1.0, 1.0)).all(axis=0)
    x, to = x[good], of[y[good]]
    free = (place[x] == -1) | (place[x] == to)
    place[x[free]], needs[x[free]] = to[free], True


def _count(p: Program, rows: csr_array, decided: Ints, decision: Ints) -> tuple[float, float]:
    """Return the limits that a row over all decisions sets (``decided``: supply columns in each row); such a row may be an equality."""
    wanted = np.sort(decision[decision >= 0])
    low, high = 0.0, float(len(wanted))
    size = np.diff(rows.indptr)
    for i in np.flatnonzero((size == len(wanted)) & (decided == size) & (size > 0)):
        part = slice(rows.indptr[i], rows.indptr[i + 1])
        if (rows.data[part] == 1).all() and np.array_equal(np.sort(rows.indices[part]), wanted):
            low, high = max(low, p.row_lower[i]), min(high, p.row_upper[i])
    return low, high


def _values(p: Program, places: _Places, gain: Floats) -> tuple[Floats, Floats]:
    """Return what each place can earn with its knapsack full, rounded up, and the least cost of each column outside."""
    inside = (places.place >= 0) & (places.needs | (places.decision[places.place] < 0))  # others may be used while the place is closed
    decides = np.zeros(len(gain), bool)
    decides[places.decision[places.decision >= 0]] = True
    loose = np.minimum(-gain, 0.0)[~inside & ~decides]
    worth = np.flatnonzero(inside & (gain > 0))
    worth = worth[np.argsort(places.place[worth], kind="stable")]
    ends = np.searchsorted(places.place[worth], np.arange(len(places.capacity) + 1))
    out = np.zeros(len(places.capacity))
    for i, (begin, end) in enumerate(pairwise(ends)):
        col = worth[begin:end]
        if len(col):
            out[i] = _knapsack(gain[col], places.weight[col], places.capacity[i], bool(p.integer[col].all()))
    return out, loose


def _knapsack(gain: Floats, weight: Floats, capacity: float, whole: bool) -> float:
    """Return the most that a knapsack can hold, rounded up."""
    if weight.sum() <= capacity:
        return math.fsum(gain.tolist()) * (1 + 4 * _UNIT)
    if not whole:
        return _continuous(gain, weight, capacity)
    capacity *= 1 + _LEEWAY
    fits = weight <= capacity
    gain, weight = gain[fits], weight[fits]
    if not len(gain):
        return 0.0
    if capacity * len(gain) > _LARGEST or (weight != np.floor(weight)).any():
        scale = _STEPS / capacity
        weight, capacity = np.floor(weight * scale * (1 - 8 * _UNIT)), float(_STEPS)
    bits = 2.0 ** math.floor(_PROFIT_BITS - math.log2(max(float(gain.sum()), 1e-250)))
    best = np.zeros(int(capacity) + 1, np.int64)
    for w, g in zip(weight.astype(np.int64), np.ceil(gain * bits).astype(np.int64), strict=True):
        best[w:] = np.maximum(best[w:], best[: len(best) - w] + g)
    return float(best[-1]) / bits * (1 + 4 * _UNIT)


def _continuous(gain: Floats, weight: Floats, capacity: float) -> float:
    """Return the most that a knapsack of divisible things can hold, rounded up (Dantzig 1957)."""
    free = weight <= 0
    order = np.argsort(-gain[~free] / weight[~free], kind="stable")
    g, w = gain[~free][order], weight[~free][order]
    before = np.cumsum(w) - w
    share = np.clip((capacity - before) / w, 0.0, 1.0)
    total = math.fsum([*(g * share).tolist(), *gain[free].tolist()])
    return total + 4 * len(gain) * _UNIT * (math.fsum(gain.tolist()) + capacity * float((g / w).max(initial=0.0)))


def _choose(p: Program, places: _Places, earned: Floats) -> float:
    """Return the least cost of decisions: those that pay, within the limits on their number, and enough capacity for all."""
    decided = places.decision >= 0
    value = np.sort(_net_cost(p, places, earned)[decided])
    low, high = (int(max(0, math.ceil(places.count[0]))), int(min(len(value), math.floor(places.count[1]))))
    taken = min(max(int((value < 0).sum()), low), high)
    by_count = math.fsum(value[:taken].tolist())
    standing = -math.fsum(earned[~decided].tolist())
    return standing + max(by_count, _cover(p, places, earned))


def _net_cost(p: Program, places: _Places, earned: Floats) -> Floats:
    """Return what each decision costs beyond what its place earns, rounded down (of no meaning where a place stands open)."""
    return np.asarray(np.nextafter(p.cost[places.decision] - earned, -np.inf))


def _cover(p: Program, places: _Places, earned: Floats) -> float:
    """Return the least cost of decisions whose capacities hold the least total use, whole numbers only where capacities are alike."""
    decided = places.decision >= 0
    if not decided.any() or not decided.all() or not np.isfinite(places.capacity).all():
        return -math.inf
    value, size = _net_cost(p, places, earned), places.capacity
    need = _least_use(p, places)
    if np.ptp(size) == 0:
        need = math.ceil(need / size[0] - 1e-9) * size[0]
    share = (value < 0).astype(float)  # the others are taken by price of capacity, the last one in part
    rest = np.flatnonzero(share == 0)
    rest = rest[np.argsort(value[rest] / size[rest], kind="stable")]
    lacking = need - float(size @ share) - (np.cumsum(size[rest]) - size[rest])
    share[rest] = np.clip(lacking / size[rest], 0.0, 1.0)
    terms = value * share
    slack = (64 + 4 * len(terms)) * _UNIT
    return math.fsum(terms.tolist()) - slack * math.fsum(np.abs(terms).tolist())


def _least_use(p: Program, places: _Places) -> float:
    """Return the least total use of capacity, rounded down: by the rows of ones over columns of one workload that serve a share of it."""
    rows = p.rows
    size = np.diff(rows.indptr)
    row = np.repeat(np.arange(len(size)), size)
    of, least, most = np.full(len(size), -1), np.full(len(size), np.inf), np.full(len(size), -1)
    of[row] = p.workload[rows.indices]
    np.minimum.at(least, row, places.weight[rows.indices])
    np.maximum.at(most, row, np.where((rows.data == 1) & (p.workload[rows.indices] == of[row]), 0, 1))
    serves = (most == 0) & (of >= 0) & (p.row_lower > 0)
    use = np.zeros(len(p.optional))
    np.maximum.at(use, of[serves], least[serves] * p.row_lower[serves])
    return float(use.sum()) * (1 - 64 * _UNIT)
