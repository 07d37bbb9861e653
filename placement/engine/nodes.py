"""The relaxation at the nodes of a tree, over a few per cent of the columns: the others are priced out and join when they pay.

The bound of a node counts all columns: where one outside would still pay, the price of its choice (at most one of those columns
is taken) is lowered until it does not. So every dual vector proves a bound, and pricing may stop before the last column.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from placement.certificate import proves_infeasible
from placement.engine.choices import Choices
from placement.engine.highs import Floats, Master
from placement.engine.pricing import Box, Pricing, rank_in_group
from placement.program import Program

Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

_TOLERANCE = 1e-5  # relative distance of the bound to the value of the relaxation at which pricing stops
_ROUNDS = 30
_JOIN, _EACH = 4000, 6  # most columns that join at a time, and most of one choice


@dataclass(frozen=True, eq=False)
class Solved:
    """A node's relaxation: the bound that ``dual`` proves, or a ray that proves the box empty; values ``x`` of some columns, others are 0."""

    bound: float
    dual: Floats
    empty: bool = False
    x: Floats | None = None
    columns: Ints | None = None
    basis: object = None

    def values(self, n_columns: int) -> Floats:
        """Return the values of all columns; only the few that are not 0 are kept, for there may be many nodes."""
        out = np.zeros(n_columns)
        if self.x is not None:
            out[self.columns] = self.x
        return out


class NodeProgram:
    """A program without integrality, held by HiGHS with the columns that matter so far.

    Parameters
    ----------
    keep
        Columns to begin with; all that are in no choice are added to them.
    """

    def __init__(self, program: Program, choices: Choices, keep: Mask, seed: int = 0) -> None:
        self.program, self.choices = program, choices
        self.pricing = Pricing(program, choices)
        self._lp = Master(seed, tolerance=1e-7)
        m = len(program.row_lower)
        self._lp.add_rows(program.row_lower, program.row_upper, csr_array((m, 0)))
        self.active = np.zeros(len(program.cost), bool)
        self._order = np.empty(0, np.int64)
        self._box = Box.of(program)
        self._join(np.flatnonzero(keep | (choices.share_row < 0)))

    def solve(self, box: Box, seconds: float, basis: object = None, limit: float = math.inf) -> Solved | None:
        """Return the relaxation in a box, or None if nothing came of it in time.

        Parameters
        ----------
        limit
            Pricing stops once the bound is as high.
        """
        until = time.monotonic() + seconds
        self._enter(box)
        if basis is not None:
            self._lp.restore(basis)  # type: ignore[arg-type]
        best: Solved | None = None
        for round_ in range(_ROUNDS):
            answer = self._lp.solve(until - time.monotonic(), primal=round_ > 0 and best is not None)
            if answer.infeasible:
                ray = self._lp.ray()
                if ray is None:
                    return None
                if proves_infeasible(self.program, ray, box.lower, box.upper, box.row_lower):
                    return Solved(math.inf, ray, empty=True)
                joining = self._breaking(ray, box)
            elif answer.dual is None:
                return best
            else:
                dual, reduced = self.pricing.repaired(answer.dual, box)
                bound = self.pricing.bound(dual, box)
                if best is None or bound >= best.bound or answer.status == "kOptimal":
                    best = self._better(best, bound, dual, answer.x)
                value = answer.objective + self.program.offset
                if answer.status != "kOptimal" or bound >= limit or value - bound <= _TOLERANCE * abs(value):
                    return best
                joining = self._paying(reduced, box)
            if not len(joining):
                return best
            self._join(joining)
        return best

    def _better(self, before: Solved | None, bound: float, dual: Floats, x: Floats | None) -> Solved:
        """Return the values and basis of now, with the better duals of now and before."""
        if before is not None and before.bound > bound:
            bound, dual = before.bound, before.dual
        some = np.flatnonzero(x) if x is not None else None
        values = x[some] if x is not None else None
        return Solved(bound, dual, x=values, columns=self._order[some] if some is not None else None, basis=self._lp.basis)

    def _enter(self, box: Box) -> None:
        """Give HiGHS the bounds that differ from those that it has."""
        now = self._box
        moved = self.active & ((box.lower != now.lower) | (box.upper != now.upper))
        place = np.flatnonzero(moved[self._order])
        if len(place):
            self._lp.bound_columns(place.astype(np.int32), box.lower[self._order[place]], box.upper[self._order[place]])
        rows = np.flatnonzero(box.row_lower != now.row_lower)
        if len(rows):
            self._lp.bound_rows(rows.astype(np.int32), box.row_lower[rows], self.program.row_upper[rows])
        self._box = box

    def _join(self, columns: Ints) -> None:
        """Add columns, with the bounds that they have in the present box."""
        p = self.program
        self._lp.add_columns(p.cost[columns], self._box.lower[columns], self._box.upper[columns], csc_array(p.matrix[:, columns]))
        self._order = np.concatenate([self._order, columns])
        self.active[columns] = True

    def _paying(self, reduced: Floats, box: Box) -> Ints:
        """Return columns outside that would lower the cost, the best of each choice."""
        tolerance = 1e-7 * np.maximum(1.0, np.abs(self.program.cost))
        return self._best(np.flatnonzero(~self.active & (box.upper > 0) & (reduced < -tolerance)), reduced)

    def _breaking(self, ray: Floats, box: Box) -> Ints:
        """Return columns outside with which a ray no longer proves the box empty."""
        use = self.pricing.use(ray)
        known = self.active
        for sign in (1.0, -1.0):
            y = sign * ray
            side = np.where(y > 0, box.row_lower, np.where(y < 0, self.program.row_upper, 0.0))
            usable = np.isfinite(side)
            value = float((y * side)[usable].sum() + np.minimum(-sign * use * box.lower, -sign * use * box.upper)[known].sum())
            if value > 0:
                return self._best(np.flatnonzero(~known & (box.upper > 0) & (sign * use > 1e-12)), -sign * use)
        return np.empty(0, np.int64)

    def _best(self, candidates: Ints, merit: Floats) -> Ints:
        """Return the candidates of least merit, few of each choice."""
        rows = self.choices.share_row[candidates]
        kept = rank_in_group(rows, merit[candidates]) < _EACH
        few, rows = candidates[kept], rows[kept]
        return few[np.lexsort((few, rows, merit[few]))][:_JOIN]
