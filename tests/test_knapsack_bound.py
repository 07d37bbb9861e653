"""Bounds by knapsacks never exceed the optimum found by enumeration, and beat the linear relaxation where they should."""

import numpy as np
import pytest

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
