"""Chips that move, that reach the end of their service, and that wait in stock."""

from __future__ import annotations

from typing import Any

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import TABLES, Rows, edited, small_case, solved, violations

NO_SERVICES: dict[str, None] = dict.fromkeys(("services", "service_skus", "demand", "metros", "links"))
NEW = {name: [TABLES[name][1]] for name in ("skus", "offers")}

JOBS = [
    {"job": "first", "value_musd": 80, "residency": "no", "latest": "2027Q1"},
    {"job": "second", "value_musd": 80, "residency": "es"},
]
TWO_COUNTRIES: dict[str, Any] = {
    **NO_SERVICES,
    "skus": NEW["skus"],
    "offers": [{**NEW["offers"][0], "max_units": 500}],
    "jobs": JOBS,
    "job_skus": [{"job": j["job"], "sku": "new", "units": 500, "duration_periods": 1} for j in JOBS],
    "residency": [
        {"class": "no", "country": "NO", "allow": 1, "rule_id": "stay-no"},
        {"class": "es", "country": "ES", "allow": 1, "rule_id": "stay-es"},
    ],
}  # fmt: skip
MAY_MOVE: Rows = [{"sku": "new", "usd_per_unit": 1000}]


def jobs_of(plan) -> dict[str, str]:
    """Start of every job that is placed."""
    return plan.tables["training"].set_index("job")["start"].to_dict()


def test_chips_move_to_the_second_job(tmp_path):
    """500 chips serve one job in Norway and, moved for 1000 $ each, one in Spain two periods later; without the table only one of the two."""
    stay = solved(small_case(tmp_path / "a", **TWO_COUNTRIES))
    move = solved(small_case(tmp_path / "b", relocation=MAY_MOVE, **TWO_COUNTRIES))
    assert len(jobs_of(stay)) == 1
    assert jobs_of(move)["first"] == "2027Q1"
    assert jobs_of(move)["second"] in ("2027Q3", "2027Q4")
    assert move.tables["moves"]["units"].sum() == pytest.approx(500)
    assert move.kpis["change_musd"] == pytest.approx(0.5)
    assert move.kpis["units_moved"] == pytest.approx(500)
    assert move.objective < stay.objective - 50


def test_a_move_takes_a_period(tmp_path):
    """A job that must be done in the second period comes too early for chips that are on their way."""
    early = {**TWO_COUNTRIES, "jobs": [JOBS[0], {**JOBS[1], "latest": "2027Q2"}]}
    assert len(jobs_of(solved(small_case(tmp_path, relocation=MAY_MOVE, **early)))) == 1


def test_a_move_that_costs_more_than_it_brings_is_not_made(tmp_path):
    """At 200 000 $ a unit the move of 500 would cost 100 M$ for a job of 80."""
    plan = solved(small_case(tmp_path, relocation=[{"sku": "new", "usd_per_unit": 200_000}], **TWO_COUNTRIES))
    assert plan.tables["moves"].empty
    assert len(jobs_of(plan)) == 1


def test_checker_sees_moves_that_are_not_paid(tmp_path):
    """Without its row in moves a fall of deployed units is a violation; so are wrong costs and more units on the way than there are."""
    plan = solved(small_case(tmp_path, relocation=MAY_MOVE, **TWO_COUNTRIES))
    assert {"deployed_step", "cash"} <= violations(plan, "moves", lambda t: t[:0])
    assert "removed_units" in violations(plan, "moves", lambda t: t.assign(units=t["units"] / 2, cost_musd=t["cost_musd"] / 2))
    assert violations(plan, "moves", lambda t: t.assign(cost_musd=t["cost_musd"] + 1)) == {"moves.cost_musd"}
    assert "chip_stock" in violations(plan, "moves", lambda t: t.assign(units=t["units"] * 2))
    assert "chip_stock" in violations(plan, "chips", lambda t: t.assign(deployed=t.groupby(["domain", "sku"])["deployed"].transform("max")))


def test_bought_chips_reach_the_end_of_their_service(tmp_path):
    """Chips bought in 2027Q1 that serve two periods cannot run a job from 2027Q3 on; those that serve four, or to the end, can."""
    late = {**NO_SERVICES, "jobs": edited("jobs", earliest="2027Q3"), "job_skus": [TABLES["job_skus"][1]], "offers": NEW["offers"]}
    for service, placed in ((2, 0), (3, 0), (4, 1), ("", 1)):
        skus = [{**NEW["skus"][0], "life_years": "", "service_periods": service}]
        assert len(jobs_of(solved(small_case(tmp_path / f"s{service}", skus=skus, **late)))) == placed


def test_refresh_frees_the_hall(tmp_path):
    """Old chips fill the hall for two periods; then they are gone, and new ones of the second offer take their place."""
    skus = [{**TABLES["skus"][0], "life_years": "", "service_periods": 2}, TABLES["skus"][1]]
    tables = {
        "skus": skus, "sites": [TABLES["sites"][0]], "halls": [{**TABLES["halls"][0], "it_mw": 1}], "grid": [TABLES["grid"][0]],
        "jobs": [{"job": "a", "value_musd": 80, "latest": "2027Q2"}, {"job": "b", "value_musd": 80}],
        "job_skus": [{"job": "a", "sku": "old", "units": 1000, "duration_periods": 2}, {"job": "b", "sku": "new", "units": 600, "duration_periods": 2}],
        **NO_SERVICES,
    }  # fmt: skip
    plan = solved(small_case(tmp_path / "a", **tables))
    assert jobs_of(plan) == {"a": "2027Q1", "b": "2027Q3"}
    old = plan.tables["chips"].query("sku == 'old'").set_index("period")["deployed"]
    assert old.to_dict() == pytest.approx({"2027Q1": 1000, "2027Q2": 1000, "2027Q3": 0, "2027Q4": 0})
    assert "chip_stock" in violations(plan, "chips", lambda t: t.assign(deployed=t.groupby(["domain", "sku"])["deployed"].transform("max")))
    forever = solved(small_case(tmp_path / "b", **{**tables, "skus": [{**skus[0], "service_periods": ""}, skus[1]]}))
    assert len(jobs_of(forever)) == 1  # old chips would stay in the only hall


def test_chips_sold_before_the_end_of_their_service_do_not_leave_twice(tmp_path):
    """1000 of 1500 old chips are sold after the job in the first period; the other 500 leave at the end of their service, and the checker agrees."""
    skus = [{**TABLES["skus"][0], "life_years": "", "service_periods": 2}]
    market = [{"sku": "old", "period": "2027Q2", "unit_price_usd": 15_000, "max_units": 1000}]
    work = {"skus": skus, "jobs": [{"job": "a", "value_musd": 80, "latest": "2027Q1"}], "offers": [{**TABLES["offers"][0], "max_units": 1500}]}
    needs = [{"job": "a", "sku": "old", "units": 1500, "duration_periods": 1}]
    plan = solved(small_case(tmp_path, resale=market, job_skus=needs, **work, **NO_SERVICES))
    assert plan.tables["resales"]["units"].tolist() == [pytest.approx(1000)]
    there = plan.tables["chips"].groupby("period")["deployed"].sum()
    assert there["2027Q1"] == pytest.approx(1500)
    assert there["2027Q2"] <= 500 + 1e-6
    assert there["2027Q3"] == 0


LATER = [{**TABLES["halls"][0], "existing": 0, "earliest": "2027Q3"}]
BOTH = [{**TABLES["offers"][1], "offer": "early"}, {**TABLES["offers"][1], "offer": "late", "period": "2027Q3", "unit_price_usd": 33_000}]
WAITING: dict[str, Any] = {
    **NO_SERVICES,
    "sites": [TABLES["sites"][0]],
    "halls": LATER,
    "grid": [TABLES["grid"][0]],
    "skus": [{**NEW["skus"][0], "life_years": ""}],
    "job_skus": [TABLES["job_skus"][1]],
}  # fmt: skip


def bought(plan) -> list[str]:
    """Offers of which some is ordered."""
    return plan.tables["orders"]["offer"].tolist()


def test_holding_costs_delay_the_order(tmp_path):
    """The hall comes in 2027Q3; chips at 30 000 $ now beat 33 000 $ then, until holding them costs 1000 $ a month."""
    assert bought(solved(small_case(tmp_path / "a", offers=BOTH, **WAITING))) == ["early"]
    assert bought(solved(small_case(tmp_path / "b", offers=BOTH, inventory=[{"sku": "new", "holding_usd_per_unit_month": 1000}], **WAITING))) == ["late"]
    assert bought(solved(small_case(tmp_path / "c", offers=BOTH, inventory=[{"sku": "new", "max_units": 100}], **WAITING))) != ["early"]


def test_holding_cost_is_that_of_the_months_in_stock(tmp_path):
    """500 chips wait two quarters at 100 $ a month: 0.3 M$ of opex, on top of the halls'."""
    rows = [{"sku": "new", "holding_usd_per_unit_month": 100}]
    plan = solved(small_case(tmp_path, offers=[TABLES["offers"][1]], inventory=rows, **WAITING))
    assert plan.tables["stock"].to_dict("records") == [{"sku": "new", "period": p, "units": pytest.approx(500)} for p in ("2027Q1", "2027Q2")]
    assert plan.kpis["opex_chips_musd"] == pytest.approx(500 * 100 * 6 / 1e6)
    assert plan.kpis["units_in_stock_mean"] == pytest.approx(250)
    assert plan.kpis["units_in_stock_end"] == pytest.approx(0)
    assert violations(plan, "stock", lambda t: t[:1]) == {"stock.units"}
    tight = solved(small_case(tmp_path / "b", offers=BOTH, inventory=[{"sku": "new", "max_units": 100}], **WAITING))
    early = tight.tables["orders"].set_index("offer")["units"]
    assert early.get("early", 0) <= 100 + 1e-6
    swapped = violations(tight, "orders", lambda t: t.assign(offer="early", period="2027Q1", arrives="2027Q1", units=500, cost_musd=15)[:1])
    assert "stock_max" in swapped


def test_a_move_is_no_cheaper_store(tmp_path):
    """1000 chips that come with the order and are not needed cost 500 $ a month to hold; moving them about for 1 $ saves nothing of that."""
    order = [{**TABLES["offers"][0], "max_units": 2000, "min_units": 2000}]
    one = {"skus": [TABLES["skus"][0]], "job_skus": [TABLES["job_skus"][0]], "offers": order, "halls": edited("halls", it_mw=1)}
    holding = [{"sku": "old", "holding_usd_per_unit_month": 500}]
    stay = solved(small_case(tmp_path / "a", inventory=holding, **one, **NO_SERVICES))
    move = solved(small_case(tmp_path / "b", inventory=holding, relocation=[{"sku": "old", "usd_per_unit": 1}], **one, **NO_SERVICES))
    assert move.tables["moves"].empty
    assert move.objective == pytest.approx(stay.objective, abs=1e-6)


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"skus": edited("skus", {"sku": "new"}, service_periods=8), "offers": [TABLES["offers"][0]]}, "no offer is of this SKU"),
        ({"skus": edited("skus", {"sku": "new"}, service_periods=8)}, "must not be longer than service_periods"),
        ({"inventory": [{"sku": "new"}]}, "says neither a cost nor a limit"),
        ({"inventory": [{"sku": "new", "max_units": 1}], "offers": [TABLES["offers"][0]]}, "no offer is of this SKU"),
        ({"relocation": MAY_MOVE, "offers": [TABLES["offers"][0]]}, "no offer is of this SKU"),
        (
            {"relocation": MAY_MOVE, "sites": [TABLES["sites"][0]], "halls": [TABLES["halls"][0]], "grid": [TABLES["grid"][0]], **NO_SERVICES},
            "two fabric domains",
        ),
    ],
)
def test_input_without_effect_is_refused(tmp_path, tables, problem):
    """Costs and limits of chips that nobody can buy, hold or move are mistakes."""
    with pytest.raises(DataError, match=problem):
        small_case(tmp_path, **tables)


def test_absent_means_absent(tmp_path):
    """Without the tables and the column there is no such variable and no such row."""
    program, _ = assemble(build_sides(small_case(tmp_path)))
    assert not any(name.startswith(("moved", "removed")) for name in program.supply_names)
    assert not any(name.startswith(("stock_max", "removed_units")) for name in program.row_names)


def test_the_end_of_service_is_for_what_is_owned(tmp_path):
    """Leased chips stay for their term, whatever the SKU's service: the job from 2027Q3 on runs on them."""
    lease = {"offer": "rent", "sku": "new", "kind": "lease", "period": "2027Q1", "max_units": 500, "rent_usd_per_unit_month": 500, "term_periods": 4}
    late = {"jobs": edited("jobs", earliest="2027Q3"), "job_skus": [TABLES["job_skus"][1]], **NO_SERVICES}
    skus = [{**NEW["skus"][0], "life_years": "", "service_periods": 2}]
    plan = solved(small_case(tmp_path, skus=skus, offers=[NEW["offers"][0], lease], **late))
    assert plan.tables["orders"]["offer"].tolist() == ["rent"]
    assert jobs_of(plan) == {"big": "2027Q3"}
