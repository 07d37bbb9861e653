"""What a change costs: the difference of two optima, each of which is known within an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from placement.engine import Status, relative_gap
from placement.explain.again import Again, Effort, solve_edited
from placement.explain.base import Base

#: Differences are small beside the whole, so that questions are answered more exactly than plans are made.
EXACT = Effort(rel_gap=1e-6)

_EXACT = 1e-3  # relative (absolute below 1 M$): an interval that a planner takes for a number
_ALIKE = 1e-9  # relative: two objectives that are the same


@dataclass(frozen=True, slots=True)
class Difference:
    """Cost of a change, M$ or the case's ``cost_unit``.

    Attributes
    ----------
    estimate
        Best plan found with the change less the best without; ``inf`` where there is none with it.
    low, high
        Between these the cost lies, by the bounds of both programs; equal where both are solved to the end.
    verified_low, verified_high
        The same by the bounds that are proven without a solver.
    impossible
        Whether no plan has the change: claimed by two configurations of the solver, or proven.
    """

    estimate: float
    low: float
    high: float
    verified_low: float
    verified_high: float
    impossible: bool = False

    def told(self, unit: str) -> str:
        """Return the cost in words."""
        if self.impossible:
            return "no plan has it"
        if not math.isfinite(self.estimate):
            return f"{self.low:,.3f} {unit} at least; no plan with it was found in the time"
        interval = "exact" if self.high - self.low < _EXACT * max(1.0, abs(self.high)) else f"between {self.low:,.3f} and {self.high:,.3f}"
        verified = f"; {self.verified_low:,.3f} to {self.verified_high:,.3f} verified without the solver"
        return f"{self.estimate:,.3f} {unit} ({interval} by the solver's bounds{verified})"


def reference(base: Base, effort: Effort) -> Again:
    """Return the plan itself, with better bounds where it is not yet solved as exactly as a question asks."""
    plan = base.plan
    bound = max(plan.bound, plan.verified_bound)
    if relative_gap(plan.objective, bound) <= effort.rel_gap:
        return Again(plan.status, plan.objective, bound, plan.verified_bound, 0.0, base.x)
    return better(base, solve_edited(base.program, base.x, plan.proof, effort))


def better(base: Base, found: Again) -> Again:
    """Return the better of a plan and of what solving its program again found (the plan itself where they are alike), with the better of both bounds."""
    plan = base.plan
    known = found.x is not None and found.objective < plan.objective - _ALIKE * max(1.0, abs(plan.objective))
    bound = max(found.bound, plan.bound, plan.verified_bound)
    x, objective = (found.x, found.objective) if known else (base.x, plan.objective)
    verified = max(found.verified_bound, plan.verified_bound)
    status = found.status if known else Status.FEASIBLE
    return replace(found, status=status, objective=objective, bound=min(bound, objective), verified_bound=verified, x=x)


def difference(before: Again, after: Again, *, forbids: bool = False) -> Difference:
    """Return what a change costs (gains are negative).

    Parameters
    ----------
    forbids
        Whether every plan with the change is one without, so that the change gains nothing.
    """
    if after.status is Status.INFEASIBLE:
        return Difference(math.inf, math.inf, math.inf, math.inf, math.inf, impossible=True)
    best = min(before.objective, after.objective) if forbids else before.objective
    floor = 0.0 if forbids else -math.inf
    low, verified_low = max(after.bound - best, floor), max(after.verified_bound - best, floor)
    high, verified_high = (max(after.objective - min(bound, best), low) for bound in (before.bound, before.verified_bound))
    return Difference(max(after.objective - best, floor), low, high, verified_low, verified_high)
