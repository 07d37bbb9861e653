"""Why there is no plan: the planted cause is named, nothing that is named can be left out, and every repair gives a plan, written down as a scenario."""

from __future__ import annotations

import itertools
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import placement
from placement.cli import main
from placement.errors import ExitCode, OptionError
from placement.explain.conflict import but, loosened
from placement.explain.facts import explicit, facts_of
from placement.explain.infeasible import CONFLICT, REPAIRS, InfeasibleReport, explain_infeasible
from placement.explain.infeasible_text import infeasible_lines, print_infeasible
from placement.explain.oracle import minimal
from placement.explain.repairs import round_between
from tests.explain.planted import ALL, BOTH, JOB, SERVICE, planted
from tests.layers.small import edited, small_case

ROOT = Path(__file__).resolve().parents[2]
EFFORT = placement.Effort(time_limit_s=60)
QUICK = [("firm", 2), ("export", 0), ("residency", 1), ("permits", 0)]


def assert_explained(cause: str, i: int, folder: Path) -> InfeasibleReport:
    """The cause is named, and every repair is a case that has a plan."""
    case, cells = planted(cause, i, folder / "case")
    report = explain_infeasible(case, EFFORT)
    assert tuple(report.conflict.columns) == CONFLICT and tuple(report.repairs.columns) == REPAIRS
    assert {(f.table, f.column) for f in report.conflict.itertuples()} & cells
    assert report.minimal and report.conflict_by
    assert 2 <= len(report.found) <= 3
    for n in range(1, len(report.found) + 1):
        plan = placement.solve(placement.read_case(report.write_scenario(n, folder / str(n))), rel_gap=0.05)
        assert plan.verdict is not None and plan.verdict.ok
        assert np.isfinite(report.repairs.loc[report.repairs["repair"] == n, "objective_musd"]).all()
    return report


@pytest.mark.parametrize(("cause", "i"), QUICK)
def test_a_planted_cause_is_named_and_repaired(cause, i, tmp_path):
    """Four of the sixty."""
    assert_explained(cause, i, tmp_path)


@pytest.mark.skipif(not os.environ.get("PLACEMENT_LONG_TESTS"), reason="several minutes; set PLACEMENT_LONG_TESTS")
@pytest.mark.parametrize(("cause", "i"), ALL)
def test_all_planted_causes(cause, i, tmp_path):
    """All sixty."""
    assert_explained(cause, i, tmp_path)


def test_without_a_planted_cause_there_is_a_plan(tmp_path):
    """So the planted cause alone is what is wrong; and a case with a plan has no conflict."""
    with pytest.raises(OptionError, match="not proven infeasible"):
        explain_infeasible(small_case(tmp_path, **BOTH), EFFORT)


def test_amounts_are_the_least_and_conflicts_minimal(tmp_path):
    """By hand: 500 units of 1.5 kW are 0.75 MW of IT and at a PUE of 1.1 need 0.825 MW; each named fact is needed, seen without the search for them."""
    report = explain_infeasible(small_case(tmp_path, jobs=[JOB], grid=edited("grid", mw=0.5)), EFFORT)
    first = report.repairs.iloc[0]
    assert (first["table"], first["key"], first["column"], first["from"], first["unit"]) == ("grid", "north/n", "mw", "0.5", "MW")
    assert float(first["to"]) == pytest.approx(0.825, rel=0.02) and float(first["to"]) >= 0.825 - 1e-6
    assert first["size"] == pytest.approx(1 - 0.5 / float(first["to"]))
    short = list(infeasible_lines(report, short=True))
    assert "  - grid tier n of north gives 0.5 MW from 2027Q1" in short and any(line.startswith("  1. 0.3") for line in short)
    base = explicit(report.case)
    facts = facts_of(base)
    named = [f for f in facts if any((f.group, f.row) == (g, r) for g, r in ((("jobs", "mandatory"), 0), (("grid", "mw"), 0), (("grid", "mw"), 1)))]
    assert len(report.conflict) == len(named) == 3
    for left_out in (None, *named):
        case = loosened(base, but(facts, [f for f in named if f is not left_out]))
        assert (placement.solve(case).status is placement.Status.INFEASIBLE) == (left_out is None)


def test_the_smallest_value_that_admits_a_site(tmp_path):
    """A round trip over 2700 km takes 34.443 ms; the metro that is too far is named, and the other keeps its promise."""
    report = assert_explained("latency", 2, tmp_path)
    assert report.repairs["words"].iloc[0] == "SLO 20 ms -> 34.443 ms for service chat in madrid"


def test_workloads_that_are_worth_nothing_and_classes_without_rows(tmp_path):
    """A dropped job gets a penalty, or its row would have no effect; once one row allows, countries without one would be denied."""
    deny = [{"class": "eu", "country": "ES", "allow": 0, "rule_id": "EU-1"}]
    service = {**SERVICE, "redundancy": "n_minus_1", "residency": "eu"}
    report = explain_infeasible(small_case(tmp_path / "a", jobs=[{"job": "big", "mandatory": 1, "min_hbm_gb": 500}]), EFFORT)
    drop = report.repairs[report.repairs["column"] == "mandatory"]["repair"].iloc[0]
    assert set(report.repairs.loc[report.repairs["repair"] == drop, "column"]) == {"mandatory", "unplaced_musd"}
    assert placement.solve(placement.read_case(report.write_scenario(drop, tmp_path / "b"))).tables
    report = explain_infeasible(small_case(tmp_path / "c", services=[service], residency=deny), EFFORT)
    assert ("residency", "allow") in {(f.table, f.column) for f in report.conflict.itertuples()}


def test_halving_finds_the_fewest_items():
    """Against all subsets, where the items that matter are known."""
    for need in itertools.combinations(range(7), 3):
        asked: list[list[int]] = []

        def holds(items: list[int], need: tuple[int, ...] = need, asked: list[list[int]] = asked) -> bool:
            asked.append(items)
            return set(need) <= set(items)

        assert sorted(minimal([*range(7)], holds, lambda: 1.0)) == sorted(need)
        assert len(asked) <= 20
    assert minimal([1, 2, 3], lambda items: False, lambda: 0.0) == [1, 2, 3]  # out of time: nothing is left out


def test_round_numbers():
    """The number with the fewest digits of an interval."""
    assert round_between(98.7, 100.4) == 100.0 and round_between(0.3234, 0.3263) == 0.325 and round_between(7.9, 8.1) == 8.0


def test_on_frontier_small(tmp_path, monkeypatch):
    """The command on the scenario of the repository: service, class and rule are named; without the class, or where it may run, there is a plan."""
    reports = []
    monkeypatch.setattr("placement.batch.explain_infeasible", lambda *asked: reports.append(explain_infeasible(*asked)) or reports[-1])
    command = ["solve", str(ROOT / "data" / "scenarios" / "china-must-serve"), "--out", str(tmp_path / "run"), "--quiet"]
    assert main(command) == ExitCode.INFEASIBLE
    (report,) = reports
    assert report.minimal and report.conflict_by
    assert report.conflict["fact"].iloc[:3].tolist() == [
        "all demand of service china-chat must be served",
        "service china-chat is of residency class cn-only",
        "class cn-only may not run in US (rule cn-csl-37)",
    ]
    assert len(report.conflict) == 7 and report.conflict["key"].iloc[3:].tolist() == [f"cn-only//{c}" for c in ("AE", "MY", "DE", "IN")]
    cells = set(report.repairs[["table", "key", "column", "from", "to"]].itertuples(index=False, name=None))
    assert ("services", "china-chat", "residency", "cn-only", "") in cells and ("residency", "cn-only//CN", "", "row", "removed") in cells
    lines = list(infeasible_lines(report))
    assert "      services.csv: residency cn-only -> blank in row china-chat" in lines and max(map(len, lines)) <= 80


@pytest.fixture(scope="module")
def infeasible_run(tmp_path_factory):
    """A small case without a plan, solved by the command."""
    folder = tmp_path_factory.mktemp("infeasible")
    planted("machine", 0, folder / "case")
    assert main(["solve", str(folder / "case"), "--out", str(folder / "run"), "--quiet"]) == ExitCode.INFEASIBLE
    return folder / "run"


def test_the_run_holds_the_explanation(infeasible_run, capsys):
    """Tables and JSON strictly; asked again, it is printed with the cells to change."""
    conflict, repairs = (pd.read_csv(infeasible_run / f"{name}.csv", keep_default_na=False) for name in ("conflict", "repairs"))
    assert conflict["fact"].tolist() == ["job big must run", "job big needs 200 GB of memory per accelerator"]
    assert repairs[["table", "key", "column", "from", "to", "unit"]].iloc[0].tolist() == ["jobs", "big", "min_hbm_gb", 200.0, 192.0, "GB"]
    record = json.loads((infeasible_run / "infeasible.json").read_text(encoding="utf-8"))
    assert record["infeasible_by"] and record["minimal"] and len(record["repairs"]) == len(repairs)
    assert print_infeasible(infeasible_run) == ExitCode.OK
    assert "jobs.csv: min_hbm_gb 200 -> 192 GB in row big" in capsys.readouterr().out


def test_a_run_with_a_plan_has_nothing_to_explain(solved, capsys):
    """Said at once, and which runs are meant."""
    with pytest.raises(OptionError, match="exit code 3"):
        print_infeasible(solved.run)


def test_an_explained_run_can_be_replaced(infeasible_run, tmp_path):
    """The new files are the run's own."""
    run = Path(shutil.copytree(infeasible_run, tmp_path / "run"))
    assert main(["solve", str(ROOT / "data" / "three-sites"), "--out", str(run), "--quiet"]) == ExitCode.OK
    assert not (run / "conflict.csv").exists()


def test_time_that_is_up_is_said(tmp_path):
    """Without time nothing is proven to be needed, and nothing is claimed."""
    case, _ = planted("grid", 0, tmp_path)
    report = explain_infeasible(placement.solve(case), placement.Effort(time_limit_s=1e-3))
    assert not report.minimal and not len(report.repairs)
    assert "time was too short" in " ".join(infeasible_lines(report))
    with pytest.raises(OptionError, match="there is no repair 1"):
        report.repaired()
