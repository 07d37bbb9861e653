"""What an earlier plan and its proof are good for in a small program that differs a little: a tree that goes on, and plans nearby."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from placement.certificate import Proof
from placement.engine.highs import Arrays, Floats, Run, solve
from placement.engine.outcome import Progress
from placement.engine.prove import prove
from placement.options import SolveOptions
from placement.program import Program

MOST_LEAVES = 2000
_AGAIN = 0.7  # of the time left, for the tree, before the solver begins anew
_BETWEEN_S, _BETWEEN_GAP, _AGREE = 2.0, 1e-4, 1e-6  # between plan and relaxation: time, gap, and what counts as agreeing
_EXACT, _MARGIN = 1e-6, 1.5e-6  # the least gap asked for; by how much a tree aims beyond the gap, for rounding


@dataclass(frozen=True)
class Goal:
    """What a search takes: points, bounds that do not contradict its plan, and when it is over."""

    offer: Callable[[Floats], None]
    credible: Callable[[float], bool]
    options: SolveOptions
    progress: Progress

    @property
    def target(self) -> float:
        """The bound that closes the gap."""
        objective = self.progress.objective
        return objective - (max(self.options.rel_gap, _EXACT) - _MARGIN) * abs(objective) if math.isfinite(objective) else math.inf

    def tell(self, bound: float) -> None:
        """Take in a bound of the tree."""
        if bound > self.progress.bound and self.credible(bound):
            self.progress.report(bound=bound)


def regrown(program: Program, whole: Arrays, dual: Floats, earlier: Proof, max_leaves: int, goal: Goal) -> Proof:
    """Return what a tree proves whose leaves are solved again, and split where that is not enough; points found on the way are offered.

    Parameters
    ----------
    dual
        Of the relaxation.
    max_leaves
        Nothing is split beyond so many: with 1 the tree stays as it is.
    """

    def found(x: Floats) -> float:
        goal.offer(np.where(whole.integer, np.round(x), x))
        return goal.target

    def over() -> bool:
        return goal.progress.out_of_time

    return prove(
        whole, program, goal.target, _AGAIN * goal.progress.search_s, over, max_leaves, dual=dual, earlier=earlier, offer=found, tell=goal.tell
    )  # fmt: skip


def between(whole: Arrays, begin: Floats, relaxed: Floats, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return a plan between an earlier one and the relaxation, or None: whole numbers on which both agree stay (crossover: Rothberg 2007)."""
    point = np.where(whole.integer, np.round(begin), begin)
    free = ~whole.integer | (np.abs(relaxed - point) > _AGREE)
    run = Run(time_limit_s=min(_BETWEEN_S, progress.search_s), rel_gap=max(options.rel_gap, _BETWEEN_GAP), seed=options.seed)

    def over(objective: float, bound: float) -> bool:
        """Whether time is up, or a plan is good enough, or none will be."""
        return progress.out_of_time or objective <= progress.enough or -math.inf < progress.enough < bound

    answer = solve(whole.restricted(free, point)[0], run, watch=over)
    if answer.x is None:
        return None
    point[free] = answer.x
    return point
