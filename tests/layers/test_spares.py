"""N-1 over failure domains: spare units elsewhere for what any one of them serves."""

from __future__ import annotations

import pandas as pd
import pytest

import placement
from placement.errors import DataError
from placement.program import assemble, build_sides
from placement.report import render, terminal_summary
from tests.layers.small import PERIODS, TABLES, edited, small_case, solved, violations

UNITS = 2 * 8640e6 / 86400 * 2 / 1000  # two metros, peak twice the mean, 1000 tokens/s per accelerator
NAMES = ("a", "b", "c")
#: Three sites that run already, so that only chips cost anything; chips of one kind, and no power to think of.
BARE = {
    "sites": [{"site": s, "country": "NO", "lat_deg": 60, "lon_deg": 10, "pue": 1.1} for s in NAMES],
    "halls": [{"site": s, "hall": "h", "it_mw": 4, "existing": 1} for s in NAMES],
    "links": [*({"link": s, "a": s, "b": "oslo", "km": 100} for s in NAMES), {"link": "ne", "a": "oslo", "b": "madrid", "km": 2600}],
    "skus": TABLES["skus"][:1], "offers": TABLES["offers"][:1], "service_skus": TABLES["service_skus"][:1],
    "jobs": None, "job_skus": None, "grid": None, "tariffs": None,
}  # fmt: skip


def bare(folder, services=None, **changes):
    """Return the case of three sites whose service asks for N-1, changed."""
    return small_case(folder, **{**BARE, "services": edited("services", redundancy="n_minus_1") if services is None else services, **changes})


def test_spares_stand_elsewhere(tmp_path):
    """Half as many units again are bought where three domains share the loss, as many again where there are two; none without redundancy."""
    free = solved(bare(tmp_path / "a", services=TABLES["services"]))
    assert free.tables["orders"]["units"].sum() == pytest.approx(UNITS)
    assert not len(free.tables["spares"])
    three = solved(bare(tmp_path / "b"))
    assert three.tables["orders"]["units"].sum() == pytest.approx(1.5 * UNITS)
    assert three.kpis["spare_share"] == pytest.approx(0.5)
    assert three.kpis["domain_share_max"] <= 0.5 + 1e-6  # no more than the spares
    two = solved(bare(tmp_path / "c", sites=[{**row, "failure_domain": "" if row["site"] == "c" else "ab"} for row in BARE["sites"]]))
    assert two.tables["orders"]["units"].sum() == pytest.approx(2 * UNITS)
    price = 4000 / 1e6 * 5  # 20000 $ each, and a fifth of the life of five years is over: 1/5 of the price is spent
    assert two.tables["cash"].query("term == 'capex'")["musd"].sum() == pytest.approx(2 * UNITS * price)


def test_cover_equals_enumeration(tmp_path):
    """With room for a part of the demand at c only, the least number of spares is that of trying all splits over the three sites."""
    room = 0.2 * UNITS
    halls = [{**row, "it_mw": room / 1000 if row["site"] == "c" else 4} for row in BARE["halls"]]
    plan = solved(bare(tmp_path, halls=halls))
    steps, best = 20, 9.0
    for a in range(steps + 1):
        for c in range(steps + 1 - a):
            served = (a / steps, 1 - a / steps - c / steps, c / steps)
            if c / steps <= 0.2:
                for spare_c in range(int((0.2 - c / steps) * steps + 1e-9) + 1):
                    y_c = spare_c / steps
                    # spares at a and b: each domain's loss is met outside it
                    for y_a in (k / steps for k in range(steps + 1)):
                        y_b = max(served[0] - y_c, served[2] - y_a, 0.0)
                        if y_a + y_c >= served[1] - 1e-9:
                            best = min(best, y_a + y_b + y_c)
    assert plan.kpis["spare_share"] == pytest.approx(best, abs=1e-6)


def test_checker_wants_cover(tmp_path):
    """Spares in the domain that is lost, or too few of them, are no cover; nor are spares of a service that has none to have."""
    plan = solved(bare(tmp_path))
    assert violations(plan, "spares", lambda t: t.assign(share=t["share"] / 2, units=t["units"] / 2)) >= {"cover"}
    assert violations(plan, "spares", lambda t: t[t["site"] == "a"].assign(share=1.0)) >= {"cover", "spares.units", "serve"}
    assert violations(plan, "spares", lambda t: t.iloc[:0]) == {"cover"}
    other = solved(bare(tmp_path / "free", services=TABLES["services"]))
    extra = {"service": "chat", "metro": "oslo", "period": PERIODS[0], "site": "b", "sku": "old", "share": 0.0, "units": 0.0, "rtt_ms": 0.0}
    assert violations(other, "spares", lambda t: pd.DataFrame([extra])) >= {"cover"}


def test_hot_standby_draws_power(tmp_path):
    """Hot standby pays for its power in the stress block, cold standby for its idle draw; the checker counts both."""
    power = {
        "grid": [{"site": s, "tier": "g", "mw": 20} for s in NAMES],
        "tariffs": TABLES["tariffs"],
        "sites": [{**row, "zone": "z"} for row in BARE["sites"]],
    }
    cold = solved(bare(tmp_path / "a", **power))
    hot = solved(bare(tmp_path / "b", services=edited("services", redundancy="n_minus_1", spare_power=1), **power))
    mwh = 0.5 * UNITS * 1.1 * 0.8 / 1000 * 0.1 * 2191.5 * 4  # spares' active power in the stress hours of four quarters
    energy = [p.tables["cash"].query("term == 'energy'")["musd"].sum() for p in (cold, hot)]
    assert energy[1] - energy[0] == pytest.approx(mwh * 150 / 1e6, rel=1e-4)


def test_spares_hold_fresh_weights(tmp_path):
    """Refresh traffic goes to spares too: the load on the link from the origin is that of serving and spare units there."""
    services = edited("services", redundancy="n_minus_1", origin="a", weights_gb=100, refresh_hours=1)
    links = [{**row, "gbps": 100 if row["link"] in NAMES else ""} for row in BARE["links"]]
    halls = [row for row in BARE["halls"] if row["site"] != "a"]  # so that the other two cover one another
    plan = solved(bare(tmp_path, services=services, links=links, halls=halls))
    load = plan.tables["fibre"].set_index(["link", "period"])["load_gbps"]
    for site in ("b", "c"):
        there = [t.loc[(t["site"] == site) & (t["period"] == PERIODS[0]), "units"].sum() for t in (plan.tables["inference"], plan.tables["spares"])]
        assert load[site, PERIODS[0]] == pytest.approx(sum(there) * 100 * 8 / 3600)
    assert plan.tables["spares"].query("period == @PERIODS[0]")["units"].sum() > 0


def test_blank_builds_nothing(tmp_path):
    """Without redundancy there is no spare column and no row of cover."""
    program, _ = assemble(build_sides(bare(tmp_path, services=TABLES["services"])))
    assert not {"cover", "spare"} & {key[0] for key in program.row_keys}
    assert not [name for name in program.row_names if name.startswith("spare_")]


NEAR = edited("services", redundancy="n_minus_1", slo_rtt_ms=20)  # three sites are at Oslo, and Madrid is 2600 km away: 34 ms
ALONE = [*BARE["links"][:3], {"link": "s", "a": "d", "b": "madrid", "km": 50}, BARE["links"][3]]
FOUR = {
    "sites": [*BARE["sites"], {**BARE["sites"][0], "site": "d", "lat_deg": 40, "lon_deg": -4}],
    "halls": [*BARE["halls"], {**BARE["halls"][0], "site": "d"}],
    "links": ALONE,
}
WHY = "only one failure domain can serve it within 20 ms: N-1 needs two"


def test_one_domain_in_reach_serves_nothing(tmp_path):
    """Madrid has one site within its limit: nothing is built for it, and the rule says so wherever reasons are given."""
    plan = solved(bare(tmp_path, services=NEAR, **FOUR))
    assert set(plan.inference["metro"]) == {"oslo"}
    assert set(plan.unserved["metro"]) == {"madrid"} and (plan.unserved["share"] == 1).all()
    assert plan.exclusions.query("rule == 'n_minus_1'").to_dict("records") == [{"workload": "chat", "place": "madrid", "sku": "", "rule": "n_minus_1", "n": 1}]
    assert plan.summary["uncovered"] == [{"service": "chat", "metro": "madrid", "why": WHY}]
    assert f"chat in madrid: {WHY}" in " ".join(terminal_summary(plan.summary, plan.tables).split())
    page = render(plan.case, plan.tables, plan.summary, plan.prices, plan.progress, plan.exclusions)
    assert WHY in page.partition("Demand that is not served")[2]
    without = solved(bare(tmp_path / "free", services=edited("services", slo_rtt_ms=20), **FOUR))
    assert set(without.inference["metro"]) == {"oslo", "madrid"} and not without.summary["uncovered"]


def test_a_second_domain_in_time_is_cover(tmp_path):
    """Where the second site comes later, demand is served from then on, and the reason says that it holds in some periods only."""
    sites = [{**row, "lat_deg": 41, "lon_deg": -4} if row["site"] == "c" else row for row in FOUR["sites"]]
    late = [{**row, "existing": "", "earliest": PERIODS[2]} if row["site"] == "c" else row for row in FOUR["halls"]]
    links = [{**row, "b": "madrid"} if row["link"] == "c" else row for row in ALONE]
    plan = solved(bare(tmp_path, services=NEAR, **{**FOUR, "sites": sites, "halls": late, "links": links}))
    assert set(plan.inference.query("metro == 'madrid'")["period"]) == set(PERIODS[2:])
    assert plan.summary["uncovered"] == [{"service": "chat", "metro": "madrid", "why": f"{WHY}, in some periods"}]


def test_what_must_be_served_names_the_cause(tmp_path):
    """Without a price on unserved demand the case is infeasible for that reason, and not for the rules that exclude most."""
    case = bare(tmp_path, services=[{**row, "unmet_usd_per_mtok": ""} for row in NEAR], **FOUR)
    plan = placement.solve(case, time_limit_s=20)
    assert plan.status is placement.Status.INFEASIBLE
    assert plan.summary["unservable"] == [f"service chat in madrid, {PERIODS[0]} to {PERIODS[-1]}: {WHY}"]


ONE = [{**row, "failure_domain": "x"} for row in BARE["sites"]]
BAD = {
    "one domain": ({"sites": ONE}, "services", "redundancy"),
    "standby without spares": ({"services": edited("services", spare_power=1)}, "services", "spare_power"),
    "standby without power": ({"services": edited("services", redundancy="n_minus_1", spare_power=1)}, "services", "spare_power"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_named(tmp_path, name):
    """Each rule names its column."""
    tables, table, column = BAD[name]
    with pytest.raises(DataError) as error:
        bare(tmp_path, **tables)
    assert [(p.table, p.column) for p in error.value.problems] == [(table, column)]
