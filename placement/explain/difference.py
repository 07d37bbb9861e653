"""What a change costs: the difference of two optima, each of which is known within an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from placement.engine import Status, relative_gap
from placement.explain.again import Again, Effort, solve_edited
from placement.explain.base import Base

#: Differences are small beside the whole, so that questions are answered more exactly than plans are made.
EXACT = Effort(rel_gap=1e-6)


@dataclass(frozen=True, slots=True)
class Difference:
    """Cost of a change, M$ or the case's ``cost_unit``.

    Attributes
    ----------
    estimate
        Best plan found with the change less the best without; ``inf`` where there is none with it.
    low, high
        Between these the cost lies, by the bounds of both programs; equal where both are solved to the end.
    """

    estimate: float
    low: float
    high: float
    impossible: bool = False

    def __str__(self) -> str:
        if self.impossible:
            return "impossible (proven)"
        if not math.isfinite(self.estimate):
            return f"no plan found in the time; costs {self.low:,.3f} at least"
        return f"{self.estimate:,.3f} (proven: {self.low:,.3f} to {self.high:,.3f})"


def reference(base: Base, effort: Effort) -> Again:
    """Return the plan itself, with better bounds where it is not yet solved as exactly as a question asks."""
    plan = base.plan
    bound = max(plan.bound, plan.verified_bound)
    if relative_gap(plan.objective, bound) <= effort.rel_gap:
        return Again(plan.status, plan.objective, bound, plan.verified_bound, 0.0, base.x)
    return better(base, solve_edited(base.program, base.x, plan.proof, effort))


def better(base: Base, found: Again) -> Again:
    """Return the better of a plan and of what solving its program again found, with the better of both bounds."""
    plan = base.plan
    known = found.x is not None and found.objective <= plan.objective
    bound = max(found.bound, plan.bound, plan.verified_bound)
    x, objective = (found.x, found.objective) if known else (base.x, plan.objective)
    return replace(found, status=Status.FEASIBLE if not known else found.status, objective=objective, bound=min(bound, objective), x=x)


def difference(before: Again, after: Again, *, forbids: bool = False) -> Difference:
    """Return what a change costs (gains are negative).

    Parameters
    ----------
    forbids
        Whether every plan with the change is one without, so that the change gains nothing.
    """
    if after.status is Status.INFEASIBLE:
        return Difference(math.inf, math.inf, math.inf, impossible=True)
    best = min(before.objective, after.objective) if forbids else before.objective
    floor = 0.0 if forbids else -math.inf
    low = max(after.bound - best, floor)
    high = max(after.objective - min(before.bound, best), low)
    return Difference(max(after.objective - best, floor), low, high)
