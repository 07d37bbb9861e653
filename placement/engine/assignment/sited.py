"""Branch and bound by HiGHS on chosen pairs and sites, with a row for the capacity of all sites together.

Written without rows ``x <= y``, and with the sum of all capacity rows and serve rows, ``sum capacity y >= sum use``: it follows from the others,
but the solver finds cover cuts on opening decisions in it (knapsack cover inequalities: K. Aardal, *Mathematics of Operations Research* 23,
1998, 552-577), which prove bounds where sites are few and dear. Capacity rows keep their own units: whole numbers are worth more there
than scaling.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from placement.engine.assignment.restricted import Restricted
from placement.engine.assignment.root import fewest_open, usable
from placement.engine.assignment.structure import Assignment, Floats, Placing
from placement.engine.effort import Effort
from placement.engine.highs import Arrays, Run, solve

_NODES_PER_S = 40.0  # nominal, for counted work
Mask = NDArray[np.bool_]


def solve_sited(a: Assignment, pairs: Mask, *, effort: Effort, open_fixed: NDArray[np.int8] | None = None, start: Placing | None = None,
                rel_gap: float = 1e-6, seed: int = 0, watch: Callable[[float, float], bool] | None = None) -> Restricted:  # fmt: skip
    """Solve the program with opening decisions over some pairs; those of ``start`` are added.

    Parameters
    ----------
    open_fixed
        1 open, 0 closed, -1 free for each site, shape (m,).
    start
        A feasible point to begin with; left out where it breaks ``open_fixed``.
    watch
        Called now and then with (objective, bound); a true result stops the run.
    """
    fixed = np.full(a.m, -1, np.int8) if open_fixed is None else open_fixed
    if start is not None and ((start.open & (fixed == 0)) | (~start.open & (fixed == 1))).any():
        start = None
    pairs = (pairs if start is None else pairs | (start.share > 0)) & usable(a) & (fixed != 0)[:, None]
    nothing = np.zeros(a.n)
    if not pairs.any(axis=0).all():
        return Restricted(None, math.inf, "kInfeasible", nothing)
    i, j = np.nonzero(pairs)
    sites = np.flatnonzero(fixed != 0)
    nodes = effort.count(_NODES_PER_S) if effort.counted else None
    run = Run(time_limit_s=effort.left, rel_gap=rel_gap, seed=seed, max_nodes=nodes)
    first = None if start is None else np.r_[start.open[sites].astype(float), start.share[i, j]]
    answer = solve(_arrays(a, pairs, fixed, sites), run, first, watch)
    if answer.x is None:
        return Restricted(None, math.inf if answer.infeasible else answer.bound, answer.status, nothing)
    share, is_open = np.zeros((a.m, a.n)), np.zeros(a.m, bool)
    share[i, j] = answer.x[len(sites) :]
    is_open[sites] = answer.x[: len(sites)] > 0.5
    return Restricted(Placing((share > 0.5).astype(float) if a.whole else share, is_open), answer.bound, answer.status, nothing)


def _arrays(a: Assignment, pairs: Mask, fixed: NDArray[np.int8], sites: NDArray[np.int64]) -> Arrays:
    """Columns: opening of sites, pairs. Rows: serve, capacity, number of open sites, capacity in all, links of pairs that use none."""
    i, j = np.nonzero(pairs)
    s, k, n = len(sites), len(i), a.n
    at = np.searchsorted(sites, i)
    least = np.where(usable(a), a.use, np.inf).min(axis=0).sum()
    room = np.minimum(a.capacity, np.where(pairs, a.use, 0.0).sum(axis=1))[sites]
    opening, pair = np.arange(s), s + np.arange(k)
    free = np.flatnonzero(a.use[i, j] <= 0)
    row = np.concatenate([j, n + at, n + opening, np.full(s, n + s), np.full(s, n + s + 1), np.tile(n + s + 2 + np.arange(len(free)), 2)])
    column = np.concatenate([pair, pair, opening, opening, opening, pair[free], at[free]])
    in_all = np.minimum(a.capacity[sites], least)
    value = np.concatenate([np.ones(k), a.use[i, j], -room, np.ones(s), in_all, np.ones(len(free)), -np.ones(len(free))])
    rows = n + s + 2 + len(free)
    kept = value != 0
    matrix = csc_array((value[kept], (row[kept], column[kept])), shape=(rows, s + k))
    lower = np.r_[np.ones(n), np.full(s, -np.inf), float(fewest_open(a)), _below(least), np.full(len(free), -np.inf)]
    upper = np.r_[np.ones(n), np.zeros(s), float(min(a.most, a.m)), np.inf, np.zeros(len(free))]
    integer = np.r_[np.ones(s, bool), np.full(k, a.whole)]
    return Arrays(np.r_[a.open_cost[sites], a.cost[i, j]], matrix, lower, upper, np.r_[(fixed[sites] == 1).astype(float), np.zeros(k)], np.ones(s + k), integer)


def _below(total: Floats) -> float:
    """Return a sum less what rounding may have added."""
    return float(total) * (1 - 1e-12)
