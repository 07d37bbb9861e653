"""Plans that are nearly as good: which decisions all of them share, which some of them make, which none does, and plans that differ most.

First jobs are moved several at once, to sites where the relaxation, or in large programs local prices, say that they cost little: each plan found so
is a witness for many decisions (plans that differ much within a slack: Brill, Chang and Hopkins 1982). What then is left is made the other way one
by one, until a plan within the slack is found or the bound shows that there is none.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from placement.certificate import Proof, proven_bound
from placement.engine import Progress
from placement.engine.highs import Run, solve
from placement.engine.search import arrays
from placement.engine.settle import settle
from placement.errors import OptionError
from placement.explain.again import Effort, solve_edited
from placement.explain.base import Base
from placement.explain.decisions import JOB, Decisions
from placement.explain.edits import Ints
from placement.explain.screen import Screen
from placement.explain.unused import columns_of, unused
from placement.parallel import Pool
from placement.plan.plan import Plan
from placement.program import Floats, Program

_QUESTIONS = 8  # times the seconds of one question, for all decisions together
_TOGETHER = 0.5  # share of the slack that decisions made otherwise at once may cost, by the relaxation or by local prices
_SMALL, _LARGE = (8, 2), (8, 4)  # decisions at once and at one site, in a program whose relaxation is quick, and in another
_PLACED = 0.5  # of a job, in the relaxation
_AT_ONCE = 8  # decisions per worker between two looks at what is still open


@dataclass(frozen=True, eq=False)
class Alternatives:
    """What nearly best plans have in common.

    Attributes
    ----------
    decisions : DataFrame
        ``kind, decision, taken`` (in the plan itself), ``verdict`` (``always``, ``some``, ``never``) and ``proven``: whether bounds show it; where they do
        not, it is what the plans found have in common.
    plans : DataFrame
        ``plan, cost_musd, above_best, differs_in`` (decisions other than in the plan itself), ``changes`` (in words), ``unused`` (in words: what it takes
        besides and does not need, see :func:`placement.explain.unused.unused`); the plan itself is number 0.
    distance : ndarray, shape (n_plans, n_plans)
        Number of decisions in which two plans differ; what is taken for nothing does not count.
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


def _moved(program: Program, begin: Floats, enough: float, jobs: Ints, effort: Effort, dear: Floats | None = None) -> Floats | None:
    """Return an earlier plan with jobs elsewhere, all else that is decided as it was; None if it costs more than enough.

    A job stands in its least ``dear`` column; without such numbers, where the relaxation has most of it, or nowhere if it has little.
    """
    whole = arrays(program)
    if dear is None:
        relaxed = solve(whole.relaxed(), Run(time_limit_s=effort.time_limit_s, seed=effort.seed)).x
        if relaxed is None:
            return None
        placed, dear = relaxed, -relaxed
    else:
        placed = program.upper
    point = np.clip(begin, program.lower, program.upper)
    for job in jobs:
        columns = np.flatnonzero((program.workload == job) & program.integer & (program.upper > 0))
        point[columns] = program.lower[columns]
        if placed[columns].sum() > _PLACED:
            point[columns[np.argmin(dear[columns])]] = 1.0
    keep = (point > program.lower) | (dear < 0)
    found = settle(whole, point, keep & ~program.integer, effort.time_limit_s, Progress(effort.time_limit_s))
    return found.x if found is not None and whole.value(found.x) <= enough else None


def _turned(program: Program, begin: Floats, proof: Proof | None, enough: float, job: int, effort: Effort) -> tuple[Floats | None, float]:
    """Return a plan that costs no more than enough, if one is found, and a bound."""
    x = _moved(program, begin, enough, np.array([job]), effort) if job >= 0 and Screen.fits(program) else None
    if x is not None:
        return x, -math.inf
    again = solve_edited(program, begin, proof, effort, enough)
    return again.x, again.bound


class _Search:
    """The plans found so far, all within the slack, and what is proven."""

    def __init__(self, base: Base, known: Decisions, slack: float, effort: Effort) -> None:
        self.base, self.known, self.effort = base, known, effort
        self.most = base.plan.objective + slack * abs(base.plan.objective)
        self.points, self.taken = [base.x], [known.of_point(base.x)]
        self.proven = np.zeros(len(known.table), bool)
        self.tried = np.zeros(len(known.table), bool)
        self.costs = np.full(len(known.table), np.inf)  # at least, of making a decision the other way; M$ or the case's unit
        self.dear: Floats | None = None  # of columns, where the relaxation is too large to be asked
        self.size, self.per_site = _SMALL if Screen.fits(base.program) else _LARGE
        self.most_of = np.full(len(known.table), self.size)  # decisions that may be tried at once with it

    def run(self) -> None:
        """Make every decision the other way that no plan found so far has made both ways, until all are tried or time is up."""
        until = time.monotonic() + _QUESTIONS * self.effort.time_limit_s
        if Screen.fits(self.base.program):
            self.screen()
        else:
            self.estimate()
        with Pool(self.effort.workers) as pool:
            while time.monotonic() < until and (groups := self.groups(pool.workers)):
                self.together(pool, groups)
            while time.monotonic() < until and len(self.open()):
                self.turn(pool, self.open()[: _AT_ONCE * pool.workers])

    def screen(self) -> None:
        """Bound what each decision costs when it is made the other way; what the relaxation shows to cost more than the slack is settled."""
        screen = Screen(self.base.program)
        bounds = np.array([screen.bound(self.other(d)) for d in range(len(self.known.table))])
        known, least = np.isfinite(bounds), screen.bound(self.base.program)
        if math.isfinite(least):
            self.costs[known] = np.maximum(bounds[known] - least, 0.0)
        self.proven, self.tried = bounds > self.most, bounds > self.most

    def other(self, d: int, program: Program | None = None) -> Program:
        """Return the program, or another one, with a decision made the other way than in the plan itself."""
        return self.known.flipped(d, self.base.program if program is None else program, not self.taken[0][d])

    def estimate(self) -> None:
        """Guess by the local prices what each job costs at each other site; nothing is proven by it."""
        settled = self.base.settled
        if settled is None:
            return
        p, known = self.base.program, self.known
        self.dear = reduced = p.cost - p.matrix.T @ settled.price
        now = np.zeros(len(p.row_lower) + 1)  # of each job where it stands; 0 for one that is left out
        here = np.flatnonzero((self.base.x > _PLACED) & p.integer & (p.workload >= 0))
        now[p.workload[here]] = reduced[here]
        in_use = np.unique(known.site[self.taken[0] & (known.job >= 0)])  # elsewhere there may be no hall
        for d in np.flatnonzero((known.job >= 0) & ~self.taken[0] & np.isin(known.site, in_use)):
            self.costs[d] = max(float(reduced[known.columns(int(d))].min() - now[known.job[d]]), 0.0)

    def groups(self, most: int) -> list[list[int]]:
        """Return jobs to move at once, each to a site of its own choice, the cheapest ones first: together they may cost a part of the slack."""
        groups: list[list[int]] = []
        for d in sorted(map(int, self.open()), key=lambda d: float(self.costs[d])):
            fitting = (g for g in groups if self.fits(d, g))
            if (group := next(fitting, None)) is not None:
                group.append(d)
            elif len(groups) < most and self.fits(d, []):
                groups.append([d])
        return [g for g in groups if len(g) > 1]

    def fits(self, d: int, group: list[int]) -> bool:
        """Whether a decision may join a group."""
        if self.known.job[d] < 0 or self.most_of[d] <= max(len(group), 1) or not math.isfinite(self.costs[d]):
            return False
        jobs, sites = self.known.job[group], self.known.site[group]
        cheap = self.costs[[*group, d]].sum() <= _TOGETHER * (self.most - self.base.plan.objective)
        apart = self.known.job[d] not in jobs and (sites == self.known.site[d]).sum() < self.per_site
        return bool(cheap and apart and len(group) < self.most_of[group].min(initial=self.size))

    def together(self, pool: Pool, groups: list[list[int]]) -> None:
        """Make groups of decisions the other way at once; where no such plan is found, half as many of them are tried later."""
        programs = []
        for group in groups:
            program = self.base.program
            for d in group:
                program = self.other(d, program)
            programs.append(program)
        asked = [(program, self.base.x, self.most, self.known.job[group], self.effort, self.dear) for program, group in zip(programs, groups, strict=True)]
        for group, x in zip(groups, pool.run(_moved, asked), strict=True):
            if x is None or not self.keep(x):
                self.most_of[group] = len(group) // 2

    def open(self) -> np.ndarray:
        """Return the decisions that all plans found so far make alike, less those that were tried; those that are taken first, for what they settle."""
        taken = np.array(self.taken)
        alike = np.flatnonzero((taken.all(axis=0) | ~taken.any(axis=0)) & ~self.tried)
        return alike[np.argsort(~self.taken[0][alike], kind="stable")]

    def keep(self, x: Floats) -> bool:
        """Keep a plan if it is within the slack and unlike all others."""
        now = self.known.of_point(x)
        if self.base.program.cost @ x + self.base.program.offset > self.most or any((now == t).all() for t in self.taken):
            return False
        self.points.append(x)
        self.taken.append(now)
        return True

    def turn(self, pool: Pool, decisions: np.ndarray) -> None:
        """Make decisions, each on its own, the other way: find plans within the slack, or prove that there is none."""
        proof, one = self.base.plan.proof, replace(self.effort, workers=1)
        programs = {int(d): self.other(int(d)) for d in decisions}
        self.tried[decisions] = True
        self.proven[decisions] = [proof is not None and proven_bound(program, proof) > self.most for program in programs.values()]
        left = {d: program for d, program in programs.items() if not self.proven[d]}
        found = pool.run(_turned, [(program, self.base.x, proof, self.most, int(self.known.job[d]), one) for d, program in left.items()])
        for d, (x, bound) in zip(left, found, strict=True):
            self.proven[d] = bound > self.most
            if x is not None:
                self.keep(x)
        self.settle_others(decisions)

    def settle_others(self, decisions: np.ndarray) -> None:
        """A job that all plans have at its site is at no other one in any."""
        stay = self.known.job[decisions[self.proven[decisions] & self.taken[0][decisions]]]
        elsewhere = np.isin(self.known.job, stay[stay >= 0])
        self.proven |= elsewhere
        self.tried |= elsewhere

    def answer(self, n_plans: int) -> Alternatives:
        """Put the findings into tables; of the plans found those that differ most are kept."""
        taken = np.array(self.taken)
        all_of, none_of = taken.all(axis=0), ~taken.any(axis=0)
        verdict = np.where(all_of, "always", np.where(none_of, "never", "some"))
        proven = self.proven | (verdict == "some")
        decisions = self.known.table.assign(taken=taken[0], verdict=verdict, proven=proven)
        idle = self.idle(taken)
        used = taken & ~idle
        distance = (used[:, None, :] != used[None, :, :]).sum(axis=2)
        chosen = [0]
        while len(chosen) < min(n_plans + 1, len(taken)):
            far = distance[:, chosen].min(axis=1)
            if not far.any():  # what is left differs from these by nothing that it uses
                break
            chosen.append(int(far.argmax()))
        best = self.base.plan.objective
        costs = [self.base.program.cost @ self.points[i] + self.base.program.offset for i in chosen]
        rows = [
            (n, cost, (cost - best) / max(abs(best), 1e-9), int(distance[i, 0]), self.words(used[i]), self.named(idle[i]))
            for n, (i, cost) in enumerate(zip(chosen, costs, strict=True))
        ]
        plans = pd.DataFrame(rows, columns=["plan", "cost_musd", "above_best", "differs_in", "changes", "unused"])
        return Alternatives(decisions, plans, distance[np.ix_(chosen, chosen)])

    def idle(self, taken: np.ndarray) -> np.ndarray:
        """Return which decisions each plan takes beyond those of the plan itself, and for nothing."""
        columns, out, named = columns_of(self.base), np.zeros_like(taken), list(self.known.table[["kind", "decision"]].itertuples(index=False, name=None))
        for i in range(1, len(taken)):
            added = [named[d] for d in np.flatnonzero(taken[i] & ~taken[0]) if named[d] in columns]
            found = unused(self.base, self.points[i], added, columns)
            out[i] = [one in found for one in named]
        return out

    def named(self, decisions: np.ndarray) -> str:
        """Return decisions in words."""
        return "; ".join(f"{kind} {name}" for kind, name in self.known.table[decisions].itertuples(index=False))

    def words(self, taken: np.ndarray) -> str:
        """Return in what a plan differs from the plan itself; a job that is at another site moves."""
        differs = self.known.table.assign(now=taken)[taken != self.taken[0]]
        jobs = differs[differs["kind"] == JOB]
        said = [f"{'+' if now else '-'}{kind} {name}" for kind, name, now in differs[differs["kind"] != JOB].itertuples(index=False)]
        at = jobs["decision"].str.rsplit(" @ ", n=1, expand=True) if len(jobs) else None
        for job, rows in () if at is None else at.groupby(0, sort=False):
            was, becomes = (rows.loc[jobs.loc[rows.index, "now"] == now, 1].to_list() for now in (False, True))
            said.append(f"job {job}: {', '.join(was) or 'not placed'} -> {', '.join(becomes) or 'not placed'}")
        return "; ".join(said)
