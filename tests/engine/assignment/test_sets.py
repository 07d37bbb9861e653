"""Sets of open sites by the bounds that they prove, against enumeration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from placement.engine.assignment import sets
from placement.engine.assignment.knapsack import Knapsacks
from placement.engine.assignment.neighbourhood import value
from placement.engine.assignment.opening import guide
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Assignment
from placement.engine.effort import Effort
from tests.engine.assignment.single import feasible, optimum, random_case


def _found(a: Assignment, *, near: bool, work: float = 8.0) -> tuple[list[sets.OpenSet], float]:
    prices, filled = guide(a, solve_root(a, Effort(work=1.0)), Knapsacks(a), Effort(work=0.5), 0)
    first = np.arange(a.m) if near and a.most >= a.m else None
    return sets.open_sets(a, filled, prices.floor, 10 * abs(prices.floor), first, [], 1.0, Effort(work=work), 0)


@pytest.mark.parametrize("kind", ["capacitated", "fractional", "unlimited", "counted", "forbidden"])
@pytest.mark.parametrize("near", [True, False])
def test_bounds_are_never_above_the_optimum(kind: str, near: bool) -> None:
    for seed in range(3):
        a = random_case(seed, kind=kind)
        least = optimum(a)
        if math.isinf(least):
            continue
        found, bound = _found(a, near=near)
        assert bound <= least + 1e-6 * least
        assert found == sorted(found, key=lambda s: s.bound)


def test_plans_use_only_the_sites_given_and_respect_their_bound() -> None:
    a = random_case(4, m=8, n=30, slack=3.0)
    found, _ = _found(a, near=True)
    plans = sets.place(a, found[0], Effort(work=0.5), 0)
    assert plans
    for site in plans:
        assert feasible(a, site)
        assert np.isin(site, found[0].sites).all()
        assert value(a, site) >= found[0].bound - 1e-6 - a.open_cost[np.setdiff1d(found[0].sites, site)].sum()


def test_counted_runs_repeat() -> None:
    a = random_case(5, m=12, n=40, kind="fractional", slack=3.0)
    (first, bound), (second, again) = _found(a, near=True), _found(a, near=True)
    assert bound == again
    assert [s.sites.tolist() for s in first] == [s.sites.tolist() for s in second]
    assert all((x == y).all() for x, y in zip((s.u for s in first), (s.u for s in second), strict=True))
