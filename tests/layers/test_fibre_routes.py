"""Routes: cables that come later, cables under the sea, and what traffic over them costs."""

from __future__ import annotations

import pytest

from placement.cards import card
from placement.errors import DataError
from placement.plan.checker import check
from placement.program import assemble, build_sides
from tests.layers.small import PERIODS, TABLES, edited, small_case, solved, violations

MS_PER_KM = 2 * 1.468 / 299.792458
CABLE = {"link": "cable", "a": "north", "b": "madrid", "km": 2200}
NEAR = edited("services", slo_rtt_ms=30)  # 2200 km are 29.5 ms, the way over land by oslo 34.4 ms
GB = 8640e6 * 91.3125 * 4 / 1e9  # of one metro and quarter, 4 bytes per token


def with_cable(**cells):
    """Return the links and a direct cable from the north to madrid."""
    return [*TABLES["links"], {**CABLE, **cells}]


def from_north(plan):
    """Return the periods in which madrid is served from the north."""
    rows = plan.tables["inference"]
    return sorted(rows.loc[(rows["metro"] == "madrid") & (rows["site"] == "north"), "period"])


def broken(plan, case):
    """Return what the checker finds when a plan is held against a stricter case."""
    return {v.rule for v in check(case, plan.tables, card(case.model).weights).violations}


def test_a_new_cable_changes_routes_from_its_date(tmp_path):
    """Madrid is within reach of the north from the quarter in which the cable lands, at the cable's time; before, from a new site or not at all."""
    always = solved(small_case(tmp_path / "a", services=NEAR, links=with_cable()))
    assert from_north(always) == list(PERIODS)
    case = small_case(tmp_path / "b", services=NEAR, links=with_cable(available=PERIODS[2]))
    later = solved(case)
    assert from_north(later) == list(PERIODS[2:])
    rows = later.tables["inference"].query("metro == 'madrid' and site == 'north'")
    assert rows["rtt_ms"].to_numpy() == pytest.approx(8 + 2200 * MS_PER_KM)
    assert "latency" in broken(always, case)
    assert "inference.rtt_ms" in violations(later, "inference", lambda t: t.assign(rtt_ms=t["rtt_ms"].where(t["metro"] != "madrid", 34.4)))


def test_routes_get_shorter_with_a_new_cable(tmp_path):
    """Where both ways are in time, the round-trip time falls with the date of the cable, and so the plan's tables say."""
    plan = solved(small_case(tmp_path, links=with_cable(available=PERIODS[1])))
    rtt = plan.tables["inference"].query("metro == 'madrid' and site == 'north'").set_index("period")["rtt_ms"]
    assert rtt[PERIODS[0]] == pytest.approx(8 + 2700 * MS_PER_KM)
    assert rtt[PERIODS[1]] == pytest.approx(8 + 2200 * MS_PER_KM)


def test_weights_need_a_route_from_the_origin(tmp_path):
    """A site that the origin does not reach yet serves nobody, and modules wait for their link: the south serves from the date of the long link on."""
    services = edited("services", slo_rtt_ms=20, origin="north", weights_gb=10)
    links = edited("links", {"link": "ne"}, available=PERIODS[2], gbps=0.001, module_gbps=100, max_modules=1, module_capex_musd=0.1)
    plan = solved(small_case(tmp_path, services=services, links=links, jobs=None, job_skus=None))
    assert sorted(set(plan.tables["inference"].query("site == 'south'")["period"])) == list(PERIODS[2:])
    assert sorted(set(plan.tables["fibre"].query("modules > 0")["period"])) == list(PERIODS[2:])
    early = {"link": "ne", "period": PERIODS[1], "modules": 1, "capacity_gbps": 100.001, "load_gbps": 0.0}
    assert "module_dates" in violations(plan, "fibre", lambda t: t[t["period"] != PERIODS[1]].merge(t.iloc[:0]).pipe(lambda _: _with(t, early)))


def _with(table, row):
    """Return a table with one row more."""
    out = table.copy()
    out.loc[len(out)] = row
    return out


def test_a_link_behind_the_horizon_is_listed(tmp_path):
    """A cable that comes too late is named among the exclusions and changes nothing."""
    late = build_sides(small_case(tmp_path / "a", services=NEAR, links=with_cable(available="2030Q1")))
    assert ("link:cable", "dates") in set(zip(late.demand.exclusions["workload"], late.demand.exclusions["rule"], strict=True))
    plain, _ = assemble(build_sides(small_case(tmp_path / "b", services=NEAR)))
    same, _ = assemble(late)
    assert (plain.matrix != same.matrix).nnz == 0


def test_services_may_stay_on_land(tmp_path):
    """The cable in time lies in the sea: a service that avoids it has the north excluded by that rule, and the others do not."""
    links = with_cable(kind="subsea")
    free = solved(small_case(tmp_path / "a", services=NEAR, links=links))
    assert from_north(free) == list(PERIODS)
    assert free.kpis["subsea_share"] == pytest.approx(0.5)
    assert free.kpis["subsea_km_mean"] == pytest.approx(1100)
    case = small_case(tmp_path / "b", services=edited("services", slo_rtt_ms=30, avoid_subsea=1), links=links)
    dry = solved(case)
    assert from_north(dry) == []
    excluded = build_sides(case).demand.exclusions
    assert excluded.query("workload == 'chat' and place == 'north'")["rule"].tolist() == ["subsea"]
    assert dry.kpis["subsea_share"] == 0
    assert "subsea" in broken(free, case)


def test_traffic_is_paid(tmp_path):
    """Traffic with users pays egress at the site and transit on the way; where that costs more than a site in the south, madrid is served from there."""
    services = edited("services", bytes_per_token=4)
    sites, links = edited("sites", {"site": "north"}, egress_usd_per_gb=2), edited("links", {"link": "ne"}, transit_usd_per_gb=5)
    plan = solved(small_case(tmp_path / "a", services=services, sites=sites, links=links))
    assert set(plan.tables["inference"]["site"]) == {"north"}
    network = plan.tables["cash"].query("term == 'network'").set_index("period")["musd"]
    assert network.to_dict() == pytest.approx(dict.fromkeys(PERIODS, GB * (2 + 2 + 5) / 1e6))
    dear = solved(small_case(tmp_path / "b", services=services, sites=sites, links=edited("links", {"link": "ne"}, transit_usd_per_gb=900)))
    assert set(dear.tables["inference"].query("metro == 'madrid'")["site"]) == {"south"}
    assert "cash" in violations(plan, "cash", lambda t: t[t["term"] != "network"])
    assert plan.kpis["network_musd"] == pytest.approx(4 * GB * 9 / 1e6)


def test_fresh_weights_are_paid(tmp_path):
    """A refresh leaves the origin once per replica: egress there and transit to the site, so many times a year; none to the origin itself."""
    services = edited("services", slo_rtt_ms=20, origin="north", weights_gb=1000, refreshes_per_year=50)
    sites, links = edited("sites", {"site": "north"}, egress_usd_per_gb=0.02), edited("links", {"link": "ne"}, transit_usd_per_gb=0.03)
    plan = solved(small_case(tmp_path, services=services, sites=sites, links=links, service_skus=TABLES["service_skus"][:1]))
    served = plan.tables["inference"]
    assert set(served["site"]) == {"north", "south"}
    units = served[served["site"] == "south"].groupby("period")["units"].sum()
    network = plan.tables["cash"].query("term == 'network'").set_index("period")["musd"]
    assert network.to_dict() == pytest.approx((units * 50 / 4 * 1000 * 0.05 / 1e6).to_dict())


def test_blank_columns_build_nothing(tmp_path):
    """Columns that say what is so anyway give the same program."""
    plain, _ = assemble(build_sides(small_case(tmp_path / "a")))
    links = edited("links", kind="land", available=PERIODS[0], transit_usd_per_gb=0)
    same, _ = assemble(build_sides(small_case(tmp_path / "b", links=links, sites=edited("sites", egress_usd_per_gb=0))))
    assert (plain.matrix != same.matrix).nnz == 0
    assert (plain.cost == same.cost).all()


BAD = {
    "dry without sea": ({"services": edited("services", avoid_subsea=1)}, "services", "avoid_subsea"),
    "longer of one": ({"services": edited("services", survivable_slo_ms=200)}, "services", "survivable_slo_ms"),
    "longer is shorter": ({"services": edited("services", survivable=1, survivable_slo_ms=50)}, "services", "survivable_slo_ms"),
    "risk for nobody": ({"links": edited("links", srlg="g")}, "links", "srlg"),
    "price without traffic": ({"sites": edited("sites", egress_usd_per_gb=1)}, "sites", "egress_usd_per_gb"),
    "transit without traffic": ({"links": edited("links", transit_usd_per_gb=1)}, "links", "transit_usd_per_gb"),
    "traffic without price": ({"services": edited("services", bytes_per_token=1)}, "services", "bytes_per_token"),
    "refresh of nothing": ({"services": edited("services", refreshes_per_year=1)}, "services", "refreshes_per_year"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(tmp_path, name):
    """Each rule names its column."""
    tables, table, column = BAD[name]
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **tables)
    assert [(p.table, p.column) for p in error.value.problems] == [(table, column)]
