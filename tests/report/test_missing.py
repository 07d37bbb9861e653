"""Every job that is not placed and all demand that is not served has a reason and its worth."""

from __future__ import annotations

import pytest

from placement.program import assemble, build_sides
from placement.reasons import unserved
from placement.reasons.unserved import LOST
from placement.report import terminal_summary
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


def test_reasons_by_metro_are_in_the_table_and_in_the_terminal(corner) -> None:
    """For each service and metro: how many sites may serve it, the rule that keeps the others away with its number, and what is scarce."""
    rows = {(r["service"], r["metro"]): r for r in corner.plan.summary["unserved"]}
    lost = corner.plan.tables["unserved"]
    assert set(rows) == set(zip(lost["service"], lost["metro"], strict=True))
    for (service, metro), r in rows.items():
        assert r["mtok_per_day"] == lost[(lost["service"] == service) & (lost["metro"] == metro)]["mtok_per_day"].max()
    assert rows["china-chat", "met-cn-beijing"]["why"] == "None of 8 sites may serve it; ruled out at 8: data must not leave the region (residency:cn-csl-37)."
    berlin, london = rows["chat", "met-de-berlin"]["why"], rows["voice", "met-gb-london"]["why"]
    assert "3 of 8 sites may serve it; ruled out at 5: too far for 100 ms, the least so camp-microsoft-fairwater-wisconsin with 109.7 ms." in berlin
    assert "2026Q4: no accelerator that can run it is there yet." in berlin and "h100 scarce at reg-azure-germanywestcentral" in london
    page = missing_section(corner.facts, corner.plan.exclusions, None, corner.plan.summary["unserved"])
    assert {r[7] for r in cells(page) if len(r) == 8 and r[0] != "Service"} == {r["why"] for r in rows.values()}
    shown = terminal_summary(corner.plan.summary, corner.plan.tables).splitlines()
    peak = lost.groupby("period")["mtok_per_day"].sum()
    now = lost[lost["period"] == peak.idxmax()].groupby("service")["mtok_per_day"].sum()
    told = {name: line for name in now.index for line in shown if f"  {name}: " in line}
    assert set(told) == set(now.index) and len(shown) <= 25 and max(map(len, shown)) <= 80
    assert "no site may serve it (residency:cn-csl-37)" in told["china-chat"] and not any(line.endswith("...") for line in told.values())
    for name, mtok in now.items():
        assert amount(told[name].partition("  " + name)[0].replace(",", "").strip()) == pytest.approx(mtok, rel=1e-3)


def test_without_prices_the_rules_still_speak(corner) -> None:
    """Where the time ended before the local prices, what is scarce is not known; an older run without reasons names the services alone."""
    sides = build_sides(corner.case)
    rows = unserved(sides, assemble(sides)[0], corner.plan.tables["unserved"], None)
    assert any("ruled out at 7: too far for 40 ms" in r["why"] and LOST in r["why"] for r in rows)
    old = {k: v for k, v in corner.plan.summary.items() if k != "unserved"}
    assert any(line.endswith("  china-chat") for line in terminal_summary(old, corner.plan.tables).splitlines())
