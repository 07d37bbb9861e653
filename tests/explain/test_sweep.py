"""A case under several scenarios: what each changes, taken up again after a kill, with every failure a line of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

import placement
from placement.errors import DataError, OptionError
from placement.explain.records import CODES, exit_code
from placement.explain.sweep import Stop
from tests.conftest import ENV, ROOT
from tests.layers.small import small_case


@pytest.fixture
def folders(tmp_path: Path) -> dict[str, Path]:
    """The small case, and scenarios: one in a folder without a base, one with the case as its base, one impossible, one wrong."""
    small_case(tmp_path / "case")
    texts = {
        "dear": 'name = "dear"\n[factors]\n"tariffs.energy_usd_per_mwh" = 1.5\n',
        "few": f'base = "{tmp_path / "case"}"\n[factors]\n"offers.max_units" = 0.5\n',
        "wrong": '[factors]\n"grid.kw" = 2\n',
        "never": "",
    }
    for name, text in texts.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "case.toml").write_text(text)
    (tmp_path / "never" / "jobs.csv").write_text("job,mandatory\nbig,1\n")
    (tmp_path / "never" / "case.toml").write_text('[factors]\n"offers.max_units" = 0.1\n')
    return {name: tmp_path / name for name in ("case", *texts)}


def test_a_start_of_the_same_case_and_limits_is_the_base(folders, tmp_path):
    """It is not solved again, but with other limits it is."""
    run = placement.write_plan(placement.solve(placement.read_case(folders["case"]), time_limit_s=60, workers=1), tmp_path / "run")
    told: list[dict[str, object]] = []
    placement.sweep(folders["case"], [], tmp_path / "same", time_limit_s=60, workers=1, start=run, listen=told.append)
    assert told[0]["resumed"]
    assert (tmp_path / "same" / "base" / "summary.json").read_bytes() == (run / "summary.json").read_bytes()
    placement.sweep(folders["case"], [], tmp_path / "other", time_limit_s=50, workers=1, start=run, listen=told.append)
    assert not told[1].get("resumed")


def test_every_scenario_is_a_line_and_a_run(folders, tmp_path):
    """Plans, bad input and infeasibility stand side by side; differences against the base lie between bounds; runs are ordinary runs."""
    names = ["dear", "wrong", "few", "never"]
    table = placement.sweep(folders["case"], [folders[n] for n in names], tmp_path / "out", time_limit_s=60)
    assert list(table["scenario"]) == ["base", *names]
    assert list(table["status"]) == ["optimal", "optimal", "bad input", "optimal", "infeasible"]
    rows = table.set_index("scenario")
    assert "factors.grid.kw" in rows.loc["wrong", "note"]
    for name in ("dear", "few"):
        plan = placement.read_plan(tmp_path / "out" / name)
        assert plan.objective == pytest.approx(rows.loc[name, "objective_musd"])
        assert rows.loc[name, "value_delta_musd"] == pytest.approx(rows.loc["base", "objective_musd"] - plan.objective)
        assert rows.loc[name, "at_least_musd"] <= rows.loc[name, "value_delta_musd"] <= rows.loc[name, "at_most_musd"]
        assert rows.loc[name, "spend_musd_delta"] == pytest.approx(rows.loc[name, "spend_musd"] - rows.loc["base", "spend_musd"])
    assert rows.loc["dear", "value_delta_musd"] < 0
    assert exit_code(table) == CODES["infeasible"] == 3
    assert exit_code(table[table["status"] == "optimal"]) == 0
    written = pd.read_csv(tmp_path / "out" / "sweep.csv")
    assert list(written["scenario"]) == list(table["scenario"])


def test_a_sweep_goes_on_where_it_was_killed(folders, tmp_path):
    """What is finished is not solved again, unless content or limits changed; the table is that of one sweep."""
    names, out, seen = [folders["dear"], folders["few"]], tmp_path / "out", []

    def kill(record):
        if record["scenario"] == "dear":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        placement.sweep(folders["case"], names, out, time_limit_s=60, listen=kill)
    assert list(pd.read_csv(out / "sweep.csv")["scenario"]) == ["base", "dear"] and not (out / "few").exists()
    table = placement.sweep(folders["case"], names, out, time_limit_s=60, listen=seen.append)
    assert {r["scenario"]: r.get("resumed", False) for r in seen} == {"base": True, "dear": True, "few": False}
    whole = placement.sweep(folders["case"], names, tmp_path / "at-once", time_limit_s=60)
    assert table["objective_musd"].tolist() == pytest.approx(whole["objective_musd"].tolist())
    for change in ({"seed": 1}, {"rel_gap": 1e-3}, {"time_limit_s": 50}):
        seen.clear()
        placement.sweep(folders["case"], names[:1], out, listen=seen.append, **{"time_limit_s": 60, **change})
        assert not any(r.get("resumed") for r in seen)
    (folders["dear"] / "case.toml").write_text('[factors]\n"tariffs.energy_usd_per_mwh" = 1.4\n')
    seen.clear()
    placement.sweep(folders["case"], names, out, time_limit_s=50, listen=seen.append)
    assert {r["scenario"]: r.get("resumed", False) for r in seen} == {"base": True, "dear": False, "few": False}


def test_a_damaged_run_is_made_again(folders, tmp_path):
    """A summary that cannot be read is not believed."""
    placement.sweep(folders["case"], [folders["dear"]], tmp_path / "out", time_limit_s=60)
    (tmp_path / "out" / "dear" / "summary.json").write_text("{")
    table = placement.sweep(folders["case"], [folders["dear"]], tmp_path / "out", time_limit_s=60)
    assert list(table["status"]) == ["optimal", "optimal"]


def test_asked_to_stop_it_keeps_what_is_finished(folders, tmp_path):
    """After the base nothing is begun; every scenario says so."""
    stop = Stop()
    table = placement.sweep(
        folders["case"], [folders["dear"], folders["few"]], tmp_path / "out", time_limit_s=60, stop=stop, listen=lambda r: setattr(stop, "interrupted", True)
    )
    assert list(table["status"]) == ["optimal", "interrupted", "interrupted"] and exit_code(table) == 130
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["base", "sweep.csv", "sweep.html"]


def test_workers_solve_side_by_side(folders, tmp_path):
    """Two processes give what one gives."""
    names = [folders["dear"], folders["few"]]
    one = placement.sweep(folders["case"], names, tmp_path / "one", time_limit_s=60)
    two = placement.sweep(folders["case"], names, tmp_path / "two", time_limit_s=60, workers=2)
    assert two["objective_musd"].tolist() == pytest.approx(one["objective_musd"].tolist(), rel=1e-4)


def test_names_and_places_that_cannot_be(folders, tmp_path):
    """Two scenarios of one name, one called base, a folder inside the case: refused before anything is solved."""
    (tmp_path / "x" / "dear").mkdir(parents=True)
    with pytest.raises(OptionError, match="dear"):
        placement.sweep(folders["case"], [folders["dear"], tmp_path / "x" / "dear"], tmp_path / "out")
    with pytest.raises(DataError, match="lies inside"):
        placement.sweep(folders["case"], [folders["dear"]], folders["case"] / "out")
    (tmp_path / "out" / "dear").mkdir(parents=True)
    (tmp_path / "out" / "dear" / "mine.txt").write_text("mine")
    with pytest.raises(DataError, match="not a run folder"):
        placement.sweep(folders["case"], [folders["dear"]], tmp_path / "out")


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
@pytest.mark.parametrize("wait", [0.0, 4.0])
def test_ctrl_c_keeps_what_is_finished(tmp_path, wait):
    """The signal ends the runs that are going on; the same command goes on from there."""
    out, scenarios = tmp_path / "out", [str(ROOT / "data" / "scenarios" / n) for n in ("carbon-price", "chips-halved")]
    command = [sys.executable, "-m", "placement", "sweep", str(ROOT / "data" / "frontier-small"), *scenarios, "--out", str(out), "--workers", "2", "--gap", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENV)
    assert process.stderr is not None
    assert process.stderr.readline().startswith("placement: base: optimal")
    time.sleep(wait)
    process.send_signal(signal.SIGINT)
    stdout, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    assert "goes on from there" in stderr
    assert max(map(len, stdout.splitlines())) <= 80
    table = pd.read_csv(out / "sweep.csv")
    assert list(table["scenario"]) == ["base", "carbon-price", "chips-halved"]
    for row in table.iloc[1:].itertuples():
        assert row.status == "interrupted" or "interrupted" in str(row.note)
        assert (out / row.scenario).exists() == (row.status != "interrupted")  # a plan that was found is kept


@pytest.mark.skipif(not os.environ.get("PLACEMENT_LONG_TESTS"), reason="tens of seconds; set PLACEMENT_LONG_TESTS")
def test_frontier_small_example(tmp_path, python):
    """The example of the documentation."""
    scenarios = [ROOT / "data" / "scenarios" / n for n in ("permit-refused", "china-must-serve")]
    done = python("-m", "placement", "sweep", ROOT / "data" / "frontier-small", *scenarios, "--out", tmp_path / "out", "--time-limit", "60", "--workers", "2")
    assert done.returncode == 3, done.stderr
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    table = pd.read_csv(tmp_path / "out" / "sweep.csv").set_index("scenario")
    assert table.loc["base", "objective_musd"] == pytest.approx(-25482, rel=2e-4)
    assert table.loc["permit-refused", "value_delta_musd"] == pytest.approx(-12739, rel=1e-3)
    assert table.loc["permit-refused", "at_most_musd"] - table.loc["permit-refused", "at_least_musd"] < 20
    assert table.loc["china-must-serve", "status"] == "infeasible" and "residency:cn-csl-37" in table.loc["china-must-serve", "note"]
    usage = python("-m", "placement", "sweep", ROOT / "data" / "frontier-small", "--out", tmp_path / "out")
    assert usage.returncode == 2 and "--tornado" in usage.stderr
