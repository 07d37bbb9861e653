"""Bounds by knapsacks never exceed the optimum found by enumeration, and beat the linear relaxation where they should."""

import numpy as np
import pytest
from scipy.sparse import csc_array

from placement.knapsack_bound import knapsack_bound
from placement.program import Program
from tests.assignments import KINDS, location, optimum


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("kind", KINDS)
def test_never_above_the_optimum(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = location(rng, **KINDS[kind])
    best = optimum(p)
    n = len(p.optional)
    for scale in (0.0, 10.0, 30.0):
        price = np.concatenate([rng.uniform(0, 1, n) * scale, np.full(len(p.row_lower) - n, 7.0)])
        assert knapsack_bound(p, price) <= best + 1e-9


@pytest.mark.parametrize("seed", range(6))
def test_good_prices_come_near_the_optimum_of_a_gap(seed: int) -> None:
    rng = np.random.default_rng(seed)
    p = location(rng, siting=False, whole=True)
    best = optimum(p)
    if not np.isfinite(best):
        pytest.skip("this random case has no plan")
    found, price = -np.inf, np.zeros(len(p.row_lower))
    for step in range(400):  # random ascent: no need for anything clever on four workloads
        trial = price.copy()
        trial[:4] += rng.normal(0, 8 / (1 + step / 40), 4)
        value = knapsack_bound(p, trial)
        if value > found:
            found, price = value, trial
    assert best - 12 <= found <= best + 1e-9


def test_a_program_of_another_kind_proves_nothing() -> None:
    p = location(np.random.default_rng(0), siting=True, whole=True)
    upper = p.upper.copy()
    upper[0] = 3
    wider = Program(**{f: getattr(p, f) for f in p.__dataclass_fields__} | {"upper": upper})
    assert knapsack_bound(wider, np.zeros(len(p.row_lower))) == -np.inf
    with pytest.raises(ValueError, match="price vector"):
        knapsack_bound(p, np.zeros(3))


def small(rows: list[list[float]], lower: list[float], upper: list[float], *, cost: list[float], decisions: int, whole: bool = True) -> Program:
    """A program with the given rows; decisions first, all other columns of one workload."""
    size = len(cost)
    integer = np.array([True] * decisions + [whole] * (size - decisions))
    return Program(
        cost=np.array(cost, float), offset=0.0, matrix=csc_array(np.array(rows, float)), row_lower=np.array(lower), row_upper=np.array(upper),
        lower=np.zeros(size), upper=np.ones(size), integer=integer, workload=np.array([-1] * decisions + [0] * (size - decisions)),
        optional=np.array([False]), row_keys=tuple(("row", k) for k in range(len(rows))), supply_names=tuple(f"open[{k}]" for k in range(decisions)),
    )  # fmt: skip


def test_least_use_counts_what_is_served_and_not_more() -> None:
    p = small([[0, 0, 1, 1], [-5, 0, 10, 0], [0, -5, 0, 10]], [0.5, -np.inf, -np.inf], [0.5, 0, 0], cost=[10, 10, 0, 0], decisions=2, whole=False)
    assert knapsack_bound(p, np.zeros(3)) == pytest.approx(10)  # half of the workload fits one site, which costs 10


def test_a_place_that_nothing_fits_earns_nothing() -> None:
    p = small([[1, 1], [9, 0], [0, 2]], [1, -np.inf, -np.inf], [1, 5, 5], cost=[1, 4], decisions=0)
    assert knapsack_bound(p, np.array([4.0, 0, 0])) == pytest.approx(4)


def test_without_places_nothing_is_proven() -> None:
    assert knapsack_bound(small([[1, 1]], [1], [1], cost=[1, 4], decisions=0), np.array([1.0])) == -np.inf
