"""The command line as scripts see it: exit codes, what is printed where, and that nothing is written when nothing should be."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from placement.cli import main
from placement.errors import ExitCode

HEAVY = ("numpy", "pandas", "pyomo", "highspy", "scipy", "networkx")
ROOT = Path(__file__).resolve().parent.parent


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its content, and every folder."""
    return {str(p.relative_to(folder)): p.read_bytes() if p.is_file() else b"/" for p in sorted(folder.rglob("*"))}


def edit(file: Path, old: str, new: str) -> None:
    """Replace a text that must be there."""
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def claim(run: Path, **values: object) -> None:
    """Change keys of ``summary.json``; ``...`` deletes one."""
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8")) | values
    (run / "summary.json").write_text(json.dumps({k: v for k, v in summary.items() if v is not ...}), encoding="utf-8")


def test_exit_codes_are_the_contract():
    """Scripts compare with these numbers."""
    assert {code.name: int(code) for code in ExitCode} == {
        "OK": 0, "BAD_INPUT": 1, "USAGE": 2, "INFEASIBLE": 3, "NO_PLAN": 4, "CHECK_FAILED": 5, "INTERRUPTED": 130,
    }  # fmt: skip


# -- 0 -----------------------------------------------------------------------------------------------------------------------


def test_solve_then_check_then_report(three_sites, tmp_path, capsys):
    """A plan is found, stands up to the check, and its report is written again; results on stdout, progress on stderr."""
    run = tmp_path / "not" / "yet" / "there"
    assert main(["solve", str(three_sites), "--out", str(run), "--time-limit", "60", "--progress"]) == ExitCode.OK
    shown = capsys.readouterr()
    assert "optimal" in shown.out and "-205" in shown.out and "branch and bound" not in shown.out
    assert "branch and bound" in shown.err and "optimal" not in shown.err
    assert main(["check", str(three_sites), str(run)]) == ExitCode.OK
    shown = capsys.readouterr()
    assert "holds: plan, cost and bound" in shown.out and re.search(r"holds: +True", shown.out) and not shown.err
    (run / "report.html").unlink()
    assert main(["report", str(run)]) == ExitCode.OK
    assert (run / "report.html").read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")
    assert sorted(p.name for p in run.parent.iterdir()) == ["there"]


def test_start_takes_an_earlier_plan(three_sites, run_folder, tmp_path):
    """An earlier run is a start, and the plan that comes out is as good."""
    assert main(["solve", str(three_sites), "--out", str(tmp_path / "again"), "--start", str(run_folder), "--quiet"]) == ExitCode.OK
    summary = json.loads((tmp_path / "again" / "summary.json").read_text(encoding="utf-8"))
    assert summary["objective"] == pytest.approx(-205.238372)
    assert [p["start"] for p in summary["phases"] if p["phase"] == "warm start"] == ["as it was"]


def test_quiet_is_silent(python, three_sites, tmp_path):
    """Nothing is printed on success, not even by libraries."""
    done = python("-W", "default", "-m", "placement", "solve", three_sites, "--out", tmp_path / "run", "--quiet")
    assert (done.returncode, done.stdout, done.stderr) == (ExitCode.OK, "", "")


def test_pipes_get_plain_text(python, three_sites, tmp_path):
    """No escape codes and no carriage returns where there is no terminal; an encoding without our signs is no failure."""
    done = python("-m", "placement", "solve", three_sites, "--out", tmp_path / "run", extra={"PYTHONIOENCODING": "ascii"})
    assert done.returncode == ExitCode.OK
    assert done.stdout.isascii() and done.stderr == ""
    assert "\x1b" not in done.stdout + done.stderr and "\r" not in done.stdout + done.stderr


@pytest.mark.parametrize("command", ["models", "schema"])
def test_lists(command, capsys):
    """What there is can be listed."""
    assert main([command]) == ExitCode.OK
    assert "placement" in capsys.readouterr().out


def test_one_table_of_the_schema(capsys):
    """``placement schema TABLE`` prints that table alone; a word that is none is a usage error with the nearest one."""
    assert main(["schema", "grid"]) == ExitCode.OK
    out = capsys.readouterr().out
    assert out.startswith("### grid\n") and "`firmness`" in out and out.count("###") == 1 and len(out.splitlines()) < 40
    assert main(["schema", "gird"]) == ExitCode.USAGE
    assert "there is no table 'gird'. Did you mean 'grid'?" in capsys.readouterr().err


def test_a_reader_that_has_seen_enough_is_no_error(python):
    """``placement schema | head -1`` ends quietly."""
    code = "import subprocess, sys; p = subprocess.Popen([sys.executable, '-m', 'placement', 'schema'], stdout=-1, stderr=-1); p.stdout.close()\n"
    done = python("-c", code + "print(p.wait(), p.stderr.read())")
    assert done.stdout.strip() == "0 b''"


def test_help_loads_nothing_heavy(python):
    """``placement --help`` answers at once because nothing is imported that a command may need later."""
    code = (
        "import sys\nfrom placement.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit as e:\n    assert not e.code\n"
        f"loaded = [m for m in {HEAVY!r} if m in sys.modules]\nassert not loaded, loaded"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
    assert "exit codes: 0 plan found" in done.stdout


# -- 1 -----------------------------------------------------------------------------------------------------------------------


def test_a_broken_table_is_named(case_copy, tmp_path, capsys):
    """Table, column, rows and remedy are told, for all problems at once, and nothing is written, not even the parent of RUN."""
    edit(case_copy / "sites.csv", "plains,1.2", "plains,0.2")
    edit(case_copy / "jobs.csv", "600,2027,2029", "600,2029,2027")
    before = tree(tmp_path)
    assert main(["solve", str(case_copy), "--out", str(tmp_path / "new" / "run")]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert not shown.out
    for word in ("2 problems", "nothing was written", "sites", "'pue'", "alpha", "line 2", "jobs", "large"):
        assert word in shown.err
    assert tree(tmp_path) == before
    assert main(["validate", str(case_copy)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert "'pue'" in shown.out and "2 problem(s)" in shown.err


def bad_inputs(three: Path, tmp: Path) -> dict[str, tuple[list[str], str]]:
    """Return command lines that must end with 1, each with a word of the message."""
    file, mine, case, run = tmp / "file", tmp / "mine", str(three), str(tmp / "run")
    file.write_text("text", encoding="utf-8")
    mine.mkdir()
    (mine / "thesis.txt").write_text("years of work", encoding="utf-8")
    (tmp / "circle").symlink_to(tmp / "circle")
    os.mkfifo(tmp / "pipe")
    return {
        "no such case": (["solve", str(tmp / "nosuch"), "--out", run], "does not exist"),
        "file as case": (["solve", str(three / "case.toml"), "--out", run], "is a file"),
        "empty case": (["solve", str(mine), "--out", run], "case.toml"),
        "someone's folder as run": (["solve", case, "--out", str(mine)], "is not a run folder"),
        "file as run": (["solve", case, "--out", str(file)], "is not a run folder"),
        "pipe as run": (["solve", case, "--out", str(tmp / "pipe")], "is not a run folder"),  # like /dev/null: neither file nor folder
        "run below a file": (["solve", case, "--out", str(file / "run")], "is a file"),
        "run in /proc": (["solve", case, "--out", "/proc/nosuch/run"], "cannot be written"),
        "run is a circle of links": (["solve", case, "--out", str(tmp / "circle")], "circle"),
        "NUL in the name": (["solve", case, "--out", "a\0b"], "cannot be written"),
        "run inside the case": (["solve", case, "--out", str(three / "run")], "inside one another"),
        "start is no run": (["solve", case, "--out", run, "--start", str(mine)], "is not a readable run folder"),
        "start is not there": (["solve", case, "--out", run, "--start", str(tmp / "nosuch")], "is not a readable run folder"),
        "unknown card": (["solve", case, "--out", run, "--model", "palcement"], "known models: cflp, gap, p_median, placement, "),
        "check of no run": (["check", case, str(mine)], "is not a readable run folder"),
        "check of no case": (["check", str(mine), str(mine)], "case.toml"),
        "report of no run": (["report", str(file)], "is not a readable run folder"),
        "validate nothing": (["validate", str(tmp / "nosuch")], "does not exist"),
    }


@pytest.mark.parametrize("name", [
    "no such case", "file as case", "empty case", "someone's folder as run", "file as run", "pipe as run",
    "run below a file", "run in /proc", "run is a circle of links",
    "NUL in the name", "run inside the case", "start is no run", "start is not there", "unknown card", "check of no run", "check of no case",
    "report of no run", "validate nothing",
])  # fmt: skip
@pytest.mark.skipif(os.name != "posix", reason="links, pipes and /proc as POSIX has them")
def test_bad_input(name, three_sites, tmp_path, capsys):
    """Every kind of bad input ends with 1 and a message, and leaves the disk as it was."""
    if name == "run in /proc" and not Path("/proc/self").exists():
        pytest.skip("no /proc here")
    arguments, word = bad_inputs(three_sites, tmp_path)[name]
    before = tree(tmp_path)
    assert main(arguments) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert word in " ".join((shown.err + shown.out).split())
    assert tree(tmp_path) == before
    assert not (three_sites / "run").exists()


def test_a_case_of_an_unknown_model(case_copy, tmp_path, capsys, monkeypatch):
    """``validate`` finds it, and ``solve`` before anything is built; another card may be named."""
    text = (case_copy / "case.toml").read_text(encoding="utf-8")
    named = [line for line in text.splitlines() if line.startswith("model =")]
    text = text.replace(named[0], 'model = "palcement"') if named else 'model = "palcement"\n' + text
    (case_copy / "case.toml").write_text(text, encoding="utf-8")
    assert main(["validate", str(case_copy)]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert "unknown model 'palcement'; known models: cflp, gap, p_median, placement, " in shown.err and not shown.out
    run = ["solve", str(case_copy), "--out", str(tmp_path / "run"), "--quiet"]
    assert main([*run, "--model", "placement", "--time-limit", "60"]) == ExitCode.OK
    monkeypatch.setattr("placement.batch.solve", None)
    assert main(run) == ExitCode.BAD_INPUT
    assert "unknown model 'palcement'" in capsys.readouterr().err


def test_an_unreadable_case(three_sites, tmp_path, monkeypatch, capsys):
    """A folder that the user may not list is bad input, not a traceback."""

    def refuse(self: Path) -> None:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert main(["validate", str(three_sites)]) == ExitCode.BAD_INPUT
    assert "Permission denied" in capsys.readouterr().err


def test_no_traceback_from_the_shell(python, tmp_path):
    """What a user sees is the message alone."""
    done = python("-m", "placement", "solve", tmp_path / "nosuch", "--out", tmp_path / "run")
    assert done.returncode == ExitCode.BAD_INPUT
    assert "Traceback" not in done.stderr and "does not exist" in " ".join(done.stderr.split())


# -- 2 -----------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("extra", "word"),
    [
        (["--no-such-flag"], "--no-such-flag"),
        (["--time", "5"], "--time"),
        (["--time-limit", "soon"], "--time-limit"),
        (["--time-limit=-1"], "time_limit_s must be"),
        (["--time-limit", "nan"], "time_limit_s must be"),
        (["--gap", "2"], "rel_gap must be"),
        (["--gap=-0.1"], "rel_gap must be"),
        (["--seed=-1"], "seed must be"),
        (["--workers", "0"], "workers must be"),
        (["--workers", "100000"], "workers must be"),
        (["--cluster", ""], "cluster must be"),
        (["--cluster", "tcp://127.0.0.1:9"], "cluster tcp://127.0.0.1:9"),
        (["--work-limit", "0"], "work_limit must be"),
        (["--work-limit", "inf"], "work_limit must be"),
    ],
)
def test_usage(extra, word, three_sites, tmp_path, capsys):
    """An option that is unknown, abbreviated or out of its range ends with 2, whatever the case is."""
    try:
        code = main(["solve", str(three_sites), "--out", str(tmp_path / "run"), *extra])
    except SystemExit as end:
        code = end.code
    assert code == ExitCode.USAGE
    assert word in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("arguments", [[], ["solve"], ["solve", "case"], ["fly"], ["check", "case"]])
def test_incomplete_command(arguments):
    """A command that lacks its arguments is usage."""
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == ExitCode.USAGE


# -- 3, 4, 5 -----------------------------------------------------------------------------------------------------------------


def test_infeasible(case_copy, tmp_path, capsys):
    """Proven infeasibility is a finding: a run folder without a plan, and the message says what cannot be served."""
    edit(case_copy / "jobs.csv", "job,name,value_musd,earliest,latest", "job,name,value_musd,earliest,latest,mandatory")
    for job, flag in (("2027,2027", 0), ("2027,2029", 0), ("2027,2029", 1)):
        edit(case_copy / "jobs.csv", f"{job}\n", f"{job},{flag}\n")
    edit(case_copy / "job_skus.csv", "weak,b,4000,1", "weak,b,40000,1")
    run = tmp_path / "run"
    assert main(["solve", str(case_copy), "--out", str(run)]) == ExitCode.INFEASIBLE
    shown = capsys.readouterr()
    assert "proven infeasible" in shown.err and "job weak" in shown.out
    summary = json.loads((run / "summary.json").read_text(encoding="utf-8"))
    assert summary["status"] == "infeasible" and summary["objective"] is None
    assert not list((run / "plan").iterdir())
    excluded = (run / "exclusions.csv").read_text(encoding="utf-8").splitlines()
    assert excluded[0] == "workload,place,sku,rule,n" and "weak,alpha,b,size,1" in excluded
    assert str(run / "exclusions.csv") in shown.err
    assert main(["report", str(run)]) == ExitCode.OK
    assert main(["check", str(case_copy), str(run)]) == ExitCode.BAD_INPUT
    assert "holds no plan (status: infeasible)" in " ".join(capsys.readouterr().err.split())
    assert main(["solve", str(case_copy), "--out", str(tmp_path / "x"), "--start", str(run)]) == ExitCode.BAD_INPUT
    assert "holds no plan to start from" in " ".join(capsys.readouterr().err.split())


def test_no_plan_within_the_limit(three_sites, tmp_path, capsys):
    """A limit that has passed before the search begins leaves no plan; nothing is written and the way out is told."""
    assert main(["solve", str(three_sites), "--out", str(tmp_path / "run"), "--time-limit", "1e-9"]) == ExitCode.NO_PLAN
    assert "--time-limit" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_plan_that_the_checker_rejects_is_never_0(three_sites, tmp_path, monkeypatch, capsys):
    """The verdict decides the exit code; the run is written for inspection and says that it failed."""
    import placement.solving  # heavy, like everything but the shell
    from placement.plan.checker import Violation

    true_check = placement.solving.check

    def doubt(*args: object) -> object:
        return dataclasses.replace(true_check(*args), ok=False, violations=(Violation("hall_it_mw", "alpha", 1.0, "MW", "too full"),))

    monkeypatch.setattr(placement.solving, "check", doubt)
    run = tmp_path / "run"
    assert main(["solve", str(three_sites), "--out", str(run), "--quiet"]) == ExitCode.CHECK_FAILED
    assert "checker: hall_it_mw: alpha: too full" in capsys.readouterr().err
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))["check"]["ok"] is False


# -- check -------------------------------------------------------------------------------------------------------------------


def spoil_certificate(run: Path, how: str) -> None:
    """Replace the certificate by something that proves nothing."""
    file = run / "certificate.npz"
    with np.load(file) as saved:
        proof = dict(saved)
    dual = proof["dual"]
    garbage = {"text": b"proof by assertion", "empty": b"", "zip": b"PK\x03\x04 and no more", "cut": file.read_bytes()[:-40]}
    arrays = {
        "shorter": dual[:, :-1], "vector": dual[0], "number": np.float64(1.0), "words": np.full(dual.shape, "a"), "nothing": np.zeros((0, 0)),
        "zero": 0 * dual, "nan": dual * np.nan, "huge": np.full(dual.shape, 1e308), "infinite": np.full(dual.shape, np.inf),
    }  # fmt: skip
    if how == "gone":
        file.unlink()
    elif how in garbage:
        file.write_bytes(garbage[how])
    elif how == "other name":
        np.savez(file, **{("duel" if name == "dual" else name): array for name, array in proof.items()})
    else:
        np.savez(file, **(proof | {"dual": arrays[how]}))


@pytest.mark.parametrize(
    "how",
    ["text", "empty", "zip", "cut", "shorter", "vector", "number", "words", "nothing", "zero", "nan", "huge", "infinite", "gone", "other name"],
)
def test_check_needs_the_certificate(how, three_sites, run_folder, capsys):
    """A bound that the saved vector does not prove does not hold, and garbage is no reason to crash."""
    spoil_certificate(run_folder, how)
    assert main(["check", str(three_sites), str(run_folder)]) == ExitCode.CHECK_FAILED
    assert "DOES NOT HOLD" in capsys.readouterr().err


@pytest.mark.parametrize(
    "change",
    [
        {"objective": -206.0}, {"objective": None}, {"objective": "much"}, {"objective": ...}, {"objective": math.nan}, {"objective": True},
        {"verified_bound": -205.3}, {"verified_bound": "much"}, {"verified_bound": ...}, {"verified_bound": math.nan}, {"verified_bound": None},
        {"bound": -200.0}, {"bound": None}, {"gap": 0.5}, {"gap": None}, {"verified_gap": 0.3}, {"case_sha256": "0" * 64},
    ],
    ids=str,
)  # fmt: skip
def test_check_sees_through_the_summary(change, three_sites, run_folder):
    """Objective, bounds and gaps that do not follow from plan and certificate are not believed."""
    claim(run_folder, **change)
    assert main(["check", str(three_sites), str(run_folder)]) == ExitCode.CHECK_FAILED


@pytest.mark.parametrize(
    ("table", "old", "new", "word"),
    [
        ("orders", "6000", "5999", "orders"),
        ("training", "large,beta", "large,alpha", "large"),
        ("cash", "capex,", "capex,1", "capex"),
        ("inference", "1000.0", "many", "format"),
        ("halls", "site,hall", "hall,hall", "format"),
    ],
)
def test_check_sees_through_the_plan(table, old, new, word, three_sites, run_folder, capsys):
    """A changed cell of the plan is found, and named."""
    edit(run_folder / "plan" / f"{table}.csv", old, new)
    assert main(["check", str(three_sites), str(run_folder)]) == ExitCode.CHECK_FAILED
    assert word in capsys.readouterr().out


def test_what_is_found_in_a_run_cannot_move_the_terminal(three_sites, run_folder, capsys):
    """Plan tables may have been written by anyone: escape sequences in them are shown, not obeyed."""
    edit(run_folder / "plan" / "training.csv", "large,beta", "lar\x1b[2Jge,beta")
    assert main(["check", str(three_sites), str(run_folder)]) == ExitCode.CHECK_FAILED
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err and "lar\\x1b[2Jge" in shown.out
    assert main(["validate", str(three_sites / "no\x1b[31m")]) == ExitCode.BAD_INPUT
    shown = capsys.readouterr()
    assert "\x1b" not in shown.out + shown.err and "no\\x1b[31m" in shown.out + shown.err


def test_check_misses_a_table(three_sites, run_folder, capsys):
    """A plan without one of its tables is not a plan."""
    (run_folder / "plan" / "energy.csv").unlink()
    assert main(["check", str(three_sites), str(run_folder)]) == ExitCode.CHECK_FAILED
    assert "energy.csv" in capsys.readouterr().out


@pytest.mark.parametrize(("file", "old", "new"), [("jobs.csv", "600,2027", "601,2027"), ("offers.csv", "50000", "50001"), ("case.toml", "0.0", "0.01")])
def test_check_notices_another_case(file, old, new, case_copy, run_folder, capsys):
    """The run belongs to one content of the case."""
    assert main(["check", str(case_copy), str(run_folder)]) == ExitCode.OK  # a copy elsewhere is the same case
    edit(case_copy / file, old, new)
    assert main(["check", str(case_copy), str(run_folder)]) == ExitCode.CHECK_FAILED
    assert "the case is not the one" in capsys.readouterr().err


def test_report_needs_its_case(case_copy, tmp_path, capsys):
    """A report is only written from the very case that was solved."""
    run = tmp_path / "run"
    assert main(["solve", str(case_copy), "--out", str(run), "--quiet"]) == ExitCode.OK
    before = tree(run)
    edit(case_copy / "jobs.csv", "600,2027", "601,2027")
    assert main(["report", str(run)]) == ExitCode.BAD_INPUT
    shutil.rmtree(case_copy)
    assert main(["report", str(run)]) == ExitCode.BAD_INPUT
    assert "names a case folder that is not there" in " ".join(capsys.readouterr().err.split())
    assert tree(run) == before


def test_a_report_is_about_the_tables_that_are_there(three_sites, run_folder, capsys):
    """A missing plan table is an error that names it; of tables that were changed the page says first what is wrong, and the exit code is not 0."""
    before = (run_folder / "report.html").read_text(encoding="utf-8")
    orders = run_folder / "plan" / "orders.csv"
    text = orders.read_text(encoding="utf-8")
    orders.unlink()
    assert main(["report", str(run_folder)]) == ExitCode.BAD_INPUT
    assert "plan/orders.csv" in capsys.readouterr().err and (run_folder / "report.html").read_text(encoding="utf-8") == before
    orders.write_text(text.splitlines()[0] + "\n", encoding="utf-8")
    assert main(["report", str(run_folder)]) == ExitCode.CHECK_FAILED
    page = (run_folder / "report.html").read_text(encoding="utf-8")
    assert "checker: " in capsys.readouterr().err
    assert "Do not act on this plan" in page and "checked independently" not in page
    orders.write_text(text, encoding="utf-8")
    assert main(["report", str(run_folder)]) == ExitCode.OK
    assert "checked independently" in (run_folder / "report.html").read_text(encoding="utf-8")


def test_check_needs_no_solver(python, three_sites, run_folder):
    """Neither HiGHS nor our engine is loaded to check a run or to write its report."""
    code = (
        "import sys\nfrom placement.cli import main\n"
        f"assert main(['check', {str(three_sites)!r}, {str(run_folder)!r}]) == 0\n"
        f"assert main(['report', {str(run_folder)!r}]) == 0\n"
        "loaded = [m for m in sys.modules if m.split('.')[0] == 'highspy' or m.startswith(('placement.engine', 'placement.solving'))]\n"
        "assert not loaded, loaded"
    )
    done = python("-c", code)
    assert done.returncode == 0, done.stderr
