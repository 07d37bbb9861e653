"""A problem in integers, for CP-SAT, and what that may cost.

* **capacities**: uses and capacities are multiplied by the least power of ten that makes them integers; where none up to 10^6 does, the solver is not
  applicable and the record says so.
* **costs**: multiplied by the least power of ten that makes them integers, if sums stay under 2^50; else by the largest factor that keeps them there, and
  rounded. A plan adds up one cost per workload (or those of its units) and one per open site: the claimed bound is lowered by the most that rounding
  moved them, taken together. Plans are judged at unrounded costs like everybody's.
* **divisible workloads**: shipped in integer units of demand, ``0 .. use``. With the sites fixed what is left is a transport problem with integer demands and
  capacities, which has an integer optimum, so nothing is lost. It needs the same use at every site; otherwise the solver is not applicable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.peers.problem import Floats, Problem
from benchmarks.peers.task import NotApplicableError

LARGEST_SUM = 2.0**50  # of the objective: exact in a double too, in which CP-SAT reports it
MOST_DECIMALS = 6
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Integers:
    """A problem in integers.

    Attributes
    ----------
    site, workload
        Allowed pairs, shape (p,).
    use
        Integer use of a pair, whole; shape (p,).
    most
        Upper limit of a pair's variable: 1, or the units of demand; shape (p,).
    cost, open_cost, scale
        Integer costs per unit of the variable, and the factor they were multiplied by.
    error
        How far rounding may have moved any plan's cost, in the problem's own money.
    """

    site: Ints
    workload: Ints
    use: Ints
    most: Ints
    capacity: Ints
    cost: Ints
    open_cost: Ints
    scale: float
    error: float


def decimal_factor(values: Floats, limit: float = 2.0**40) -> float:
    """Return the least power of ten (to 10^6) that makes all values integers below a limit; 0 if none does."""
    for decimals in range(MOST_DECIMALS + 1):
        factor = 10.0**decimals
        scaled = values * factor
        if np.abs(scaled).max(initial=0.0) >= limit:
            return 0.0
        if (np.abs(scaled - np.round(scaled)) <= 1e-9 * np.maximum(1.0, np.abs(scaled))).all():
            return factor
    return 0.0


def to_integers(problem: Problem) -> Integers:
    """Scale a problem to integers, as the module says.

    Raises
    ------
    NotApplicableError
        If uses and capacities have too many decimals, or a divisible workload uses different amounts at different sites.
    """
    i, j = np.nonzero(problem.allowed)
    amounts = np.concatenate([problem.use[i, j], problem.limits])
    factor = decimal_factor(amounts)
    if not factor:
        raise NotApplicableError(f"uses or capacities have more than {MOST_DECIMALS} decimals, CP-SAT knows integers only")
    use, capacity = np.round(problem.use[i, j] * factor).astype(np.int64), np.round(problem.limits * factor).astype(np.int64)
    most = np.ones(len(i), np.int64) if problem.whole else _units(problem, i, j, use)
    unit_cost = problem.cost[i, j] / most
    n = problem.cost.shape[1]
    each = np.zeros(n)
    np.maximum.at(each, j, np.abs(problem.cost[i, j]))
    total = float(each.sum() + np.abs(problem.open_cost).sum()) + 1.0
    scale = decimal_factor(np.concatenate([unit_cost, problem.open_cost]), LARGEST_SUM)
    exact = 0 < scale <= LARGEST_SUM / total
    if not exact:
        scale = LARGEST_SUM / total
    cost, opening = (np.round(v * scale).astype(np.int64) for v in (unit_cost, problem.open_cost))
    moved = np.zeros(n)  # what rounding did, also where it only took off the noise of doubles
    np.maximum.at(moved, j, np.abs(cost / scale - unit_cost) * most)
    error = float(moved.sum() + np.abs(opening / scale - problem.open_cost).sum())
    return Integers(i, j, use, most, capacity, cost, opening, scale, error)


def _units(problem: Problem, i: Ints, j: Ints, use: Ints) -> Ints:
    """Return the units of demand of each pair's workload."""
    demand = np.zeros(problem.cost.shape[1], np.int64)
    demand[j] = use
    if (demand[j] != use).any() or (use <= 0).any():
        raise NotApplicableError("a divisible workload uses a different amount at different sites, or none: no common integer unit")
    return use
