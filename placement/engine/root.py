"""The relaxation by column generation: few columns and few rows in the solver, all of them priced and looked at.

Each round solves a restricted program by interior point without crossover, whose central prices swing less than those of a
vertex (Gondzio, González-Brevis and Munari, *EJOR* 224, 2013, 41-51); then prices every column by one sparse product, lets the best of each
workload join, and adds the rows ``columns <= decision`` that are violated: few of them ever are. The prices of any round prove a bound
on the whole (:mod:`placement.engine.pricing`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array

from placement.engine.choices import find_choices
from placement.engine.highs import Answer, Arrays, Floats, Run, solve
from placement.engine.kernel import Mask, least_columns
from placement.engine.outcome import Progress
from placement.engine.pricing import Box, Pricing, rank_in_group
from placement.options import SolveOptions
from placement.program import Program

_FIRST, _JOIN = 5, 24  # columns of each workload to begin with (as many cheap ones as random ones), and that join per round
_SHARE = 0.35  # of the search, for the root of a large program: prices of an earlier round prove a bound as well
_CLOSE = 5e-5  # relative distance of bound and restricted value at which pricing stops
_NEARLY, _DEAR = 1e-3, 0.05  # the same where a further round would take more than this share of the search: plans gain more in that time
_FEW = 1e-3  # share of the lazy rows that may still be violated then; leaving rows out keeps the bound valid
_ROUNDS = 60
_PAYS = 1e-6  # relative; reduced costs above are taken for 0
_VIOLATED = 1e-4


@dataclass(frozen=True)
class Root:
    """The relaxation: values and prices of the last round, and the best prices, which prove ``bound``."""

    answer: Answer
    dual: Floats
    bound: float


def gates(p: Program) -> Mask:
    """Return the rows ``sum of columns <= decision``, which the solver gets only once they are violated, shape (n_rows,)."""
    a, m = p.matrix, len(p.row_lower)
    column = np.repeat(np.arange(a.shape[1]), np.diff(a.indptr))
    decides = p.workload[column] < 0
    odd = a.data != np.where(decides, -1.0, 1.0)
    decisions, others = (np.bincount(a.indices[part], minlength=m) for part in (decides, ~decides))
    plain = (p.row_upper == 0) & ~np.isfinite(p.row_lower) & (np.bincount(a.indices[odd], minlength=m) == 0)
    return plain & (decisions == 1) & (others > 0)


def solve_root(program: Program, options: SolveOptions, progress: Progress) -> Root:
    """Return the relaxation of a program; with no prices in time, none at all, which still prove what the bounds of the columns say."""
    generation = _Generation(program)
    best_dual, best, answer = np.zeros(len(program.row_lower)), -math.inf, Answer("kTimeLimit", None, math.inf, -math.inf, None)
    began, allowed, last = progress.elapsed, _SHARE * progress.search_s, 0.0
    for _ in range(_ROUNDS):
        if progress.elapsed - began + last > allowed and answer.x is not None:
            break
        last = -progress.elapsed
        progress.columns = int(generation.keep.sum())
        now = generation.restricted(options, progress)
        last += progress.elapsed
        if now.infeasible:
            answer = now
        if now.dual is None or now.x is None:
            break
        answer = now
        dual, reduced = generation.pricing.repaired(now.dual, generation.box)
        bound = generation.pricing.bound(dual, generation.box)
        if bound > best:
            best, best_dual = bound, dual
            progress.report(bound=bound - 1e-9 * abs(bound))
        few_rows, more_rows = generation.add_violated(now.x)
        more_columns = generation.add_paying(reduced)
        apart = (now.objective - best) / max(abs(best), 1e-9)
        dear = apart <= _NEARLY and last > _DEAR * progress.search_s
        if progress.out_of_time or (apart <= _CLOSE and few_rows) or dear or not (more_rows or more_columns):
            break
    return Root(answer, best_dual, best)


class _Generation:
    """The columns and rows in play."""

    def __init__(self, program: Program) -> None:
        p = self.program = program
        self.pricing, self.box = Pricing(p, find_choices(p)), Box.of(p)
        demand = p.workload >= 0
        size = np.diff(p.matrix.indptr).astype(float)
        cheap = rank_in_group(p.workload, p.cost + 1e-9 * size)
        spread = rank_in_group(p.workload, np.random.default_rng(0).random(len(p.cost)))
        self.keep = least_columns(p) | (self.pricing.share_row < 0) | (demand & ((cheap < _FIRST) | (spread < _FIRST)))
        self._gates = gates(p)
        self._live = ~self._gates

    def restricted(self, options: SolveOptions, progress: Progress) -> Answer:
        """Solve over the columns and rows in play; values and prices are returned for all, 0 for the others."""
        p = self.program
        columns = csc_array(p.matrix[:, self.keep])
        rows = (p.row_lower > 0) | (p.row_upper < 0)
        rows[columns.indices] = True
        rows &= self._live
        part = Arrays(
            p.cost[self.keep], csc_array(columns.tocsr()[rows]), p.row_lower[rows], p.row_upper[rows],
            p.lower[self.keep], p.upper[self.keep], np.zeros(int(self.keep.sum()), bool), p.offset,
        )  # fmt: skip
        run = Run(time_limit_s=progress.search_s, seed=options.seed, threads=1, method="ipm", crossover=False)
        found = solve(part, run, watch=lambda objective, bound: progress.interrupted)
        if (found.dual is None or found.status == "kUnknown") and not found.infeasible and not progress.out_of_time:
            found = solve(part, Run(time_limit_s=progress.search_s, seed=options.seed, method="simplex"), watch=lambda o, b: progress.interrupted)
        if found.dual is None or found.x is None or found.status != "kOptimal":
            return Answer(found.status, None, math.inf, -math.inf, None)
        x, dual = p.lower.copy(), np.zeros(len(rows))
        x[self.keep], dual[rows] = found.x, found.dual
        return Answer(found.status, x, found.objective, found.objective, dual)

    def add_violated(self, x: Floats) -> tuple[bool, bool]:
        """Bring in the rows that a point breaks; return whether they are few, and whether there were any."""
        broken = self._gates & ~self._live & (self.program.matrix @ x > _VIOLATED)
        self._live |= broken
        return bool(broken.sum() <= _FEW * self._gates.sum()), bool(broken.any())

    def add_paying(self, reduced: Floats) -> bool:
        """Bring in the best of each workload's columns with negative reduced cost; return whether there were any."""
        p = self.program
        pay = np.flatnonzero(~self.keep & (reduced < -_PAYS * np.maximum(1.0, np.abs(p.cost))))
        joining = pay[rank_in_group(p.workload[pay], reduced[pay]) < _JOIN]
        self.keep[joining] = True
        return bool(len(joining))
