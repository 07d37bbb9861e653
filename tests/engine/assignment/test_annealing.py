"""Annealing over promising sites."""

from __future__ import annotations

import math

import numpy as np
import pytest

from placement.engine.assignment.annealing import SCHEDULES, anneal, candidates
from placement.engine.assignment.neighbourhood import value
from placement.engine.effort import Effort
from tests.engine.assignment.single import feasible, optimum, random_case


@pytest.mark.parametrize("kind", ["capacitated", "fractional", "forbidden"])
def test_values_are_those_of_feasible_plans_and_mostly_optimal(kind: str) -> None:
    hits = 0
    for seed in range(8):
        a = random_case(seed, kind=kind)
        start = np.where(a.allowed, a.cost, np.inf).argmin(axis=0)
        found, site = anneal(a, np.ones(a.m, bool), start, seed, Effort(work=0.05), SCHEDULES[0])
        best = optimum(a)
        if math.isfinite(found):
            assert feasible(a, site)
            assert found == pytest.approx(value(a, site))
            assert found >= best - 1e-9
        hits += found == pytest.approx(best)
    assert hits >= 5


def test_counted_runs_repeat() -> None:
    a = random_case(3, m=8, n=30)
    start = a.cost.argmin(axis=0)
    first, second = (anneal(a, np.ones(a.m, bool), start, 7, Effort(work=0.1), SCHEDULES[1]) for _ in range(2))
    assert first[0] == second[0]
    assert (first[1] == second[1]).all()


def test_only_given_sites_are_used() -> None:
    a = random_case(5, m=6, n=12, slack=4.0)
    sites = np.array([True, True, True, False, False, True])
    start = np.where(sites[:, None], a.cost, np.inf).argmin(axis=0)
    found, site = anneal(a, sites, start, 0, Effort(work=0.05), SCHEDULES[0])
    assert math.isfinite(found)
    assert sites[site].all()


def test_candidates_hold_the_start_and_the_cheapest() -> None:
    a = random_case(1, m=6, n=9)
    start = np.full(a.n, 4)
    order, count = candidates(a, np.array([True, False, True, True, False, False]), start, most=3)
    assert (order[:, 0] == 4).all()
    assert (count == 3).all()
    assert set(np.unique(order[:, 1:])) <= {0, 2, 3}
