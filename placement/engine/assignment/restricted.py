r"""Branch and bound by HiGHS on chosen pairs and sites of an assignment, and exact placing once the open sites are fixed.

A bound proven on chosen pairs does not hold for all pairs unless no other pair can be in a better plan. For whole workloads
reduced costs tell; for workloads that may be split they do not, because a tiny share of a pair costs little. There the *rest* closes the
hole: for each workload one column that stands for all pairs left out. With root prices :math:`v \le 0` and reduced costs
:math:`r_{ij}`, a pair costs at least :math:`r_{ij} + u_j + v_i a_{ij}`, so

.. math:: \sum_{(i,j) \text{ out}} c_{ij} x_{ij} \ge \sum_j (u_j + \min_i r_{ij})\, o_j + \sum_i v_i g_i, \qquad \sum_i g_i \le \sum_j \max_i a_{ij}\, o_j

with :math:`o_j` the share of workload j on pairs left out and :math:`g_i` the capacity of site i that such shares use. The program with
o and g in place of those pairs is a relaxation of the whole. If its solution has o = 0, it solves the whole; otherwise the pairs
behind o are taken in and it is solved again.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from placement.engine.assignment.root import Root, fewest_open, solve_root, usable
from placement.engine.assignment.structure import Assignment, Floats, Ints, Placing
from placement.engine.effort import Effort
from placement.engine.highs import Arrays, Run, solve

_NODES_PER_S = 40.0  # nominal, for counted work
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Restricted:
    """What branch and bound gave.

    Attributes
    ----------
    placing
        The best point found, exactly feasible; ``None`` without one.
    bound
        Bound on the restricted program (with the rest: on the whole); ``inf`` if there is no point.
    status
        HiGHS's word: kOptimal, kInfeasible, kTimeLimit, ...
    outside
        How much of each workload the solution leaves to the rest, shape (n,).
    """

    placing: Placing | None
    bound: float
    status: str
    outside: Floats


def solve_restricted(a: Assignment, pairs: Mask, *, effort: Effort, open_fixed: NDArray[np.int8] | None = None, links: Mask | None = None,
                     start: Placing | None = None, rest: Root | None = None, rel_gap: float = 1e-6, seed: int = 0,
                     watch: Callable[[float, float], bool] | None = None) -> Restricted:  # fmt: skip
    """Solve the program over some pairs.

    Parameters
    ----------
    pairs
        Pairs that may be used; those of ``start`` are added.
    open_fixed
        1 open, 0 closed, -1 free for each site, shape (m,).
    links
        Pairs for which the row ``x <= y`` is written, shape (m, n); default: all. Without it the capacity row (or, at sites without a
        limit, one row for all pairs of the site) ties the pair to its site.
    start
        A feasible point to begin with; left out where it breaks ``open_fixed``.
    rest
        Root whose prices stand for all pairs left out: then the bound holds for all pairs (split workloads only).
    watch
        Called now and then with (objective, bound); a true result stops the run.
    """
    fixed = np.full(a.m, -1, np.int8) if open_fixed is None else open_fixed
    if start is not None and a.siting and ((start.open & (fixed == 0)) | (~start.open & (fixed == 1))).any():
        start = None
    pairs = pairs if start is None else pairs | (start.share > 0)
    model = _Model(a, pairs, fixed, np.ones_like(pairs) if links is None else links, None if a.whole else rest)
    if model.unserved:
        return Restricted(None, math.inf, "kInfeasible", np.zeros(a.n))
    nodes = effort.count(_NODES_PER_S) if effort.counted else None
    run = Run(time_limit_s=effort.left, rel_gap=rel_gap, seed=seed, max_nodes=nodes)
    answer = solve(model.arrays, run, None if start is None else model.point(start), watch)
    if answer.x is None:
        return Restricted(None, math.inf if answer.infeasible else answer.bound, answer.status, np.zeros(a.n))
    outside = np.zeros(a.n)
    outside[model.rest_j] = answer.x[model.first_rest : model.first_rest + len(model.rest_j)]
    outside[outside < 1e-7] = 0.0
    return Restricted(model.placing(answer.x), answer.bound, answer.status, outside)


class _Model:
    """Columns: opening of sites, pairs, the rest's o, the rest's g. Rows: serve, capacity, number of open sites, the rest's balance, links."""

    def __init__(self, a: Assignment, pairs: Mask, fixed: NDArray[np.int8], links: Mask, rest: Root | None) -> None:
        self.a = a
        useful = usable(a) & (fixed != 0)[:, None]
        if rest is not None:
            pairs = pairs | (rest.reduced <= 0)  # the rest's prices hold for pairs without a link price
        self.i, self.j = np.nonzero(pairs & useful)
        self.sites = np.flatnonzero(fixed != 0) if a.siting else np.zeros(0, np.int64)
        out = useful & ~pairs if rest is not None else np.zeros_like(useful)
        self.rest_j = np.flatnonzero(out.any(axis=0))
        self.rest_i = np.flatnonzero(out.any(axis=1) & (rest.v < 0)) if rest is not None and len(self.rest_j) else np.zeros(0, np.int64)
        self.first_pair = len(self.sites)
        self.first_rest = self.first_pair + len(self.i)
        served = np.zeros(a.n, bool)
        served[self.j], served[self.rest_j] = True, True
        self.unserved = not served.all() or int((fixed == 1).sum()) > a.most
        self.arrays = self._arrays(fixed, links, out, rest)

    def _arrays(self, fixed: NDArray[np.int8], links: Mask, out: Mask, rest: Root | None) -> Arrays:
        a, i, j, sites = self.a, self.i, self.j, self.sites
        m, n, width = a.m, a.n, self.first_rest + len(self.rest_j) + len(self.rest_i)
        limited = np.isfinite(a.capacity) & (a.capacity > 0)
        per_capacity = np.where(limited, 1 / np.where(limited, a.capacity, 1.0), 0.0)
        pair, site = self.first_pair + np.arange(len(i)), np.arange(len(sites))
        entries = [(j, pair, np.ones(len(i))), (n + i, pair, a.use[i, j] * per_capacity[i])]
        lower, upper = np.full(n + m + 2, -np.inf), np.full(n + m + 2, np.inf)
        lower[:n], upper[:n], upper[n : n + m][limited] = 1.0, 1.0, 0.0 if a.siting else 1.0
        if a.siting:
            lower[n + m], upper[n + m] = fewest_open(a), min(a.most, m)
            entries += [(n + sites, site, -limited[sites].astype(float)), (np.full(len(sites), n + m), site, np.ones(len(sites)))]
            tie, tie_lower, tie_upper = self._links(fixed, links, limited, n + m + 2)
            entries, lower, upper = entries + tie, np.r_[lower, tie_lower], np.r_[upper, tie_upper]
        o, g = self.first_rest + np.arange(len(self.rest_j)), self.first_rest + len(self.rest_j) + np.arange(len(self.rest_i))
        rest_cost = np.zeros(0)
        if rest is not None and len(o):
            least = rest.u[self.rest_j] + np.where(out, rest.reduced, np.inf)[:, self.rest_j].min(axis=0)
            rest_cost = np.r_[least, rest.v[self.rest_i] * a.capacity[self.rest_i]]
            scale = float(np.median(a.capacity[self.rest_i])) if len(g) else 1.0
            most_used = np.where(out, a.use, 0.0)[:, self.rest_j].max(axis=0)
            entries += [(self.rest_j, o, np.ones(len(o))), (n + self.rest_i, g, np.ones(len(g)))]
            entries += [(np.full(len(o), n + m + 1), o, -most_used / scale), (np.full(len(g), n + m + 1), g, a.capacity[self.rest_i] / scale)]
            upper[n + m + 1] = 0.0
        row, column, value = (np.concatenate(part) for part in zip(*entries, strict=True))
        kept = value != 0
        matrix = csc_array((value[kept], (row[kept], column[kept])), shape=(len(lower), width))
        used = np.diff(matrix.tocsr().indptr) > 0
        used[(lower > 0) | (upper < 0)] = True  # an empty row may still say that there is no plan
        at_least = np.r_[(fixed[sites] == 1).astype(float), np.zeros(width - len(sites))]
        integer = np.r_[np.ones(len(sites), bool), np.full(len(i), a.whole), np.zeros(width - self.first_rest, bool)]
        cost, offset = np.r_[a.open_cost[sites], a.cost[i, j], rest_cost], 0.0 if a.siting else math.fsum(a.open_cost)
        return Arrays(cost, csc_array(matrix.tocsr()[used]), lower[used], upper[used], at_least, np.ones(width), integer, offset)

    def _links(self, fixed: NDArray[np.int8], links: Mask, limited: Mask, first: int) -> tuple[list[tuple[Ints, Ints, Floats]], Floats, Floats]:
        """Rows ``x <= y``, and ``sum x <= k y`` for sites whose capacity row does not tie all pairs that have no such row."""
        at = np.cumsum(fixed != 0) - 1  # column of a site
        free = fixed[self.i] < 0
        tied = np.flatnonzero(free & links[self.i, self.j])
        row = np.arange(len(tied))
        entries = [(first + row, self.first_pair + tied, np.ones(len(tied))), (first + row, at[self.i[tied]], -np.ones(len(tied)))]
        loose = np.flatnonzero(free & ~links[self.i, self.j] & ~(limited[self.i] & (self.a.use[self.i, self.j] > 0)))
        sites, group, count = np.unique(self.i[loose], return_inverse=True, return_counts=True)
        first += len(tied)
        entries += [(first + group, self.first_pair + loose, np.ones(len(loose))), (first + np.arange(len(sites)), at[sites], -count.astype(float))]
        rows = len(tied) + len(sites)
        return entries, np.full(rows, -np.inf), np.zeros(rows)

    def point(self, placing: Placing) -> Floats:
        """Return a placing as values of the columns."""
        return np.r_[placing.open[self.sites].astype(float), placing.share[self.i, self.j], np.zeros(len(self.arrays.cost) - self.first_rest)]

    def placing(self, x: Floats) -> Placing | None:
        """Return values of the columns as an exactly feasible placing; the rest, if used, is placed anew."""
        a = self.a
        is_open = np.ones(a.m, bool)
        if a.siting:
            is_open = np.zeros(a.m, bool)
            is_open[self.sites] = x[: self.first_pair] > 0.5
        share = np.zeros((a.m, a.n))
        share[self.i, self.j] = x[self.first_pair : self.first_rest]
        if a.whole:
            return Placing((share > 0.5).astype(float), is_open)
        return place(a, is_open, hint=share > 1e-9)


def place(a: Assignment, is_open: Mask, effort: Effort | None = None, hint: Mask | None = None) -> Placing | None:
    """Return the cheapest way to split the workloads over given sites; ``None`` if there is none (or no time).

    Parameters
    ----------
    hint
        Pairs likely to be used, shape (m, n).
    """
    return place_with_prices(a, is_open, effort, hint)[0]


def place_with_prices(a: Assignment, is_open: Mask, effort: Effort | None = None, hint: Mask | None = None) -> tuple[Placing | None, Root | None]:
    """As :func:`place`, with the prices; they count the sites given only, and their bound holds for these: a high one if nothing fits."""
    at = np.flatnonzero(is_open)
    if not len(at):
        return None, None
    given = replace(a.standing(at), whole=False)
    root: Root | None = None
    for margin in (0.0, 1e-9):  # a little less capacity, where rounding would break it
        found = solve_root(replace(given, capacity=given.capacity * (1 - margin)), effort or Effort(), start=None if hint is None else hint[at])
        root = root or found
        if not found.converged:
            break
        share = np.zeros((a.m, a.n))
        share[at] = _exact(given, found.share)
        placing = Placing(share, is_open.copy())
        if placing.overload(a) == 0:
            return placing, root
    return None, root


def _exact(a: Assignment, share: Floats) -> Floats:
    """Clear solver noise: flows of whole units are made whole where all data are, shares sum to one."""
    share = np.where(share > 1e-10, share, 0.0)
    demand = a.use.max(axis=0)
    alike = (np.where(np.isfinite(a.cost), a.use, demand) == demand).all()
    limits = a.capacity[np.isfinite(a.capacity)]
    if alike and (demand > 0).all() and (demand == np.round(demand)).all() and (limits == np.round(limits)).all():
        flow = share * demand
        if np.abs(flow - np.round(flow)).max(initial=0.0) < 1e-4 and (np.round(flow).sum(axis=0) == demand).all():
            return np.asarray(np.round(flow) / demand)
    total = share.sum(axis=0)
    return np.asarray(share / np.where(total > 0, total, 1.0))
