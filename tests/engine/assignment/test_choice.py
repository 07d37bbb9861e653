"""The order of work for whole workloads with site choice, and its parts, against enumeration."""

from __future__ import annotations

import math

import numpy as np
import pytest

from placement.engine.assignment import choice
from placement.engine.assignment.best import Best
from placement.engine.assignment.endgame import prove, survivors
from placement.engine.assignment.knapsack import Knapsacks
from placement.engine.assignment.neighbourhood import improve, value
from placement.engine.assignment.opening import choose_open, guide
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Assignment
from placement.engine.assignment.zones import halves
from placement.engine.effort import Effort
from placement.engine.outcome import Progress
from placement.parallel import Pool
from tests.engine.assignment.single import feasible, optimum, random_case


def _solved(a: Assignment, effort: Effort, seed: int = 0) -> Best:
    best = Best(a, Progress(60.0))
    with Pool(1) as pool:
        choice.search(a, best, pool, effort, seed)
    return best


def _guided(a: Assignment):  # type: ignore[no-untyped-def]
    knapsacks = Knapsacks(a)
    return knapsacks, *guide(a, solve_root(a, Effort(work=1.0)), knapsacks, Effort(work=0.5), 0)


@pytest.mark.parametrize("kind", ["capacitated", "fractional", "unlimited", "counted", "forbidden"])
def test_small_cases_are_proven_optimal(kind: str) -> None:
    for seed in range(3):
        a = random_case(seed, kind=kind)
        best, least = _solved(a, Effort(work=1.0), seed), optimum(a)
        if math.isinf(least):
            assert best.placing is None
            continue
        assert best.value == pytest.approx(least, rel=1e-9)
        assert best.bound <= least + 1e-6 * least
        assert best.closed


def test_no_room_means_no_plan() -> None:
    assert _solved(random_case(0, slack=0.7), Effort(work=0.3)).placing is None


def test_counted_runs_repeat() -> None:
    a = random_case(11, m=14, n=50, kind="fractional", slack=3.0)
    first, second = _solved(a, Effort(work=3.0)), _solved(a, Effort(work=3.0))
    assert first.value == second.value
    assert first.bound == second.bound
    assert (first.sites == second.sites).all()
    assert first.bound <= first.value * (1 + 1e-9)


def test_survivors_hold_every_better_plan() -> None:
    for seed in range(6):
        a = random_case(seed)
        knapsacks, prices, filled = _guided(a)
        least = optimum(a)
        assert prices.floor <= least + 1e-9
        assert filled.bound <= least + 1e-9
        start = choice.start_plans(a, prices, 1.0, Effort(work=0.4), seed)
        if not start:
            continue
        left = survivors(a, knapsacks, filled, prices, start[0][0])
        found = prove(a, left, start[0][1], Effort(work=20.0), 1e-9, 0)
        reached = min(start[0][0], math.inf if found.site is None else value(a, found.site))
        assert reached == pytest.approx(least)
        assert min(found.bound, start[0][0]) <= least + 1e-6


def test_replanning_never_harms_and_helps() -> None:
    a = random_case(2, m=12, n=40, kind="fractional", slack=3.0)
    _, prices, _ = _guided(a)
    rng = np.random.default_rng(0)
    site = next(s for s in (rng.integers(0, a.m, a.n) for _ in range(2000)) if feasible(a, s))
    found = improve(a, prices, site, Effort(work=16.0), 1, 4.0)
    assert feasible(a, found.site)
    assert value(a, found.site) < value(a, site)


def test_chosen_sites_can_hold_the_workloads() -> None:
    a = random_case(4, m=12, n=40, slack=4.0)
    _, prices, _ = _guided(a)
    found = choose_open(a, prices, 0.9, Effort(work=5.0))
    assert found is not None
    is_open, start = found
    assert a.capacity[is_open].sum() * 0.9 >= a.use[0].sum() - 1e-6
    assert is_open[start].all()


def test_halves_share_nothing_and_leave_nothing_out() -> None:
    a = random_case(6, m=20, n=60, slack=5.0)
    site = np.random.default_rng(0).integers(0, a.m, a.n)
    first, second = halves(a, site, np.random.default_rng(1))
    assert sorted([*first.sites, *second.sites]) == list(range(a.m))
    assert sorted([*first.workloads, *second.workloads]) == list(range(a.n))
    assert np.isin(site[first.workloads], first.sites).all()
    assert first.open_elsewhere == len(np.unique(site[second.workloads]))
