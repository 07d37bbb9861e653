"""Terminal and page of runs of cases with pairs: their own unit, no word of halls and chips, and nothing fails."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest

import placement
from placement.case.case import Case
from placement.plan.plan import Plan
from placement.report import render
from placement.report.formats import money
from placement.report.terminal import _ASCII, terminal_summary
from tests.oracle.priced_cases import KINDS, best_cost, big_case, priced_case


def solved(kind: str) -> Plan:
    """Return a plan of a tiny case of the kind."""
    case = next(c for seed in range(9) if (best_cost(c := priced_case(kind, seed))) < 1e9)
    return placement.solve(case, time_limit_s=30)


def page_of(case: Case, plan: Plan, **summary: Any) -> str:
    """Return the page of a plan, with some of its summary changed."""
    return render(case, plan.tables, {**plan.summary, **summary}, plan.prices, plan.progress, plan.exclusions)


@pytest.mark.parametrize("kind", KINDS)
def test_terminal_and_page(kind: str) -> None:
    """Both give the cost in the case's unit and say what is open and where workloads go."""
    plan = solved(kind)
    text, page = terminal_summary(plan.summary, plan.tables), page_of(plan.case, plan)
    assert len(text.splitlines()) <= 25 and max(map(len, text.splitlines())) <= 80
    assert ["cost:", *money(plan.objective, "k$").translate(_ASCII).split()] in [line.split() for line in text.splitlines()]
    assert ("of 3 sites" in text or kind == "mixed") == (kind != "gap")
    for word in ("M$", "hall", "accelerator"):
        assert word not in text and word not in page.partition('id="inputs"')[0].partition("<body>")[2], word
    assert "Horizon" not in page and "Discount rate" not in page  # there are no dates
    assert {"sites", "workloads", "progress", "figures", "inputs"} == set(re.findall(r'<section id="([\w-]+)"', page))


def test_a_run_without_a_plan() -> None:
    """A case that cannot be solved says what nothing can serve."""
    case = priced_case("gap", 0)
    case = replace(case, tables=dict(case.tables) | {"pairs": case["pairs"].assign(use=1000.0)})
    plan = placement.solve(case, time_limit_s=30)
    text, page = terminal_summary(plan.summary, plan.tables), page_of(case, plan)
    assert "cannot:  job w0: capacity excludes 3" in text and "rules:" in text
    assert "job w0: capacity excludes 3" in page


def test_a_page_of_many_sites_stays_short() -> None:
    """Two hundred rows of each table are on the page, and it says how many are not."""
    case = big_case(30, 300)
    plan = placement.solve(case, time_limit_s=20, rel_gap=0.05)
    page = page_of(case, plan)
    assert "100 more placements are in the plan tables." in page
    assert len(page) < 200_000


def test_an_unchecked_and_an_interrupted_run() -> None:
    """Warnings stand on the page as for any other case."""
    plan = solved("sscflp")
    assert "Interrupted" in page_of(plan.case, plan, interrupted=True)
    assert "Do not act on this plan" in page_of(plan.case, plan, check={"ok": False, "violations": ["capacity: site s0"]})


def test_money_in_other_units() -> None:
    """M$ are rounded as always; other units keep up to three decimals."""
    assert money(1234567.0, "M$") == "1,234,567\u202fM$"
    assert money(932615.75, "$") == "932,615.75\u202f$"
    assert money(100, "") == "100" and money(None, "x") == "\u2013"
