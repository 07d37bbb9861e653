"""Risk, lateness, penalties and today's place of workloads."""

from __future__ import annotations

import pytest

import placement
from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import TABLES, edited, small_case, solved, violations

ALONE = {"services": None, "service_skus": None, "demand": None, "metros": None, "links": None}
LATER = [row for row in TABLES["demand"] if row["period"] != "2027Q1"]
OLD = {"job_skus": [TABLES["job_skus"][0]], "skus": [TABLES["skus"][0]], "offers": [TABLES["offers"][0]]}


def test_a_risky_run_gives_way(tmp_path):
    """Of two runs that the chips suffice for one at a time, the surer one runs, though the other is worth more if it works out."""
    jobs = [{"job": "sure", "value_musd": 60, "latest": "2027Q2"}, {"job": "bold", "value_musd": 80, "success_probability": 0.5, "latest": "2027Q2"}]
    skus = [{"job": j, "sku": "old", "units": 3000, "duration_periods": 2} for j in ("sure", "bold")]
    rows = {**ALONE, **OLD, "jobs": jobs, "job_skus": skus}
    plan = solved(small_case(tmp_path / "a", **rows))
    assert plan.tables["training"]["job"].tolist() == ["sure"]
    certain = [jobs[0], {**jobs[1], "success_probability": 1.0}]
    assert solved(small_case(tmp_path / "b", **{**rows, "jobs": certain})).tables["training"]["job"].tolist() == ["bold"]
    assert plan.kpis["value_musd"] == pytest.approx(-60)


def test_a_penalty_places_a_job_that_earns_nothing(tmp_path):
    """A run worth nothing is placed when leaving it out costs more than its chips; otherwise the penalty is paid, in the last period."""
    rows = {**ALONE, **OLD, "jobs": [{"job": "big", "unplaced_musd": 50}]}
    assert len(solved(small_case(tmp_path / "a", **rows)).tables["training"]) == 1
    paid = solved(small_case(tmp_path / "b", **{**rows, "jobs": [{"job": "big", "unplaced_musd": 1}]}))
    assert paid.tables["unplaced"]["job"].tolist() == ["big"]
    cash = paid.tables["cash"]
    assert cash.loc[cash["term"] == "unmet", ["period", "musd"]].values.tolist() == [["2027Q4", pytest.approx(1.0)]]
    assert "cash" in violations(paid, "cash", lambda t: t[t["term"] != "unmet"])


def test_lateness_is_weighed(tmp_path):
    """Chips come in the third quarter: the run is late by two quarters; it is worth that, or it is left out."""
    late = {**OLD, "offers": [{**TABLES["offers"][0], "period": "2027Q3"}]}
    job = {"job": "big", "value_musd": 30, "due": "2027Q2", "late_musd_per_period": 5}
    plan = solved(small_case(tmp_path / "a", **ALONE, **late, jobs=[job]))
    assert plan.kpis["unmet_musd"] == pytest.approx(10.0)
    dear = solved(small_case(tmp_path / "b", **ALONE, **late, jobs=[{**job, "late_musd_per_period": 20}]))
    assert len(dear.tables["training"]) == 0


def test_work_stays_where_it_is_unless_moving_pays(tmp_path):
    """South is the dearer place; a service and a job of today stay there when leaving costs more than staying."""
    rows = {**OLD, "service_skus": [TABLES["service_skus"][0]], "halls": edited("halls", where={"site": "south"}, existing=1, capex_musd="", life_years="")}
    rows["sites"] = edited("sites", where={"site": "south"}, opening_cost_musd="")
    free = solved(small_case(tmp_path / "a", **rows))
    assert set(free.tables["training"]["site"]) == {"north"}
    held = [{"workload": "big", "site": "south", "move_musd": 30}, {"workload": "chat", "site": "south", "move_musd": 30}]
    stays = solved(small_case(tmp_path / "b", **rows, incumbent=held))
    first = stays.tables["inference"].query("period == '2027Q1'")
    assert set(stays.tables["training"]["site"]) == {"south"} and set(first["site"]) == {"south"}
    cheap = [{**row, "move_musd": 0.001} for row in held]
    moves = solved(small_case(tmp_path / "c", **rows, incumbent=cheap))
    assert set(moves.tables["training"]["site"]) == {"north"}
    assert moves.kpis["change_musd"] == pytest.approx(0.002)
    assert "cash" in violations(moves, "cash", lambda t: t[t["term"] != "change"])


def test_blank_is_absent(tmp_path):
    """Without penalties there is no further column and no further term."""
    program = assemble(build_sides(small_case(tmp_path)))[0]
    sides = build_sides(small_case(tmp_path))
    assert [kind for kind, _, _ in sides.columns.blocks()] == ["training", "inference", "unserved"]
    assert set(sides.columns.cost_musd) == {"value", "unmet"}
    assert program.optional.tolist().count(True) == 1


@pytest.mark.parametrize(
    ("tables", "said"),
    [
        ({"jobs": [{"job": "big", "value_musd": 80, "due": "2027Q2"}]}, "late_musd_per_period is 0"),
        ({"jobs": [{"job": "big", "value_musd": 80, "late_musd_per_period": 5}]}, "cannot end after"),
        ({"jobs": [{"job": "big", "mandatory": 1, "unplaced_musd": 5}]}, "the job is mandatory"),
        ({"jobs": [{"job": "big", "mandatory": 1, "success_probability": 0.5}]}, "value_musd is 0"),
        ({"incumbent": [{"workload": "nobody", "site": "north", "move_musd": 1}]}, "must be a job"),
        ({"incumbent": [{"workload": "big", "site": "nowhere", "move_musd": 1}]}, "must be in sites"),
        (
            {"incumbent": [{"workload": "chat", "site": "north", "move_musd": 1}], "demand": [r for r in TABLES["demand"] if r["period"] != "2027Q1"]},
            "first period",
        ),
    ],
)
def test_penalties_without_effect_are_refused(tmp_path, tables, said):
    """Each mistake has its line."""
    with pytest.raises(DataError, match=said):
        small_case(tmp_path, **tables)


def test_a_warm_start_keeps_penalties(tmp_path):
    """A plan with a penalty is a start for the same case."""
    case = small_case(tmp_path, **ALONE, **OLD, jobs=[{"job": "big", "unplaced_musd": 50}])
    plan = solved(case)
    assert placement.solve(case, start=plan).objective == pytest.approx(plan.objective)
