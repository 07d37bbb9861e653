"""Lagrangian bounds and branch and bound over sites against enumeration."""

from __future__ import annotations

import numpy as np
import pytest

from placement.engine.assignment.benders import branch
from placement.engine.assignment.lagrangian import Lagrangian
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Placing
from placement.engine.effort import Effort
from tests.engine.assignment.split import KINDS, optimum, random_case, transport_value


@pytest.mark.parametrize("kind", KINDS)
def test_cuts_hold_for_every_choice_of_sites(kind: str) -> None:
    rng = np.random.default_rng(1)
    a = random_case(1, 4, 7, kind=kind)
    lagrangian = Lagrangian(a)
    choices = [np.array([(c >> i) & 1 for i in range(a.m)], bool) for c in range(1, 2**a.m)]
    costs = [transport_value(a, c) for c in choices]
    for _ in range(10):
        u = rng.uniform(0, 300, a.n)
        value = lagrangian.prices(u).value
        assert all(u.sum() + value[c].sum() <= cost * (1 + 1e-9) for c, cost in zip(choices, costs, strict=True))


@pytest.mark.parametrize("kind", KINDS)
def test_steps_come_near_the_linear_relaxation(kind: str) -> None:
    a = random_case(2, 6, 12, kind=kind)
    lagrangian = Lagrangian(a)
    found = lagrangian.improve(lagrangian.first_prices(), Effort(work=10.0), optimum(a))
    value = solve_root(a, Effort()).value
    assert found.bound <= value * (1 + 1e-9)
    assert found.bound >= value * 0.95


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(3))
def test_branching_finds_and_proves_the_optimum(kind: str, seed: int) -> None:
    a = random_case(seed, 6, 8, kind=kind)
    best, found = optimum(a), []
    lagrangian = Lagrangian(a)
    prices = lagrangian.improve(lagrangian.first_prices(), Effort(work=1.0), best)
    bound = branch(a, [prices], np.zeros(a.m, bool), np.inf, Effort(seconds=30), offer=found.append, watch=lambda bound: np.inf)
    assert found[-1].overload(a) == 0
    assert found[-1].value(a) == pytest.approx(best, rel=1e-6)
    assert best * (1 - 2e-6) <= bound <= best * (1 + 1e-9)


def test_a_stopped_search_gives_a_bound_below_the_optimum() -> None:
    a = random_case(3, 6, 10)
    best, found = optimum(a), list[Placing]()
    lagrangian = Lagrangian(a)
    for nodes in (1, 2, 4):
        bound = branch(a, [lagrangian.prices(lagrangian.first_prices())], np.zeros(a.m, bool), np.inf, Effort(work=100), offer=found.append,
                       watch=lambda bound: np.inf, max_nodes=nodes)  # fmt: skip
        assert bound <= best * (1 + 1e-9)
