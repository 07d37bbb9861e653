"""The rest of a plan once its integers are decided: one linear program over all continuous columns, by pricing.

It starts from promising columns, prices all others with the duals, adds those that would pay, and goes on from the last basis until none does:
the exact optimum of the rest, at a fraction of the time (data/frontier: 5 to 8 s, against 33 s with each program solved anew). The duals are the
local prices of the plan.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array, csr_array

from placement.engine.highs import ROW_TOLERANCE, Answer, Arrays, Basis, Floats, Master
from placement.engine.outcome import Progress

_ROUNDS = 50  # far above what was ever needed (5); a guard against cycling on rounding noise
_ROUNDING = 1e-7  # of a bound
_TOLERANCE = 1e-7  # of a column's own cost scale: what prices out by less is noise
_MANY = 0.1  # of the columns: when more join, the program is solved anew, with presolve (15,000 and 72,000 columns: 2 s, against over 15 s from the basis)

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Settled:
    """A plan with its integers exact, its row duals, the columns in play, and whether all columns were priced out."""

    x: Floats
    price: Floats
    keep: Mask
    exact: bool


def settle(p: Arrays, x: Floats, keep: Mask, seconds: float, progress: Progress, loose: Floats | None = None) -> Settled | None:
    """Return the best plan with the integers of ``x``, rounded; None if there is none, or its first program was not solved in time.

    Parameters
    ----------
    keep
        Continuous columns to begin with.
    seconds
        After this long no further round begins; the first always runs.
    loose
        Upper bounds without those that only repeat what rows say: with these, it is the rows that have the prices.
    """
    return Rest(p, np.where(p.integer, np.round(x), p.lower), keep & ~p.integer, p.upper if loose is None else loose).settled(seconds, progress)


class Rest:
    """The linear program of the active columns, the others standing at a point; the solver keeps it and goes on from its last basis as it changes.

    Parameters
    ----------
    point
        Integer columns as they are decided, continuous ones at their lower bounds, shape (n_columns,).
    active
        Continuous columns to begin with.
    upper
        Of columns, perhaps looser than those of the program: these stay only where they make no difference.
    rows
        Rows that will be shifted.
    """

    def __init__(self, p: Arrays, point: Floats, active: Mask, upper: Floats, rows: Sequence[int] = ()) -> None:
        self._p, self._point, self._upper = p, point, upper
        self.active, self._order = np.zeros_like(active), np.empty(0, np.int64)  # the order in which the solver has them
        moved = p.matrix @ point
        lower, above = p.row_lower - moved, p.row_upper - moved
        tolerance = ROW_TOLERANCE * (1 + np.abs(moved))
        tolerance[p.matrix[:, active].indices] = 0.0  # only what no column can mend is forgiven
        lower[(lower > 0) & (lower <= tolerance)] = above[(above < 0) & (above >= -tolerance)] = 0.0
        self._rows = (lower > 0) | (above < 0)
        self._broken = bool(self._rows.any())
        self._rows[p.matrix[:, ~p.integer].indices] = True
        self._rows[list(rows)] = True
        self._matrix, self._sides = csc_array(p.matrix.tocsr()[self._rows]), np.array([lower[self._rows], above[self._rows]])
        self._lp = Master(tolerance=_TOLERANCE, presolve=True)
        self._lp.add_rows(self._sides[0], self._sides[1], csr_array((int(self._rows.sum()), 0)))
        self.join(active)

    def settled(self, seconds: float, progress: Progress) -> Settled | None:
        """Return the optimum over all continuous columns, which join as they pay; None if there is none; see :func:`settle`."""
        began = progress.elapsed
        best: Settled | None = None
        for _ in range(_ROUNDS):
            left = seconds - (progress.elapsed - began)
            if best is not None and left <= 0:
                return best
            answer = self.solve(max(left, 30.0 if best is None else 1.0))
            if answer.x is None or answer.dual is None:
                if best is not None or self.active[~self._p.integer].all() or not answer.infeasible:
                    return best
                self.join(~self._p.integer & ~self.active)  # the kept columns alone cannot complete the plan: take all
                continue
            paying, optimal = _paying(self._p, answer.dual, self.active), answer.status == "kOptimal"
            best = Settled(answer.x, answer.dual, self.active | self._p.integer, optimal and not paying.any())
            if best.exact or not optimal:
                return best
            self.join(paying)
        return best

    @property
    def basis(self) -> Basis:
        """Where the solver stands, for :meth:`shifted`."""
        return self._lp.basis

    def shifted(self, row: int, step: float, basis: Basis, seconds: float) -> Settled | None:
        """Return the optimum with the right-hand side of a row, on every side that it has, moved by a step, beginning from a basis of the program as it is."""
        k = np.array([int(self._rows[:row].sum())], np.int32)
        self._lp.restore(basis)
        self._lp.bound_rows(k, self._sides[0, k] + step, self._sides[1, k] + step)
        self._anew = self._primal = False
        found = self.settled(seconds, Progress(seconds))
        self._lp.bound_rows(k, self._sides[0, k], self._sides[1, k])
        return found

    def join(self, columns: Mask) -> None:
        """Bring in columns, which are counted from where they stand at the point."""
        j = np.flatnonzero(columns)
        self._anew, self._primal = len(j) > _MANY * len(self._order), True
        self._lp.add_columns(self._p.cost[j], np.zeros(len(j)), self._upper[j] - self._point[j], self._matrix[:, j])
        self._order, self.active = np.append(self._order, j), self.active | columns

    def solve(self, seconds: float) -> Answer:
        """Return values of all columns and duals of all rows; looser bounds stay only where they make no difference."""
        if not len(self._order):  # HiGHS calls that empty whatever the rows say
            return Answer("kInfeasible" if self._broken else "kOptimal", None if self._broken else self._point, math.nan, math.nan, np.zeros(len(self._rows)))
        answer = self._lp.solve(seconds, anew=self._anew, primal=self._primal)
        if self._upper is not self._p.upper and not self._inside(answer):
            self._upper = self._p.upper
            upper = self._upper[self._order] - self._point[self._order]
            self._lp.bound_columns(np.arange(len(upper), dtype=np.int32), np.zeros(len(upper)), upper)
            answer = self._lp.solve(seconds)
        if answer.x is None or answer.dual is None:
            return answer
        x, dual = self._point.copy(), np.zeros(len(self._rows))
        x[self._order] += np.clip(answer.x, 0.0, self._p.upper[self._order] - x[self._order])
        dual[self._rows] = answer.dual
        return replace(answer, x=x, dual=dual)

    def _inside(self, answer: Answer) -> bool:
        """Return whether the looser bounds made no difference."""
        if answer.x is None:
            return answer.status == "kTimeLimit"  # else without bounds something went wrong that bounds may mend
        upper = self._p.upper[self._order]
        return bool((self._point[self._order] + answer.x <= upper + _ROUNDING * np.maximum(1.0, upper)).all())


def _paying(p: Arrays, price: Floats, active: Mask) -> Mask:
    """Return the continuous columns outside that would lower the cost at these duals."""
    out = ~p.integer & ~active & (p.upper > p.lower)
    reduced = p.cost - p.matrix.T @ price
    scale = np.abs(p.cost) + abs(p.matrix).T @ np.abs(price)
    return out & (reduced < -_TOLERANCE * np.maximum(scale, 1e-6))


def gap_closed(objective: float, bound: float, rel_gap: float) -> bool:
    """Return whether a plan is as good as asked, forgiving the solver's tolerance of a millionth."""
    return math.isfinite(objective) and objective - bound <= max(rel_gap, 1e-6) * max(abs(objective), 1e-9)
