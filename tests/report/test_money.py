"""Money on the page: every chart and table adds up to the tables of the plan."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from placement.case.case import frame
from placement.report.bars import Step, waterfall
from placement.report.facts import Facts
from placement.report.scarcity import reached
from placement.report.sections_money import money_section, steps
from tests.report.conftest import amount, cells


def test_the_waterfall_ends_in_the_net_present_value_and_the_objective(corner) -> None:
    """The steps before each total sum up to it; with all weights 1 the last is the objective."""
    found = steps(corner.facts)
    totals = [i for i, s in enumerate(found) if s.total]
    assert [found[i].name for i in totals] == ["Net present value", "Net present value less penalties"]
    for i in totals:
        assert sum(s.amount for s in found[:i] if not s.total) == pytest.approx(found[i].amount)
    assert found[totals[0]].amount == pytest.approx(corner.plan.kpis["npv_musd"])
    assert found[-1].amount == pytest.approx(-corner.plan.objective, rel=1e-6)


def test_a_step_begins_where_the_one_before_it_ended() -> None:
    """Bars of +10, -4 and the total 6: the second ends where the total does."""
    html = waterfall([Step("in", 10.0, "c2"), Step("out", -4.0, "c0"), Step("left", 6.0, "c7", total=True)], "M$", "t")
    bars = [{k: float(v) for k, v in (p.split("=") for p in bar.replace('"', "").split()[:3])} for bar in html.split("<rect ")[1:]]
    first, second, total = ((b["x"], b["x"] + b["width"]) for b in bars)
    assert first[1] == pytest.approx(second[1], abs=0.2) and second[0] == pytest.approx(total[1], abs=0.2) and first[0] == pytest.approx(total[0], abs=0.2)
    assert first[1] - first[0] == pytest.approx(2.5 * (second[1] - second[0]), rel=0.01)


def test_cash_by_period_adds_up_without_penalties(corner) -> None:
    """Terms sum to the net flow of their period, the running total to all of it; penalties stand apart."""
    shown = [r for r in cells(money_section(corner.facts, {})) if len(r) == len(corner.case.periods) + 3]
    rows = {r[0]: [amount(v) for v in r[1:]] for r in shown if r[0] != "Term"}
    terms = [v for name, v in rows.items() if name not in ("Net cash flow", "Running total", "Penalties for unserved demand (not paid)")]
    assert np.allclose(np.sum(terms, axis=0), rows["Net cash flow"], atol=0.5)
    assert np.allclose(np.cumsum(rows["Net cash flow"][:-1]), rows["Running total"][:-1], atol=0.5)
    cash = corner.plan.tables["cash"]
    paid = cash.loc[cash["term"] != "unmet"]
    assert rows["Running total"][-2] == pytest.approx(-paid["musd"].sum(), abs=0.1)
    assert rows["Penalties for unserved demand (not paid)"][-1] == pytest.approx(-cash.loc[cash["term"] == "unmet", "musd"].sum(), abs=0.1)


def test_debt_and_tranches_raise_what_may_be_spent(corner) -> None:
    """The limit beside capital spending is the budget and what is drawn in the period."""
    n, periods = corner.case.n_periods, corner.case.periods
    budget = frame("budget", [{"period": t, "capex_musd": 100.0} for t in range(n)], n)
    tables = {
        **corner.plan.tables,
        "cash": pd.DataFrame([(periods[1], "capex", 90.0)], columns=["period", "term", "musd"]),
        "debt": pd.DataFrame([(periods[1], 50.0)], columns=["period", "drawn_musd"]),
        "draws": pd.DataFrame([("t", periods[1], 30.0)], columns=["tranche", "period", "musd"]),
    }
    facts = Facts.of(dataclasses.replace(corner.case, tables={**corner.case.tables, "budget": budget}), tables)
    page = money_section(facts, {})
    assert [periods[1], "90.0", "100.0", "80.0", "50.0%"] in cells(page) and "with what is drawn of debt and tranches" in page


def test_a_budget_that_carries_counts_all_so_far(corner) -> None:
    """40 of 100 M$ are spent, then 150: of 200 so far 95 %; the single period is over its own budget and reaches no limit."""
    n, periods = corner.case.n_periods, corner.case.periods
    budget = frame("budget", [{"period": t, "capex_musd": 100.0} for t in range(n)], n)
    cash = pd.DataFrame([(periods[0], "capex", 40.0), (periods[1], "capex", 150.0)], columns=["period", "term", "musd"])
    case = dataclasses.replace(corner.case, budget_carries=True, tables={**corner.case.tables, "budget": budget})
    facts = Facts.of(case, {**corner.plan.tables, "cash": cash})
    assert [periods[1], "150.0", "100.0", "0.0", "95.0%"] in cells(money_section(facts, {}))
    assert reached(facts).set_index("layer").loc["capital", "names"] == []
    assert (
        reached(Facts.of(dataclasses.replace(case, budget_carries=False), {**corner.plan.tables, "cash": cash})).set_index("layer").loc["capital", "full"] == 1
    )


def test_capital_by_layer_is_that_of_the_key_figures(corner) -> None:
    """The layers sum to capital spending; nothing is counted twice."""
    page = money_section(corner.facts, corner.plan.kpis.to_dict())
    rows = cells(page[page.index("What capital is spent on") :])
    start = rows.index(["Layer", "M$"])
    shown = [amount(r[1]) for r in rows[start + 1 :][: next(i for i, r in enumerate(rows[start + 1 :]) if len(r) != 2)]]
    assert sum(shown) == pytest.approx(corner.plan.kpis["capex_musd"], abs=0.5)
