"""Where services may run: edge tier, promises to single metros; what the plan says of round-trip times and fresh weights."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import build_sides
from tests.layers.small import PERIODS, edited, small_case, solved, violations

SOUTH_EDGE = {"sites": edited("sites", {"site": "south"}, kind="edge")}
TWO = [{"service": "chat", "metro": m, "slo_rtt_ms": ms} for m, ms in (("madrid", 12),)]


def test_edge_services_run_at_the_edge(tmp_path):
    """Free to choose, all is served from the site that runs already; told to run at the edge, from the other; told not to, from the first again."""
    free = solved(small_case(tmp_path / "free", **SOUTH_EDGE))
    assert set(free.tables["inference"]["site"]) == {"north"}
    assert free.kpis["edge_share"] == 0
    edge = solved(small_case(tmp_path / "edge", **SOUTH_EDGE, services=edited("services", tier="edge")))
    assert set(edge.tables["inference"]["site"]) == {"south"}
    assert edge.kpis["edge_share"] == pytest.approx(1)
    assert edge.objective > free.objective + 1
    lost = edge.exclusions.query("rule == 'tier'")
    assert lost[["workload", "place", "n"]].to_numpy().tolist() == [["chat", "north", 2]]
    core = solved(small_case(tmp_path / "core", **SOUTH_EDGE, services=edited("services", tier="core")))
    assert core.objective == pytest.approx(free.objective)
    moved = violations(edge, "inference", lambda t: t.assign(site="north"))
    assert "tier" in moved


def test_a_promise_to_one_metro_binds_there(tmp_path):
    """Madrid within 12 ms can only be served from the south; Oslo stays in the north; a looser promise lets a metro reach further."""
    plan = solved(small_case(tmp_path / "tight", service_metros=TWO))
    assert plan.tables["inference"].groupby("metro")["site"].unique().map(list).to_dict() == {"madrid": ["south"], "oslo": ["north"]}
    excluded = plan.exclusions.query("rule == 'latency'")
    assert excluded[["workload", "place", "n"]].to_numpy().tolist() == [["chat", "north", 1]]
    near = edited("services", slo_rtt_ms=12)
    split = solved(small_case(tmp_path / "near", services=near))
    loose = solved(small_case(tmp_path / "loose", services=near, service_metros=[{**TWO[0], "slo_rtt_ms": 50}]))
    assert set(loose.tables["inference"]["site"]) == {"north"}
    assert loose.objective < split.objective - 1
    edited_rows = violations(plan, "inference", lambda t: t.assign(site=t["site"].where(t["metro"] != "madrid", "north")))
    assert "latency" in edited_rows


def test_round_trip_times_are_told_by_service(tmp_path):
    """Three fifths of the tokens travel 100 km, the rest 2700: median 9 ms, the tail 34.4 ms; another figure in the table is seen."""
    plan = solved(small_case(tmp_path, demand=edited("demand", {"metro": "oslo"}, mtok_per_day=12960)))
    row = plan.tables["latency"].iloc[0]
    near, far = (8 + 2 * km * 1.468 / 299.792458 for km in (100, 2700))
    assert row[["p50_ms", "p95_ms", "p99_ms", "slo_rtt_ms"]].tolist() == pytest.approx([near, far, far, 100])
    assert row["gtok"] == pytest.approx((8640 + 12960) * 12 * 30.4375 / 1e3)
    for column in ("gtok", "p50_ms", "p95_ms", "p99_ms", "slo_rtt_ms"):
        found = violations(plan, "latency", lambda t, c=column: t.assign(**{c: t[c] + 1}))
        assert found == {f"latency.{column}"}
    assert violations(plan, "latency", lambda t: t.iloc[:0]) == {"latency.service"}


def test_traffic_of_fresh_weights_is_told(tmp_path):
    """Every replica in the south, one accelerator each, gets 500 GB within an hour."""
    services = edited("services", origin="north", weights_gb=500, refresh_hours=1)
    plan = solved(small_case(tmp_path, services=services, service_metros=TWO))
    there = plan.tables["inference"].query("site == 'south'")
    gbps = there["units"].groupby(there["period"]).sum() * 500 * 8 / 3600
    said = plan.tables["refresh"].set_index("period")["gbps"]
    assert said.to_dict() == pytest.approx(gbps.to_dict())
    assert set(said.index) == set(PERIODS)
    assert plan.kpis["refresh_gbps_max"] == pytest.approx(said.max())
    assert violations(plan, "refresh", lambda t: t.assign(gbps=t["gbps"] * 2)) == {"refresh.gbps"}


def test_without_them_nothing_is_excluded(tmp_path):
    """Neither rule exists where nothing is given."""
    excluded = build_sides(small_case(tmp_path)).demand.exclusions
    assert not set(excluded["rule"]) & {"tier", "latency"}


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"services": edited("services", tier="edge")}, "leaves the service no site"),
        ({"services": edited("services", tier="core")}, "has no effect: every site is core"),
        ({"service_metros": [{**TWO[0], "slo_rtt_ms": 100}]}, "the service's own limit"),
        ({"service_metros": TWO, "demand": [r for r in edited("demand") if r["metro"] == "oslo"], "metros": edited("metros")[:1]}, "must be in metros"),
        (
            {
                "service_metros": [{**TWO[0], "service": "code"}],
                "services": [*edited("services"), {**edited("services")[0], "service": "code"}],
                "service_skus": [*edited("service_skus"), {**edited("service_skus")[0], "service": "code"}],
                "demand": [*edited("demand"), {**edited("demand")[0], "service": "code"}],
            },
            "the service has no demand there",
        ),
    ],
)
def test_wrong_input_is_refused(tmp_path, tables, words):
    """Each rule says what is wrong."""
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, **tables)
