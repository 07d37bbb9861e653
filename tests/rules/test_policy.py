"""Export and residency rulings with tables small enough to decide by reading them."""

from __future__ import annotations

from typing import Any

import pytest

from placement.case.case import frame
from placement.rules.policy import Policy, Ruling


def policy(export: list[tuple[str, str, str]] | None = None, residency: list[tuple[str, str, str, bool]] | None = None) -> Policy:
    """Return a policy of (class, country, rule) and (class, origin, country, allow) rows; a row's id is its cells joined."""
    exports: list[dict[str, Any]] = [
        {"export_class": c, "country": country, "rule": rule, "cap_units": 9 if rule == "cap" else float("nan"), "rule_id": f"{c}-{country}"}
        for c, country, rule in export or []
    ]
    homes: list[dict[str, Any]] = [
        {"class": c, "origin": origin, "country": country, "allow": allow, "rule_id": f"{c}-{origin}-{country}"}
        for c, origin, country, allow in residency or []
    ]
    return Policy.of(frame("export", exports, 1), frame("residency", homes, 1))


EXPORT = policy(export=[("dual", "*", "deny"), ("dual", "NO", "allow"), ("dual", "IE", "cap"), ("old", "SG", "deny"), ("capped", "*", "cap")])


@pytest.mark.parametrize(
    ("export_class", "country", "expected"),
    [
        ("dual", "NO", Ruling(True, "dual-NO")),  # the country's row beats *
        ("dual", "IE", Ruling(True, "dual-IE")),  # a cap is a permission; its size is a row of the supply
        ("dual", "SG", Ruling(False, "dual-*")),
        ("old", "SG", Ruling(False, "old-SG")),
        ("old", "NO", Ruling(True)),  # no row, no *: allowed
        ("capped", "SG", Ruling(True, "capped-*")),
        ("", "SG", Ruling(True)),
    ],
)
def test_export(export_class: str, country: str, expected: Ruling) -> None:
    """The country's own row, else *, else free."""
    assert EXPORT.may_deploy(export_class, country) == expected


RESIDENCY = policy(
    residency=[
        ("bank", "", "NO", True), ("bank", "", "IE", True), ("bank", "", "SG", False),
        ("bank", "US", "US", True),
        ("bank", "SG", "NO", False),
        ("state", "", "US", False),
        ("open", "", "*", True), ("open", "", "SG", False),
        ("shut", "", "*", False), ("shut", "", "NO", True),
        ("far", "IE", "IE", True),
    ]
)  # fmt: skip


@pytest.mark.parametrize(
    ("residency_class", "origin", "country", "expected"),
    [
        ("bank", "", "NO", Ruling(True, "bank--NO")),
        ("bank", "", "SG", Ruling(False, "bank--SG")),
        ("bank", "", "US", Ruling(False, "bank--NO")),  # a list of permissions denies the rest, under its first permission's id
        ("bank", "IE", "IE", Ruling(True, "bank--IE")),  # no rows of that origin: the general ones
        ("bank", "US", "US", Ruling(True, "bank-US-US")),
        ("bank", "US", "NO", Ruling(False, "bank-US-US")),  # rows of the origin replace the general ones, they do not add to them
        ("bank", "SG", "NO", Ruling(False, "bank-SG-NO")),
        ("bank", "SG", "SG", Ruling(True)),  # a list of denials allows the rest, whatever the general rows say
        ("state", "", "US", Ruling(False, "state--US")),
        ("state", "", "NO", Ruling(True)),
        ("open", "", "NO", Ruling(True, "open--*")),
        ("open", "", "SG", Ruling(False, "open--SG")),
        ("shut", "", "NO", Ruling(True, "shut--NO")),
        ("shut", "", "US", Ruling(False, "shut--*")),  # * is asked before the list of permissions
        ("far", "", "NO", Ruling(True)),  # only users of IE have rules
        ("far", "IE", "NO", Ruling(False, "far-IE-IE")),
        ("", "US", "NO", Ruling(True)),
        ("unknown", "", "NO", Ruling(True)),
    ],
)
def test_residency(residency_class: str, origin: str, country: str, expected: Ruling) -> None:
    """Origin rows instead of general ones; then the country's row, else *, else what the kind of list implies."""
    assert RESIDENCY.may_run(residency_class, origin, country) == expected
