"""Chips that are sold on when the work is done."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from tests.layers.small import PERIODS, TABLES, edited, small_case, solved, violations

JOB_ONLY = {"metros": None, "services": None, "service_skus": None, "demand": None, "links": None}
ONE_KIND = {
    "skus": [row for row in TABLES["skus"] if row["sku"] == "old"],
    "offers": [row for row in TABLES["offers"] if row["sku"] == "old"],
    "job_skus": [row for row in TABLES["job_skus"] if row["sku"] == "old"],
}
MARKET = [
    {"sku": "old", "period": "2027Q3", "unit_price_usd": 18000, "max_units": 800},
    {"sku": "old", "period": "2027Q4", "unit_price_usd": 17000, "max_units": 800},
]


def case_with(folder, market=MARKET, **tables):
    """The small case with one job, one SKU and a market for used chips."""
    return small_case(folder, **{**JOB_ONLY, **ONE_KIND, "resale": market, **tables})


def test_chips_are_sold_when_the_work_is_done(tmp_path):
    """1,000 units are needed for two quarters: 800 are sold in the third, the rest in the fourth, and the objective falls by the sum worked out by hand."""
    before, after = solved(case_with(tmp_path / "a", None)), solved(case_with(tmp_path / "b"))
    sold = after.tables["resales"].set_index("period")["units"]
    assert sold.to_dict() == pytest.approx({"2027Q3": 800, "2027Q4": 200})
    assert after.kpis["resale_musd"] == pytest.approx(0.8 * 18 + 0.2 * 17)
    assert after.tables["chips"].set_index("period")["deployed"].to_dict() == pytest.approx(dict(zip(PERIODS, (1000, 1000, 200, 0), strict=True)))
    residual = 20 * (1 - 1 / 5) / 1.08
    idle_mwh = [1.1 * 0.2 * mw * 2191.5 for mw in (0.8, 1.0)]
    energy = sum(mwh * (0.1 * 150 + 0.9 * 50) / 1e6 * 1.08 ** (-t / 4) for t, mwh in zip((2, 3), idle_mwh, strict=True))
    proceeds = 0.8 * 18 / 1.08**0.5 + 0.2 * 17 / 1.08**0.75
    assert before.objective - after.objective == pytest.approx(proceeds + energy - residual, abs=1e-6)


def test_no_market_changes_nothing(tmp_path):
    """A price below the residual value and the idle energy saved sells nothing."""
    low = [{**row, "unit_price_usd": 10000} for row in MARKET]
    plan = solved(case_with(tmp_path / "a", low))
    assert len(plan.tables["resales"]) == 0
    assert plan.objective == pytest.approx(solved(case_with(tmp_path / "b", None)).objective, abs=1e-6)


def test_units_in_use_are_not_sold(tmp_path):
    """Where the job starts a quarter later, nothing is sold in the third quarter: the units are at work."""
    plan = solved(case_with(tmp_path, jobs=edited("jobs", earliest="2027Q2")))
    assert plan.tables["resales"].set_index("period")["units"].to_dict() == pytest.approx({"2027Q4": 800})


def test_units_that_other_work_waits_for_are_kept(tmp_path):
    """A second job follows the first on the same units: nothing is sold, although the market pays more than the residual value."""
    case = case_with(tmp_path, jobs=[{"job": "a", "value_musd": 80, "latest": "2027Q2"}, {"job": "b", "value_musd": 80, "earliest": "2027Q3"}],
                     job_skus=[{"job": j, "sku": "old", "units": 3000, "duration_periods": 2} for j in "ab"])  # fmt: skip
    plan = solved(case)
    assert set(plan.tables["training"]["domain"]) == {"north"}
    assert plan.kpis["units_sold"] == pytest.approx(0)


@pytest.mark.parametrize(
    ("table", "edit", "rule"),
    [
        ("resales", lambda t: t.assign(units=t["units"] * 1.1, musd=t["musd"] * 1.1), "resale_max"),
        ("resales", lambda t: t.assign(units=t["units"] * 2, musd=t["musd"] * 2), "resale_held"),
        ("resales", lambda t: t.assign(musd=t["musd"] + 1), "resales.musd"),
        ("resales", lambda t: t.iloc[:1].assign(period="2027Q1"), "resale_dates"),
        ("resales", lambda t: t.iloc[:1].assign(period="2027Q2"), "resale_max"),
        ("resales", lambda t: t.assign(sku="new"), "format"),
        ("resales", lambda t: t.iloc[:0], "deployed_step"),
        ("resales", lambda t: t.assign(units=t["units"] / 2, musd=t["musd"] / 2), "removed_units"),
        ("chips", lambda t: t.assign(deployed=1000.0), "chip_stock"),
    ],
)
def test_checker_sees_what_is_wrong(tmp_path, table, edit, rule):
    """Every equation of resale is recomputed."""
    assert rule in violations(solved(case_with(tmp_path)), table, edit)


def test_a_market_without_stock_is_refused(tmp_path):
    """Units that arrive in the first quarter can be sold from the second."""
    with pytest.raises(DataError, match=r"resale.*period.*has no effect: no unit of the SKU can have been bought"):
        case_with(tmp_path, [{"sku": "old", "period": "2027Q1", "unit_price_usd": 18000, "max_units": 800}])
