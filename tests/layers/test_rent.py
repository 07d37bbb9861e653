"""Chips that are rented: leases for a term, units on demand, and places where power comes with the rent."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from tests.layers.small import PERIODS, TABLES, edited, small_case, solved, violations

JOB_ONLY = {"metros": None, "services": None, "service_skus": None, "demand": None, "links": None}
SKUS = [{k: v for k, v in row.items() if k != "life_years"} for row in TABLES["skus"] if row["sku"] == "old"]
LEASE = {"offer": "lease", "sku": "old", "kind": "lease", "period": "2027Q1", "max_units": 4000, "rent_usd_per_unit_month": 900, "term_periods": 2}
FLEX = {"offer": "flex", "sku": "old", "kind": "on_demand", "period": "2027Q1", "max_units": 4000, "rent_usd_per_unit_month": 2000}
CLOUD = {"site": "cloud", "country": "NO", "lat_deg": 59, "lon_deg": 9, "pue": 1.2, "power_included": 1}


def case_with(folder, *offers, **tables):
    """The small case with one job of 1,000 units for two quarters and these offers."""
    shown = {**JOB_ONLY, "skus": SKUS, "job_skus": [row for row in TABLES["job_skus"] if row["sku"] == "old"], "offers": list(offers), **tables}
    return small_case(folder, **shown)


def cloud_case(folder, *offers, **tables):
    """The same with a provider's site beside the others; the offers are for units there."""
    places = {"sites": [*TABLES["sites"], CLOUD], "halls": [*TABLES["halls"], {"site": "cloud", "hall": "c", "it_mw": 5, "existing": 1}]}
    return case_with(folder, *({"site": "cloud", **offer} for offer in offers), **{**places, **tables})


def rents(plan):
    """Units by offer and period."""
    return plan.tables["rents"].groupby(["offer", "period"])["units"].sum().to_dict()


def lease_musd(plan) -> float:
    """Undiscounted rent, M$."""
    return float(plan.tables["cash"].query("term == 'lease'")["musd"].sum())


def test_a_lease_is_paid_for_its_term_and_leaves(tmp_path):
    """1,000 units for two quarters of three months at 900 $ are 5.4 M$; in the third quarter nothing stands there any more."""
    plan = solved(case_with(tmp_path, LEASE))
    assert rents(plan) == pytest.approx({("lease", "2027Q1"): 1000, ("lease", "2027Q2"): 1000})
    assert lease_musd(plan) == pytest.approx(5.4)
    assert plan.tables["orders"]["cost_musd"].to_list() == pytest.approx([5.4])
    assert plan.tables["chips"].set_index("period")["deployed"].to_list() == pytest.approx([1000, 1000, 0, 0])
    assert "salvage" not in set(plan.tables["cash"]["term"])
    energy = [1.1 * (0.1 * 150 + 0.9 * 50) * 2191.5 / 1e6] * 2
    hand = sum((2.7 + e) * 1.08 ** (-t / 4) for t, e in zip((0, 1), energy, strict=True)) - 80 * 1.08**-0.25
    opex = sum(0.25 * 1.08 ** (-t / 4) for t in range(4))
    assert plan.objective == pytest.approx(hand + opex, abs=1e-6)


def test_a_longer_term_is_paid_to_its_end(tmp_path):
    """Three quarters cost half as much again as two, although the job needs two; a term beyond the horizon is paid to the horizon."""
    assert lease_musd(solved(case_with(tmp_path / "a", {**LEASE, "term_periods": 3}))) == pytest.approx(8.1)
    assert lease_musd(solved(case_with(tmp_path / "b", {**LEASE, "term_periods": 40}))) == pytest.approx(10.8)


def test_a_fee_up_front_is_rent_too(tmp_path):
    """A reservation with 1,000 $ per unit up front costs 1 M$ more, in the period of the order."""
    plan = solved(case_with(tmp_path, {**LEASE, "unit_price_usd": 1000}))
    assert lease_musd(plan) == pytest.approx(6.4)
    assert plan.tables["cash"].query("term == 'lease' and period == '2027Q1'")["musd"].item() == pytest.approx(3.7)


def test_a_job_does_not_outlast_its_lease(tmp_path):
    """A lease of one quarter cannot carry a job of two: no start is left, and the exclusion says so."""
    plan = solved(case_with(tmp_path, {**LEASE, "term_periods": 1}))
    assert plan.kpis["jobs_placed"] == 0
    assert set(plan.exclusions.query("workload == 'big'")["rule"]) == {"dates"}


def test_units_on_demand_are_taken_period_by_period(tmp_path):
    """Rented for the two quarters of the job only, although dearer by the month than a lease for the whole year."""
    plan = solved(case_with(tmp_path, {**LEASE, "term_periods": 4, "rent_usd_per_unit_month": 1100}, FLEX))
    assert rents(plan) == pytest.approx({("flex", "2027Q1"): 1000, ("flex", "2027Q2"): 1000})
    assert lease_musd(plan) == pytest.approx(12)
    kept = solved(case_with(tmp_path / "b", {**LEASE, "term_periods": 4}, FLEX))
    assert set(kept.tables["rents"]["offer"]) == {"lease"}


def test_units_on_demand_end_with_the_offer(tmp_path):
    """Offered in the first quarter only, they cannot carry a job of two."""
    assert solved(case_with(tmp_path, {**FLEX, "until": "2027Q1"})).kpis["jobs_placed"] == 0


def test_units_on_demand_may_be_on_offer_beyond_the_horizon(tmp_path):
    """An offer until 2030Q4 is one until the end of the horizon."""
    beyond, blank = (solved(case_with(tmp_path / str(i), {**FLEX, "until": until})) for i, until in enumerate(("2030Q4", "")))
    assert beyond.objective == pytest.approx(blank.objective)
    assert rents(beyond) == pytest.approx({("flex", "2027Q1"): 1000, ("flex", "2027Q2"): 1000})


def test_packs_on_demand_are_whole(tmp_path):
    """1,008 units are fourteen packs of 72."""
    plan = solved(case_with(tmp_path, {**FLEX, "pack_units": 72}))
    assert list(rents(plan).values()) == pytest.approx([1008, 1008])
    assert "whole_packs_rented" in violations(plan, "rents", lambda t: t.assign(units=1001.0, cost_musd=6.006))


def test_power_in_the_rent_draws_none(tmp_path):
    """At the provider's site the job costs its rent and no energy; where its power is not firm enough it must not run there."""
    plan = solved(cloud_case(tmp_path / "a", LEASE))
    assert set(plan.tables["training"]["site"]) == {"cloud"}
    assert plan.kpis.get("energy_musd", 0) == pytest.approx(0)
    asking = {"jobs": edited("jobs", min_firmness=0.9)}
    assert solved(cloud_case(tmp_path / "b", LEASE, **asking)).kpis["jobs_placed"] == 0
    firm = [*TABLES["sites"], {**CLOUD, "included_firmness": 0.95}]
    assert solved(cloud_case(tmp_path / "c", LEASE, **asking, sites=firm)).kpis["jobs_placed"] == 1


def test_owned_chips_stay_out_of_a_providers_site(tmp_path):
    """Bought chips, cheap as they are, go to an own site: none of them stands at the provider's, whose quota would be free of energy."""
    buy = {"offer": "buy", "sku": "old", "period": "2027Q1", "max_units": 4000, "unit_price_usd": 100, "site": ""}
    plan = solved(cloud_case(tmp_path, buy, {**FLEX, "rent_usd_per_unit_month": 5000}))
    assert set(plan.tables["training"]["site"]) == {"north"}
    assert len(plan.tables["rents"]) == 0


def test_own_and_rented_places_share_the_work(tmp_path):
    """Inference in Madrid and training: with a cap on own power the job goes to the provider, and the service stays at home."""
    tables = {name: TABLES[name] for name in ("metros", "services", "demand")}
    tables |= {"links": [*TABLES["links"], {"link": "cl", "a": "cloud", "b": "oslo", "km": 100}], "service_skus": [TABLES["service_skus"][0]]}
    buy = {"offer": "buy", "sku": "old", "period": "2027Q1", "max_units": 400, "unit_price_usd": 1000, "site": ""}
    plan = solved(cloud_case(tmp_path, buy, LEASE, **tables))
    assert set(plan.tables["training"]["site"]) == {"cloud"}
    assert {"north"} <= set(plan.tables["inference"]["site"])
    assert set(plan.tables["energy"]["site"]) <= {"north", "south"}


def test_a_startup_owns_nothing(tmp_path):
    """Regions with halls of a provider, no grid and no tariffs: everything is rented, and the cheaper region wins."""
    regions = [{**CLOUD, "site": s, "country": c} for s, c in (("no", "NO"), ("es", "ES"))]
    halls = [{"site": s, "hall": "x", "it_mw": 5, "existing": 1} for s in ("no", "es")]
    offers = [{**FLEX, "offer": s, "site": s, "rent_usd_per_unit_month": usd} for s, usd in (("no", 1500), ("es", 1400))]
    plan = solved(case_with(tmp_path, *offers, sites=regions, halls=halls, grid=None, tariffs=None, skus=[{**SKUS[0], "idle_share": 0}]))
    assert plan.kpis["spend_musd"] == pytest.approx(8.4)
    assert plan.kpis["rented_unit_share"] == pytest.approx(1)
    assert set(plan.tables["training"]["site"]) == {"es"}
    assert plan.kpis["stranded_it_mw_end"] == pytest.approx(0)


def test_an_export_cap_holds_while_units_are_rented(tmp_path):
    """A licence for 800 units binds in the first two quarters, although nothing stands there at the end."""
    classed = [{**SKUS[0], "export_class": "dual"}]
    cap = [{"export_class": "dual", "country": "NO", "rule": "cap", "cap_units": 800, "rule_id": "licence"}]
    plan = solved(case_with(tmp_path, LEASE, skus=classed, export=cap))
    assert set(plan.tables["training"]["site"]) == {"south"}


@pytest.mark.parametrize(
    ("table", "edit", "rule"),
    [
        ("rents", lambda t: t.assign(units=t["units"] * 5, cost_musd=t["cost_musd"] * 5), "lease_split"),
        ("rents", lambda t: t.assign(units=[1000.0, 900.0], cost_musd=[2.7, 2.43]), "lease_stays"),
        ("rents", lambda t: t.assign(period=["2027Q1", "2027Q3"]), "rent_dates"),
        ("rents", lambda t: t.assign(site="south", domain="south"), "rent_site"),
        ("rents", lambda t: t.assign(site="south"), "rents.site"),
        ("rents", lambda t: t.assign(cost_musd=1.0), "rents.cost_musd"),
        ("rents", lambda t: t.iloc[:0], "power_included"),
        ("chips", lambda t: t.assign(deployed=0.0), "rents.units"),
        ("orders", lambda t: t.iloc[:0], "lease_split"),
        ("orders", lambda t: t.assign(cost_musd=1.0), "orders.cost_musd"),
        ("cash", lambda t: t[t["term"] != "lease"], "cash"),
    ],
)
def test_checker_sees_what_is_wrong_with_a_lease(tmp_path, table, edit, rule):
    """Every equation of a lease is recomputed."""
    assert rule in violations(solved(cloud_case(tmp_path, LEASE)), table, edit)


@pytest.mark.parametrize(
    ("edit", "rule"),
    [
        (lambda t: t.assign(units=4001.0, cost_musd=24.006), "rent_max"),
        (lambda t: t.assign(period="2027Q4"), "format"),
        (lambda t: t.iloc[:0], "power_included"),
    ],
)
def test_checker_sees_what_is_wrong_on_demand(tmp_path, edit, rule):
    """Every equation of units on demand is recomputed."""
    assert rule in violations(solved(cloud_case(tmp_path, FLEX)), "rents", edit)


def test_checker_asks_for_firm_power_in_the_rent(tmp_path):
    """The plan of a case without demands on power fails where the job asks for more than the provider promises."""
    plan = solved(cloud_case(tmp_path / "a", LEASE))
    case = cloud_case(tmp_path / "b", LEASE, jobs=edited("jobs", min_firmness=0.9))
    object.__setattr__(plan, "case", case)
    assert violations(plan, "cash", lambda t: t) == {"firmness"}


@pytest.mark.parametrize(
    ("tables", "message"),
    [
        ({"grid": [*TABLES["grid"], {"site": "cloud", "tier": "c", "mw": 5}]}, r"grid.*site.*has no effect at a site with power_included"),
        ({"sites": [*TABLES["sites"], {**CLOUD, "community_mw": 5}]}, r"community_mw.*has no effect where power_included"),
        ({"halls": [*TABLES["halls"], {"site": "cloud", "hall": "c", "it_mw": 5}]}, r"existing.*must be 1 at a site with power_included"),
        ({"sites": [*TABLES["sites"], {**CLOUD, "included_firmness": 0.9}]}, r"included_firmness.*no job has min_firmness above 0"),
        ({"sites": [{**TABLES["sites"][0], "included_firmness": 0.9}, TABLES["sites"][1], CLOUD]}, r"included_firmness.*unless power_included is 1"),
    ],
)
def test_providers_sites_that_make_no_sense_are_refused(tmp_path, tables, message):
    """One clear error for each."""
    with pytest.raises(DataError, match=message):
        cloud_case(tmp_path, LEASE, **tables)


def test_a_providers_site_without_offers_is_refused(tmp_path):
    """Nothing may stand there."""
    with pytest.raises(DataError, match=r"power_included.*must have an offer of this site"):
        cloud_case(tmp_path, {**LEASE, "site": "north"})


def test_periods_of_the_plan_are_labels(tmp_path):
    """Rented units are listed period by period with labels, as all tables are."""
    assert set(solved(case_with(tmp_path, LEASE)).tables["rents"]["period"]) <= set(PERIODS)


def test_rented_units_neither_wait_in_stock_nor_reach_the_end_of_their_service(tmp_path):
    """Holding costs and ends of service concern what is owned: the bought units are held for a quarter, the leased ones never."""
    buy = {"offer": "buy", "sku": "old", "period": "2027Q1", "max_units": 100, "min_units": 100, "unit_price_usd": 1}
    short = [{**SKUS[0], "service_periods": 2}]
    held = [{"sku": "old", "holding_usd_per_unit_month": 1}]
    plan = solved(case_with(tmp_path, buy, LEASE, skus=short, inventory=held))
    assert rents(plan)["lease", "2027Q2"] == pytest.approx(900)
    assert set(plan.tables["stock"]["period"]) <= {"2027Q1", "2027Q2"}
    assert plan.tables["chips"].set_index("period")["deployed"].to_list() == pytest.approx([1000, 1000, 0, 0])
