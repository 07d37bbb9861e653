"""Branch and bound with opening decisions, against enumeration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placement.engine.assignment.sited import solve_sited
from placement.engine.assignment.structure import Placing
from placement.engine.effort import Effort
from tests.engine.assignment import split
from tests.engine.assignment.single import optimum, random_case


@pytest.mark.parametrize("kind", ["capacitated", "fractional", "unlimited", "counted", "forbidden"])
def test_whole_workloads(kind: str) -> None:
    for seed in range(4):
        a = random_case(seed, kind=kind)
        found, least = solve_sited(a, a.allowed, effort=Effort(work=50.0)), optimum(a)
        assert found.bound == pytest.approx(least, rel=2e-6)
        if found.placing is not None:
            assert found.placing.value(a) == pytest.approx(least, rel=2e-6)


@pytest.mark.parametrize("kind", split.KINDS)
def test_split_workloads(kind: str) -> None:
    a = split.random_case(1, kind=kind)
    found = solve_sited(a, a.allowed, effort=Effort(work=50.0))
    assert found.bound == pytest.approx(split.optimum(a), rel=2e-6)


def test_fixed_sites_and_a_start_that_breaks_them() -> None:
    a = random_case(2, slack=3.0)
    best = solve_sited(a, a.allowed, effort=Effort(work=50.0)).placing
    assert best is not None
    closed = int(np.flatnonzero(best.open)[0])
    fixed = np.full(a.m, -1, np.int8)
    fixed[closed] = 0
    found = solve_sited(a, a.allowed, effort=Effort(work=50.0), open_fixed=fixed, start=best)
    without = replace(a, cost=np.where(np.arange(a.m)[:, None] == closed, np.inf, a.cost))
    assert found.bound == pytest.approx(optimum(without), rel=2e-6)


def test_pairs_of_the_start_are_added() -> None:
    a = random_case(3)
    best = solve_sited(a, a.allowed, effort=Effort(work=50.0)).placing
    assert best is not None
    found = solve_sited(a, np.zeros_like(a.allowed), effort=Effort(work=50.0), start=best)
    assert isinstance(found.placing, Placing)
    assert found.placing.value(a) == best.value(a)


def test_use_of_nothing_still_needs_an_open_site() -> None:
    a = random_case(4)
    use = a.use.copy()
    use[:, 0] = 0.0
    light = replace(a, use=use)
    assert solve_sited(light, light.allowed, effort=Effort(work=50.0)).bound == pytest.approx(optimum(light), rel=2e-6)
