"""Leased waves beside own modules: which of the two is cheaper, and what they carry."""

from __future__ import annotations

import math

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import PERIODS, edited, small_case, solved, violations

#: Serving in the south only: the north's chips are too far away for madrid, and its weights come over the long link.
SERVICES = edited("services", slo_rtt_ms=20, origin="north", weights_gb=100, refresh_hours=1)
GBPS = 10.0  # what the long link carries before anything is added
WAVE = {"wave": "w", "link": "ne", "gbps": 20, "lease_musd_per_year": 0.05, "max_units": 5, "term_periods": 4}


def links(**cells):
    """Return the links; the long one has a little capacity and modules as given."""
    return edited("links", {"link": "ne"}, gbps=GBPS, **cells)


def load_gbps(plan):
    """Return refresh traffic on the long link by period."""
    return plan.tables["fibre"].query("link == 'ne'").set_index("period")["load_gbps"]


def test_waves_are_leased_where_modules_cost_more(tmp_path):
    """44 Gbit/s of fresh weights for 200 units outgrow the link's 10: two waves are leased where that is cheaper than two modules, else modules are lit."""
    modules = {"module_gbps": 20, "module_capex_musd": 1, "max_modules": 5}
    cheap = solved(small_case(tmp_path / "a", services=SERVICES, links=links(**modules), waves=[WAVE], service_skus=OLD))
    traffic = 8640e6 / 86400 * 2 / 1000 * 100 * 8 / 3600
    assert load_gbps(cheap).to_numpy() == pytest.approx(traffic)
    need = math.ceil((traffic - GBPS) / 20)
    assert cheap.tables["waves"]["units"].tolist() == [need]
    assert cheap.tables["fibre"]["modules"].sum() == 0
    leased = cheap.tables["cash"].query("term == 'lease'").set_index("period")["musd"]
    assert leased.to_dict() == pytest.approx(dict.fromkeys(PERIODS, need * 0.05 / 4))
    dear = solved(small_case(tmp_path / "b", services=SERVICES, links=links(**modules), waves=[{**WAVE, "lease_musd_per_year": 30}], service_skus=OLD))
    assert not len(dear.tables["waves"])
    assert dear.tables["fibre"]["modules"].max() == need


OLD = [{"service": "chat", "sku": "old", "tok_per_s": 1000}]


def test_waves_end_with_their_term(tmp_path):
    """A wave from the second quarter for two quarters carries traffic then only; before and after, madrid is served as far as the link goes."""
    wave = {**WAVE, "start": PERIODS[1], "term_periods": 2}
    plan = solved(small_case(tmp_path, services=SERVICES, links=links(), waves=[wave], service_skus=OLD))
    assert load_gbps(plan)[PERIODS[1]] > GBPS + 1
    for t in (PERIODS[0], PERIODS[3]):
        assert load_gbps(plan).get(t, 0.0) <= GBPS + 1e-6
        assert len(plan.tables["unserved"].query("metro == 'madrid' and period == @t")) == 1
    assert set(plan.tables["cash"].query("term == 'lease'")["period"]) == set(PERIODS[1:3])
    assert violations(plan, "waves", lambda t: t.iloc[:0]) >= {"fibre", "cash"}
    assert violations(plan, "waves", lambda t: t.assign(units=6)) >= {"wave_max"}
    assert violations(plan, "waves", lambda t: t.assign(link="no")) == {"waves.link"}


def test_absent_builds_nothing(tmp_path):
    """An offer on a link that no refresh can use is not a variable, and without the table there is none at all."""
    spur = [*links(), {"link": "spur", "a": "oslo", "b": "hub", "km": 10, "gbps": 10}]
    plain, _ = assemble(build_sides(small_case(tmp_path / "a", services=SERVICES, links=spur)))
    same, _ = assemble(build_sides(small_case(tmp_path / "b", services=SERVICES, links=spur, waves=[{**WAVE, "link": "spur"}])))
    assert list(plain.row_names) == list(same.row_names)
    assert plain.supply_names == same.supply_names
    assert (plain.matrix != same.matrix).nnz == 0


BAD = {
    "unlimited link": ({"waves": [{**WAVE, "link": "no"}]}, "waves", "link"),
    "no such link": ({"waves": [{**WAVE, "link": "xx"}]}, "waves", "link"),
    "dollars": ({"waves": [{**WAVE, "lease_musd_per_year": 50000}]}, "waves", "lease_musd_per_year"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(tmp_path, name):
    """Each rule names its column."""
    tables, table, column = BAD[name]
    with pytest.raises(DataError) as error:
        small_case(tmp_path, services=SERVICES, links=links(), **tables)
    assert [(p.table, p.column) for p in error.value.problems] == [(table, column)]
