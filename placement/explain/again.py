"""Solving again from a plan: what all answers to "what if" are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from placement.case import Case
from placement.certificate import Proof, proven_bound
from placement.engine import Event, Outcome, Progress, Status, solve_program
from placement.explain.base import Carried, carry
from placement.options import SolveOptions
from placement.parallel import Pool
from placement.plan.plan import Plan
from placement.program import Floats, Program, assemble, build_sides

ANSWER_S, LEAST_S = 240.0, 2.0  # wall clock of an answer as a whole where nobody says otherwise, and the least for a question
_QUESTION_S, _COLUMNS_PER_S = 4.0, 5000  # at most so long for a question of a small program, and a second more for so many columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How hard to try.

    Attributes
    ----------
    time_limit_s
        Wall clock per question, s.
    rel_gap
        Relative gap at which a question is answered.
    workers
        Processes for several questions at once.
    """

    time_limit_s: float = 30.0
    rel_gap: float = 2e-4
    workers: int = 1
    seed: int = 0

    def options(self) -> SolveOptions:
        """Return the options of one solve."""
        return SolveOptions(time_limit_s=self.time_limit_s, rel_gap=self.rel_gap, seed=self.seed, workers=1)


def shared(questions: int, workers: int, most_s: float) -> float:
    """Return the seconds for each of several questions, so that all of them take :data:`ANSWER_S` at most."""
    return min(most_s, max(LEAST_S, ANSWER_S * workers / max(questions, 1)))


def by_size(plan: Plan, most_s: float) -> float:
    """Return the seconds for a question about a plan by the number of columns of its program: what is small need not take as long as what is large may."""
    return min(most_s, _QUESTION_S + (0 if plan.point is None else len(plan.point)) / _COLUMNS_PER_S)


@dataclass(frozen=True, slots=True)
class Again:
    """What a changed case or program reached.

    Attributes
    ----------
    objective, bound
        Cost of the plan, and the bound, the better of the verified and the solver's; M$ or the case's ``cost_unit``.
    verified_bound
        Bound proven without a solver.
    runtime_s
        Wall clock, building included, s.
    """

    status: Status
    objective: float
    bound: float
    verified_bound: float
    runtime_s: float
    x: Floats | None = None
    proof: Proof | None = None


def solve_edited(program: Program, begin: Floats, proof: Proof | None, effort: Effort, enough: float | None = None) -> Again:
    """Solve a program with the columns of an earlier one.

    Parameters
    ----------
    begin, proof
        Of the earlier plan.
    enough
        Stop as soon as a plan costs no more than this, or the bound shows that none does.
    """
    clock = Progress(effort.time_limit_s)
    clock.enough = -math.inf if enough is None else enough

    def look(event: Event) -> None:
        if enough is not None and (event.objective <= enough < math.inf or enough < event.bound < math.inf):
            clock.interrupted = True

    clock.subscribe(look)
    begin = np.clip(begin, program.lower, program.upper)  # a decision that is taken as it was is not looked at again
    return _again(program, solve_program(program, effort.options(), clock, begin, proof, prices=False), clock)


def solve_changed(case: Case, carried: Carried, effort: Effort) -> Again:
    """Solve a changed case from a plan; objectives in turn are not: the case's own objective decides."""
    clock = Progress(effort.time_limit_s)
    clock.enter("build")
    sides = build_sides(replace(case, objectives=()))
    program, _ = assemble(sides)
    begin, proof = carried.into(sides, program)
    return _again(program, solve_program(program, effort.options(), clock, begin, proof, prices=False), clock)


def _again(program: Program, outcome: Outcome, clock: Progress) -> Again:
    verified = proven_bound(program, outcome.proof) if outcome.proof is not None else -math.inf
    return Again(outcome.status, outcome.objective, max(outcome.bound, verified), verified, clock.elapsed, outcome.x, outcome.proof)


def solve_all(cases: Sequence[Case], begin: Carried, effort: Effort) -> list[Again]:
    """Solve several changed cases from a plan, side by side where there are workers."""
    with Pool(min(effort.workers, max(len(cases), 1))) as pool:
        return pool.run(solve_changed, [(case, begin, replace(effort, workers=1)) for case in cases])


def begun(case: Case, found: Again) -> Carried:
    """Return what further changes of a changed case begin from: the plan that was found for it."""
    assert found.x is not None
    sides = build_sides(replace(case, objectives=()))
    return carry(sides, assemble(sides)[0], found.x, found.proof)
