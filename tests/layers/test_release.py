"""Releases of models: trained by a job, worth something while they are out, served only from then on."""

from __future__ import annotations

import pandas as pd
import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from placement.units import DAYS_PER_MONTH
from tests.layers.small import PERIODS, TABLES, edited, small_case, solved, violations

V1 = [{"release": "v1", "job": "big", "value_musd_per_period": 5}]
SERVED = edited("services", release="v1")


def released(plan) -> dict:
    """Return the first row of the plan's table of releases."""
    return plan.tables["releases"].iloc[0].to_dict()


def test_service_waits_for_its_release(tmp_path):
    """The job takes two quarters, so the first two quarters of demand are not served although chips and power are there."""
    plan = solved(small_case(tmp_path, releases=V1, services=SERVED))
    assert set(plan.tables["inference"]["period"]) == set(PERIODS[2:])
    assert plan.kpis["unserved_share"] == pytest.approx(0.5)
    assert released(plan) == {"release": "v1", "job": "big", "trained": "2027Q2", "released": "2027Q3", "blocked_by": ""}
    assert plan.kpis["releases_out"] == 1
    assert plan.kpis["release_periods"] == 2
    assert plan.kpis["value_releases_musd"] == pytest.approx(-10)


def test_value_of_a_release_places_a_job(tmp_path):
    """A job that is worth nothing in itself is run for the release, and is not run where the release is worth less than its chips."""
    jobs = edited("jobs", value_musd=0)
    plan = solved(small_case(tmp_path / "dear", jobs=jobs, releases=V1))
    assert len(plan.tables["training"]) == 1
    small = [{**V1[0], "value_musd_per_period": 0.5}]
    plan = solved(small_case(tmp_path / "cheap", jobs=jobs, releases=small, services=None, service_skus=None, demand=None, metros=None, links=None))
    assert released(plan)["trained"] == ""
    assert released(plan)["blocked_by"].startswith("worth 1 M$ at most")


def test_lag_delays_the_release(tmp_path):
    """One period of evaluation leaves one period of serving; a release that is trained in the last period is not out."""
    plan = solved(small_case(tmp_path / "one", releases=[{**V1[0], "lag_periods": 1}], services=SERVED))
    assert set(plan.tables["inference"]["period"]) == {"2027Q4"}
    late = edited("jobs", earliest="2027Q3", mandatory=1)
    with pytest.raises(DataError, match="the release cannot be out by the last period 2027Q4"):
        small_case(tmp_path / "late", releases=V1, jobs=late)


def test_optimum_is_the_best_start(tmp_path):
    """With chips that become cheaper the best start is not the first one; the optimum is that of the starts tried one by one."""
    offers = [
        {"offer": "q1", "sku": "new", "period": "2027Q1", "max_units": 2000, "unit_price_usd": 140000},
        {"offer": "q2", "sku": "new", "period": "2027Q2", "max_units": 2000, "unit_price_usd": 30000},
    ]
    skus = [row for row in TABLES["job_skus"] if row["sku"] == "new"]
    service_skus = [row for row in TABLES["service_skus"] if row["sku"] == "new"]
    change = {"offers": offers, "job_skus": skus, "service_skus": service_skus, "skus": [TABLES["skus"][1]]}
    plan = solved(small_case(tmp_path / "all", releases=V1, services=SERVED, **change))
    found = []
    for start in (0, 1, 2):
        out = start + 2
        demand = [row for row in TABLES["demand"] if row["period"] in PERIODS[out:]]
        jobs = edited("jobs", mandatory=1, earliest=PERIODS[start], latest=PERIODS[start + 1])
        tables = {**change, "jobs": jobs, "demand": demand}
        if not demand:
            tables |= {"services": None, "service_skus": None, "demand": None, "metros": None, "links": None}
        discount = [1.08 ** (-t / 4) for t in range(4)]
        missed = 2 * 8640 * 3 * DAYS_PER_MONTH / 1e6  # two metros at 1 $/Mtok, M$ per quarter
        alone = solved(small_case(tmp_path / str(start), **tables)).objective
        found.append(alone + missed * sum(discount[:out]) - 5 * sum(discount[out:]))
    assert found.index(min(found)) == 1
    assert plan.objective == pytest.approx(min(found), rel=1e-6)
    assert released(plan)["blocked_by"] == "chips 2027Q2"


def test_what_blocks_a_release(tmp_path):
    """The last of the dates that the start waits for is named: here another job holds all chips of the hall that runs already."""
    halls = [{"site": "north", "hall": "n1", "it_mw": 1, "existing": 1}]
    tables = {
        "sites": [TABLES["sites"][0]], "halls": halls, "grid": [TABLES["grid"][0]], "services": None, "service_skus": None, "demand": None, "metros": None,
        "links": None, "jobs": [{"job": "big", "value_musd": 1}, {"job": "first", "value_musd": 500, "latest": "2027Q2"}],
        "job_skus": [{"job": j, "sku": "old", "units": 1000, "duration_periods": n} for j, n in (("big", 1), ("first", 2))], "offers": [TABLES["offers"][0]],
        "skus": [TABLES["skus"][0]],
    }  # fmt: skip
    plan = solved(small_case(tmp_path, releases=[{**V1[0], "value_musd_per_period": 40}], **tables))
    assert released(plan) == {"release": "v1", "job": "big", "trained": "2027Q3", "released": "2027Q4", "blocked_by": "other work 2027Q3"}


def test_base_job_blocks_a_release(tmp_path):
    """A tuned model waits for its base, which waits for cheaper chips in the second quarter."""
    offers = [
        {"offer": "q1", "sku": "new", "period": "2027Q1", "max_units": 2000, "unit_price_usd": 140000},
        {"offer": "q2", "sku": "new", "period": "2027Q2", "max_units": 2000, "unit_price_usd": 30000},
    ]
    jobs = [{"job": "base", "value_musd": 80}, {"job": "big", "value_musd": 1, "base_job": "base"}]
    job_skus = [{"job": j["job"], "sku": "new", "units": 500, "duration_periods": 1} for j in jobs]
    none = {"services": None, "service_skus": None, "demand": None, "metros": None, "links": None}
    plan = solved(small_case(tmp_path, releases=V1, jobs=jobs, job_skus=job_skus, offers=offers, skus=[TABLES["skus"][1]], **none))
    assert released(plan)["released"] == "2027Q4"
    assert released(plan)["blocked_by"] == "base job 2027Q3"


def test_rule_that_leaves_no_place(tmp_path):
    """A release whose job can run nowhere says which rule forbids it; what serves it is excluded by the release's name."""
    jobs = edited("jobs", min_hbm_gb=1000)
    case = small_case(tmp_path, releases=V1, services=SERVED, jobs=jobs)
    plan = solved(case)
    assert released(plan)["blocked_by"] == "rule memory"
    lost = build_sides(case).demand.exclusions
    assert lost.loc[lost["rule"] == "release:v1", "n"].sum() == 2 * 4 * 2 * 2  # metros, periods, sites, SKUs
    assert plan.kpis["unserved_share"] == pytest.approx(1.0)


def test_only_columns_that_may_serve_are_built(tmp_path):
    """Columns before the first possible release are not there, one gate per service, metro and later period is; without releases nothing changes."""
    plain, tied = (build_sides(small_case(tmp_path / n, **t)) for n, t in (("a", {}), ("b", {"releases": V1, "services": SERVED})))
    served = {name: pd.concat([f for kind, _, f in s.columns.blocks() if kind == "inference"]) for name, s in (("plain", plain), ("tied", tied))}
    assert set(served["tied"]["period"]) == {2, 3}
    assert len(served["tied"]) == (served["plain"]["period"] >= 2).sum()
    program, without = assemble(tied)[0], assemble(plain)[0]
    assert sorted(program.supply_names[i] for i in range(program.n_supply) if "released" in program.supply_names[i]) == ["released[v1,2]", "released[v1,3]"]
    assert sum(name.startswith("release[") for name in program.row_names) == 2
    assert len(tied.columns.requires_decision) - len(plain.columns.requires_decision) == 2 * 2
    assert not any("release" in name for name in (*without.supply_names, *without.row_names))


@pytest.mark.parametrize(
    ("table", "column", "value", "rule"),
    [
        ("releases", "released", "2027Q2", "releases.released"),
        ("releases", "trained", "2027Q1", "releases.trained"),
        ("inference", "period", "2027Q2", "release"),
        ("training", "start", "2027Q3", "release"),
        ("cash", "musd", 0.0, "cash"),
    ],
)
def test_checker_sees(tmp_path, table, column, value, rule):
    """A release that is said to be out earlier, demand served before it, a job that ends later, and value that nobody earns are found."""
    plan = solved(small_case(tmp_path, releases=V1, services=SERVED))
    assert rule in violations(plan, table, lambda df: df.assign(**{column: df[column].replace("2027Q3", value) if table == "inference" else value}))


def test_checker_misses_no_row(tmp_path):
    """A release without a row is found."""
    plan = solved(small_case(tmp_path, releases=V1))
    assert violations(plan, "releases", lambda df: df[:0]) == {"releases.release"}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"releases": [{"release": "v1", "job": "big"}]}, "column 'value_musd_per_period' has no effect: the release has no value and no service serves it"),
        ({"releases": V1, "services": edited("services", release="v2")}, "column 'release' must be in releases"),
        ({"services": SERVED}, "column 'release' must be in releases"),
        ({"releases": [{**V1[0], "lag_periods": 2}]}, "the release cannot be out by the last period 2027Q4"),
        (
            {"releases": V1, "services": [{k: v for k, v in SERVED[0].items() if k != "unmet_usd_per_mtok"}]},
            "column 'unmet_usd_per_mtok' must not be blank where there is demand before the release can be out",
        ),
    ],
)
def test_bad_input(tmp_path, tables, message):
    """Each rule on releases names what is wrong."""
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **tables)
    assert message in str(error.value)


def test_all_may_have_to_be_served_once_the_release_is_out(tmp_path):
    """Without a penalty demand is allowed from the first possible release on, and forces the job to run in time."""
    services = [{k: v for k, v in SERVED[0].items() if k != "unmet_usd_per_mtok"}]
    demand = [row for row in TABLES["demand"] if row["period"] == "2027Q4"]
    plan = solved(small_case(tmp_path, releases=[{"release": "v1", "job": "big"}], services=services, demand=demand, jobs=edited("jobs", value_musd=0)))
    assert released(plan)["trained"] <= "2027Q3"
