"""Gangs: fabric, goodput by units or duration, maturity and porting, elastic width."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from placement import DataError
from placement.case import Case
from placement.case.case import frame
from placement.program import Program, assemble, build_sides
from tests.layers.small import PERIODS, Rows, edited, small_case, solved, violations

ALONE: dict[str, Rows | None] = dict.fromkeys(("services", "service_skus", "metros", "demand", "links"))  # jobs without services


def job(**cells: object) -> Rows:
    """The one job of the small case with some cells set."""
    return edited("jobs", **cells)


def skus(old: dict[str, object] | None = None, **cells: object) -> Rows:
    """The job on the old SKU alone (1000 units, two quarters), or on both with ``old`` for the first."""
    row = {"job": "big", "sku": "old", "units": 1000, "duration_periods": 2}
    return [{**row, **cells}] if old is None else [{**row, **old}, {"job": "big", "sku": "new", "units": 500, "duration_periods": 2, **cells}]


def only_old(folder, **tables):
    """Return a case of jobs alone, on the old SKU alone."""
    given = {"skus": [r for r in edited("skus") if r["sku"] == "old"], "offers": [r for r in edited("offers") if r["sku"] == "old"], "job_skus": skus()}
    return small_case(folder, **{**ALONE, **given, **tables})


def program(case: Case) -> Program:
    """Return the program of a case."""
    return assemble(build_sides(case))[0]


def alike(a: Program, b: Program) -> bool:
    """Whether two programs are the same in every array and name."""
    same = all(np.array_equal(getattr(a, n), getattr(b, n)) for n in ("cost", "row_lower", "row_upper", "lower", "upper", "integer", "workload"))
    return same and a.row_names == b.row_names and a.matrix.shape == b.matrix.shape and (a.matrix != b.matrix).nnz == 0


def refused(folder, match, **tables):
    """Expect an error whose text has all the words."""
    with pytest.raises(DataError) as error:
        only_old(folder, **tables)
    for word in match.split(" ... "):
        assert word in str(error.value), str(error.value)


def outages(per_year: float = 87.66) -> Rows:
    """Outages at both sites: at 10 lost hours each, 87.66 a year make the goodput 0.9."""
    return edited("sites", outages_per_year=per_year)


# ---- fabric ---------------------------------------------------------------------------------------------------------


def fabrics(north: object, south: object) -> Rows:
    """The two halls with their networks."""
    return [{**row, "fabric_gbps_per_unit": gbps} for row, gbps in zip(edited("halls"), (north, south), strict=True)]


def test_a_job_goes_where_its_fabric_is(tmp_path):
    """Without a network asked for the job runs in the north, which stands already; asking for 400 Gbit/s sends it south, whatever that costs."""
    assert solved(only_old(tmp_path / "any")).tables["training"]["site"].tolist() == ["north"]
    plan = solved(only_old(tmp_path / "fast", halls=fabrics(200, 400), jobs=job(min_fabric_gbps=400)))
    assert plan.tables["training"]["site"].tolist() == ["south"]
    assert set(plan.exclusions.query("rule == 'fabric'")["place"]) == {"north"}
    assert "fabric" in violations(plan, "training", lambda t: t.assign(site="north", domain="north"))


def test_the_slowest_hall_of_a_domain_decides(tmp_path):
    """A second, faster hall beside a slow one does not help."""
    halls = [*fabrics(200, 400), {"site": "north", "hall": "n2", "it_mw": 4, "fabric_gbps_per_unit": 800}]
    case = only_old(tmp_path, halls=halls, jobs=job(min_fabric_gbps=400))
    assert set(build_sides(case).demand.exclusions.query("rule == 'fabric'")["place"]) == {"north"}


def test_fabric_is_stated_where_it_is_asked_for(tmp_path):
    """A network nobody asks for, one that nobody has, and one that a part of a domain has."""
    refused(tmp_path / "a", "halls ... fabric_gbps_per_unit ... has no effect: no job has min_fabric_gbps above 0", halls=fabrics(200, 400))
    refused(tmp_path / "b", "jobs ... min_fabric_gbps ... no hall has fabric_gbps_per_unit", jobs=job(min_fabric_gbps=400))
    halls = [*fabrics(200, 400), {"site": "north", "hall": "n2", "it_mw": 4}]
    refused(tmp_path / "c", "must be given for every hall of a domain", halls=halls, jobs=job(min_fabric_gbps=400))


# ---- goodput --------------------------------------------------------------------------------------------------------


def test_checkpoint_and_restart_are_lost_hours(tmp_path):
    """A checkpoint every 16 h and a restart of 2 h lose 10 h per outage: the same program as those 10 h."""
    told = only_old(tmp_path / "a", sites=outages(), jobs=job(loss_hours_per_outage=10))
    made = only_old(tmp_path / "b", sites=outages(), jobs=job(checkpoint_hours=16, restart_hours=2))
    assert alike(program(told), program(made))


def test_goodput_by_units_or_by_duration(tmp_path):
    """Goodput 0.9: 1000 / 0.9 = 1112 units for two quarters, or 1000 units for 2 / 0.9, that is three quarters."""
    wide = solved(only_old(tmp_path / "a", sites=outages(), jobs=job(checkpoint_hours=20)))
    long = solved(only_old(tmp_path / "b", sites=outages(), jobs=job(checkpoint_hours=20, goodput_by="duration")))
    for plan, units, periods in ((wide, 1112, 2), (long, 1000, 3)):
        row = plan.tables["training"].iloc[0]
        assert row["units"] == units
        assert row["nominal_units"] == 1000
        assert row["goodput"] == pytest.approx(0.9)
        assert PERIODS.index(row["end"]) - PERIODS.index(row["start"]) + 1 == periods
        assert plan.kpis["goodput_mean"] == pytest.approx(0.9)
    assert "job_window" in violations(long, "training", lambda t: t.assign(end="2027Q2"))
    assert "units_eff" in violations(long, "training", lambda t: t.assign(units=1112))
    assert "training.goodput" in violations(wide, "training", lambda t: t.assign(goodput=1.0))
    assert "job_width" in violations(wide, "training", lambda t: t.assign(nominal_units=900))


def test_goodput_rules(tmp_path):
    """Lost work is said once, and something must slow a job that is to take longer."""
    given = job(loss_hours_per_outage=10, checkpoint_hours=20)
    refused(tmp_path / "a", "jobs ... loss_hours_per_outage ... must be blank beside checkpoint_hours", sites=outages(), jobs=given)
    refused(tmp_path / "b", "jobs ... goodput_by ... has no effect: the job loses no work", jobs=job(goodput_by="duration"))
    refused(tmp_path / "c", "jobs ... restart_hours ... has no effect: no site has outages", jobs=job(restart_hours=2))


# ---- maturity and porting -------------------------------------------------------------------------------------------


def test_immature_software_needs_more_units(tmp_path):
    """At half of the nominal throughput the gang doubles, or the duration does; goodput stays that of outages."""
    wide = solved(only_old(tmp_path / "a", job_skus=skus(maturity=0.5)))
    assert wide.tables["training"][["units", "nominal_units", "goodput"]].values.tolist() == [[2000, 1000, 1]]
    long = solved(only_old(tmp_path / "b", job_skus=skus(maturity=0.5), jobs=job(goodput_by="duration")))
    assert long.tables["training"][["units", "start", "end"]].values.tolist() == [[1000, "2027Q1", "2027Q4"]]
    assert "units_eff" in violations(wide, "training", lambda t: t.assign(units=1000))


def test_porting_is_paid_at_the_start_and_may_decide_the_sku(tmp_path):
    """7 M$ of porting, paid in the first quarter, raise the cost of the same plan by just that; where there is another SKU the job takes it."""
    before = solved(only_old(tmp_path / "a"))
    after = solved(only_old(tmp_path / "b", job_skus=skus(porting_cost_musd=7)))
    assert after.tables["training"]["start"].tolist() == before.tables["training"]["start"].tolist() == ["2027Q1"]
    assert after.objective == pytest.approx(before.objective + 7)
    assert after.tables["cash"].query("term == 'change'")[["period", "musd"]].values.tolist() == [["2027Q1", 7]]
    assert "cash" in violations(after, "cash", lambda t: t[t["term"] != "change"])

    free, dear = (solved(small_case(tmp_path / str(m), **ALONE, job_skus=skus({}, porting_cost_musd=m))) for m in (0, 20))
    assert free.tables["training"]["sku"].tolist() == ["new"]
    assert dear.tables["training"]["sku"].tolist() == ["old"]


def test_a_later_start_pays_porting_later(tmp_path):
    """From the second quarter on, the 7 M$ are discounted by that quarter."""
    before = solved(only_old(tmp_path / "a", jobs=job(earliest="2027Q2")))
    after = solved(only_old(tmp_path / "b", jobs=job(earliest="2027Q2"), job_skus=skus(porting_cost_musd=7)))
    assert after.tables["training"]["start"].tolist() == ["2027Q2"]
    assert after.objective == pytest.approx(before.objective + 7 * 1.08**-0.25)


# ---- elastic width --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("by", "maturity", "exponent"), [("units", 1, 1), ("units", 0.8, 0.7), ("duration", 0.8, 0.7), ("duration", 1, 0.85)])
def test_one_option_per_duration_the_narrowest(tmp_path, by, maturity, exponent):
    """Trying every width from 200 to 1900 one by one: per duration the least, and no duration missing."""
    cells = {"maturity": maturity, "min_units": 200, "max_units": 1900, "scaling_exponent": exponent}
    case = only_old(tmp_path, sites=outages(), jobs=job(checkpoint_hours=20, goodput_by=by), job_skus=skus(**cells))
    progress, best = 0.9 * maturity, dict[int, tuple[int, int]]()
    for n in range(1900, 199, -1):
        periods = math.ceil(2 * (1000 / n) ** exponent / (progress if by == "duration" else 1) - 1e-9)
        best[periods] = (n, n if by == "duration" else math.ceil(n / progress - 1e-9))
    ((_, _, built),) = build_sides(case).columns.blocks()
    found = {(r.end - r.start + 1): (r.nominal, r.units) for r in built.itertuples()}
    assert found == {periods: width for periods, width in best.items() if periods <= 4}
    assert len(found) > 1


def test_a_job_that_does_not_fit_runs_narrow_and_long(tmp_path):
    """With 700 kW of hall 1000 units of 1 kW do not fit. At perfect scaling 667 units do the work of 2 quarters in 3, and 500 in 4; earlier pays more."""
    tables = {"sites": edited("sites")[:1], "halls": edited("halls", it_mw=0.7)[:1], "grid": edited("grid")[:1]}
    assert solved(only_old(tmp_path / "a", **tables)).kpis["jobs_placed"] == 0
    plan = solved(only_old(tmp_path / "b", **tables, job_skus=skus(min_units=400, scaling_exponent=1)))
    assert plan.tables["training"][["units", "nominal_units", "start", "end"]].values.tolist() == [[667, 667, "2027Q1", "2027Q3"]]
    assert "job_window" in violations(plan, "training", lambda t: t.assign(nominal_units=660, units=660))  # a little less takes four quarters
    assert "job_width" in violations(plan, "training", lambda t: t.assign(nominal_units=399))


def test_fixed_width_is_the_special_case(tmp_path):
    """A width that can only be the nominal one gives the same program as no limits."""
    case = only_old(tmp_path, sites=outages(), jobs=job(checkpoint_hours=20))
    rows = [{"job": "big", "sku": "old", "units": 1000, "duration_periods": 2, "min_units": 1000, "max_units": 1000, "scaling_exponent": 0.7}]
    same = replace(case, tables={**case.tables, "job_skus": frame("job_skus", rows, 4)})
    assert alike(program(case), program(same))


def test_elastic_rules(tmp_path):
    """Limits, nominal width and curve belong together."""
    refused(tmp_path / "a", "job_skus ... min_units ... has no effect without scaling_exponent", job_skus=skus(min_units=500))
    refused(tmp_path / "b", "job_skus ... max_units ... has no effect without scaling_exponent", job_skus=skus(max_units=1500))
    refused(tmp_path / "c", "job_skus ... min_units ... must be at most units", job_skus=skus(min_units=1500, scaling_exponent=1))
    refused(tmp_path / "d", "job_skus ... max_units ... must be at least units", job_skus=skus(max_units=500, scaling_exponent=1))
    refused(tmp_path / "e", "job_skus ... scaling_exponent ... neither min_units nor max_units", job_skus=skus(scaling_exponent=1))


def test_a_mandatory_elastic_job_may_be_fast_enough(tmp_path):
    """Six quarters at nominal width are too long for a year, and four at 1500 units are not."""
    must = job(mandatory=1)
    refused(tmp_path / "a", "jobs ... latest ... must leave a mandatory job", jobs=must, job_skus=skus(duration_periods=6))
    plan = solved(only_old(tmp_path / "b", jobs=must, job_skus=skus(duration_periods=6, max_units=1500, scaling_exponent=1)))
    assert plan.tables["training"]["units"].tolist() == [1500]


# ---- absent ---------------------------------------------------------------------------------------------------------


def test_blank_columns_build_the_same_program(tmp_path):
    """Columns that are there and empty, or hold their neutral value, change nothing."""
    bare = small_case(tmp_path / "a")
    blank = small_case(
        tmp_path / "b",
        jobs=job(checkpoint_hours="", restart_hours=0, goodput_by="", min_fabric_gbps=""),
        job_skus=edited("job_skus", maturity=1, porting_cost_musd="", min_units="", max_units="", scaling_exponent=""),
        halls=edited("halls", fabric_gbps_per_unit=""),
    )
    assert alike(program(bare), program(blank))
    assert "change" not in build_sides(bare).columns.cost_musd


def test_an_earlier_elastic_plan_is_a_start(tmp_path):
    """Of several widths of one start the earlier plan's own is taken up again."""
    from placement.plan.warm import start_values

    case = only_old(tmp_path, job_skus=skus(min_units=400, max_units=2000, scaling_exponent=1))
    plan, sides = solved(case), build_sides(case)
    columns = start_values(sides, program(case), plan.tables)[-len(sides.columns) :]
    ((_, _, built),) = sides.columns.blocks()
    assert built[columns > 0.5]["nominal"].tolist() == plan.tables["training"]["nominal_units"].tolist()
