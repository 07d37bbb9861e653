"""A real case with most layers, solved once."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

import placement
from placement.report.facts import Facts


@pytest.fixture(scope="session")
def corner(corner_plan: placement.Plan) -> SimpleNamespace:
    """data/frontier-small: the case, its plan, the page's facts; do not change any of them."""
    return SimpleNamespace(case=corner_plan.case, plan=corner_plan, facts=Facts.of(corner_plan.case, corner_plan.tables))


def cells(html: str) -> list[list[str]]:
    """Return the text of every table row of some markup, thin spaces left out."""
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", html, re.S)
    return [[re.sub("<[^>]+>", "", c).replace("\u202f", "") for c in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.S)] for row in rows]


def amount(text: str) -> float:
    """Return a printed number; a dash is nothing."""
    return 0.0 if text in ("\u2013", "") else float(text.replace("\u2212", "-").replace(",", "").removesuffix("%"))
