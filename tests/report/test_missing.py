"""Every job that is not placed and all demand that is not served has a reason and its worth."""

from __future__ import annotations

import pytest

from placement.report.facts import Facts
from placement.report.sections_missing import NO_RULE, missing_section
from tests.report.conftest import amount, cells


def test_every_unserved_metro_has_its_penalty_and_reason(corner) -> None:
    """Penalties add up to the key figure; China is kept out by residency, the others lost."""
    rows = [r for r in cells(missing_section(corner.facts, corner.plan.exclusions)) if len(r) == 8 and r[0] != "Service"]
    lost = corner.plan.tables["unserved"]
    assert len(rows) == len(lost.drop_duplicates(["service", "metro"]))
    assert sum(amount(r[6].removesuffix("M$")) for r in rows) == pytest.approx(corner.plan.kpis["unmet_musd"], rel=1e-3)
    why = {(r[0], r[1]): r[7] for r in rows}
    china = why["Chat assistant in China", "Beijing"]
    assert "residency:cn-csl-37 at 8 sites" in china and china.endswith("8 sites from all metros.")
    assert all(v.startswith("Served in part") for k, v in why.items() if k[0] != "Chat assistant in China")


def test_every_unplaced_job_has_a_reason(corner) -> None:
    """One row per job with a reason that is not blank; without exclusions there is no such column."""
    rows = {r[0]: r for r in cells(missing_section(corner.facts, corner.plan.exclusions)) if len(r) == 4}
    assert set(rows) == {"Job", *corner.plan.tables["unplaced"]["job"]} and all(r[3] for r in rows.values())
    page = missing_section(corner.facts)
    assert "Why" not in page and "Ruled out" not in page


def test_where_no_rule_forbids_it_that_is_said(corner) -> None:
    """A service that no rule keeps from anywhere lost to other uses."""
    exclusions = corner.plan.exclusions.loc[lambda d: d["workload"] != "china-chat"]
    rows = {(r[0], r[1]): r for r in cells(missing_section(Facts.of(corner.case, corner.plan.tables), exclusions)) if len(r) == 8}
    assert rows["Chat assistant in China", "Beijing"][7] == NO_RULE
