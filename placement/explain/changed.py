"""A changed case solved from a plan, with what came out in the planner's words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from placement.case import Case
from placement.certificate import proven_bound
from placement.engine import Outcome, Progress, Status, solve_program
from placement.engine.prove import prove
from placement.engine.search import arrays
from placement.engine.settle import gap_closed
from placement.errors import PlacementError
from placement.explain.again import Effort
from placement.explain.base import Base, Carried
from placement.parallel import Pool
from placement.plan.extract import Solution, extract
from placement.plan.plan import Plan
from placement.program import Program, assemble, build_sides

_PROVABLE = 2e7  # rows x columns up to which a tree is grown
_PROVE_S, _SPARE_S = 5.0, 0.5


@dataclass(frozen=True, slots=True)
class Value:
    """What a case costs at best, as far as it is known: the cost of a plan, and a bound that was proven without a solver; M$ or the case's ``cost_unit``."""

    objective: float
    verified_bound: float

    def better_than(self, other: Value) -> tuple[float, float, float]:
        """Return how much more this case is worth than another, and the least and the most that it can be, by the bounds of both; NaN without plans."""
        if not (math.isfinite(self.objective) and math.isfinite(other.objective)):
            return math.nan, math.nan, math.nan
        return other.objective - self.objective, other.verified_bound - self.objective, other.objective - self.verified_bound


@dataclass(frozen=True, slots=True)
class Changed:
    """A changed case solved again.

    Attributes
    ----------
    status
        Of the solve: ``optimal``, ``feasible``, ``infeasible`` or ``no plan``; ``bad input`` where the changed case breaks a rule, which ``note`` names.
    tables
        The plan tables; none without a plan.
    """

    status: str
    value: Value
    runtime_s: float = 0.0
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    note: str = ""


def solve_changed_to_tables(case: Case, carried: Carried, effort: Effort, *, read: bool = True) -> Changed:
    """Solve a changed case from a plan and ``read`` the result; objectives in turn are not, the case's own objective decides."""
    clock = Progress(effort.time_limit_s)
    clock.enter("build")
    try:
        sides = build_sides(replace(case, objectives=()))
        program, variables = assemble(sides)
    except PlacementError as error:
        return failed(error)
    begin, proof = carried.into(sides, program)
    outcome = solve_program(program, effort.options(), clock, begin, proof, prices=False)
    verified = verified_bound(program, outcome, clock, effort)
    tables = extract(Solution(sides, variables, outcome.x)) if read and outcome.x is not None else {}
    note = "" if outcome.status is not Status.NO_PLAN else "no plan within the limit"
    return Changed(str(outcome.status), Value(outcome.objective, verified), clock.elapsed, tables, note)


def verified_bound(program: Program, outcome: Outcome, clock: Progress, effort: Effort) -> float:
    """Return the bound that needs no solver; where the proof of the earlier plan has become loose and the program is small, a tree is grown for it."""
    verified = proven_bound(program, outcome.proof) if outcome.proof is not None else -math.inf
    n_rows, n_columns = program.matrix.shape
    if outcome.x is None or gap_closed(outcome.objective, verified, effort.rel_gap) or n_rows * n_columns > _PROVABLE or clock.left < _SPARE_S:
        return verified
    target = outcome.objective - effort.rel_gap * abs(outcome.objective)
    tree = prove(arrays(program), program, target, min(clock.left, _PROVE_S), lambda: clock.interrupted)
    return max(verified, proven_bound(program, tree))


def failed(error: PlacementError) -> Changed:
    """Return what there is to say of a case that cannot be solved because it breaks a rule."""
    return Changed("bad input", Value(math.inf, -math.inf), note=str(error).splitlines()[0])


def solve_each(cases: Sequence[Case | PlacementError], base: Base, effort: Effort) -> list[Changed]:
    """Solve several changed cases from a plan, side by side where there are workers; what is an error stays one."""
    sound = [case for case in cases if isinstance(case, Case)]
    with Pool(min(effort.workers, max(len(sound), 1))) as pool:
        found = iter(pool.run(solve_changed_to_tables, [(case, base.carried, replace(effort, workers=1)) for case in sound]))
    return [next(found) if isinstance(case, Case) else failed(case) for case in cases]


def value_of(plan: Plan) -> Value:
    """Return what a plan is known to cost at best."""
    return Value(plan.objective, plan.verified_bound)


def reference(base: Base, effort: Effort) -> Changed:
    """Return what changed cases are compared with: the plan itself, or, where objectives came in turn, the best by the case's own objective alone."""
    if base.case.objectives:
        return solve_changed_to_tables(base.case, base.carried, effort)
    return Changed(str(base.plan.status), value_of(base.plan), 0.0, base.plan.tables)
