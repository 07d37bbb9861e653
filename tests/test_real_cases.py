"""The cases of ``data/`` solve to what their documentation says."""

from __future__ import annotations

from pathlib import Path

import pytest

import placement

DATA = Path(__file__).parent.parent / "data"


def test_three_sites_has_the_optimum_worked_out_by_hand():
    """The arithmetic of data/three-sites/README.md and the solver agree to the last digit."""
    plan = placement.solve(placement.read_case(DATA / "three-sites"), rel_gap=0.0)
    assert plan.status is placement.Status.OPTIMAL
    assert plan.objective == pytest.approx(-205.238372, abs=1e-6)
    assert plan.verdict is not None
    assert plan.verdict.ok


def test_frontier_small_is_solved_within_one_per_cent():
    """The small real case closes its gap well inside a minute, and the checker agrees."""
    plan = placement.solve(placement.read_case(DATA / "frontier-small"), rel_gap=0.005, time_limit_s=60)
    assert plan.gap <= 0.01
    assert plan.verdict is not None
    assert plan.verdict.ok
    assert plan.kpis["jobs_placed"] >= 10
    assert plan.kpis["halls_built"] >= 1


def test_china_must_serve_is_infeasible():
    """Without the possibility to leave Chinese demand unserved there is no plan: export rules forbid the chips."""
    plan = placement.solve(placement.read_case(DATA / "scenarios" / "china-must-serve"), time_limit_s=60)
    assert plan.status is placement.Status.INFEASIBLE
    assert not plan.tables


@pytest.mark.parametrize("name", ["grid-delay", "chips-halved", "carbon-price"])
def test_scenarios_cost_more_than_their_base(name):
    """Less grid, fewer chips or dearer carbon never help."""
    base = placement.solve(placement.read_case(DATA / "frontier-small"), rel_gap=1e-4, time_limit_s=60)
    worse = placement.solve(placement.read_case(DATA / "scenarios" / name), rel_gap=1e-4, time_limit_s=60)
    assert worse.objective >= base.bound - 1e-6 * abs(base.bound)
    assert worse.objective > base.objective
