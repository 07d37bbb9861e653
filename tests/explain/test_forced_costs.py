"""What forcing a workload to a site costs, against the enumeration of tiny random cases, which knows nothing of the program."""

from __future__ import annotations

import math
import os
from random import Random
from typing import Any

import pytest

import placement
from placement.explain.base import Base
from placement.explain.ways import ways
from tests.oracle import enumeration
from tests.oracle.random_cases import random_case

SHARE = 0.3
MOST = 2000  # combinations of decisions
EXACT = placement.Effort(rel_gap=0.0, time_limit_s=60.0)
Question = tuple[str, str, str]  # workload, site, period ("" for a job)


def question(plan: placement.Plan, seed: int) -> Question | None:
    """Return something that the rules allow and the plan does not do, drawn at random."""
    base, rng, found = Base.of(plan), Random(seed), list[Question]()
    for workload in [*plan.case["jobs"]["job"], *plan.case["services"]["service"]]:
        one = ways(base, workload)
        asked = {(r.site, "" if one.is_job else r.period) for r in one.table.itertuples()}
        for site, period in sorted(asked):
            here = one.at(site, [period] if period else None)
            taken = float(base.x[here["column"].to_numpy(int)] @ here["weight"].to_numpy(float))
            if taken < (1.0 if one.is_job else SHARE) - 1e-6:
                found.append((workload, site, period))
    return rng.choice(found) if found else None


def forced_by_enumeration(case: placement.Case, asked: Question, monkeypatch: pytest.MonkeyPatch) -> float:
    """Return the least cost of a case in which a job is at a site, or a site serves a share of a service's demand in a period."""
    workload, site, period = asked

    class Forced(enumeration.Model):
        def __init__(self, case: placement.Case) -> None:
            super().__init__(case)
            if period:
                self._serve_there(list(case.periods).index(period))
                return
            key = ("job", workload)
            allowed = [o for o in self.choices[key] if o[-1] is not None and self.site_of[o[-1][0]] == site]
            for other in set(self.choices[key]) - set(allowed):
                self.lp.upper[other] = 0.0
            self.choices[key] = allowed

        def _serve_there(self, t: int) -> None:
            mtok = {d["metro"]: d["mtok_per_day"] for d in enumeration.records(self.case, "demand", service=workload) if d["period"] == t}
            there: dict[Any, float] = {
                name: mtok[name[2]] / sum(mtok.values()) for name in self.lp.upper if name[:2] == ("share", workload) and name[3] == t and name[4] == site
            }
            self.lp.at_most("forced", {enumeration.ONE: SHARE}, there)

    with monkeypatch.context() as patch:
        patch.setattr(enumeration, "Model", Forced)
        return enumeration.best_by_enumeration(case)


def wrong(first: int, samples: int, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return what differs in some samples."""
    out, seed, done = [], first, 0
    while done < samples:
        case = random_case(seed)
        seed += 1
        if math.prod(map(len, enumeration.Model(case).choices.values())) > MOST:
            continue  # takes the enumeration long
        plan = placement.solve(case, rel_gap=0.0, time_limit_s=60)
        asked = question(plan, seed) if plan.tables else None
        if asked is None:
            continue
        done += 1
        answer = plan.why_not(asked[0], asked[1], effort=EXACT, share=SHARE, periods=[asked[2]] if asked[2] else None)
        assert answer.cost is not None
        cost = forced_by_enumeration(case, asked, monkeypatch) - plan.objective  # that of the plan itself is another test's
        close = 1e-6 * max(1.0, abs(plan.objective))
        found = math.inf if answer.cost.impossible else answer.cost.estimate
        if found != pytest.approx(cost, abs=close) or not (answer.cost.impossible or answer.cost.low - close <= cost <= answer.cost.high + close):
            out.append(f"{case.name} {asked}: {answer.cost}, enumeration {cost}")
    return out


@pytest.mark.parametrize("first", range(0, 50 if os.environ.get("PLACEMENT_LONG_TESTS") else 10, 5))
def test_forced_costs_are_those_of_the_enumeration(first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fifty samples in ten tests of five, all equal; ten of them unless ``PLACEMENT_LONG_TESTS`` is set."""
    assert not wrong(8 * first, 5, monkeypatch)
