"""Services on the page: latency against the limit and cost per million tokens."""

from __future__ import annotations

import re

import pytest

from placement.plan.figures.service_costs import service_costs
from placement.report.facts import Facts
from placement.report.sections_service import inference_section
from tests.report.conftest import amount, cells


def test_cost_by_service_and_period_is_printed_with_its_mean(corner) -> None:
    """Cells are cost over tokens of their period, the mean that of the horizon, the total the key figure."""
    costs = service_costs(corner.case, corner.plan.tables)
    page = inference_section(corner.facts, costs)
    row = next(r for r in cells(page) if r[0] == "Chat assistant" and len(r) == corner.case.n_periods + 5)
    mine = costs[costs["service"] == "chat"].set_index("period")
    assert [amount(v) for v in row[1 : 1 + corner.case.n_periods]] == pytest.approx(mine["usd_per_mtok"].reindex(corner.case.periods).tolist(), rel=0.01)
    assert amount(row[-4]) == pytest.approx(mine["cost_musd"].sum() * 1e6 / mine["mtok"].sum(), rel=0.01)
    assert amount(row[-2]) == pytest.approx(mine["mtok"].sum() / 1e3, rel=0.001) and amount(row[-1]) == pytest.approx(mine["cost_musd"].sum(), rel=0.001)
    total = re.search(r"Cost of inference: <strong>([\d.]+)", page)
    assert total and float(total[1]) == pytest.approx(corner.plan.kpis["cost_usd_per_mtok"], rel=0.01)
    assert "Cost per million tokens" not in inference_section(corner.facts, None)


def test_the_share_within_the_limit_weighs_tokens(corner) -> None:
    """All tokens are within the limit; where one metro is too far, its tokens are missing from the share."""
    row = next(r for r in cells(inference_section(corner.facts, None)) if r[0] == "Voice agent" and len(r) == 5)
    assert row[-1] == "100%"
    table = corner.plan.tables["inference"]
    voice = corner.facts.traffic.loc[lambda d: d["service"] == "voice"]
    metro = voice["metro"].iloc[0]
    late = table.assign(rtt_ms=table["rtt_ms"].where((table["service"] != "voice") | (table["metro"] != metro), 500.0))
    page = inference_section(Facts.of(corner.case, {**corner.plan.tables, "inference": late}), None)
    row = next(r for r in cells(page) if r[0] == "Voice agent" and len(r) == 5)
    lost = voice.loc[voice["metro"] == metro, "mtok_per_day"].sum() / voice["mtok_per_day"].sum()
    assert amount(row[-1]) == pytest.approx(100 * (1 - lost), abs=0.06) and "Above their limit, shown at it: Voice agent." in page
