"""Data gravity: data that are copied to a job's site before it starts, or streamed to it."""

from __future__ import annotations

import pytest

from placement import DataError
from placement.cards import card
from placement.case import Case
from placement.plan.checker import check
from placement.program import build_sides
from tests.layers.small import Row, Rows, edited, small_case, solved, violations

ALONE: dict[str, Rows | None] = dict.fromkeys(("services", "service_skus", "metros", "demand"))
DAYS = 91.3125  # of a quarter
COPY = {"dataset": "web", "node": "south", "size_tb": 10000}
STREAM = {"dataset": "web", "node": "south", "mode": "stream", "slowdown_per_1000km": 0.1}
KM = 3000.0


def with_data(folder, data: Row | None, job: Row | None = None, gbps: float | str = 100, **tables: Rows | None) -> Case:
    """Return a case of one job of two quarters that uses data, which may run on chips installed in the north, 3000 km from where the data lie."""
    jobs = [{"job": "big", "value_musd": 80, **({"dataset": "web"} if data else {}), **(job or {})}]
    links = [{"link": "ns", "a": "north", "b": "mid", "km": 1000, "gbps": gbps}, {"link": "ms", "a": "mid", "b": "south", "km": 2000}]
    given: dict[str, Rows | None] = {
        "skus": [{k: v for k, v in edited("skus")[0].items() if k != "life_years"}], "offers": None, "jobs": jobs,
        "job_skus": [{"job": "big", "sku": "old", "units": 1000, "duration_periods": 2}], "installed": [{"domain": "north", "sku": "old", "units": 3000}],
        "datasets": [data] if data else None, "links": links if data else None,
    }  # fmt: skip
    return small_case(folder, **{**ALONE, **given, **tables})


def test_copies_fill_the_links_before_the_start(tmp_path):
    """10 PB in a quarter are 80e6 Gbit in 91.3125 days, 10.14 Gbit/s, in the quarter before the start, on the link with a capacity."""
    free = solved(with_data(tmp_path / "a", None))
    assert free.tables["training"]["start"].tolist() == ["2027Q1"]
    plan = solved(with_data(tmp_path / "b", COPY))
    gbps = 10000 * 8000 / (DAYS * 86400)
    assert plan.tables["training"]["start"].tolist() == ["2027Q2"]
    assert plan.tables["fibre"][["link", "period"]].values.tolist() == [["ns", "2027Q1"]]
    assert plan.tables["fibre"]["load_gbps"].tolist() == [pytest.approx(gbps)]
    assert plan.kpis["ingested_pb"] == 10
    assert "ingest" in violations(plan, "training", lambda t: t.assign(start="2027Q1", end="2027Q2"))
    assert "fibre.load_gbps" in violations(plan, "fibre", lambda t: t.assign(load_gbps=gbps / 2))


def test_a_narrow_link_keeps_the_job_away_or_makes_it_wait(tmp_path):
    """8 Gbit/s carry no 10 PB in a quarter, but in two quarters; then the job starts in the third."""
    assert solved(with_data(tmp_path / "a", COPY, gbps=8)).kpis["jobs_placed"] == 0
    plan = solved(with_data(tmp_path / "b", COPY, {"ingest_periods": 2}, gbps=8))
    assert plan.tables["training"]["start"].tolist() == ["2027Q3"]
    assert plan.tables["fibre"]["period"].tolist() == ["2027Q1", "2027Q2"]
    narrow = with_data(tmp_path / "c", COPY, gbps=8)
    assert "fibre" in {v.rule for v in check(narrow, solved(with_data(tmp_path / "d", COPY)).tables, card(narrow.model).weights).violations}


def test_a_small_copy_fits_into_the_first_period(tmp_path):
    """With 0 periods ahead and 9.13125 days, a tenth of a quarter, the copy takes ten times the rate in the quarter of the start."""
    plan = solved(with_data(tmp_path, COPY, {"ingest_periods": 0, "ingest_days": DAYS / 10}, gbps=110))
    assert plan.tables["training"]["start"].tolist() == ["2027Q1"]
    assert plan.tables["fibre"][["period", "load_gbps"]].values.tolist() == [["2027Q1", pytest.approx(10 * 10000 * 8000 / (DAYS * 86400))]]


def test_data_may_lie_where_no_site_is(tmp_path):
    """10 PB that lie at a node between the sites reach the north over one link."""
    plan = solved(with_data(tmp_path, {**COPY, "node": "mid"}))
    assert plan.tables["training"][["site", "start"]].values.tolist() == [["north", "2027Q2"]]
    assert plan.tables["fibre"]["link"].tolist() == ["ns"]


def test_data_at_the_site_need_no_copy(tmp_path):
    """Where the data lie at the job's site it starts at once, on links of any width."""
    plan = solved(with_data(tmp_path, {**COPY, "node": "north"}, gbps=1))
    assert plan.tables["training"]["start"].tolist() == ["2027Q1"]
    assert plan.tables["fibre"].empty
    assert plan.kpis["ingested_pb"] == 0


def test_streaming_at_the_site_of_the_data_needs_no_link(tmp_path):
    """The site of the data gets its first link in 2027Q3: a job there reads at full pace from the start."""
    links = [{"link": "ns", "a": "north", "b": "south", "km": 3000, "available": "2027Q3"}]
    plan = solved(with_data(tmp_path, {**STREAM, "node": "north"}, links=links))
    assert plan.tables["training"][["start", "goodput"]].values.tolist() == [["2027Q1", 1.0]]


def test_streaming_slows_with_distance(tmp_path):
    """3000 km at 10 % per 1000 km leave 0.7 of the throughput: 1000 / 0.7 = 1429 units, or three quarters; at 17 % too little is left."""
    wide = solved(with_data(tmp_path / "a", STREAM, gbps=""))
    assert wide.tables["training"][["units", "goodput"]].values.tolist() == [[1429, pytest.approx(0.7)]]
    long = solved(with_data(tmp_path / "b", STREAM, {"goodput_by": "duration"}, gbps=""))
    assert long.tables["training"][["units", "start", "end"]].values.tolist() == [[1000, "2027Q1", "2027Q3"]]
    assert {"training.goodput", "units_eff"} <= violations(wide, "training", lambda t: t.assign(goodput=1.0, units=1000))
    far = build_sides(with_data(tmp_path / "c", {**STREAM, "slowdown_per_1000km": 0.17}, gbps=""))
    assert far.demand.exclusions.query("place == 'north'")["rule"].tolist() == ["goodput"]


def test_residency_of_data_holds_where_the_job_runs(tmp_path):
    """Data that must stay in Spain keep the job out of Norway, by the id of that rule; the job itself is of no class."""
    rows = [{"class": "es", "country": "ES", "allow": 1, "rule_id": "stay"}]
    free = solved(with_data(tmp_path / "a", COPY))
    bound = with_data(tmp_path / "b", {**COPY, "residency": "es"}, residency=rows)
    assert free.tables["training"]["site"].tolist() == ["north"]
    excluded = build_sides(bound).demand.exclusions
    assert excluded.query("place == 'north'")["rule"].tolist() == ["residency:stay"]
    assert "residency" in {v.rule for v in check(bound, free.tables, card(bound.model).weights).violations}


def refused(folder, match, *args, **tables):
    """Expect an error with all the words."""
    with pytest.raises(DataError) as error:
        with_data(folder, *args, **tables)
    for word in match.split(" ... "):
        assert word in str(error.value), str(error.value)


def test_rules(tmp_path):
    """Each rule on data refuses what it should."""
    refused(tmp_path / "a", "datasets ... node ... must be a node of links", {**COPY, "node": "moon"})
    refused(tmp_path / "b", "datasets ... dataset ... has no effect: no job uses it", COPY, {"dataset": ""})
    refused(tmp_path / "c", "datasets ... size_tb ... must be at least", {**COPY, "size_tb": ""})
    refused(tmp_path / "d", "datasets ... size_tb ... has no effect with mode stream", {**STREAM, "size_tb": 1}, gbps="")
    refused(tmp_path / "e", "datasets ... slowdown_per_1000km ... must be above 0", {**STREAM, "slowdown_per_1000km": ""}, gbps="")
    refused(tmp_path / "f", "datasets ... slowdown_per_1000km ... has no effect with mode copy", {**COPY, "slowdown_per_1000km": 0.1})
    refused(tmp_path / "g", "jobs ... ingest_periods ... has no effect: the job copies no dataset", STREAM, {"ingest_periods": 1}, gbps="")
    refused(tmp_path / "h", "jobs ... ingest_days ... must not be more than the days of ingest_periods", COPY, {"ingest_days": 92})
    refused(tmp_path / "i", "links ... gbps ... has no effect", STREAM)
    refused(tmp_path / "j", "jobs ... dataset ... must be in datasets", {**COPY, "dataset": "other"})
