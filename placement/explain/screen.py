"""What a program is worth at least when bounds of it change, at the price of a few steps of the simplex method."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from placement.certificate import proves_infeasible, safe_bound
from placement.engine.highs import Master
from placement.errors import SolverError
from placement.program import Floats, Program

_ONE_S = 5.0  # for one question; what is not answered in time is not known
_FEW = 20_000  # columns up to which the relaxation is solved by the simplex method within seconds


class Screen:
    """The relaxation of a program, kept by the solver, for programs that differ in nothing but bounds of columns and rows."""

    def __init__(self, program: Program) -> None:
        self._p = p = program
        self._lp = Master(tolerance=1e-7, presolve=True)
        self._lp.add_rows(p.row_lower, p.row_upper, csr_array((len(p.row_lower), 0)))
        self._lp.add_columns(p.cost, p.lower, p.upper, p.matrix)
        self._lp.solve(math.inf)
        self._basis = self._lp.basis

    @staticmethod
    def fits(program: Program) -> bool:
        """Whether a program is small enough to be asked about many times."""
        return 0 < len(program.cost) <= _FEW

    def bound(self, other: Program) -> float:
        """Return what another program with the same rows and columns costs at least, proven without the solver; ``inf`` if it is empty."""
        p = self._p
        columns, rows = _differ(p.lower, other.lower, p.upper, other.upper), _differ(p.row_lower, other.row_lower, p.row_upper, other.row_upper)
        self._put(other, columns, rows)
        try:
            answer = self._lp.solve(_ONE_S)
            ray = self._lp.ray() if answer.infeasible else None
        except SolverError:  # nothing is known then
            return -math.inf
        finally:
            self._put(p, columns, rows)
            self._lp.restore(self._basis)
        if ray is not None and proves_infeasible(other, ray):
            return math.inf
        return -math.inf if answer.dual is None else safe_bound(other, answer.dual)

    def _put(self, p: Program, columns: NDArray[np.int32], rows: NDArray[np.int32]) -> None:
        self._lp.bound_columns(columns, p.lower[columns], p.upper[columns])
        self._lp.bound_rows(rows, p.row_lower[rows], p.row_upper[rows])


def _differ(lower: Floats, other_lower: Floats, upper: Floats, other_upper: Floats) -> NDArray[np.int32]:
    return np.flatnonzero((lower != other_lower) | (upper != other_upper)).astype(np.int32)
