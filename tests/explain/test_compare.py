"""What differs between two plans, and which change of the input caused it."""

from __future__ import annotations

import dataclasses
import math
import os
from pathlib import Path

import pytest

import placement
from placement.case.again import checked
from placement.errors import DataError, OptionError
from placement.explain.inputs import ROWS, Part, input_changes, parts_of, with_parts
from tests.layers.small import TABLES, edited, small_case, solved

DATA = Path(__file__).resolve().parent.parent.parent / "data"
TIGHT = placement.Effort(rel_gap=0.0)


@pytest.mark.parametrize("name", ["three-sites", "rent-only", "scenarios/grid-delay", "sovereign"])
def test_a_case_written_out_and_checked_is_the_same_case(name):
    """Every cell survives being written as text, blanks and periods too."""
    case = placement.read_case(DATA / name)
    assert checked(case).sha256 == case.sha256


def test_a_case_changed_in_memory_is_checked_like_a_folder(tmp_path):
    """A rule that a change breaks is named with the row's key."""
    case = small_case(tmp_path / "a")
    tables = {**case.tables, "grid": case["grid"].assign(firmness=1.5)}
    with pytest.raises(DataError, match="north/n"):
        checked(dataclasses.replace(case, tables=tables))


def test_a_scaled_column_is_one_line(tmp_path):
    """One factor over a column, a shift in time, single cells, a setting and rows that come are told apart."""
    a = small_case(tmp_path / "a")
    offers = edited("offers", period="2027Q2")
    grid = [{**row, "mw": row["mw"] * 1.1} for row in TABLES["grid"]]
    jobs = [{"job": "big", "value_musd": 90}, {"job": "more", "value_musd": 5}]
    skus = [*TABLES["job_skus"], {"job": "more", "sku": "old", "units": 10, "duration_periods": 1}]
    b = small_case(tmp_path / "b", settings={"discount_rate": 0.1}, grid=grid, offers=offers, jobs=jobs, job_skus=skus)
    found = {(r.table, r.column): r for r in input_changes(a, b).itertuples()}
    assert set(found) == {("case", "discount_rate"), ("grid", "mw"), ("offers", "period"), ("jobs", "value_musd"), ("jobs", ROWS), ("job_skus", ROWS)}
    assert (found["grid", "mw"].change, found["grid", "mw"].rows, found["grid", "mw"].key) == ("x 1.1", 2, "2 of 2 rows")
    assert found["offers", "period"].change == "+1 quarter"
    assert (found["jobs", "value_musd"].key, found["jobs", "value_musd"].a, found["jobs", "value_musd"].b) == ("big", "80.0", "90.0")
    assert (found["jobs", ROWS].key, found["jobs", ROWS].change) == ("more", "added")
    assert found["case", "discount_rate"].change == "x 1.25"


def test_all_parts_together_are_the_other_case(tmp_path):
    """Applying every part of the difference gives the second input, rows in its order."""
    a = placement.read_case(DATA / "frontier-small")
    for name in ("grid-delay", "permit-refused", "chips-halved", "carbon-price", "china-must-serve"):
        b = placement.read_case(DATA / "scenarios" / name)
        parts = parts_of(input_changes(a, b))
        assert parts and input_changes(with_parts(a, b, parts), b).empty
    assert parts_of(input_changes(a, a)) == []


def test_each_change_of_the_plan_has_its_cause(tmp_path):
    """A job that no longer pays is dropped for its value alone; a dearer hour of energy costs what solving with it alone says."""
    dear = [{**row, "energy_usd_per_mwh": row["energy_usd_per_mwh"] * 1.5} for row in TABLES["tariffs"]]
    a = solved(small_case(tmp_path / "a"))
    b = solved(small_case(tmp_path / "b", jobs=[{"job": "big", "value_musd": 0.001}], tariffs=dear))
    found = placement.compare(a, b, effort=TIGHT)
    dropped = found.plan[found.plan["kind"] == "job"].iloc[0]
    assert (dropped["what"], dropped["change"], dropped["causes"]) == ("big", "dropped", "jobs.value_musd")
    causes = found.causes.set_index("group")
    for group, change in (("jobs.value_musd", {"jobs": [{"job": "big", "value_musd": 0.001}]}), ("tariffs.energy_usd_per_mwh", {"tariffs": dear})):
        alone = solved(small_case(tmp_path / group, **change))
        assert causes.loc[group, "value_musd"] == pytest.approx(a.objective - alone.objective, abs=1e-5)
        assert causes.loc[group, "at_least_musd"] <= causes.loc[group, "value_musd"] + 1e-9 <= causes.loc[group, "at_most_musd"] + 2e-9
    assert causes.loc["all together", "value_musd"] == pytest.approx(a.objective - b.objective)
    assert set(found.brought.loc[found.brought["kind"] == "job", "group"]) == {"jobs.value_musd"}
    kpis = found.kpis.set_index("kpi")
    assert kpis.loc["jobs_placed", ["a", "b", "change"]].tolist() == [1, 0, -1]


def test_parts_that_need_one_another_are_tried_as_one(tmp_path):
    """A job and what it runs on make no case alone; both together are one group."""
    jobs = [{"job": "big", "value_musd": 80}, {"job": "more", "value_musd": 50}]
    skus = [*TABLES["job_skus"], {"job": "more", "sku": "old", "units": 10, "duration_periods": 1}]
    a = solved(small_case(tmp_path / "a"))
    b = solved(small_case(tmp_path / "b", jobs=jobs, job_skus=skus, services=edited("services", price_usd_per_mtok=3)))
    found = placement.compare(a, b, effort=TIGHT)
    assert list(found.causes["group"]) == ["services.price_usd_per_mtok", "jobs (rows) + job_skus (rows)", "all together"]
    assert found.plan.set_index("what").loc["more", "causes"] == "jobs (rows) + job_skus (rows)"


def test_beyond_the_number_of_groups_the_rest_is_one(tmp_path):
    """No change is left out of the causes, and none is looked for with 0."""
    a = solved(small_case(tmp_path / "a"))
    case = {"jobs": edited("jobs", value_musd=70), "services": edited("services", price_usd_per_mtok=3), "halls": edited("halls", opex_musd_per_year=2)}
    b = solved(small_case(tmp_path / "b", **case))
    names = list(placement.compare(a, b, groups=2, effort=TIGHT).causes["group"])
    assert names == ["halls.opex_musd_per_year", "jobs.value_musd + services.price_usd_per_mtok", "all together"]
    none = placement.compare(a, b, groups=0)
    assert list(none.causes["group"]) == ["all together"] and (none.plan["causes"] == "").all()
    with pytest.raises(OptionError, match="groups"):
        placement.compare(a, b, groups=-1)


def test_the_same_plan_and_other_horizons(tmp_path):
    """Nothing differs between a plan and itself; where periods differ, causes are not told and the reason is."""
    a = solved(small_case(tmp_path / "a"))
    same = placement.compare(a, a)
    assert same.inputs.empty and same.plan.empty and same.kpis.empty and list(same.causes["value_musd"]) == [0.0]
    demand = [row for row in TABLES["demand"] if row["period"] != "2027Q4"]
    tariffs = [row for row in TABLES["tariffs"] if row["period"] != "2027Q4"]
    b = solved(small_case(tmp_path / "b", settings={"periods": 3}, demand=demand, tariffs=tariffs))
    other = placement.compare(a, b)
    assert "n_periods" in other.causes["note"].iloc[-1] and len(other.causes) == 1


def test_an_infeasible_plan_is_compared_too(tmp_path):
    """Without a second plan there is no value; the changes of the input are still tried and named."""
    a = solved(small_case(tmp_path / "a"))
    b = placement.solve(small_case(tmp_path / "b", jobs=edited("jobs", mandatory=1), offers=edited("offers", max_units=100)))
    assert b.status is placement.Status.INFEASIBLE
    found = placement.compare(a, b, effort=TIGHT)
    assert found.plan.set_index("what").loc["big", "causes"] == "offers.max_units"
    whole = found.causes.set_index("group").loc["all together"]
    assert math.isnan(whole["value_musd"]) and whole["status"] == "infeasible"
    assert {Part("jobs", "mandatory"), Part("offers", "max_units")} <= set(parts_of(found.inputs))


@pytest.mark.skipif(not os.environ.get("PLACEMENT_LONG_TESTS"), reason="tens of seconds; set PLACEMENT_LONG_TESTS")
def test_frontier_small_with_the_grid_late(tmp_path, python):
    """The example of the documentation: what it costs that every grid tier comes two quarters later, and what else changes."""
    case = placement.read_case(DATA / "frontier-small")
    a = placement.solve(case, time_limit_s=60)
    b = placement.solve(placement.read_case(DATA / "scenarios" / "grid-delay"), time_limit_s=60, start=a)
    runs = [str(placement.write_plan(p, tmp_path / name)) for p, name in ((a, "a"), (b, "b"))]
    done = python("-m", "placement", "compare", *runs, "--workers", "1", "--out", tmp_path / "all.csv")
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert "value of B less A: -427.5, proven between" in done.stdout
    assert any(line.split() == ["grid.available", "9", "of", "15", "rows", "2027Q1..2028Q1", "2027Q2..2028Q3", "+2", "quarters"] for line in lines)
    assert "hall camp-openai-stargate-uae/s1: later, 2026Q4 -> 2027Q2 [1]" in lines
    assert (tmp_path / "all.csv").read_text().startswith("part,")
