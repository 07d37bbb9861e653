"""Tiny cases with pairs, built as ordinary cases and solved the ordinary way, against enumeration."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import placement
from placement.run import check_run, write_plan
from tests.oracle.priced_cases import KINDS, best_cost, priced_case
from tests.oracle.random_cases import write_case


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", KINDS)
def test_plans_are_as_good_as_enumeration(kind: str, seed: int) -> None:
    """The plan costs what the best of all points costs, is accepted by the checker, and its bound is proven."""
    case = priced_case(kind, seed)
    best = best_cost(case)
    plan = placement.solve(case, time_limit_s=30, rel_gap=0.0)
    if math.isinf(best):
        assert plan.status == "infeasible"
        return
    assert plan.status == "optimal"
    assert plan.objective == pytest.approx(best, abs=1e-6)
    assert plan.verdict is not None and plan.verdict.ok, plan.verdict
    assert plan.verified_bound <= best + 1e-6
    assert plan.verified_bound == pytest.approx(best, rel=1e-4, abs=1e-3)


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("kind", KINDS)
def test_the_compiled_algorithms_agree(kind: str, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same with the algorithms that tiny programs are spared."""
    monkeypatch.setattr("placement.engine.solve._TINY", 0)
    case = priced_case(kind, seed)
    best = best_cost(case)
    plan = placement.solve(case, time_limit_s=30, rel_gap=0.0)
    assert (plan.status == "infeasible") == math.isinf(best)
    if plan.tables:
        assert plan.objective == pytest.approx(best, abs=1e-6)
        assert plan.bound <= best + 1e-6 and plan.verified_bound <= best + 1e-6
        assert plan.verdict is not None and plan.verdict.ok, plan.verdict


@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_gives_the_same_case(kind: str, tmp_path: Path) -> None:
    """Written as a folder and read again, a case is the same, and nothing in it is refused."""
    case = priced_case(kind, 1)
    again = placement.read_case(write_case(case, tmp_path / kind))
    for name, table in case.tables.items():
        pd.testing.assert_frame_equal(again[name], table)
    assert (again.open_sites, again.cost_unit, again.model) == (case.open_sites, case.cost_unit, case.model)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_folder_holds(kind: str, tmp_path: Path) -> None:
    """Solved, written, and checked from the files alone."""
    case = placement.read_case(write_case(priced_case(kind, 2), tmp_path / "case"))
    plan = placement.solve(case, time_limit_s=30)
    verdict, facts = check_run(case, write_plan(plan, tmp_path / "run"))
    assert verdict.ok and facts["holds"], verdict
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "k$" in page and 'id="workloads"' in page and "M$" not in page


def test_jobs_that_fit_nowhere_are_explained() -> None:
    """A job larger than every site's capacity makes the case infeasible; the summary says which rule excludes it."""
    case = priced_case("gap", 0)
    tables = dict(case.tables) | {"pairs": case["pairs"].assign(use=case["pairs"]["use"].where(case["pairs"]["workload"] != "w3", 1000.0))}
    plan = placement.solve(replace(case, tables=tables), time_limit_s=30)
    assert plan.status == "infeasible"
    assert plan.summary["unservable"] == ["job w3: capacity excludes 3"]
    assert set(plan.exclusions["rule"]) == {"capacity"}
