"""The best plans by two terms: one is made as small as can be while the other may be at most epsilon, for several epsilon between its ends.

Each point is solved twice: the first term alone, with a bound, then for a short while the second one with the first kept, so that points are not
dominated weakly. Where the first term is what the plan was made for, the first end begins from the plan. The other points begin from one with more room:
what of its plan pays within the epsilon is soon found, in a small program with the other's branching tree. In a large one the middle is too far from
the end for that, and is searched anew. Last, each point has the best of all plans within its epsilon, and the best of all bounds: what the first term is at
least is convex in epsilon but for the integers, so that prices at one point prove a bound, a tangent, at all others.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from placement.case import Case
from placement.certificate import Proof, proven_bound
from placement.engine import Outcome, Progress, Status, relative_gap, solve_program
from placement.engine.highs import Run, solve
from placement.engine.search import arrays, is_small
from placement.engine.settle import settle
from placement.errors import OptionError
from placement.explain.again import Effort
from placement.explain.base import Base, Carried
from placement.explain.changed import verified_bound
from placement.explain.terms import EMISSIONS, OWN, Term, term_of
from placement.objectives import keeping, minimising
from placement.parallel import Pool
from placement.plan.extract import Solution, extract
from placement.plan.plan import Plan
from placement.program import Floats, Program, Sides, assemble, build_sides

POINTS = 7
_ROUNDING = 1e-9  # relative: what a plan that is to be kept may exceed its own value by
_RATIO_ROUNDS, _RATIO_CLOSE = 8, 1e-4
_ANEW = 2.5  # times the seconds of a point, for one of a large program that is searched anew
_END_GAP = 5e-3  # of the second term, for where the other end of the front of a large program is
_REFINING = 0.2  # of the seconds of a point, for the second term


@dataclass(frozen=True)
class Point:
    """One plan of the front: values of both terms as they are made small, the bound on the first for that epsilon with its proof, and sites."""

    epsilon: float
    x: Floats | None
    first: float
    second: float
    objective: float
    bound: float
    status: str
    sites: str
    proof: Proof | None = None


def pareto(plan: Plan, terms: Sequence[str] = (OWN, EMISSIONS), points: int = POINTS, effort: Effort | None = None) -> pd.DataFrame:
    """Return the front of the best plans by two terms.

    Parameters
    ----------
    plan
        A plan that was solved or read with :func:`placement.read_plan`; the search begins with it.
    terms
        Two names, see :func:`placement.explain.terms.term_of`: the case's own ``cost``, a cost term (``capex``, ``energy``, ``capex+opex``), ``emissions_kt``,
        ``rtt_ms``, ``domestic_share``. All are made small but the domestic share, which is made large and has to be the second.
    points
        How many values of epsilon, the two ends among them, at least 2.
    effort
        Seconds and gap per point; with two workers one half of the front is walked by each.

    Returns
    -------
    DataFrame
        One row per point from the best of the first term to the best of the second: ``epsilon`` (the most, or least share, of the second term), the
        values of both terms under their names, ``objective_musd`` (the case's own), ``bound`` (what the first term is at least for this epsilon, proven
        without a solver), ``gap``, ``dominated`` (another point is as good in both and better in one), ``sites``, ``status``.

    Raises
    ------
    OptionError
        If the terms are not two different ones that the case has, or there are fewer than 2 points.
    """
    if len(terms) != 2 or terms[0] == terms[1]:
        raise OptionError(f"a front needs two different terms, got {', '.join(terms) or 'none'}")
    if points < 2:
        raise OptionError(f"points must be at least 2, got {points}")
    base, chosen = Base.of(plan), effort or Effort()
    front = Front.of(base.case, (terms[0], terms[1]))
    if front.first.whole is not None:
        raise OptionError(f"{terms[0]} is a share, which can only be the second term: write {terms[1]} {terms[0]}")
    one = replace(chosen, workers=1)
    with Pool(min(chosen.workers, 2)) as pool:
        ends = pool.run(_end, [(base.case, tuple(terms), side, base.carried, one) for side in (0, 1)])
        if any(p.x is None for p in ends):
            return _table(front, ends)
        inner = np.linspace(ends[0].second, ends[1].second, points)[1:-1].tolist()
        half = (len(inner) + 1) // 2
        walks = [(epsilons, end) for epsilons, end in ((inner[:half], ends[0]), (inner[half:], ends[0] if is_small(front.program) else None)) if epsilons]
        found = pool.run(_walk, [(base.case, tuple(terms), epsilons, end, one) for epsilons, end in walks])
    every = [ends[0], *(p for walked in found for p in walked), ends[1]]
    return _table(front, [best_of_all(front, p, every) for p in every])


@dataclass(frozen=True)
class Front:
    """A program and the two terms."""

    sides: Sides
    program: Program
    variables: list[Any]
    first: Term
    second: Term

    @classmethod
    def of(cls, case: Case, names: tuple[str, str]) -> Front:
        """Build the program of a case; its objectives in turn, if it has some, do not count here."""
        sides = build_sides(replace(case, objectives=()))
        program, variables = assemble(sides)
        first, second = (term_of(name, sides, program, variables) for name in names)
        return cls(sides, program, variables, first, second)

    def within(self, epsilon: float) -> Program:
        """Return the program that minimises the first term with the second at most what is given."""
        return self.least(self.first, [(self.second, epsilon)])

    def bounded(self, epsilon: float, begin: Floats | None, proof: Proof | None, effort: Effort, times: float = 1.0) -> Point:
        """Return the point for an epsilon: the best by the first term, for so many times the seconds, and near it the best by the second."""
        program = self.within(epsilon)
        outcome, clock = _solved(program, begin, proof, replace(effort, time_limit_s=times * effort.time_limit_s))
        bound = verified_bound(program, outcome, clock, effort)
        if outcome.x is None:
            return Point(epsilon, None, math.nan, math.nan, math.nan, bound, str(outcome.status), "", outcome.proof)
        x = self.refined(epsilon, outcome.x, effort)
        own = float(self.program.cost @ x) + self.program.offset
        status = str(outcome.status) if outcome.status is not Status.NO_PLAN else "no plan"
        value = self.second.value(x)
        at = epsilon if math.isfinite(epsilon) else value
        return Point(at, x, self.first.value(x), value, own, bound, status, self.used(x), outcome.proof)

    def least(self, term: Term, rows: Sequence[tuple[Term, float]]) -> Program:
        """Return the program that minimises a term with others at most what is given."""
        program = minimising(self.program, term.cost, term.constant)
        for other, most in rows:
            cost, limit = other.at_most(most + _ROUNDING * max(1.0, abs(most)))
            program = keeping(program, other.name, cost, limit)
        return program

    def refined(self, epsilon: float, begin: Floats, effort: Effort) -> Floats:
        """Return a point that is as good as one in hand by the first term, and better by the second where there is such a one nearby."""
        if self.second.whole is not None:  # a share is not linear: no smaller one is looked for than the one in hand gives
            return begin
        program = self.least(self.second, [(self.first, self.first.value(begin)), (self.second, epsilon)])
        whole, seconds, near = arrays(program), _REFINING * effort.time_limit_s, begin
        if is_small(program):  # else HiGHS takes far longer than it may before it begins
            found = solve(whole, Run(time_limit_s=seconds, rel_gap=effort.rel_gap, seed=effort.seed), start=begin).x
            near = begin if found is None else found
        settled = settle(whole, near, near > program.lower, seconds, Progress(seconds))
        return begin if settled is None or self.second.value(settled.x) > self.second.value(begin) else settled.x

    def smallest_share(self, begin: Floats, effort: Effort) -> Floats | None:
        """Return a plan with the smallest share of the second term: Dinkelbach's method, each round a linear problem."""
        term, x = self.second, begin
        if term.value(x) == 0.0:
            return x
        for _ in range(_RATIO_ROUNDS):
            share = term.value(x)
            cost, limit = term.at_most(share)
            outcome, _ = _solved(self.least(Term(term.name, term.unit, cost, -limit), []), x, None, effort)
            if outcome.x is None or term.value(outcome.x) >= share - _RATIO_CLOSE:
                return x
            x = outcome.x
        return x

    def used(self, x: Floats) -> str:
        """Return the sites that a plan opens, those with new halls with their IT power."""
        tables = extract(Solution(self.sides, self.variables, x))
        if "siting" in self.sides.case:
            return ", ".join(tables["openings"].loc[tables["openings"]["open"] > 0.5, "site"].astype(str))
        if "pairs" in self.sides.case:
            return ", ".join(sorted({*tables["training"]["site"], *tables["inference"]["site"]}))
        halls = tables["halls"]
        new = halls[halls["existing"] < 0.5].groupby("site", sort=False)["it_mw"].sum()
        return ", ".join(f"{site} {mw:g} MW" for site, mw in new.items()) or "no new hall"


def _solved(program: Program, begin: Floats | None, proof: Proof | None, effort: Effort) -> tuple[Outcome, Progress]:
    clock = Progress(effort.time_limit_s)
    return solve_program(program, effort.options(), clock, begin, proof, prices=False), clock


def _end(case: Case, names: tuple[str, str], side: int, carried: Carried, effort: Effort) -> Point:
    """Return one end: the best by one term, and by the other among these."""
    front = Front.of(case, names)
    begin, proof = carried.into(front.sides, front.least(front.first, [(front.second, math.inf)]))
    if side == 0:
        return front.bounded(math.inf, begin, proof if front.first.name == OWN else None, effort)
    rough = effort if is_small(front.program) else replace(effort, rel_gap=max(effort.rel_gap, _END_GAP))
    found = front.smallest_share(begin, rough) if front.second.whole is not None else _solved(front.least(front.second, []), begin, None, rough)[0].x
    if found is None:
        return Point(math.nan, None, math.nan, math.nan, math.nan, -math.inf, "no plan", "")
    return front.bounded(front.second.value(found), found, None, effort)


def _walk(case: Case, names: tuple[str, str], epsilons: Sequence[float], end: Point | None, effort: Effort) -> list[Point]:
    """Return the points for several epsilon, most room first, begun from an end and then the one before.

    Of a large program the last of them, or without an end the first, is searched anew, for which it may take longer; the others have its prices.
    """
    front, found, last, anew = Front.of(case, names), dict[float, Point](), end, None
    if not is_small(front.program):
        at = epsilons[0 if end is None else -1]
        anew = found[at] = front.bounded(at, None, None, effort, _ANEW)
        last = end or anew
    for epsilon in epsilons:
        if epsilon not in found:
            assert last is not None
            now = found[epsilon] = front.bounded(epsilon, last.x, (anew or last).proof, effort)
            last = now if now.x is not None else replace(now, x=last.x)
    return [found[epsilon] for epsilon in epsilons]


def best_of_all(front: Front, point: Point, points: Sequence[Point]) -> Point:
    """Return a point with the best of all plans that its epsilon allows and the best bound of all proofs."""
    within = [p for p in points if p.x is not None and p.second <= point.epsilon + _ROUNDING * max(1.0, abs(point.epsilon))]
    best = min([point, *within], key=lambda p: p.first if p.x is not None else math.inf)
    program = front.within(point.epsilon)
    bounds = [proven_bound(program, p.proof) for p in points if p.proof is not None]
    return replace(
        best, epsilon=point.epsilon, bound=max([point.bound, *bounds]), status=point.status if point.x is not None else best.status, proof=point.proof
    )


def _table(front: Front, points: Sequence[Point]) -> pd.DataFrame:
    a, b = front.first, front.second
    rows = [_row(p, a, b, points) for p in points]
    columns = ["epsilon", column(a), column(b), "objective_musd", "bound", "gap", "dominated", "sites", "status"]
    return pd.DataFrame(rows, columns=columns)


def column(term: Term) -> str:
    """Return the name of a term's column, with its unit where the name has none."""
    return term.name if term.unit in ("kt", "ms", "share") else f"{term.name}_musd"


def _row(p: Point, a: Term, b: Term, points: Sequence[Point]) -> tuple[object, ...]:
    gap = relative_gap(p.first, p.bound)
    bound = a.show(p.bound) if math.isfinite(p.bound) else math.nan
    return (
        b.show(p.epsilon),
        a.show(p.first),
        b.show(p.second),
        p.objective,
        bound,
        gap if math.isfinite(gap) else math.nan,
        dominated(p, points),
        p.sites,
        p.status,
    )


def dominated(p: Point, points: Sequence[Point]) -> bool:
    """Whether another point is as good as this one by both terms and better by one of them."""
    spans = {name: max([abs(getattr(q, name)) for q in points if q.x is not None], default=1.0) for name in ("first", "second")}
    slack: Mapping[str, float] = {name: 1e-6 * max(span, 1e-6) for name, span in spans.items()}

    def better(q: Point) -> bool:
        ahead = [getattr(p, name) - getattr(q, name) for name in ("first", "second")]
        return all(d >= -s for d, s in zip(ahead, slack.values(), strict=True)) and any(d > s for d, s in zip(ahead, slack.values(), strict=True))

    return p.x is not None and any(q.x is not None and better(q) for q in points)
