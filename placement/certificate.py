r"""A dual bound that needs no solver: any dual vector gives one, rounding accounted for.

For a minimisation with :math:`l^r \le Ax \le u^r`, :math:`l \le x \le u` and any :math:`y`,

.. math:: \sum_i \min_{a \in [l^r_i, u^r_i]} y_i a + \sum_j \min_{x_j \in [l_j, u_j]} (c_j - y^T A_j) x_j

is at most the optimum. Rounding errors of the reduced costs are bounded term by term (Higham, *Accuracy and Stability of
Numerical Algorithms*, 2nd ed., section 3.1) and taken to the unfavourable side; sums are exactly rounded (``math.fsum``).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from placement.program import Program

_UNIT = 2.0**-53  # rounding unit of IEEE double precision


def safe_bound(program: Program, dual: NDArray[np.float64]) -> float:
    """Return a lower bound on the objective that holds in exact arithmetic; ``-inf`` if ``dual`` proves nothing.

    Parameters
    ----------
    dual : ndarray, shape (n_rows,)
        Row duals, positive where the lower side of a row binds. Wrong signs and NaN are set to 0, which keeps the bound valid.

    Raises
    ------
    ValueError
        If the length is not the number of rows.
    """
    if dual.shape != program.row_lower.shape:
        raise ValueError(f"dual vector has {dual.size} entries, the program {len(program.row_lower)} rows")
    y = np.where(np.isfinite(dual), dual, 0.0)
    y = np.where((y > 0) & ~np.isfinite(program.row_lower) | (y < 0) & ~np.isfinite(program.row_upper), 0.0, y)
    with np.errstate(over="ignore", invalid="ignore"):  # absurd duals overflow; then the sum is not finite and proves nothing
        terms = _terms(program, y)
        if not np.isfinite(terms).all():
            return -math.inf
        try:
            size = math.fsum(np.abs(terms))
        except OverflowError:
            return -math.inf
        # one rounding of each product, one each of the sum and of taking the slack off
        return math.fsum(terms) - (4 * _UNIT * size + _UNIT)


def proves_infeasible(program: Program, ray: NDArray[np.float64]) -> bool:
    """Return whether row multipliers prove that no point satisfies the rows and bounds (Farkas' lemma).

    With no cost at all every feasible point costs 0, so a safe lower bound above 0 leaves no feasible point.
    """
    size = float(np.abs(ray).max(initial=0.0))
    if not np.isfinite(size) or size == 0:
        return False
    free = replace(program, cost=np.zeros_like(program.cost), offset=0.0)
    return max(safe_bound(free, sign * ray / size) for sign in (1.0, -1.0)) > 0


def _terms(program: Program, y: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the summands of the bound, reduced costs taken to the unfavourable end of their error interval."""
    side = np.where(y > 0, program.row_lower, np.where(y < 0, program.row_upper, 0.0))
    a = program.matrix
    reduced = program.cost - a.T @ y
    per_column = np.diff(a.indptr) + 2
    magnitude = np.abs(program.cost) + abs(a).T @ np.abs(y)
    error = per_column * _UNIT / (1 - per_column * _UNIT) * magnitude * (1 + 4 * _UNIT)
    low, high = reduced - error, reduced + error
    worst = np.minimum.reduce([low * program.lower, low * program.upper, high * program.lower, high * program.upper])
    return np.concatenate([y * side, worst, [program.offset]])
