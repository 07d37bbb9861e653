"""Neighbourhoods searched exactly: what comes back is a plan, no worse, and the same for the same seed."""

from __future__ import annotations

import numpy as np
import pytest

from placement.engine.assignment.chains import Schedule, anneal, terrain
from placement.engine.assignment.release import Guide, improve
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Placing
from placement.engine.effort import Effort

from .test_given import hard
from .test_knapsack import draw, plans


def test_a_hurried_plan_is_improved_and_the_seed_decides_how() -> None:
    a = hard(5, 60, 4)
    root = solve_root(a, Effort(seconds=5))
    value, site = anneal(terrain(a, root.reduced, root.v), root.share.argmax(axis=0).astype(np.int64), 1, Effort(work=0.05), Schedule())
    guide = Guide(root.reduced, root.u, root.bound)
    better, again = (improve(a, guide, site, value, 9, Effort(work=2.0)) for _ in range(2))
    placing = Placing.of_sites(a, better)
    assert np.array_equal(better, again)
    assert placing.overload(a) == 0 and root.bound <= placing.value(a) < value


@pytest.mark.parametrize("fractional", [False, True])
def test_small_instances_end_at_the_optimum(fractional: bool) -> None:
    a = draw(2, fractional=fractional)
    every, root = plans(a), solve_root(a, Effort(seconds=5))
    worst = max(every, key=lambda sites: every[sites])
    site = improve(a, Guide(root.reduced, root.u, root.bound), np.array(worst), every[worst], 0, Effort(work=8.0))
    assert Placing.of_sites(a, site).overload(a) == 0
    assert every[tuple(int(i) for i in site)] == pytest.approx(min(every.values()), rel=1e-6 if fractional else 0)
