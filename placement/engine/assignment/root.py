r"""Linear relaxation of an assignment by column generation, with the rows ``x <= y`` added when they are violated.

With prices :math:`u` of the serve rows and :math:`v \le 0` of the capacity rows, every site stands for itself:

.. math:: L(u, v) = \sum_j u_j + \min_{y} \sum_i V_i y_i, \quad V_i = f_i + v_i C_i + \sum_j \min(0, c_{ij} - u_j - v_i a_{ij})

where y keeps to the limits on the number of open sites. This holds for any :math:`u` and :math:`v \le 0`, so the bound is valid however
the linear program ended; and it takes the rows ``x <= y`` of **all** pairs into account, also of those never added. The
search for columns is over when L meets the value of the linear program.

Sources: G. B. Dantzig, P. Wolfe, Decomposition principle for linear programs, Operations Research 8 (1960); lazy links as
in P. Avella, M. Boccia, A cutting plane algorithm for the capacitated facility location problem, COAP 43 (2009).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from placement.engine.assignment.structure import Assignment, Floats, Ints
from placement.engine.effort import Effort
from placement.engine.highs import Answer, Master

_ROUNDS_PER_S = 20.0  # nominal, for counted work
_VIOLATED = 1e-7  # a share this much above its site's opening breaks the link


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """What the linear relaxation says about an :class:`Assignment`.

    Attributes
    ----------
    value
        Objective of the restricted linear program; the relaxation's own value if ``converged``, otherwise above it.
    bound
        Safe bound of ``u`` and ``v``: valid whatever happened.
    u, v
        Prices of the serve rows, shape (n,), and of the capacity rows, <= 0, shape (m,).
    reduced
        Reduced costs with the prices of the links, >= 0, ``inf`` where not allowed, shape (m, n). Using all of a pair costs at least
        this much more than ``bound``, and ``reduced_open`` of its site on top where that is positive.
    reduced_open
        By how much the bound rises if the site is opened, or (negative) falls short if it is not, shape (m,).
    share, open
        The solution, shapes (m, n) and (m,).
    rounds, columns, links
        Rounds of pricing, pairs and ``x <= y`` rows in the linear program at the end.
    """

    value: float
    bound: float
    u: Floats
    v: Floats
    reduced: Floats
    reduced_open: Floats
    share: Floats
    open: Floats
    rounds: int
    columns: int
    links: int
    converged: bool


@dataclass(frozen=True, slots=True)
class Priced:
    """All pairs priced at once: ``bound``, pair costs before links (m, n), site values V (m,) and single-flip penalties (m,)."""

    bound: float
    pair: Floats
    site: Floats
    reduced_open: Floats


def usable(a: Assignment) -> NDArray[np.bool_]:
    """Return the pairs that can carry anything at all, shape (m, n)."""
    return a.allowed & ((a.use <= 0) | (a.capacity[:, None] > 0))


def fewest_open(a: Assignment) -> int:
    """Return how many sites every plan opens: by the case's own limit and by the largest capacities."""
    if not a.siting:
        return a.m
    need = float(np.where(usable(a), a.use, np.inf).min(axis=0, initial=np.inf).sum())
    reach = np.cumsum(np.sort(np.where(a.capacity > 0, a.capacity, 0.0))[::-1])
    return max(a.fewest, 1 if a.n else 0, int((reach < need * (1 - 1e-9)).sum()) + 1 if need > 0 else 0)


def choose_sites(value: Floats, fewest: int, most: int) -> tuple[float, Floats]:
    """Return the least sum of site values within the limits on their number, and each site's single-flip penalty, shape (m,).

    A site outside the choice has the (non-negative) rise of the sum if it must be in; one inside minus the rise if it must be out.
    """
    order = np.argsort(value, kind="stable")
    ranked = value[order]
    k = int(np.clip((ranked < 0).sum(), min(fewest, len(value)), most))
    leaves = ranked[k - 1] if k >= max(1, most) or (k and ranked[k - 1] > 0) else 0.0  # makes room for one more
    enters = ranked[k] if k < len(value) and (k <= fewest or ranked[k] < 0) else (math.inf if k <= fewest else 0.0)  # takes the place of one
    penalty = value.copy()
    penalty[order[:k]] -= enters
    penalty[order[k:]] -= leaves
    return math.fsum(ranked[:k]), penalty


def price_out(a: Assignment, u: Floats, v: Floats, pairs: NDArray[np.bool_], fewest: int) -> Priced:
    """Price every pair and every site; the bound is lowered by what rounding may have done to it."""
    pair = a.cost - u - a.use * v[:, None]
    pair[~pairs] = np.inf
    gain = np.minimum(pair, 0.0).sum(axis=1)
    full = np.where(v < 0, v * np.where(np.isfinite(a.capacity), a.capacity, 0.0), 0.0)
    doubt = 1e-13 * (float(np.abs(u).sum()) - float(gain.sum()) - float(full.sum()))
    if not a.siting:
        bound = math.fsum([*u, *gain, *full, *a.open_cost])
        return Priced(bound - doubt, pair, full + gain, np.zeros(a.m))
    site = a.open_cost + full + gain
    least, penalty = choose_sites(site, fewest, a.most)
    return Priced(math.fsum([*u, least]) - doubt, pair, site, penalty)


class _Relaxed:
    """The restricted linear program: serve, capacity and counting rows, then links; columns: sites, shortfall, then pairs.

    Costs are divided by a typical cost and capacity rows by the capacity, so that HiGHS's absolute tolerances fit.
    """

    def __init__(self, a: Assignment, fewest: int, seed: int) -> None:
        m, n = a.m, a.n
        self.a, self.lp = a, Master(seed)
        cheapest = np.where(np.isfinite(a.cost), a.cost, np.inf).min(axis=0)
        worst = float(np.abs(a.cost[np.isfinite(a.cost)]).max(initial=0.0)) + float(np.abs(a.open_cost).max(initial=0.0))
        self.unit = float(np.median(np.abs(cheapest))) or worst / 10 or 1.0
        self.limited = np.isfinite(a.capacity) & (a.capacity > 0)
        self.per_capacity = np.where(self.limited, 1 / np.where(self.limited, a.capacity, 1.0), 0.0)
        none = csr_array((n + m + 1, 0))
        room = np.where(self.limited, 0.0 if a.siting else 1.0, np.inf)
        count = [float(fewest), float(min(a.most, m))] if a.siting else [-np.inf, np.inf]
        self.lp.add_rows(np.r_[np.ones(n), np.full(m, -np.inf), count[0]], np.r_[np.ones(n), room, count[1]], none)
        self.i, self.j = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self.at = np.full((m, n), -1, np.int32)  # number of a pair's column among pairs
        self.linked = np.zeros((m, n), bool)
        self.links = 0
        sites = np.arange(m if a.siting else 0)
        rows, values = np.r_[n + sites, np.full(len(sites), n + m)], np.r_[-self.limited[sites].astype(float), np.ones(len(sites))]
        entries = csc_array((values, (rows, np.r_[sites, sites])), shape=(n + m + 1, len(sites)))
        self.lp.add_columns(a.open_cost[sites] / self.unit, np.zeros(len(sites)), np.ones(len(sites)), entries)
        shortfall = csc_array((np.ones(n), (np.arange(n), np.arange(n))), shape=(n + m + 1, n))
        self.lp.add_columns(np.full(n, 2 * worst / self.unit + 1), np.zeros(n), np.full(n, np.inf), shortfall)
        self.first = len(sites) + n

    def add_pairs(self, i: Ints, j: Ints) -> None:
        k, n, m = len(i), self.a.n, self.a.m
        new = np.arange(k)
        share = self.a.use[i, j] * self.per_capacity[i]
        entries = csc_array((np.r_[np.ones(k), share], (np.r_[j, n + i], np.r_[new, new])), shape=(n + m + 1 + self.links, k))
        self.lp.add_columns(self.a.cost[i, j] / self.unit, np.zeros(k), np.full(k, np.inf), entries)
        self.at[i, j] = len(self.i) + new
        self.i, self.j = np.r_[self.i, i], np.r_[self.j, j]

    def add_links(self, which: Ints) -> None:
        """Add ``x <= y`` for present pairs, given by their number."""
        k, new = len(which), np.arange(len(which))
        i, j = self.i[which], self.j[which]
        entries = csr_array((np.r_[np.ones(k), -np.ones(k)], (np.r_[new, new], np.r_[self.first + which, i])), shape=(k, self.first + len(self.i)))
        self.lp.add_rows(np.full(k, -np.inf), np.zeros(k), entries)
        self.linked[i, j] = True
        self.links += k

    def prices(self, answer: Answer) -> tuple[Floats, Floats]:
        assert answer.dual is not None
        n, m = self.a.n, self.a.m
        return answer.dual[:n] * self.unit, np.minimum(answer.dual[n : n + m], 0.0) * self.per_capacity * self.unit

    def point(self, answer: Answer) -> tuple[Floats, Floats, float]:
        """Shares of present pairs, openings and how much is not served."""
        assert answer.x is not None
        y = answer.x[: self.a.m] if self.a.siting else np.ones(self.a.m)
        return answer.x[self.first :], y, float(answer.x[self.first - self.a.n : self.first].sum())


def best_per_workload(pair: Floats, wanted: NDArray[np.bool_], batch: int) -> tuple[Ints, Ints]:
    """Return up to ``batch`` wanted pairs of least reduced cost for each workload, as sites and workloads."""
    j, i = np.nonzero(wanted.T)
    order = np.lexsort((pair[i, j], j))
    i, j = i[order], j[order]
    rank = np.arange(len(j)) - np.searchsorted(j, j)
    return i[rank < batch], j[rank < batch]


def solve_root(a: Assignment, effort: Effort, *, batch: int = 3, first: int = 4, start: NDArray[np.bool_] | None = None, seed: int = 0,
               stop: Callable[[], bool] | None = None) -> Root:  # fmt: skip
    """Solve the linear relaxation.

    Parameters
    ----------
    batch
        Columns added for each workload and round.
    first
        Columns each workload begins with, cheapest first, its part of the opening cost included.
    start
        Pairs to begin with besides, shape (m, n).
    stop
        Asked before every round; a true answer ends it.
    """
    pairs, fewest = usable(a), fewest_open(a)
    lp = _Relaxed(a, fewest, seed)
    guess = np.where(pairs, a.cost + (a.open_cost * lp.per_capacity)[:, None] * a.use, np.inf)
    begin = np.zeros_like(pairs)
    begin[best_per_workload(guess, pairs, first)] = True
    lp.add_pairs(*np.nonzero(begin if start is None else begin | (start & pairs)))
    best: tuple[Priced, Floats, Floats] | None = None
    value, x, y = math.inf, np.zeros(0), np.zeros(a.m)
    rounds, converged = 0, False
    constant = 0.0 if a.siting else math.fsum(a.open_cost)
    allowed_rounds = effort.count(_ROUNDS_PER_S) if effort.counted else 2**31
    while rounds < allowed_rounds and effort.left > 0 and not (stop and stop()):
        answer = lp.lp.solve(effort.left)
        if answer.status != "kOptimal" or answer.x is None or answer.dual is None:
            break
        rounds += 1
        u, v = lp.prices(answer)
        priced = price_out(a, u, v, pairs, fewest)
        if best is None or priced.bound > best[0].bound:
            best = priced, u, v
        x, y, missing = lp.point(answer)
        value = answer.objective * lp.unit + constant
        broken = np.flatnonzero((x > y[lp.i] + _VIOLATED) & ~lp.linked[lp.i, lp.j]) if a.siting else np.zeros(0, np.int64)
        if not len(broken) and value - priced.bound <= 1e-9 * max(abs(value), lp.unit) and missing <= 1e-9:
            best, converged = (priced, u, v), True
            break
        wanted = (priced.pair < -1e-9 * lp.unit) & (lp.at < 0)
        if a.siting:
            wanted &= ((y > 1e-9) | (priced.reduced_open < 0))[:, None]  # the others' columns cannot pay for the site
        i, j = best_per_workload(priced.pair, wanted, batch)
        if not len(i) and not len(broken):
            converged = missing <= 1e-9
            break
        if len(broken):
            lp.add_links(broken)
        if len(i):
            lp.add_pairs(i, j)
    return _finish(a, lp, pairs, fewest, best, (value, x, y), rounds, converged)


def _finish(a: Assignment, lp: _Relaxed, pairs: NDArray[np.bool_], fewest: int, best: tuple[Priced, Floats, Floats] | None,
            point: tuple[float, Floats, Floats], rounds: int, converged: bool) -> Root:  # fmt: skip
    u, v = (best[1], best[2]) if best else (np.where(pairs, a.cost, np.inf).min(axis=0, initial=np.inf), np.zeros(a.m))
    u = np.where(np.isfinite(u), u, 0.0)
    priced = best[0] if best else price_out(a, u, v, pairs, fewest)
    value, x, y = point
    share = np.zeros((a.m, a.n))
    share[lp.i[: len(x)], lp.j[: len(x)]] = x
    reduced = np.maximum(priced.pair, 0.0)
    return Root(value=value, bound=priced.bound, u=u, v=v, reduced=reduced, reduced_open=priced.reduced_open, share=share, open=np.array(y),
                rounds=rounds, columns=len(lp.i), links=lp.links, converged=converged)  # fmt: skip
