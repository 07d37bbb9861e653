"""A real case with most layers, solved once."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

from placement.report.facts import Facts

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def corner() -> SimpleNamespace:
    """data/frontier-small: the case, its plan, the page's facts; do not change any of them."""
    import placement

    case = placement.read_case(ROOT / "data" / "frontier-small")
    plan = placement.solve(case, time_limit_s=300)  # to the optimum, in seconds
    return SimpleNamespace(case=case, plan=plan, facts=Facts.of(case, plan.tables))


def cells(html: str) -> list[list[str]]:
    """Return the text of every table row of some markup, thin spaces left out."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.S)
    return [[re.sub("<[^>]+>", "", c).replace("\u202f", "") for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)] for row in rows]


def amount(text: str) -> float:
    """Return a printed number; a dash is nothing."""
    return 0.0 if text in ("\u2013", "") else float(text.replace("\u2212", "-").replace(",", "").removesuffix("%"))
