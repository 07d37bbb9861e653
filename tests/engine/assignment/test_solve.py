"""The whole way of a published instance through the engine: same plan for any number of workers, limits kept, warm starts."""

from pathlib import Path

import numpy as np
import pytest

import placement
from placement.case import Case
from placement.errors import OptionError


@pytest.fixture
def gap(tmp_path: Path) -> Case:
    """A generalised assignment of type C (Chu and Beasley 1997), 8 sites and 48 workloads."""
    rng = np.random.default_rng(11)
    cost, use = rng.integers(10, 50, (8, 48)), rng.integers(5, 25, (8, 48))
    capacity = (0.8 * use.sum(axis=1) / 8).astype(int)
    file = tmp_path / "c0848"
    np.savetxt(file, np.concatenate([[8, 48], cost.ravel(), use.ravel(), capacity])[None], fmt="%d")
    return placement.read_instance(file, "gap")


def test_counted_work_gives_the_same_plan_for_any_number_of_workers(gap: Case) -> None:
    plans = [placement.solve(gap, rel_gap=1e-6, seed=3, workers=workers, work_limit=2.0) for workers in (1, 2)]
    assert plans[0].objective == plans[1].objective and plans[0].bound == plans[1].bound
    assert plans[0].training["site"].tolist() == plans[1].training["site"].tolist()
    assert all(plan.verdict is not None and plan.verdict.ok for plan in plans)


def test_a_warm_start_is_never_made_worse(gap: Case) -> None:
    first = placement.solve(gap, time_limit_s=5, rel_gap=0.0)
    again = placement.solve(gap, time_limit_s=2, rel_gap=0.5, start=first)
    assert again.objective <= first.objective
    assert first.bound <= first.objective and first.verified_bound <= first.objective


def test_work_is_counted_only_where_it_can_be() -> None:
    case = placement.read_case(Path(__file__).parents[3] / "data" / "three-sites")
    with pytest.raises(OptionError, match="work_limit"):
        placement.solve(case, work_limit=1.0)
