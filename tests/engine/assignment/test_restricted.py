"""Branch and bound on chosen pairs: exact with all, a bound with the rest, exact placing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placement.engine.assignment.restricted import place, solve_restricted
from placement.engine.assignment.root import solve_root, usable
from placement.engine.effort import Effort
from tests.engine.assignment.split import KINDS, optimum, random_case, transport_value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("linked", [True, False])
def test_all_pairs_give_the_optimum(kind: str, linked: bool) -> None:
    for seed in range(3):
        a = random_case(seed, kind=kind)
        found = solve_restricted(a, usable(a), effort=Effort(seconds=20), links=np.full(a.cost.shape, linked), rel_gap=0.0)
        assert found.placing is not None and found.placing.overload(a) == 0
        assert found.placing.value(a) == pytest.approx(optimum(a), rel=1e-6)
        assert found.bound <= optimum(a) * (1 + 1e-6)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(5))
def test_the_rest_keeps_the_bound_valid(kind: str, seed: int) -> None:
    a = random_case(seed, kind=kind)
    root, best = solve_root(a, Effort()), optimum(a)
    pairs = root.share > 1e-9
    for _ in range(30):
        found = solve_restricted(a, pairs, effort=Effort(seconds=20), rest=root, rel_gap=0.0)
        assert found.bound <= best * (1 + 1e-7)
        if not found.outside.any():
            break
        least = np.where(pairs, np.inf, root.reduced).min(axis=0)
        pairs |= (root.reduced <= least) & (found.outside > 0)
    assert not found.outside.any()
    assert found.bound == pytest.approx(best, rel=1e-6)


def test_sites_can_be_fixed_and_a_plan_given() -> None:
    a = random_case(2)
    is_open = np.ones(a.m, bool)
    start = place(a, is_open)
    found = solve_restricted(a, usable(a), effort=Effort(work=1.0), open_fixed=np.ones(a.m, np.int8), start=start)
    assert found.placing is not None
    assert found.placing.value(a) == pytest.approx(transport_value(a, is_open), rel=1e-7)
    closed = solve_restricted(a, usable(a), effort=Effort(seconds=5), open_fixed=np.zeros(a.m, np.int8))
    assert closed.placing is None and closed.bound == np.inf


def test_whole_workloads() -> None:
    a = replace(random_case(5, 3, 6), whole=True)
    found = solve_restricted(a, usable(a), effort=Effort(seconds=10), rel_gap=0.0)
    assert found.placing is not None and set(np.unique(found.placing.share)) == {0.0, 1.0}
    assert found.placing.value(a) >= optimum(replace(a, whole=False)) - 1e-6


@pytest.mark.parametrize("kind", KINDS)
def test_placing_is_the_transport_optimum_and_fits_exactly(kind: str) -> None:
    for seed in range(4):
        a = replace(random_case(seed, kind=kind), fewest=0, most=9)
        is_open = np.ones(a.m, bool)
        placing = place(a, is_open)
        assert placing is not None and placing.overload(a) == 0
        assert placing.value(a) == pytest.approx(transport_value(a, is_open), rel=1e-8)


def test_placing_with_no_room_to_spare() -> None:
    a = random_case(0)
    need = a.use.max(axis=0).sum()
    tight = replace(a, cost=np.where(np.isfinite(a.cost), a.cost, 500.0), use=np.tile(a.use.max(axis=0), (a.m, 1)), capacity=np.full(a.m, need / a.m))
    placing = place(tight, np.ones(a.m, bool))
    assert placing is not None and placing.overload(tight) == 0
    assert place(tight, np.arange(a.m) > 0) is None
