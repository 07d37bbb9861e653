"""The relaxation by column generation against the full linear program, and its bound against enumeration."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from placement.engine.assignment.root import choose_sites, fewest_open, price_out, solve_root, usable
from placement.engine.effort import Effort
from tests.engine.assignment.split import KINDS, optimum, random_case, relaxation_value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", range(6))
def test_value_is_that_of_the_full_linear_program(kind: str, seed: int) -> None:
    a = random_case(seed, 6, 9, kind=kind)
    a = replace(a, fewest=fewest_open(a))  # the row that capacities imply is part of the relaxation
    root = solve_root(a, Effort(), first=2)
    assert root.converged
    assert root.value == pytest.approx(relaxation_value(a), rel=1e-7)
    assert root.bound == pytest.approx(root.value, rel=1e-7)


@pytest.mark.parametrize("kind", KINDS)
def test_any_prices_give_a_bound(kind: str) -> None:
    rng = np.random.default_rng(3)
    for seed in range(4):
        a = random_case(seed, kind=kind)
        best = optimum(a)
        for _ in range(5):
            u, v = rng.uniform(0, 300, a.n), np.where(np.isfinite(a.capacity), -rng.uniform(0, 20, a.m), 0.0)
            assert price_out(a, u, v, usable(a), fewest_open(a)).bound <= best * (1 + 1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_penalties_hold_for_every_choice_of_sites(kind: str) -> None:
    for seed in range(4):
        a = random_case(seed, kind=kind)
        root = solve_root(a, Effort())
        for site in range(a.m):
            penalty = root.reduced_open[site]
            other = optimum(a, site, stands=bool(penalty > 0))
            assert penalty == 0 or other >= root.bound + abs(penalty) - 1e-6


def test_an_unfinished_root_still_gives_a_valid_bound() -> None:
    a = random_case(1, 6, 30)
    root = solve_root(a, Effort(work=0.05), batch=1, first=1)
    assert root.rounds == 1 and not root.converged
    assert root.bound <= optimum(a) + 1e-6


def test_sites_are_chosen_within_limits() -> None:
    value = np.array([3.0, -5.0, -1.0, 2.0])
    assert choose_sites(value, 0, 4)[0] == -6
    assert choose_sites(value, 3, 4)[0] == -4
    assert choose_sites(value, 0, 1)[0] == -5
    for fewest, most in ((0, 4), (3, 4), (0, 1), (2, 2), (4, 4)):
        least, penalty = choose_sites(value, fewest, most)
        choices = [np.array([(c >> i) & 1 for i in range(4)], bool) for c in range(16)]
        allowed = [c for c in choices if fewest <= c.sum() <= most]
        for i in range(4):
            inside = min((value[c].sum() for c in allowed if c[i]), default=np.inf)
            outside = min((value[c].sum() for c in allowed if not c[i]), default=np.inf)
            flip = (outside if inside == least else inside) - least
            assert abs(penalty[i]) == pytest.approx(flip), (fewest, most, i)


def test_given_sites_and_whole_workloads() -> None:
    a = random_case(4, 4, 12)
    given = replace(a, siting=False, whole=True, capacity=a.capacity * 1.5)
    root = solve_root(given, Effort())
    assert root.converged and root.share.sum(axis=0) == pytest.approx(np.ones(12))
    assert root.bound == pytest.approx(root.value)
    assert np.isinf(root.reduced[~np.isfinite(given.cost)]).all()


def test_an_infeasible_case_does_not_converge() -> None:
    a = random_case(0)
    root = solve_root(replace(a, capacity=a.capacity * 0.1), Effort())
    assert not root.converged


def test_counted_runs_repeat() -> None:
    a = random_case(7, 6, 20)
    one, two = (solve_root(a, Effort(work=0.2)) for _ in range(2))
    assert one.bound == two.bound and (one.u == two.u).all()
