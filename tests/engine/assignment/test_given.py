"""Whole workloads on given sites: chains and the order of work."""

from __future__ import annotations

import math

import numpy as np
import pytest

from placement.engine.assignment.best import Best
from placement.engine.assignment.chains import Schedule, anneal, terrain
from placement.engine.assignment.given import search
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Assignment, Placing
from placement.engine.effort import Effort
from placement.engine.outcome import Progress
from placement.parallel import Pool

from .test_knapsack import draw, plans


def hard(m: int, n: int, seed: int) -> Assignment:
    """Draw an instance whose costs fall as use rises (type D of the literature)."""
    rng = np.random.default_rng(seed)
    use = rng.integers(1, 101, (m, n)).astype(float)
    cost = 111 - use + rng.integers(-10, 11, (m, n))
    return Assignment(cost=cost, use=use, capacity=np.floor(0.8 * use.sum(axis=1) / m), open_cost=np.zeros(m), siting=False, whole=True)


def run(a: Assignment, effort: Effort, workers: int = 1, seed: int = 0) -> Best:
    best = Best(a, Progress(60))
    with Pool(workers) as pool:
        search(a, best, pool, effort, seed)
    return best


@pytest.mark.parametrize("fractional", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_optimum_is_found_and_proven(seed: int, fractional: bool) -> None:
    a = draw(seed, fractional=fractional)
    every = plans(a)
    best = run(a, Effort(seconds=20 if every else 0.5))
    if not every:
        assert best.placing is None
        return
    assert best.closed and best.value == pytest.approx(min(every.values()))


def test_chains_find_plans_and_report_what_they_cost() -> None:
    a = hard(4, 40, 1)
    root = solve_root(a, Effort(seconds=5))
    value, site = anneal(terrain(a, root.reduced, root.v), root.share.argmax(axis=0).astype(np.int64), 3, Effort(work=1.0), Schedule())
    placing = Placing.of_sites(a, site)
    assert placing.overload(a) == 0 and placing.value(a) == value
    assert root.bound <= value <= 1.03 * root.bound


def test_counted_effort_gives_the_same_whatever_the_clock() -> None:
    a = hard(5, 50, 2)
    first, again = run(a, Effort(work=1.5), seed=5), run(a, Effort(work=1.5), seed=5)
    assert math.isfinite(first.value)
    assert (first.value, first.bound) == (again.value, again.bound) and np.array_equal(first.sites, again.sites)


def test_nothing_is_done_after_an_interrupt() -> None:
    a = hard(4, 30, 3)
    best = Best(a, Progress(60))
    best.progress.interrupted = True
    with Pool(1) as pool:
        search(a, best, pool, Effort(seconds=30), 0)
    assert best.progress.elapsed < 10
