"""Jobs that start from the weights of another job."""

from __future__ import annotations

import pytest

import placement
from placement import DataError
from placement.case import Case
from placement.program import build_sides
from placement.reference import to_pyomo
from tests.layers.small import Row, Rows, edited, small_case, solved, violations

ALONE: dict[str, Rows | None] = dict.fromkeys(("services", "service_skus", "metros", "demand", "links"))


def tuned(folder, base: Row | None = None, tune: Row | None = None, **tables: Rows) -> Case:
    """Return a case with a base of two quarters and a job of one quarter that starts from it, on chips that are there."""
    jobs = [{"job": "base", "value_musd": 40, **(base or {})}, {"job": "tune", "value_musd": 30, "base_job": "base", **(tune or {})}]
    skus = [{"job": j, "sku": "old", "units": n, "duration_periods": d} for j, n, d in (("base", 1000, 2), ("tune", 200, 1))]
    chips: dict[str, Rows | None] = {"skus": [{k: v for k, v in edited("skus")[0].items() if k != "life_years"}], "offers": None}
    return small_case(folder, **{**ALONE, "jobs": jobs, "job_skus": skus, **chips, "installed": [{"domain": "north", "sku": "old", "units": 2000}], **tables})


def starts(case: Case) -> dict[str, str]:
    """Return the start of every placed job."""
    plan = solved(case)
    return dict(zip(plan.tables["training"]["job"], plan.tables["training"]["start"], strict=True))


def test_a_tuned_job_waits_for_its_base(tmp_path):
    """Free, it starts at once; with its base, after the two quarters of that; with a lag of one, in the last quarter."""
    assert starts(tuned(tmp_path / "a", tune={"base_job": ""})) == {"base": "2027Q1", "tune": "2027Q1"}
    assert starts(tuned(tmp_path / "b")) == {"base": "2027Q1", "tune": "2027Q3"}
    assert starts(tuned(tmp_path / "c", tune={"base_lag_periods": 1})) == {"base": "2027Q1", "tune": "2027Q4"}


def test_without_its_base_it_is_not_placed(tmp_path):
    """A base that fits nowhere takes the job with it, by name; one that does not pay is placed for what starts from it."""
    large = [{"job": "base", "sku": "old", "units": 50000, "duration_periods": 2}, {"job": "tune", "sku": "old", "units": 200, "duration_periods": 1}]
    plan = solved(tuned(tmp_path / "a", job_skus=large))
    assert plan.kpis["jobs_placed"] == 0
    assert plan.exclusions.query("workload == 'tune' and place == 'north'")["rule"].tolist() == ["base"]
    assert starts(tuned(tmp_path / "b", base={"value_musd": 0}, tune={"value_musd": 0.1})) == {}
    assert starts(tuned(tmp_path / "c", base={"value_musd": 0}, tune={"value_musd": 9})) == {"base": "2027Q1", "tune": "2027Q3"}


def test_a_mandatory_job_makes_its_base_mandatory(tmp_path):
    """The base costs more than it is worth, and must run all the same, in time."""
    assert starts(tuned(tmp_path / "a", base={"value_musd": 0.1}, tune={"value_musd": 0.01})) == {}
    assert starts(tuned(tmp_path / "b", base={"value_musd": 0.1}, tune={"mandatory": 1, "value_musd": 0})).keys() == {"base", "tune"}


def test_optimum_is_that_of_trying_every_pair(tmp_path):
    """Rows left out one at a time: the best of all pairs of starts that keep the order, each as a case of its own, is the optimum with the rows."""
    periods = ("2027Q1", "2027Q2", "2027Q3", "2027Q4")
    best = 0.0
    for b in range(3):
        for t in range(b + 2, 4):
            window = {"base": {"earliest": periods[b], "latest": periods[b + 1]}, "tune": {"earliest": periods[t], "latest": periods[t], "base_job": ""}}
            best = min(best, placement.solve(tuned(tmp_path / f"{b}{t}", **window), rel_gap=0.0).objective)
    assert solved(tuned(tmp_path / "all")).objective == pytest.approx(best)


def test_the_rows_are_strong(tmp_path):
    """One row per period in which the job may start, with all columns that start by then against all bases that have ended."""
    case = tuned(tmp_path)
    model = to_pyomo(case)
    rows = [c for c in model.resource.values() if str(c.index()).startswith("base[")]
    assert [c.index() for c in rows] == ["base[tune,2]", "base[tune,3]"]
    columns = build_sides(case).columns
    ((_, _, built),) = columns.blocks()
    last = str(rows[-1].expr)
    for j, r in built.iterrows():
        assert (f"x[{j}]" in last) == (r["job"] == 1 or r["end"] < 3)


def test_checker_sees_the_order(tmp_path):
    """A start before the base has ended, and a base that is not there."""
    plan = solved(tuned(tmp_path))

    def early(t):
        t.loc[t["job"] == "tune", ["start", "end"]] = "2027Q2"
        return t

    assert "base" in violations(plan, "training", early)
    assert "base" in violations(plan, "training", lambda t: t[t["job"] == "tune"])


def refused(folder, match, **changes):
    """Expect an error with all the words."""
    with pytest.raises(DataError) as error:
        tuned(folder, **changes)
    for word in match.split(" ... "):
        assert word in str(error.value), str(error.value)


def test_bases_are_other_jobs_without_circles_and_in_time(tmp_path):
    """Itself, a circle, a lag without base, and windows that never fit."""
    refused(tmp_path / "a", "jobs ... base_job ... must be another job", tune={"base_job": "tune"})
    refused(tmp_path / "b", "jobs ... base_job ... must not lead back", base={"base_job": "tune"})
    refused(tmp_path / "c", "jobs ... base_lag_periods ... has no effect without base_job", tune={"base_job": "", "base_lag_periods": 1})
    refused(tmp_path / "d", "jobs ... base_job ... must be able to end", tune={"base_lag_periods": 2})
    refused(tmp_path / "e", "jobs ... base_job ... must be able to end", tune={"latest": "2027Q2"})
    refused(tmp_path / "f", "jobs ... base_job ... must be in jobs", tune={"base_job": "no-such-job"})
