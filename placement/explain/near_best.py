"""Plans that are nearly as good: which decisions all of them share, which some of them make, which none does, and plans that differ most.

Each decision in turn is made the other way. Often the proof of the plan's own bound already shows that no such plan is within the slack; else the
program is solved again with it. Every plan found on the way is a witness for many decisions (modelling to generate alternatives: Brill, Chang and
Hopkins 1982; fixing by reduced costs: Dantzig, Fulkerson and Johnson 1954).
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
import pandas as pd

from placement.certificate import proven_bound
from placement.errors import OptionError
from placement.explain.again import Effort, solve_edited
from placement.explain.base import Base
from placement.explain.decisions import Decisions
from placement.plan.plan import Plan

_QUESTIONS = 30  # times the seconds of one question, for all decisions together


@dataclass(frozen=True, eq=False)
class Alternatives:
    """What nearly best plans have in common.

    Attributes
    ----------
    decisions : DataFrame
        ``kind, decision, taken`` (in the plan itself), ``verdict`` (``always``, ``some``, ``never``) and ``proven``: whether bounds show it; where they do
        not, it is what the plans found have in common.
    plans : DataFrame
        ``plan, cost_musd, above_best, differs_in`` (decisions other than in the plan itself), ``changes`` (in words); the plan itself is number 0.
    distance : ndarray, shape (n_plans, n_plans)
        Number of decisions in which two plans differ.
    """

    decisions: pd.DataFrame
    plans: pd.DataFrame
    distance: np.ndarray


def alternatives(plan: Plan, slack: float = 0.01, n_plans: int = 5, *, effort: Effort | None = None) -> Alternatives:
    """Return what all plans within a slack of the best one share, and some that differ most from it and from one another.

    Parameters
    ----------
    slack
        How much worse a plan may be, as a share of the plan's cost.
    n_plans
        How many plans beside the plan itself.
    effort
        Seconds and gap per question; default: :class:`Effort`.

    Raises
    ------
    OptionError
        If there is no plan, the slack or the number of plans is not positive, or the program has no open yes/no decision.
    """
    if not (0 < slack < 1 and n_plans >= 1):
        raise OptionError(f"slack must lie between 0 and 1 and n_plans be at least 1; got {slack:g} and {n_plans}")
    base = Base.of(plan)
    search = _Search(base, Decisions.of(base), slack, effort or Effort())
    if not len(search.known.table):
        raise OptionError(f"{plan.case.name} has no open yes/no decision to vary")
    search.run()
    return search.answer(n_plans)


class _Search:
    """The plans found so far, all within the slack, and what is proven."""

    def __init__(self, base: Base, known: Decisions, slack: float, effort: Effort) -> None:
        self.base, self.known, self.effort = base, known, effort
        self.most = base.plan.objective + slack * abs(base.plan.objective)
        self.points, self.taken = [base.x], [known.of_point(base.x)]
        self.proven = np.zeros(len(known.table), bool)
        self.tried = np.zeros(len(known.table), bool)

    def run(self) -> None:
        """Make every decision the other way that no plan found so far has made both ways, until all are tried or time is up."""
        until = time.monotonic() + _QUESTIONS * self.effort.time_limit_s
        while time.monotonic() < until:
            taken = np.array(self.taken)
            open_ones = np.flatnonzero((taken.all(axis=0) | ~taken.any(axis=0)) & ~self.tried)
            if not len(open_ones):
                return
            self.turn(int(open_ones[0]))

    def turn(self, d: int) -> None:
        """Make one decision the other way: prove that it takes the plan out of the slack, or find a plan."""
        self.tried[d] = True
        program, proof = self.known.flipped(d, self.base.program, not self.taken[0][d]), self.base.plan.proof
        if proof is not None and proven_bound(program, proof) > self.most:
            self.proven[d] = True
            return
        found = solve_edited(program, self.base.x, proof, self.effort, self.most)
        self.proven[d] = found.bound > self.most
        if found.x is not None and found.objective <= self.most:
            now = self.known.of_point(found.x)
            if not any((now == t).all() for t in self.taken):
                self.points.append(found.x)
                self.taken.append(now)

    def answer(self, n_plans: int) -> Alternatives:
        """Put the findings into tables; of the plans found those that differ most are kept."""
        taken = np.array(self.taken)
        all_of, none_of = taken.all(axis=0), ~taken.any(axis=0)
        verdict = np.where(all_of, "always", np.where(none_of, "never", "some"))
        proven = self.proven | (verdict == "some")
        decisions = self.known.table.assign(taken=taken[0], verdict=verdict, proven=proven)
        distance = (taken[:, None, :] != taken[None, :, :]).sum(axis=2)
        chosen = [0]
        while len(chosen) < min(n_plans + 1, len(taken)):
            rest = [i for i in range(len(taken)) if i not in chosen]
            chosen.append(max(rest, key=lambda i: int(distance[i, chosen].min())))
        best = self.base.plan.objective
        costs = [self.base.program.cost @ self.points[i] + self.base.program.offset for i in chosen]
        rows = [
            (n, cost, (cost - best) / max(abs(best), 1e-9), int(distance[i, 0]), self.words(taken[i]))
            for n, (i, cost) in enumerate(zip(chosen, costs, strict=True))
        ]
        plans = pd.DataFrame(rows, columns=["plan", "cost_musd", "above_best", "differs_in", "changes"])
        return Alternatives(decisions, plans, distance[np.ix_(chosen, chosen)])

    def words(self, taken: np.ndarray) -> str:
        """Return in what a plan differs from the plan itself."""
        table, was = self.known.table, self.taken[0]
        sign = [("+" if t else "-") + f"{kind} {name}" for t, w, kind, name in zip(taken, was, table["kind"], table["decision"], strict=True) if t != w]
        return "; ".join(sign)
