"""The order of work on small cases of every kind against enumeration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placement.engine.assignment import divisible
from placement.engine.assignment.best import Best
from placement.engine.assignment.structure import Assignment
from placement.engine.effort import Effort
from placement.engine.outcome import Progress
from placement.parallel import Pool
from tests.engine.assignment.split import KINDS, optimum, random_case


def searched(a: Assignment, effort: Effort | None = None) -> Best:
    best = Best(a, Progress(60.0))
    with Pool(1) as pool:
        divisible.search(a, best, pool, effort or Effort(seconds=20), 0)
    return best


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(4))
def test_proves_the_optimum(kind: str, seed: int) -> None:
    a = random_case(seed, 6, 9, kind=kind)
    best = searched(a)
    assert best.closed
    assert best.value == pytest.approx(optimum(a), rel=2e-6)


@pytest.mark.parametrize("seed", range(2))
def test_few_large_sites(seed: int) -> None:
    a = random_case(seed, 6, 150)
    best = searched(a)
    assert best.closed and best.value == pytest.approx(optimum(a), rel=2e-6)


def test_given_sites() -> None:
    a = replace(random_case(1), siting=False, open_cost=np.zeros(5))
    best = searched(a)
    assert best.closed


def test_no_plan_where_there_is_no_room() -> None:
    a = random_case(0)
    best = searched(replace(a, capacity=a.capacity * 0.2), Effort(seconds=3))
    assert best.placing is None


def test_counted_runs_repeat() -> None:
    a = random_case(2, 8, 30)
    one, two = (searched(a, Effort(work=0.5)) for _ in range(2))
    assert (one.value, one.bound) == (two.value, two.bound)


def test_two_workers_prove_the_same() -> None:
    a = random_case(6, 7, 25)
    best = Best(a, Progress(60.0))
    with Pool(2) as pool:
        divisible.search(a, best, pool, Effort(seconds=30), 0)
    assert best.closed and best.value == pytest.approx(optimum(a), rel=2e-6)


def test_an_interrupt_ends_it_at_once() -> None:
    a = random_case(3, 7, 25)
    best = Best(a, Progress(60.0))
    best.progress.interrupted = True
    with Pool(1) as pool:
        divisible.search(a, best, pool, Effort(), 0)
    assert not best.closed
