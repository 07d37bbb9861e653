"""Money: funds that limit what is bought when, debt, tranches, rent, and the income of a plan."""

from __future__ import annotations

import dataclasses

import pytest

import placement
from placement.errors import DataError
from tests.layers.small import PERIODS, TABLES, edited, small_case, solved, violations

NO_SERVICE = {"services": None, "service_skus": None, "demand": None, "metros": None, "links": None}
#: 20 M$ of chips make the job worth 80 M$; it needs 1000 units of the old SKU, all at once.
OLD_ONLY = {
    "skus": [TABLES["skus"][0]],
    "offers": [{"offer": f"q{t}", "sku": "old", "period": PERIODS[t], "max_units": 4000, "unit_price_usd": 20000} for t in range(3)],
    "job_skus": [TABLES["job_skus"][0]],
    "sites": [TABLES["sites"][0]], "halls": [TABLES["halls"][0]], "grid": [TABLES["grid"][0]],
    **NO_SERVICE,
}  # fmt: skip


def budget(**columns):
    """Return budget rows for all periods from lists of values."""
    return [{"period": t, **{k: v[i] for k, v in columns.items()}} for i, t in enumerate(PERIODS)]


def jobs_placed(plan) -> int:
    """How many jobs run."""
    return len(plan.tables["training"])


def test_money_that_carries_over_buys_later(tmp_path):
    """Ten M$ a period never buy 20 M$ of chips in one period, but they are 20 M$ in two: orders may be spread, and what is saved may be spent."""
    rows = {"budget": budget(capex_musd=[10, 0, 10, 0]), **OLD_ONLY}
    rows["offers"] = [rows["offers"][2]]  # one offer, in the third period
    assert jobs_placed(solved(small_case(tmp_path / "a", **rows))) == 0
    saved = solved(small_case(tmp_path / "b", settings={"budget_carries": True}, **rows))
    assert jobs_placed(saved) == 1
    assert saved.tables["orders"]["period"].tolist() == ["2027Q3"]
    assert "budget" in violations(saved, "debt", lambda t: t) or saved.kpis["capex_musd"] == pytest.approx(20.0)


def test_debt_is_drawn_when_it_earns_more_than_it_costs(tmp_path):
    """The job earns more than interest; the debt is what the budget lacks, the interest that of four quarters, worked out by hand."""
    rows = {"budget": budget(capex_musd=[12, 0, 0, 0], debt_musd=[30, 0, 0, 0]), **OLD_ONLY, "jobs": [{"job": "big", "value_musd": 10}]}
    plan = solved(small_case(tmp_path / "a", settings={"debt_rate": 0.1}, **rows))
    assert jobs_placed(plan) == 1
    assert plan.tables["debt"][["period", "drawn_musd"]].values.tolist() == [["2027Q1", pytest.approx(8.0)]]
    assert plan.kpis["finance_musd"] == pytest.approx(4 * 8.0 * 0.1 / 4)
    dear = solved(small_case(tmp_path / "b", settings={"debt_rate": 1.0}, **rows))
    assert jobs_placed(dear) == 0  # at 100 % a year the interest of 8 M$ is more than the job earns
    assert "debt" in violations(plan, "debt", lambda t: t.assign(drawn_musd=31.0))
    assert "budget" in violations(plan, "debt", lambda t: t.assign(drawn_musd=7.0))
    assert "cash" in violations(plan, "debt", lambda t: t.assign(drawn_musd=9.0))


def test_a_tranche_waits_for_progress(tmp_path):
    """20 M$ come once 12 MW are in service: the second hall is built for that, and the chips are bought after it."""
    halls = [TABLES["halls"][0], {"site": "north", "hall": "n2", "it_mw": 8, "capex_musd": 1, "earliest": "2027Q2", "life_years": 20}]
    rows = {
        **OLD_ONLY,
        "halls": halls,
        "budget": budget(capex_musd=[1, 1, 1, 1]),
        "tranches": [{"tranche": "b", "amount_musd": 25, "needs_it_mw": 12}],
    }
    plan = solved(small_case(tmp_path / "a", **rows))
    assert plan.tables["tranches"].values.tolist() == [["b", "2027Q2"]]
    assert plan.tables["orders"]["period"].tolist() == ["2027Q2"]
    assert plan.tables["draws"]["musd"].sum() >= 20 - 1e-6
    without = solved(small_case(tmp_path / "b", **{**rows, "tranches": None}))
    assert jobs_placed(without) == 0 and len(without.tables["halls"]) == 1
    assert {"tranche_progress", "tranche_drawn"} & violations(plan, "tranches", lambda t: t.assign(released="2027Q1"))
    assert "tranche_drawn" in violations(plan, "draws", lambda t: t.assign(musd=26.0))


def test_rent_is_capped(tmp_path):
    """A lease of 1,000 accelerators costs 2.7 M$ a quarter; with less than that to rent for the job does not run."""
    lease = {"offer": "l", "sku": "old", "kind": "lease", "period": "2027Q1", "max_units": 4000, "rent_usd_per_unit_month": 900, "term_periods": 2}
    skus = [{k: v for k, v in TABLES["skus"][0].items() if k != "life_years"}]
    rows = {**OLD_ONLY, "offers": [lease], "skus": skus}
    plan = solved(small_case(tmp_path / "a", **rows, budget=budget(lease_musd=[2.8] * 4)))
    assert jobs_placed(plan) == 1
    assert plan.tables["income"]["lease_musd"].tolist() == pytest.approx([2.7, 2.7, 0, 0])
    assert jobs_placed(solved(small_case(tmp_path / "b", **rows, budget=budget(lease_musd=[2.6] * 4)))) == 0
    tight = dataclasses.replace(plan.case, tables={**plan.case.tables, "budget": plan.case["budget"].assign(lease_musd=2.6)})
    assert "lease_cap" in {v.rule for v in placement.check(tight, plan).violations}


def test_a_higher_hurdle_builds_less(tmp_path):
    """The job costs 20 M$ now and is worth 80 M$ at the end of its life: at a hurdle rate of 100 % a year and a late start it no longer pays."""
    late = {**OLD_ONLY, "jobs": [{"job": "big", "value_musd": 27, "earliest": "2027Q3"}], "offers": [OLD_ONLY["offers"][0]]}
    late["skus"] = [{k: v for k, v in TABLES["skus"][0].items() if k != "life_years"}]
    assert jobs_placed(solved(small_case(tmp_path / "a", settings={"discount_rate": 0.05}, **late))) == 1
    assert jobs_placed(solved(small_case(tmp_path / "b", settings={"discount_rate": 1.0}, **late))) == 0


def test_income_of_a_plan_by_hand(tmp_path):
    """Chips of 20 M$ with five years of life lose 1 M$ a quarter; the hall is old; what is left is the residual value."""
    plan = solved(small_case(tmp_path, **OLD_ONLY))
    income = plan.tables["income"]
    assert income["depreciation_musd"].tolist() == pytest.approx([1.0] * 4)
    assert income["expensed_musd"].abs().max() < 1e-9
    assert income["revenue_musd"].tolist() == pytest.approx([0, 80, 0, 0])
    assert plan.kpis["salvage_musd"] == pytest.approx(-16.0)
    running = plan.kpis["opex_musd"] + plan.kpis["energy_musd"]
    assert plan.kpis["ebit_musd"] == pytest.approx(80 - 4 - running)
    assert plan.kpis["roi"] == pytest.approx((80 - 4 - running) / 20)
    assert plan.kpis["payback_years"] == pytest.approx(0.5)
    assert plan.kpis["npv_musd"] == pytest.approx(-plan.objective)
    assert "income.ebit_musd" in violations(plan, "income", lambda t: t.assign(ebit_musd=0.0))
    assert "income.depreciation_musd" in violations(plan, "income", lambda t: t.assign(depreciation_musd=2.0))


def test_penalties_are_in_no_income(tmp_path):
    """A penalty of 50 M$ for the job that cannot be placed is in the objective; earnings, present value and payback do not know it."""
    none = {**OLD_ONLY, "offers": [{**TABLES["offers"][0], "max_units": 10}]}
    free = solved(small_case(tmp_path / "a", **none))
    fined = solved(small_case(tmp_path / "b", **{**none, "jobs": [{**TABLES["jobs"][0], "unplaced_musd": 50}]}))
    assert fined.kpis["unmet_musd"] == pytest.approx(50) and fined.objective > free.objective + 45
    for name in ("ebit_musd", "npv_musd"):
        assert fined.kpis[name] == pytest.approx(free.kpis[name])
    assert fined.tables["income"]["running_musd"].tolist() == pytest.approx(free.tables["income"]["running_musd"].tolist())
    assert "income.running_musd" in violations(fined, "income", lambda t: t.assign(running_musd=t["running_musd"] + 50 * (t["period"] == "2027Q4")))


@pytest.mark.parametrize(
    ("settings", "tables", "said"),
    [
        ({}, {"budget": [{"period": "2027Q1", "debt_musd": 5}]}, "limits nothing"),
        ({}, {"budget": [{"period": "2027Q1", "debt_musd": 5, "lease_musd": 3}]}, "has no effect where capex_musd is blank"),
        ({"debt_rate": 0.1}, {"budget": [{"period": "2027Q1", "capex_musd": 5}]}, "debt_rate"),
        ({"budget_carries": True}, {}, "budget_carries"),
        ({"budget_carries": True}, {"budget": [{"period": "2027Q2", "capex_musd": 5}]}, "2027Q1"),
        ({}, {"budget": budget(capex_musd=[5] * 4), "tranches": [{"tranche": "a", "amount_musd": 5, "needs_it_mw": 99}]}, "never be released"),
        ({}, {"budget": budget(capex_musd=[5] * 4), "tranches": [{"tranche": "a", "amount_musd": 5, "available": "2029Q1"}]}, "behind the horizon"),
        ({}, {"budget": [{"period": "2027Q1", "capex_musd": 5}], "tranches": [{"tranche": "a", "amount_musd": 5, "available": "2027Q3"}]}, "not limited"),
    ],
)
def test_money_without_effect_is_refused(tmp_path, settings, tables, said):
    """Each mistake has its line."""
    with pytest.raises(DataError, match=said):
        small_case(tmp_path, settings=settings, **tables)


def test_a_cap_on_rent_where_nothing_is_rented_is_refused(tmp_path):
    """The cap would have no effect."""
    case = small_case(tmp_path, budget=[{"period": "2027Q1", "lease_musd": 5}])
    with pytest.raises(placement.FormulationError, match="lease_musd has no effect"):
        placement.solve(case)


def test_a_budget_of_one_period_may_carry_over(tmp_path):
    """Where nothing can be paid in the only limited period, what would be carried over has no row; there was an empty one."""
    no_capex = {"sites": edited("sites")[:1], "halls": edited("halls")[:1], "links": [r for r in edited("links") if r["link"] != "es"]}
    offers = edited("offers", period="2027Q2")
    rows = [{"period": "2027Q1", "capex_musd": 5}]
    plan = solved(small_case(tmp_path, {"budget_carries": True}, **no_capex, grid=edited("grid")[:1], offers=offers, budget=rows))
    assert plan.kpis["capex_musd"] > 5


def test_blank_is_absent(tmp_path):
    """Without debt, tranches and rent the rows are those of a plain budget."""
    from placement.program import assemble, build_sides

    plain = assemble(build_sides(small_case(tmp_path / "a", budget=budget(capex_musd=[50] * 4))))[0]
    full = assemble(build_sides(small_case(tmp_path / "b", budget=budget(capex_musd=[50] * 4, debt_musd=[0] * 4))))[0]
    assert plain.row_names == full.row_names and plain.supply_names == full.supply_names
    assert not [name for name in plain.supply_names if name.startswith(("debt", "tranche", "drawn"))]
