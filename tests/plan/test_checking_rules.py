"""The checker's own reading of residency and export rules."""

from __future__ import annotations

import pytest

from placement.case.case import Case, frame
from placement.plan.checking.rules import Export, Residency


@pytest.mark.parametrize(
    ("rows", "origin", "country", "rule"),
    [
        ("eu - SE 1 a", "", "SE", ""),
        ("eu - SE 1 a", "", "US", "a"),  # any allow row denies the rest
        ("eu - SE 0 a", "", "SE", "a"),
        ("eu - SE 0 a", "", "US", ""),
        ("eu - SE 1 a\neu - * 0 b", "", "US", "b"),
        ("eu - SE 0 a\neu - * 1 b", "", "SE", "a"),
        ("eu - SE 1 a\neu US US 1 b", "US", "SE", "b"),  # rows of the own country are used alone
        ("eu - SE 1 a\neu US US 1 b", "US", "US", ""),
        ("eu - SE 1 a\neu US US 1 b", "DE", "US", "a"),
        ("other - SE 0 a", "", "SE", ""),
    ],
)
def test_residency_follows_the_most_specific_row(rows: str, origin: str, country: str, rule: str) -> None:
    """Rows with the users' origin come first, then the country, then the star."""
    cells = [row.replace("-", "").split(" ") for row in rows.splitlines()]
    table = [{"class": c, "origin": o, "country": to, "allow": a == "1", "rule_id": r} for c, o, to, a, r in cells]
    residency = Residency(Case(name="rules", n_periods=1, tables={"residency": frame("residency", table, 1)}))
    assert residency.denied("eu", origin, country) == rule
    assert residency.denied("", origin, country) == ""


@pytest.mark.parametrize(("country", "rule"), [("CN", "x1"), ("US", ""), ("SE", "x3")])
def test_export_follows_the_country_then_the_star(country: str, rule: str) -> None:
    """A row of the country wins over the star; a class without rows and no class at all are free."""
    rows: list[dict[str, object]] = [
        {"export_class": "adv", "country": "*", "rule": "deny", "rule_id": "x3"},
        {"export_class": "adv", "country": "CN", "rule": "deny", "rule_id": "x1"},
        {"export_class": "adv", "country": "US", "rule": "cap", "cap_units": 5.0, "rule_id": "x2"},
    ]
    export = Export(Case(name="rules", n_periods=1, tables={"export": frame("export", rows, 1)}))
    assert export.denied("adv", country) == rule
    assert export.denied("old", country) == export.denied("", country) == ""
    assert export.countries("adv") == {"CN", "US"}
