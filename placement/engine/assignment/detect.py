"""Recognise a program of assignment form from its rows, and carry points back to it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from placement.engine.assignment.structure import Assignment, Ints, Placing
from placement.program import Program


@dataclass(frozen=True, slots=True)
class Recognised:
    """A program in assignment form.

    Attributes
    ----------
    column
        The program's column for each pair, -1 where there is none, shape (m, n).
    opening
        The program's column for opening each site, -1 where it is open anyway, shape (m,).
    serve
        The program's row that serves each workload, shape (n,).
    """

    program: Program
    assignment: Assignment
    column: Ints
    opening: Ints
    serve: Ints

    def point(self, placing: Placing) -> np.ndarray:
        """Return a placing as values of the program's columns."""
        x = np.zeros(len(self.program.cost))
        i, j = np.nonzero(placing.share)
        x[self.column[i, j]] = placing.share[i, j]
        decided = self.opening >= 0
        x[self.opening[decided]] = placing.open[decided]
        return x

    def price(self, multipliers: np.ndarray) -> np.ndarray:
        """Return prices of the workloads as a price of every row of the program."""
        out = np.zeros(len(self.program.row_lower))
        out[self.serve] = multipliers
        return out

    def placing(self, x: np.ndarray) -> Placing:
        """Return values of the program's columns as a placing."""
        share = np.where(self.column >= 0, x[self.column], 0.0)
        return Placing(share, np.where(self.opening >= 0, x[self.opening] > 0.5, True))


def recognise(p: Program) -> Recognised | None:
    """Return a program as an assignment, or None if anything in it goes beyond that form."""
    demand = np.flatnonzero(p.workload >= 0)
    decisions = np.flatnonzero(p.workload < 0)
    if not len(demand) or not _plain_columns(p, demand, decisions):
        return None
    rows = p.rows
    n_demand = np.diff(rows[:, demand].indptr)
    n_decided = np.diff(rows[:, decisions].indptr)
    serve = _serve_rows(p, rows, demand)
    if serve is None:
        return None
    is_serve = np.zeros(len(n_demand), bool)
    is_serve[serve] = True
    counting = (n_demand == 0) & (n_decided > 0)
    limits = _count_limits(p, rows, counting, len(decisions))
    empty = (n_demand == 0) & (n_decided == 0)
    if limits is None or (p.row_lower[empty] > 0).any() or (p.row_upper[empty] < 0).any():
        return None
    links = ~is_serve & (n_demand == 1) & (n_decided == 1) & _is_link(p, rows)
    loads = ~is_serve & (n_demand > 0) & ~links
    if np.isfinite(p.row_lower[loads]).any() or (n_decided[loads] > 1).any() or np.isfinite(p.row_lower[links]).any():
        return None
    found = _sites(p, rows, demand, decisions, np.flatnonzero(loads), np.flatnonzero(links))
    return None if found is None else _dense(p, demand, found, serve, limits if len(decisions) else (0, 2**31))


def _plain_columns(p: Program, demand: Ints, decisions: Ints) -> bool:
    """Whether shares lie in 0..1, all whole or none, and every decision is yes or no."""
    boxed = (p.lower == 0).all() and (p.upper == 1).all()
    whole = p.integer[demand]
    return bool(boxed and p.integer[decisions].all() and (whole.all() or not whole.any()))


def _serve_rows(p: Program, rows: csr_array, demand: Ints) -> Ints | None:
    """Return the row of each workload: the one row in which all its columns, and nothing else, add up to 1."""
    equal = np.flatnonzero((p.row_lower == 1) & (p.row_upper == 1))
    sub = rows[equal]
    if not (sub.data == 1).all():
        return None
    a = sub.tocsc()
    per_column = np.diff(a.indptr)
    if (per_column[demand] != 1).any() or per_column[p.workload < 0].any():
        return None
    row_of = a.indices[a.indptr[demand]]
    n = len(p.optional)
    serve = np.full(n, -1)
    serve[p.workload[demand]] = row_of
    if (serve < 0).any() or len(np.unique(serve)) != n or len(equal) != n or (serve[p.workload[demand]] != row_of).any():
        return None
    return equal[serve]


def _count_limits(p: Program, rows: csr_array, counting: np.ndarray, n_decisions: int) -> tuple[int, int] | None:
    """Return how few and how many decisions may be taken, from rows that add up all of them."""
    fewest, most = 0, n_decisions
    for i in np.flatnonzero(counting):
        values = rows.data[rows.indptr[i] : rows.indptr[i + 1]]
        if len(values) != n_decisions or not (values == 1).all():
            return None
        fewest, most = max(fewest, int(np.ceil(max(p.row_lower[i], 0)))), min(most, int(np.floor(min(p.row_upper[i], n_decisions))))
    return fewest, most


def _is_link(p: Program, rows: csr_array) -> np.ndarray:
    """Whether a row of two entries reads ``x <= y``."""
    two = np.diff(rows.indptr) == 2
    out = np.zeros(len(two), bool)
    at = rows.indptr[:-1][two]
    data = np.stack([rows.data[at], rows.data[at + 1]])
    column = np.stack([rows.indices[at], rows.indices[at + 1]])
    decided = p.workload[column] < 0
    out[two] = (p.row_upper[two] == 0) & (decided.sum(axis=0) == 1) & (data == np.where(decided, -1.0, 1.0)).all(axis=0)
    return out


@dataclass(frozen=True, slots=True)
class _Sites:
    """Capacity and opening column of each site; site and use of each column."""

    capacity: np.ndarray
    opening: Ints
    site: Ints
    use: np.ndarray


def _sites(p: Program, rows: csr_array, demand: Ints, decisions: Ints, loads: Ints, links: Ints) -> _Sites | None:
    """Gather sites: one per load row, and one per decision that only links need."""
    load = rows[loads]
    load_row = np.repeat(np.arange(len(loads)), np.diff(load.indptr))
    taken = p.workload[load.indices] < 0
    opening_of_load, switched = np.full(len(loads), -1), np.zeros(len(loads))
    opening_of_load[load_row[taken]] = load.indices[taken]
    switched[load_row[taken]] = -load.data[taken]
    decided, limit = opening_of_load >= 0, p.row_upper[loads].astype(float)
    used, columns = opening_of_load[decided], load.indices[~taken]
    if (limit[decided] != 0).any() or (switched[decided] <= 0).any() or (load.data[~taken] < 0).any() or (limit < 0).any():
        return None
    if len(np.unique(used)) != len(used) or len(np.unique(columns)) != len(columns):
        return None  # one decision switches on several resources, or a column uses two
    alone = np.setdiff1d(decisions, used)
    opening = np.concatenate([opening_of_load, alone])
    capacity = np.concatenate([np.where(decided, switched, limit), np.full(len(alone), np.inf)])
    if len(decisions) and (opening < 0).any():
        return None  # some sites stand open and others are opened: not worth a special case
    site, use = np.full(len(p.cost), -1), np.zeros(len(p.cost))
    site[columns], use[columns] = load_row[~taken], load.data[~taken]
    linked = _linked_site(p, rows, links, opening)
    if linked is None or ((site >= 0) & (linked >= 0) & (site != linked)).any():
        return None
    site = np.where(site >= 0, site, linked)
    return None if (site[demand] < 0).any() else _Sites(capacity, opening, site, use)


def _linked_site(p: Program, rows: csr_array, links: Ints, opening: Ints) -> Ints | None:
    """Return for each column the site whose opening it waits for, -1 if none; None if it waits for several."""
    out = np.full(len(p.cost), -1)
    if not len(links):
        return out
    at = rows.indptr[links]
    pair = np.stack([rows.indices[at], rows.indices[at + 1]])
    first_decides = p.workload[pair[0]] < 0
    x, y = np.where(first_decides, pair[1], pair[0]), np.where(first_decides, pair[0], pair[1])
    if len(np.unique(x)) != len(x):
        return None
    site_of = np.full(len(p.cost), -1)
    site_of[opening[opening >= 0]] = np.flatnonzero(opening >= 0)
    out[x] = site_of[y]
    return out


def _dense(p: Program, demand: Ints, sites: _Sites, serve: Ints, limits: tuple[int, int]) -> Recognised | None:
    m, n = len(sites.capacity), len(p.optional)
    i, j = sites.site[demand], p.workload[demand]
    column = np.full((m, n), -1)
    column[i, j] = demand
    if (column >= 0).sum() != len(demand):
        return None  # two ways to serve a workload from one site
    cost, use = np.full((m, n), np.inf), np.zeros((m, n))
    cost[i, j], use[i, j] = p.cost[demand], sites.use[demand]
    siting = bool((p.workload < 0).any())
    found = Assignment(
        cost=cost, use=use, capacity=sites.capacity, open_cost=np.where(sites.opening >= 0, p.cost[sites.opening], 0.0),
        siting=siting, whole=bool(p.integer[demand[0]]), fewest=limits[0], most=limits[1],
    )  # fmt: skip
    return Recognised(p, found, column, sites.opening, serve)
