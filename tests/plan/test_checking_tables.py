"""Plan files that cannot be read are findings of the checker, not crashes."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from placement.case.case import Case
from placement.plan.checker import check, read_tables


@pytest.mark.parametrize("text", [b"period,term,musd\n2027,capex\n", b"\xff\xfe\x00", b"", b'period,term,musd\n"2027', b"period,term,musd\n2027,capex,1,2\n"])
def test_unreadable_files_are_violations_not_crashes(tmp_path: Path, text: bytes) -> None:
    """A ragged, binary, empty or cut-off file is reported as malformed."""
    (tmp_path / "cash.csv").write_bytes(text)
    verdict = check(Case(name="void", start=2027, n_periods=2, period_months=12), read_tables(tmp_path), {})
    assert not verdict.ok
    assert {v.rule for v in verdict.violations} == {"format"}
    assert all(v.where.startswith("plan/cash.csv") for v in verdict.violations)


def test_periods_of_a_year_are_labels_not_numbers(tmp_path: Path) -> None:
    """Labels such as 2027 are compared as text; a payment that no decision causes is found."""
    (tmp_path / "cash.csv").write_text("period,term,musd\n2028,capex,3\n", encoding="utf-8")
    verdict = check(Case(name="void", start=2027, n_periods=2, period_months=12), read_tables(tmp_path), {})
    assert [(v.rule, v.where, v.amount) for v in verdict.violations] == [("cash", "2028 term capex", 3.0)]


def test_a_case_of_nothing_but_a_horizon_is_fine() -> None:
    """Even sites may be absent; the plan is then empty and costs nothing."""
    verdict = check(Case(name="void", n_periods=2), {"cash": pd.DataFrame(columns=["period", "term", "musd"])}, {}, 0.0)
    assert verdict.ok
    assert verdict.objective == 0
