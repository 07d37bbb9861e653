"""Objectives in turn: each is minimised within what those before it reached. See models/README.md, section 8.

The plan's objective and bound are those of the case's own objective; those after it only choose among plans that are as good up to its slack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from placement.case.case import Objective
from placement.certificate import proven_bound
from placement.engine import Event, Outcome, Progress, Status, relative_gap, solve_program
from placement.objectives import cost_of, keeping, minimising
from placement.options import REL_GAP, SolveOptions
from placement.program import Floats, Program, Sides

_OWN_SHARE = 0.5  # of the time for the case's own objective, if there are others


@dataclass(frozen=True, slots=True)
class Reached:
    """What was reached, and the most that it may be from then on."""

    one: Objective
    value: float
    bound: float
    verified_bound: float
    most: float

    def record(self) -> dict[str, Any]:
        """Return it for ``summary.json``."""
        return {
            "name": self.one.name, "weights": dict(self.one.weights), "slack": self.one.slack, "value": self.value, "bound": self.bound,
            "verified_bound": self.verified_bound, "gap": relative_gap(self.value, self.bound), "most": self.most,
        }  # fmt: skip


def solve_in_turn(
    sides: Sides, program: Program, variables: Sequence[Any], options: SolveOptions, clock: Progress, begin: Floats | None
) -> tuple[Outcome, Program, list[Reached]]:
    """Minimise the objectives of a case in turn.

    Returns
    -------
    outcome
        The point of the last objective with objective, bound and proof of the case's own objective.
    program
        The program that the proof is about: the case's own objective with the rows of the objectives before it.
    reached
        One record per objective.
    """
    reached: list[Reached] = []
    rows, own, own_outcome, x = program, program, None, begin
    for n, one in enumerate(sides.case.objectives):
        cost, constant = (program.cost, program.offset) if not one.weights else cost_of(sides, variables, one)
        staged = minimising(rows, cost, constant)
        part = _clock(clock, one, sides.case.objectives[n:])
        outcome = solve_program(staged, replace(options, time_limit_s=part.left), part, x)
        if not one.weights:
            own, own_outcome = staged, outcome
        if outcome.x is None and own_outcome is None:
            return outcome, staged, reached  # infeasible, or no plan: its answer is the case's
        if outcome.x is None:
            break  # the plan of the objective before stands
        x = outcome.x
        value = float(cost @ x) + constant
        most = value + one.slack * abs(value) + 1e-9 * max(1.0, abs(value))  # the plan itself must stay within rounding
        verified = proven_bound(staged, outcome.proof) if outcome.proof is not None else -math.inf
        reached.append(Reached(one, value, outcome.bound, verified, most))
        rows = keeping(rows, one.name, cost, most - constant)
    assert own_outcome is not None and x is not None
    objective = float(program.cost @ x) + program.offset
    closed = relative_gap(objective, own_outcome.bound) <= max(options.rel_gap, REL_GAP)  # a slack may have opened it
    status = own_outcome.status if closed else Status.FEASIBLE
    return replace(own_outcome, x=x, objective=objective, status=status, phases=clock.phases, interrupted=clock.interrupted), own, reached


def _clock(clock: Progress, one: Objective, ahead: Sequence[Objective]) -> Progress:
    """Return the clock of an objective: its share of the time left; its events go on to the whole's listeners."""
    weight = {s.name: _OWN_SHARE if not s.weights else (1 - _OWN_SHARE) / max(1, sum(1 for a in ahead if a.weights)) for s in ahead}
    clock.enter(f"objective {one.name}")
    part = Progress(clock.search_s * weight[one.name] / sum(weight.values()))
    clock.on_interrupt(lambda: setattr(part, "interrupted", True))
    part.interrupted = clock.interrupted

    def tell(event: Event) -> None:
        clock.columns = event.columns
        if one.weights:
            clock.report()
        else:
            clock.report(event.objective, event.bound)

    part.subscribe(tell)
    return part
