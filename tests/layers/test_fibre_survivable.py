"""Two routes that share no link and no risk: who may serve whom, and what fresh weights load."""

from __future__ import annotations

import pytest

from placement.cards import card
from placement.plan.checker import check
from placement.program import build_sides
from tests.layers.small import PERIODS, TABLES, edited, small_case, solved, violations

SAFE = edited("services", survivable=1)
#: A second way from the north to oslo, and a second long link: the south has but one way out.
RING = [*TABLES["links"], {"link": "no2", "a": "north", "b": "hub", "km": 150}, {"link": "no3", "a": "hub", "b": "oslo", "km": 150},
        {"link": "ne2", "a": "oslo", "b": "madrid", "km": 3000}]  # fmt: skip


def ring(**srlg):
    """Return the links with risk groups by link."""
    return [{**row, "srlg": srlg.get(row["link"], "")} for row in RING]


def excluded(case):
    """Return the rules that keep sites from metros, by site."""
    table = build_sides(case).demand.exclusions
    return {(r.place, r.rule, r.n) for r in table.itertuples() if r.workload == "chat" and r.rule == "survivable"}


def test_two_routes_or_none(tmp_path):
    """The north serves both metros over two ways; the south hangs on one link and is excluded. One duct for both ways, and the north may not serve either."""
    plan = solved(small_case(tmp_path / "a", services=SAFE, links=RING))
    assert set(plan.tables["inference"]["site"]) == {"north"}
    assert plan.kpis["unserved_share"] < 1e-6
    assert excluded(plan.case) == {("south", "survivable", 2)}
    routes = plan.tables["routes"].set_index(["to", "period"])
    assert set(routes.loc[("oslo", PERIODS[0]), ["main", "alternate"]]) == {"no", "no2;no3"}
    assert routes.loc[("madrid", PERIODS[0]), "main_km"] == 2700
    assert routes.loc[("madrid", PERIODS[0]), "alternate_km"] == 3300
    duct = small_case(tmp_path / "b", services=SAFE, links=ring(no="duct", no3="duct;bridge"))
    assert excluded(duct) == {("north", "survivable", 2), ("south", "survivable", 2)}
    assert solved(duct).kpis["unserved_share"] == pytest.approx(1)
    spaced = small_case(tmp_path / "c", services=SAFE, links=ring(no="duct", no3="bridge; duct"))
    for case in (duct, spaced):
        assert "survivable" in {v.rule for v in check(case, plan.tables, card("placement").weights).violations}


def test_the_longer_route_has_its_own_limit(tmp_path):
    """3300 km are 40.3 ms: within a limit of 41 for the longer route, not within 35, the limit of the shorter."""
    tight = edited("services", survivable=1, slo_rtt_ms=35)
    assert ("north", "survivable", 1) in excluded(small_case(tmp_path / "a", services=tight, links=RING))
    loose = edited("services", survivable=1, slo_rtt_ms=35, survivable_slo_ms=41)
    assert ("north", "survivable", 1) not in excluded(small_case(tmp_path / "b", services=loose, links=RING))


def test_refresh_loads_both_routes(tmp_path):
    """Weights for the north from a hub that two links join: each carries all of it, and capacity on both is needed."""
    links = [*[{**row, "gbps": 100} for row in RING[3:5]], *RING[:3], RING[5], {"link": "ho", "a": "origin", "b": "hub", "km": 50}]
    links += [{"link": "on", "a": "origin", "b": "north", "km": 500, "gbps": 100}]
    services = edited("services", survivable=1, origin="origin", weights_gb=100, refresh_hours=1)
    sites = [*TABLES["sites"], {"site": "origin", "country": "NO", "lat_deg": 60, "lon_deg": 10, "zone": "z", "pue": 1.1}]
    plan = solved(small_case(tmp_path, services=services, links=links, sites=sites, service_skus=TABLES["service_skus"][:1]))
    load = plan.tables["fibre"].query("period == @PERIODS[0]").set_index("link")["load_gbps"]
    traffic = plan.tables["inference"].query("period == @PERIODS[0]")["units"].sum() * 100 * 8 / 3600
    assert load["on"] == pytest.approx(traffic)
    assert load["no2"] == pytest.approx(traffic)
    assert traffic > 1
    refresh = plan.tables["routes"].query("use == 'refresh'")
    assert set(refresh["main"]) == {"ho;no2"}
    assert set(refresh["alternate"]) == {"on"}
    assert violations(plan, "routes", lambda t: t[t["use"] != "refresh"]) >= {"survivable", "fibre.load_gbps"}


def test_checker_follows_the_routes(tmp_path):
    """A route that leads elsewhere, a route twice, a link that does not exist, and a wrong length are found."""
    plan = solved(small_case(tmp_path, services=SAFE, links=RING))
    assert violations(plan, "routes", lambda t: t.assign(alternate=t["main"], alternate_km=t["main_km"])) == {"survivable"}
    assert violations(plan, "routes", lambda t: t.assign(main="no2", main_km=150.0)) == {"survivable"}
    assert violations(plan, "routes", lambda t: t.assign(main="xx")) == {"survivable"}
    assert violations(plan, "routes", lambda t: t.iloc[1:]) == {"survivable"}
    assert violations(plan, "routes", lambda t: t.assign(main_km=t["main_km"] + 1)) == {"routes.main_km"}
