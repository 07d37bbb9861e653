"""A plan as the start of another solve: what fits is taken, what cannot is said."""

from __future__ import annotations

import pandas as pd
import pytest

import placement
from placement.cli import main
from placement.errors import ExitCode
from tests.layers.small import TABLES, edited, small_case

YEARS = {f"2027Q{q}": str(2026 + q) for q in (1, 2, 3, 4)}


def yearly(folder):
    """Return the small case in periods of a year."""
    dated = {name: [{**row, "period": YEARS[row["period"]]} for row in TABLES[name]] for name in ("tariffs", "offers", "demand")}
    return small_case(folder, {"start": "2027", "period_months": 12}, **dated)


def elsewhere(folder):
    """Return the small case with other names for all that can be decided."""
    sites = {"north": "east", "south": "west"}
    renamed = {
        name: [{key: f"{value}2" if (name, key) in NAMED else sites.get(value, value) for key, value in row.items()} for row in rows]
        for name, rows in TABLES.items()
    }
    return small_case(folder, **renamed)


NAMED = {("offers", "offer"), ("jobs", "job"), ("job_skus", "job"), ("services", "service"), ("service_skus", "service"), ("demand", "service")}


@pytest.fixture(scope="module")
def quarterly(tmp_path_factory):
    """Return a plan of the small case."""
    return placement.solve(small_case(tmp_path_factory.mktemp("quarterly")), time_limit_s=30)


def test_periods_of_another_length_are_refused(quarterly, tmp_path, capsys):
    """One error with both lengths, in Python and as the usage error of --start."""
    case = yearly(tmp_path / "case")
    with pytest.raises(
        placement.OptionError, match=r"the start has periods of 3 months, such as 2027Q1, but case 'small' has periods of 12 months, such as 2027"
    ):
        placement.solve(case, start=quarterly)
    placement.write_plan(quarterly, tmp_path / "run")
    command = ["solve", str(tmp_path / "case"), "--out", str(tmp_path / "new"), "--start", str(tmp_path / "run"), "--quiet"]
    assert main(command) == ExitCode.USAGE
    err = capsys.readouterr().err
    assert err.startswith("placement: the start has periods of 3 months") and err.count("\n") == 1
    assert not (tmp_path / "new").exists()


def test_a_start_with_dates_that_are_none_is_refused(quarterly):
    """A damaged table is named."""
    broken = {**quarterly.tables, "sites": pd.DataFrame({"site": ["south"], "opened": ["soon"]})}
    start = placement.Plan(**{**vars(quarterly), "tables": broken})
    with pytest.raises(placement.OptionError, match=r"'soon' for a period \(table 'sites', column 'opened'\)"):
        placement.solve(quarterly.case, start=start)


def test_a_start_of_which_nothing_fits_is_said(quarterly, tmp_path, capsys):
    """A warning and a note of the plan in Python, a line on stderr in the batch tool; none where something fits."""
    case = elsewhere(tmp_path / "case")
    with pytest.warns(placement.StartWarning, match="nothing of the start fits case 'small'"):
        plan = placement.solve(case, start=quarterly, time_limit_s=30)
    assert any("nothing of the start fits" in note for note in plan.summary["notes"])
    placement.write_plan(quarterly, tmp_path / "run")
    command = ["solve", str(tmp_path / "case"), "--out", str(tmp_path / "new"), "--time-limit", "30", "--start", str(tmp_path / "run")]
    assert main(command) == ExitCode.OK
    assert "placement: note: nothing of the start fits" in capsys.readouterr().err
    assert main([*command, "--quiet"]) == ExitCode.OK
    assert not capsys.readouterr().err


def test_a_start_that_fits_in_part_is_taken(quarterly, tmp_path):
    """Without its job the rest of the plan is a start, and nothing is said."""
    case = small_case(tmp_path, jobs=None, job_skus=None, offers=edited("offers", max_units=3000))
    plan = placement.solve(case, start=quarterly, time_limit_s=30)
    assert not any("start" in note for note in plan.summary["notes"])


def test_other_things_than_cases_and_plans_are_type_errors(quarterly):
    """The message says how to get what is wanted."""
    for function in (placement.solve, placement.to_pyomo, lambda case: placement.check(case, quarterly)):
        with pytest.raises(TypeError, match=r"case must be a Case, not 'data/three-sites'; read one with placement.read_case"):
            function("data/three-sites")
    with pytest.raises(TypeError, match=r"start must be a Plan, such as placement.solve returns, not str"):
        placement.solve(quarterly.case, start="run")
