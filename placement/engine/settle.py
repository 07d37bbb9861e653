"""The rest of a plan once its integers are decided: one linear program over all continuous columns, by pricing.

It starts from promising columns, prices all others with the duals, adds those that would pay, and repeats until none does:
the exact optimum of the rest, at a fraction of the size. The duals are the local prices of the plan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from placement.engine.highs import Answer, Arrays, Floats, Run, solve
from placement.engine.outcome import Progress

_ROUNDS = 50  # far above what was ever needed (5); a guard against cycling on rounding noise
_ROUNDING = 1e-7  # of a bound
_TOLERANCE = 1e-7  # of a column's own cost scale: what prices out by less is noise

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
    began = progress.elapsed
    point = np.where(p.integer, np.round(x), p.lower)
    active = keep & ~p.integer
    best: Settled | None = None
    for _ in range(_ROUNDS):
        left = seconds - (progress.elapsed - began)
        if best is not None and left <= 0:
            return best
        sub, rows = p.restricted(active, point)
        run = Run(time_limit_s=max(left, 30.0 if best is None else 1.0))
        answer = solve(sub if loose is None else replace(sub, upper=loose[active]), run)
        if loose is not None and not _inside(answer, sub):
            loose, answer = None, solve(sub, run)
        if answer.x is None or answer.dual is None:
            if best is not None or (~p.integer & ~active).sum() == 0 or not answer.infeasible:
                return best
            active = ~p.integer  # the kept columns alone cannot complete the plan: take all
            continue
        settled = point.copy()
        settled[active] = np.clip(answer.x, sub.lower, sub.upper)
        price = np.zeros(len(p.row_lower))
        price[rows] = answer.dual
        paying = _paying(p, price, active)
        best = Settled(settled, price, active | p.integer, not paying.any())
        if best.exact:
            return best
        active = active | paying
    return best


def _inside(answer: Answer, sub: Arrays) -> bool:
    """Return whether the looser bounds made no difference."""
    if answer.x is None:
        return answer.status == "kTimeLimit"  # else without bounds something went wrong that bounds may mend
    return bool((answer.x <= sub.upper + _ROUNDING * np.maximum(1.0, sub.upper)).all())


def _paying(p: Arrays, price: Floats, active: Mask) -> Mask:
    """Return the continuous columns outside that would lower the cost at these duals."""
    out = ~p.integer & ~active & (p.upper > p.lower)
    reduced = p.cost - p.matrix.T @ price
    scale = np.abs(p.cost) + abs(p.matrix).T @ np.abs(price)
    return out & (reduced < -_TOLERANCE * np.maximum(scale, 1e-6))


def gap_closed(objective: float, bound: float, rel_gap: float) -> bool:
    """Return whether a plan is as good as asked, forgiving the solver's tolerance of a millionth."""
    return math.isfinite(objective) and objective - bound <= max(rel_gap, 1e-6) * max(abs(objective), 1e-9)
