"""Objectives in turn: each stage is solved within what the stages before it reached. See models/README.md, section 8.

The plan's objective and bound are those of the case's own objective; stages after it only choose among plans that are as good up to its slack.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from placement.case.case import Stage
from placement.certificate import proven_bound
from placement.engine import Event, Outcome, Progress, Status, relative_gap, solve_program
from placement.objectives import keeping, minimising, stage_objective
from placement.options import REL_GAP, SolveOptions
from placement.program import Floats, Program, Sides

_OWN_SHARE = 0.5  # of the time for the case's own objective, if there are others


@dataclass(frozen=True, slots=True)
class Reached:
    """What a stage reached, and the most that the stages after it may take."""

    stage: Stage
    value: float
    bound: float
    verified_bound: float
    most: float

    def record(self) -> dict[str, Any]:
        """Return it for ``summary.json``."""
        return {
            "name": self.stage.name, "weights": dict(self.stage.weights), "slack": self.stage.slack, "value": self.value, "bound": self.bound,
            "verified_bound": self.verified_bound, "gap": relative_gap(self.value, self.bound), "most": self.most,
        }  # fmt: skip


def solve_stages(
    sides: Sides, program: Program, variables: Sequence[Any], options: SolveOptions, clock: Progress, begin: Floats | None
) -> tuple[Outcome, Program, list[Reached]]:
    """Solve the stages of a case in turn.

    Returns
    -------
    outcome
        The point of the last stage with objective, bound and proof of the case's own objective.
    program
        The program that the proof is about: the case's own objective with the rows of the stages before it.
    reached
        One record per stage.
    """
    reached: list[Reached] = []
    rows, own, own_outcome, x = program, program, None, begin
    for n, stage in enumerate(sides.case.stages):
        cost, constant = (program.cost, program.offset) if not stage.weights else stage_objective(sides, variables, stage)
        staged = minimising(rows, cost, constant)
        part = _clock(clock, stage, sides.case.stages[n:])
        outcome = solve_program(staged, replace(options, time_limit_s=part.left), part, x)
        if not stage.weights:
            own, own_outcome = staged, outcome
        if outcome.x is None and own_outcome is None:
            return outcome, staged, reached  # infeasible, or no plan: the stage's answer is the case's
        if outcome.x is None:
            break  # the plan of the stage before stands
        x = outcome.x
        value = float(cost @ x) + constant
        most = value + stage.slack * abs(value) + 1e-9 * max(1.0, abs(value))  # the plan itself must stay within rounding
        verified = proven_bound(staged, outcome.proof) if outcome.proof is not None else -math.inf
        reached.append(Reached(stage, value, outcome.bound, verified, most))
        rows = keeping(rows, stage.name, cost, most - constant)
    assert own_outcome is not None and x is not None
    objective = float(program.cost @ x) + program.offset
    closed = relative_gap(objective, own_outcome.bound) <= max(options.rel_gap, REL_GAP)  # a slack may have opened it
    status = own_outcome.status if closed else Status.FEASIBLE
    return replace(own_outcome, x=x, objective=objective, status=status, phases=clock.phases, interrupted=clock.interrupted), own, reached


def _clock(clock: Progress, stage: Stage, ahead: Sequence[Stage]) -> Progress:
    """Return the clock of a stage: its share of the time left; its events go on to the whole's listeners."""
    weight = {s.name: _OWN_SHARE if not s.weights else (1 - _OWN_SHARE) / max(1, sum(1 for a in ahead if a.weights)) for s in ahead}
    clock.enter(f"stage {stage.name}")
    part = Progress(clock.search_s * weight[stage.name] / sum(weight.values()))
    clock.on_interrupt(lambda: setattr(part, "interrupted", True))
    part.interrupted = clock.interrupted

    def tell(event: Event) -> None:
        clock.columns = event.columns
        if stage.weights:
            clock.report()
        else:
            clock.report(event.objective, event.bound)

    part.subscribe(tell)
    return part
