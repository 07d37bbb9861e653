"""Knapsacks per site against enumeration: values, bounds, penalties and the questions asked of them."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest

from placement.engine.assignment.branching import Reply, ask, penalties, whole
from placement.engine.assignment.decomposition import ascend, decompose
from placement.engine.assignment.knapsack import Knapsacks
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Assignment, Placing
from placement.engine.effort import Effort


def draw(seed: int, m: int = 3, n: int = 7, fractional: bool = False, siting: bool = False) -> Assignment:
    rng = np.random.default_rng(seed)
    cost, use = rng.integers(1, 30, (m, n)).astype(float), rng.integers(1, 12, (m, n)).astype(float)
    if fractional:
        cost, use = cost + rng.random((m, n)), use + rng.random((m, n))
    cost = np.where(rng.random((m, n)) < 0.1, np.inf, cost)
    cost[0, np.isinf(cost).all(axis=0)] = 5.0
    use = np.where(np.isfinite(cost), use, 0.0)
    capacity = np.ceil(use.sum(axis=1) * (0.9 if siting else 0.45))
    return Assignment(cost=cost, use=use, capacity=capacity, open_cost=rng.integers(5, 40, m).astype(float) * siting, siting=siting, whole=True)


def plans(a: Assignment) -> dict[tuple[int, ...], float]:
    """Every plan and its value."""
    found = {}
    for sites in itertools.product(range(a.m), repeat=a.n):
        placing = Placing.of_sites(a, np.array(sites))
        if placing.overload(a) <= 0:
            found[sites] = placing.value(a)
    return found


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("seed", range(4))
def test_each_knapsack_is_filled_as_well_as_can_be(seed: int, fractional: bool) -> None:
    a = draw(seed, 2, 11, fractional)
    u = np.random.default_rng(seed + 50).uniform(0, 40, a.n)
    filled = Knapsacks(a).fill(u)
    for i in range(a.m):
        profit = np.where(np.isfinite(a.cost[i]), u - a.cost[i], -np.inf)
        sets = (np.array(s, bool) for s in itertools.product([False, True], repeat=a.n))
        best = max(float(profit[s].sum()) for s in sets if a.use[i][s].sum() <= a.capacity[i])
        assert filled.value[i] == pytest.approx(best, abs=1e-7)
        mine = filled.taken[i].astype(bool)
        assert a.use[i][mine].sum() <= a.capacity[i] and profit[mine].sum() == pytest.approx(best, abs=1e-7)


def test_capacity_may_be_unlimited_and_use_nothing() -> None:
    a = draw(1)
    a = replace(a, capacity=np.full(a.m, np.inf), use=np.where(np.arange(a.n) % 2 == 0, 0.0, a.use))
    filled = Knapsacks(a).fill(np.full(a.n, 20.0))
    assert np.array_equal(filled.taken.astype(bool), np.where(np.isfinite(a.cost), 20.0 - a.cost, -1.0) > 0)


@pytest.mark.parametrize("siting", [False, True])
@pytest.mark.parametrize("seed", range(6))
def test_bounds_are_below_the_optimum_and_above_the_relaxation(seed: int, siting: bool) -> None:
    a = draw(seed, fractional=seed % 2 == 1, siting=siting)
    every = plans(a)
    if not every:
        pytest.skip("no plan")
    root = solve_root(a, Effort(seconds=5))
    found = decompose(Knapsacks(a), root.u, Effort(seconds=5), 0.05 * abs(root.bound))
    least = min(every.values())
    assert root.bound - 1e-6 <= found.best.bound <= least + 1e-7
    assert found.best.bound == pytest.approx(Knapsacks(a).fill(found.best.u).bound)  # the prices alone prove it
    if found.converged:
        assert found.best.bound == pytest.approx(found.value, abs=0.05)


@pytest.mark.parametrize("seed", range(5))
def test_penalties_hold_for_every_plan(seed: int) -> None:
    a = draw(seed)
    knapsacks = Knapsacks(a)
    best = ascend(knapsacks, solve_root(a, Effort(seconds=5)).u, Effort(), 5.0, most=60)
    rise = penalties(knapsacks, best, 20.0)
    for sites, value in plans(a).items():
        assert value >= best.bound + rise[np.array(sites), np.arange(a.n)].max() - 1e-7


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_questions_are_answered_rightly(seed: int, fractional: bool) -> None:
    a = draw(seed, fractional=fractional)
    every = plans(a)
    if not every:
        pytest.skip("no plan")
    least, u = min(every.values()), solve_root(a, Effort(seconds=5)).u
    none = ask([whole(a, u)], least - 1e-3, 5.0, Effort())
    assert none.reply is Reply.NONE and not none.left
    found = ask([whole(a, u)], least + 1e-6, 5.0, Effort())
    assert found.reply is Reply.FOUND and found.site is not None
    assert every[tuple(int(i) for i in found.site)] == pytest.approx(least)


def test_an_open_question_goes_on_where_it_stopped() -> None:
    a = draw(11, 4, 8)
    least, stack = min(plans(a).values()), [whole(a, solve_root(a, Effort(seconds=5)).u)]
    reply, rounds = Reply.OPEN, 0
    while reply is Reply.OPEN:
        answer = ask(stack, least - 1, 5.0, Effort(work=0.01))
        assert answer.nodes <= 1
        reply, stack, rounds = answer.reply, answer.left, rounds + 1
    assert reply is Reply.NONE and rounds < 1000
    assert math.isfinite(least)
