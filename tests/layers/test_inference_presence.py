"""Services at sites: a presence costs, and takes a least number of units."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from placement.case import Case
from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import edited, small_case, solved, violations

BOTH = {
    "halls": edited("halls", existing=1, capex_musd="", life_years=""),
    "sites": edited("sites", opening_cost_musd=""),
    "grid": edited("grid", capex_musd="", life_years=""),
    "tariffs": [
        {"zone": z, "period": t, "block": b, "energy_usd_per_mwh": usd}
        for z, usd in (("z", 60), ("dear", 90))
        for t in ("2027Q1", "2027Q2", "2027Q3", "2027Q4")
        for b in ("stress", "calm")
    ],
    "jobs": None,
    "job_skus": None,
    "skus": edited("skus")[:1],
    "offers": edited("offers")[:1],
    "service_skus": edited("service_skus")[:1],
}
BOTH["sites"] = [{**row, "zone": zone, "kind": kind} for row, zone, kind in zip(BOTH["sites"], ("z", "dear"), ("campus", "edge"), strict=True)]


def case_of(folder: Any, near: bool = True, demand: Any = None, **service: Any) -> Case:
    """Return a case with two running sites, one SKU and the service with the cells given; users can only be served nearby, or else wherever."""
    cells = {"slo_rtt_ms": 12 if near else 100, **service}
    return small_case(folder, **BOTH, services=edited("services", **cells), demand=demand or edited("demand"))


def test_a_cost_closes_small_presences(tmp_path):
    """At 1 M$ a year both sites serve; at a cost above what half the demand pays, Madrid stays unserved."""
    demand = edited("demand", {"metro": "madrid"}, mtok_per_day=4320)
    cheap = solved(case_of(tmp_path / "a", demand=demand, presence_cost_musd_per_year=1))
    assert set(cheap.tables["inference"]["site"]) == {"north", "south"}
    assert len(cheap.tables["presence"]) == 8
    assert cheap.kpis["presence_musd"] == pytest.approx(2)
    dear = solved(case_of(tmp_path / "b", demand=demand, presence_cost_musd_per_year=5.5))
    assert set(dear.tables["inference"]["site"]) == {"north"}
    assert dear.kpis["unserved_share"] == pytest.approx(1 / 3)
    assert dear.kpis["presences_end"] == 1


def test_costs_gather_a_service(tmp_path):
    """Where each metro would be served nearby, a presence cost brings both to one site."""
    apart = edited("services", presence_cost_musd_per_year=0.001)
    halls = [{**row, "it_mw": 0.25} for row in BOTH["halls"]]  # too small for both
    split = solved(small_case(tmp_path / "a", **{**BOTH, "halls": halls}, services=apart))
    assert split.tables["presence"]["site"].nunique() == 2
    joined = solved(small_case(tmp_path / "b", **BOTH, services=apart))
    assert joined.tables["presence"]["site"].nunique() == 1


def test_least_units_are_held(tmp_path):
    """Each site needs 200 accelerators for its metro and holds 300: 100 of them on standby."""
    plan, free = (solved(case_of(tmp_path / n, min_units=u)) for n, u in (("a", 300), ("b", 0)))
    assert plan.tables["standby"]["units"].to_numpy() == pytest.approx(np.full(8, 100))
    assert plan.kpis["units_end"] == pytest.approx(free.kpis["units_end"] + 200)
    assert plan.tables["chips"].query("serving > 0")["serving"].to_numpy() == pytest.approx(np.full(8, 300))
    idle = solved(case_of(tmp_path / "c", min_units=200))  # exactly what is used: nothing stands by
    assert len(idle.tables["standby"]) == 0
    assert idle.objective == pytest.approx(free.objective)


@pytest.mark.parametrize("cost", [0.001, 0.5, 4.0, 7.0, 14.0, 20.0])
def test_optimum_by_enumeration(tmp_path, cost):
    """The optimum is that of the best set of present sites: each solved without presences, what they cost and hold in addition worked out by hand."""
    least = 260
    discount = sum(1.08 ** -(t / 4) for t in range(4))
    found = {(): discount * (2 * 8640 * 3 * 30.4375 / 1e6 + 2 * 0.25)}  # the penalty of all demand, and the halls
    for tier, present in (("core", ("north",)), ("edge", ("south",)), ("any", ("north", "south"))):
        # with both, users are served nearby: the dear energy in the south is only worth while for Madrid, which the north would reach otherwise
        plan = solved(case_of(tmp_path / tier, near=tier == "any", tier=tier))
        used = plan.tables["inference"].groupby(["site", "period"])["units"].sum()
        assert set(used.index.get_level_values("site")) == set(present)
        found[present] = plan.objective
        for site, usd, pue in (("north", 60, 1.1), ("south", 90, 1.3)):
            if site in present:
                spare = max(0.0, least - used[site].iloc[0])
                found[present] += spare * 0.02 * (1 - 0.8 / 1.08) + discount * (cost / 4 + spare * pue * 0.2e-3 * 2191.5 * usd / 1e6)
    whole = solved(case_of(tmp_path / "whole", near=False, presence_cost_musd_per_year=cost, min_units=least))
    assert whole.objective == pytest.approx(min(found.values()), rel=1e-6)


def test_without_them_nothing_is_built(tmp_path):
    """Blank and zero give the same program, without presences."""
    programs = [assemble(build_sides(case_of(tmp_path / n, **s)))[0] for n, s in (("a", {}), ("b", {"min_units": 0, "presence_cost_musd_per_year": 0}))]
    assert programs[0].row_names == programs[1].row_names
    assert not any(name.startswith(("presence", "least_units", "standby")) for name in programs[0].row_names)
    assert not any(name.startswith("present") for name in programs[0].supply_names)


def test_the_checker_knows_presence(tmp_path):
    """A presence left out, not paid, with too few units, or for nobody is seen; so are chips for standby that are not lent."""
    plan = solved(case_of(tmp_path, min_units=300, presence_cost_musd_per_year=1))
    assert violations(plan, "presence", lambda t: t[t["site"] != "south"]) >= {"presence", "cash"}
    assert violations(plan, "presence", lambda t: t.assign(cost_musd=0.1)) == {"presence.cost_musd"}
    assert "least_units" in violations(plan, "standby", lambda t: t.assign(units=t["units"] * 0.5))
    assert "standby" in violations(plan, "standby", lambda t: t.assign(units=t["units"] * 4))
    assert "serve" in violations(plan, "chips", lambda t: t.assign(serving=t["serving"] - 50))
    free = solved(case_of(tmp_path / "free"))
    row = {"service": "chat", "site": "north", "period": "2027Q1", "least_units": 0, "cost_musd": 0}
    assert violations(free, "presence", lambda t: t.reindex([0]).assign(**row)) == {"presence.service"}


@pytest.mark.parametrize(
    ("cells", "words"),
    [({"min_units": 1e-6}, "min_units"), ({"min_units": 0.5}, "an accelerator at least"), ({"presence_cost_musd_per_year": 1e-9}, "presence_cost")],
)
def test_wrong_input_is_refused(tmp_path, cells, words):
    """Amounts that cannot be told from 0, and less than an accelerator, are refused."""
    with pytest.raises(DataError, match=words):
        case_of(tmp_path, **cells)
