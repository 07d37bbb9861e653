"""The cases of ``data/`` solve to what their documentation says."""

from __future__ import annotations

from dataclasses import replace
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


@pytest.mark.parametrize("name", ["grid-delay", "chips-halved", "carbon-price", "permit-refused"])
def test_scenarios_cost_more_than_their_base(name):
    """Less grid, fewer chips, dearer carbon or a refused permit never help."""
    base = placement.solve(placement.read_case(DATA / "frontier-small"), rel_gap=1e-4, time_limit_s=60)
    worse = placement.solve(placement.read_case(DATA / "scenarios" / name), rel_gap=1e-4, time_limit_s=60)
    assert worse.objective >= base.bound - 1e-6 * abs(base.bound)
    assert worse.objective > base.objective


def test_rent_only_tells_its_story():
    """The statements of data/rent-only/README.md: reserve in Oslo for the base model, fill it with the assistant, pay for German residency."""
    plan = placement.solve(placement.read_case(DATA / "rent-only"), rel_gap=1e-4, time_limit_s=240)
    assert plan.gap <= 1e-3
    assert plan.verdict is not None
    assert plan.verdict.ok
    assert -plan.objective == pytest.approx(18.01, abs=0.02)
    assert plan.kpis["lease_musd"] == pytest.approx(13.78, abs=0.05)
    assert plan.kpis["rented_unit_share"] == pytest.approx(1)
    assert plan.kpis["unserved_share"] == pytest.approx(0, abs=1e-6)
    assert plan.kpis["chip_utilisation"] == pytest.approx(0.94, abs=0.01)
    jobs, rents = plan.tables["training"].set_index("job"), plan.tables["rents"]
    assert (jobs.loc["base", "site"], jobs.loc["base", "start"], jobs.loc["base", "units"]) == ("osl", "2027-08", 248)
    assert len(jobs) == 9
    assert set(rents["sku"]) == {"b200"}
    oslo = plan.tables["orders"].set_index("offer")["units"].filter(like="osl-b200")
    assert oslo.sum() == pytest.approx(184)
    assert rents.loc[rents["site"] == "fra", "cost_musd"].sum() == pytest.approx(0.45, abs=0.01)


def test_dearer_reservations_keep_only_what_nobody_else_has():
    """With reservations 20 % dearer Montreal reserves nothing and Oslo stays, since the base model fits nowhere else."""
    plan = placement.solve(placement.read_case(DATA / "scenarios" / "reserved-dearer"), rel_gap=1e-4, time_limit_s=240)
    assert -plan.objective == pytest.approx(16.40, abs=0.02)
    assert plan.tables["orders"].set_index("offer")["units"].filter(like="yul").sum() == 0
    assert plan.tables["orders"]["units"].sum() == pytest.approx(184)


def us_chips(plan: placement.Plan, site: str) -> tuple[float, float]:
    """Units of the capped class at a site in the last period, and their processing performance in million TPP."""
    chips, skus = plan.tables["chips"], plan.case["skus"].query("export_class == 'us-advanced'").set_index("sku")
    last = chips[(chips["site"] == site) & (chips["period"] == plan.case.periods[-1]) & chips["sku"].isin(list(skus.index))]
    units = last["installed"] + last["deployed"]
    return float(units.sum()), float((units * last["sku"].map(skus["tpp"]).astype(float)).sum() / 1e6)


def test_sovereign_tells_its_story():
    """The statements of data/sovereign/README.md: Portugal is left out, Poland filled to its cap, HBM is narrow, and the caps are why."""
    case = placement.read_case(DATA / "sovereign")
    plan = placement.solve(case, rel_gap=0.005, time_limit_s=60)
    assert plan.gap <= 0.03
    assert plan.verdict is not None
    assert plan.verdict.ok
    assert -2133.4 <= plan.objective <= -2070  # the solver's bound is -2133.3
    assert set(plan.tables["unplaced"]["job"]) == {"amalia"}
    assert us_chips(plan, "sines")[0] == 0
    assert us_chips(plan, "warsaw")[1] == pytest.approx(783, abs=1)
    assert plan.kpis["domestic_spend_european_share"] >= 0.15 - 1e-6
    hbm = plan.tables["stages"].query("stage == 'hbm'").set_index("period")
    assert hbm["used"]["2028H1"] == pytest.approx(hbm["capacity"]["2028H1"], rel=1e-3)

    open_world = case["export"].assign(rule="allow", cap_tpp_million=float("nan"))
    free = placement.solve(replace(case, tables={**case.tables, "export": open_world}), rel_gap=0.01, time_limit_s=60)
    assert free.objective < plan.objective - 100
    assert us_chips(free, "sines")[0] > 20_000
    assert free.tables["unplaced"].empty
