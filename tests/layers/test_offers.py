"""Orders with smallest sizes, whole packs and prices by quantity."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import TABLES, small_case, solved, violations

JOB_ONLY = {"metros": None, "services": None, "service_skus": None, "demand": None, "links": None}
ONE_KIND = {
    "skus": [row for row in TABLES["skus"] if row["sku"] == "old"],
    "offers": [row for row in TABLES["offers"] if row["sku"] == "old"],
    "job_skus": [row for row in TABLES["job_skus"] if row["sku"] == "old"],
}
RESIDUAL = 1 - (1 - 1 / 5) / 1.08  # what a dollar of chips bought in the first quarter costs net of its value at the end


def case_with(folder, tiers=None, **cells):
    """The small case with one job of 1,000 units and one offer with the given cells."""
    tables = {**JOB_ONLY, **ONE_KIND, "offers": [{**ONE_KIND["offers"][0], **cells}]}
    return small_case(folder, **tables, price_tiers=tiers)


def ordered(plan) -> float:
    """Units of the one order, 0 if there is none."""
    return float(plan.tables["orders"]["units"].sum())


def cost(plan) -> float:
    """What the chips cost net of their residual value, discounted M$, from the plan's table of orders."""
    return float(plan.tables["orders"]["cost_musd"].sum()) * RESIDUAL


def test_a_smallest_order_is_bought_whole_or_not_at_all(tmp_path):
    """1,000 units are needed; a smallest order of 1,500 costs 500 more, one of 4,000 for a job worth 80 M$ is not placed at all."""
    free, some, much = (solved(case_with(tmp_path / str(n), min_units=n, unit_price_usd=90000)) for n in ("", 1500, 4000))
    assert [ordered(p) for p in (free, some, much)] == pytest.approx([1000, 1500, 0])
    assert some.objective - free.objective == pytest.approx(500 * 0.09 * RESIDUAL, abs=1e-6)
    assert much.kpis["jobs_placed"] == 0


def test_units_come_in_whole_packs(tmp_path):
    """Packs of 72 make 1,008 of the 1,000 units that the job needs; packs of 8 exactly 1,000."""
    assert ordered(solved(case_with(tmp_path / "a", pack_units=72))) == pytest.approx(1008)
    assert ordered(solved(case_with(tmp_path / "b", pack_units=8))) == pytest.approx(1000)


def test_a_discount_by_quantity_is_for_units_beyond_the_threshold(tmp_path):
    """600 units at 20,000 $, 300 at 15,000 $ and 100 at 10,000 $ are 17.5 M$, and the objective falls by the difference to 20 M$."""
    tiers = [{"offer": "q-old", "from_units": 600, "unit_price_usd": 15000}, {"offer": "q-old", "from_units": 900, "unit_price_usd": 10000}]
    plain, plan = solved(case_with(tmp_path / "a")), solved(case_with(tmp_path / "b", tiers))
    assert plan.tables["orders"]["cost_musd"].to_list() == pytest.approx([17.5])
    assert plain.objective - plan.objective == pytest.approx(2.5 * RESIDUAL, abs=1e-6)


def test_a_discount_that_is_not_reached_is_not_given(tmp_path):
    """With the cheap units beyond 1,000 the job's units cost the full price: the cheap tier cannot be filled first."""
    tiers = [{"offer": "q-old", "from_units": 1000, "unit_price_usd": 100}]
    assert solved(case_with(tmp_path, tiers)).tables["orders"]["cost_musd"].to_list() == pytest.approx([20])


def test_rising_prices_are_paid_too(tmp_path):
    """A surcharge beyond 400 units: 400 at 20,000 $ and 600 at 30,000 $."""
    tiers = [{"offer": "q-old", "from_units": 400, "unit_price_usd": 30000}]
    assert solved(case_with(tmp_path, tiers)).tables["orders"]["cost_musd"].to_list() == pytest.approx([26])


def test_blank_columns_build_the_same_program(tmp_path):
    """Without the columns nothing is declared: the rows are those of the plain case."""
    plain, _ = assemble(build_sides(case_with(tmp_path / "a")))
    blank, _ = assemble(build_sides(case_with(tmp_path / "b", min_units="", pack_units="", site="", until="", term_periods="", rent_usd_per_unit_month="")))
    assert plain.row_names == blank.row_names
    assert plain.supply_names == blank.supply_names
    assert not {"signed", "packs", "tier_units", "leased", "rented", "removed", "sold"} & {name.split("[")[0] for name in plain.supply_names}


@pytest.mark.parametrize(
    ("cells", "factor", "rule"),
    [({"min_units": 1500}, 0.8, "order_min"), ({"pack_units": 72}, 1001 / 1008, "whole_packs"), ({}, 1.1, "orders.cost_musd"), ({}, 5, "order_max")],
)
def test_checker_sees_wrong_orders(tmp_path, cells, factor, rule):
    """Every equation of an order is recomputed."""
    plan = solved(case_with(tmp_path, **cells))
    assert rule in violations(plan, "orders", lambda t: t.assign(units=t["units"] * factor))


def test_checker_pays_by_tier(tmp_path):
    """The full price for all units is not what the tiers say."""
    plan = solved(case_with(tmp_path, [{"offer": "q-old", "from_units": 600, "unit_price_usd": 15000}]))
    assert violations(plan, "orders", lambda t: t.assign(cost_musd=20.0)) == {"orders.cost_musd"}


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"min_units": 5000}, r"min_units.*must not be above max_units"),
        ({"pack_units": 5000}, r"pack_units.*must not be above max_units"),
        ({"pack_units": 3000, "min_units": 3500}, r"min_units.*cannot be reached with whole packs"),
        ({"kind": "take_or_pay", "take_share": 0.5, "min_units": 100}, r"min_units.*has no effect unless kind is buy or lease"),
        ({"term_periods": 4}, r"term_periods.*has no effect unless kind is lease"),
        ({"until": "2027Q2"}, r"until.*has no effect unless kind is on_demand"),
        ({"site": "north"}, r"site.*has no effect unless kind is lease or on_demand"),
        ({"rent_usd_per_unit_month": 100}, r"rent_usd_per_unit_month.*has no effect unless kind is lease or on_demand"),
        ({"unit_price_usd": ""}, r"unit_price_usd.*must be filled for kind buy and take_or_pay"),
        ({"kind": "lease", "term_periods": 4}, r"rent_usd_per_unit_month.*must be above 0 for kind lease and on_demand"),
        ({"kind": "lease", "rent_usd_per_unit_month": 900}, r"term_periods.*must be above 0 for kind lease"),
        ({"kind": "on_demand", "rent_usd_per_unit_month": 900}, r"unit_price_usd.*has no effect unless kind is"),
        ({"kind": "on_demand", "unit_price_usd": "", "rent_usd_per_unit_month": 900, "lead_periods": 1}, r"lead_periods.*has no effect unless"),
        (
            {"kind": "on_demand", "unit_price_usd": "", "rent_usd_per_unit_month": 900, "period": "2027Q3", "until": "2027Q2"},
            r"until.*must not lie before period",
        ),
    ],
)
def test_offers_that_make_no_sense_are_refused(tmp_path, cells, message):
    """One clear error for each."""
    with pytest.raises(DataError, match=message):
        case_with(tmp_path, **cells)


def test_tiers_that_make_no_sense_are_refused(tmp_path):
    """A tier begins within the order, and belongs to a purchase."""
    tiers = [{"offer": "q-old", "from_units": 4000, "unit_price_usd": 15000}]
    with pytest.raises(DataError, match=r"from_units.*begins at or beyond max_units"):
        case_with(tmp_path / "a", tiers)
    with pytest.raises(DataError, match=r"price_tiers.*offer.*must be an offer of kind buy or take_or_pay"):
        case_with(tmp_path / "b", tiers, kind="lease", rent_usd_per_unit_month=900, term_periods=4)


def test_units_after_free_ones_are_spend(tmp_path):
    """The first 500 units are a gift and the rest costs: with half of the spend for each vendor as much must go to the other one, or nothing to either."""
    tiers = [{"offer": "q-old", "from_units": 500, "unit_price_usd": 20000}]
    gift = [{**TABLES["offers"][0], "unit_price_usd": 0}, {**TABLES["offers"][1], "unit_price_usd": 90000}]
    skus = [{**TABLES["skus"][0], "life_years": ""}, TABLES["skus"][1]]
    caps = [{"vendor": v, "max_spend_share": 0.5} for v in ("v", "w")]
    tables = {**JOB_ONLY, "offers": gift, "skus": skus, "price_tiers": tiers, "halls": [{**TABLES["halls"][0], "it_mw": 1.2}], "sites": [TABLES["sites"][0]]}
    tables["grid"] = [TABLES["grid"][0]]
    free = solved(small_case(tmp_path / "a", **tables))
    assert free.tables["orders"]["cost_musd"].sum() == pytest.approx(10)
    capped = solved(small_case(tmp_path / "b", vendor_caps=caps, **tables))
    spend = capped.tables["orders"].groupby("sku")["cost_musd"].sum()
    assert spend.get("old", 0) == pytest.approx(spend.get("new", 0))
    assert capped.objective > free.objective + 0.1
