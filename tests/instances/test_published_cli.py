"""Instance files on the command line: the same path, run folder and exit codes as any case."""

from __future__ import annotations

import gzip
import json
import shutil
from pathlib import Path

import pytest

import placement
from placement.cli import main
from placement.errors import ExitCode
from placement.instances import FORMATS
from tests.instances import writing as w

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "data" / "instances" / "four-campuses.txt"


@pytest.fixture
def files(tmp_path):
    """A folder with a file of each format."""
    folder = tmp_path / "files"
    folder.mkdir()
    for name in w.FORMATS:
        (folder / name).write_text(w.text(name), encoding="utf-8")
    return folder


def solve(file: Path, out: Path, *options: str) -> int:
    """Run ``placement solve`` on a file."""
    return main(["solve", str(file), "--out", str(out), "--time-limit", "20", "--workers", "1", "--quiet", *options])


def summary(run: Path) -> dict:
    """Return the summary of a run."""
    return json.loads((run / "summary.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("name", "model", "extra"), [
    ("gap", "gap", []), ("orlib-cap", "cflp", []), ("holmberg", "sscflp", []), ("diaz", "sscflp", []), ("tbed", "uflp", []),
    ("tbed", "p_median", ["--open-sites", "2"]),
])  # fmt: skip
def test_solve_check_report(name, model, extra, files, tmp_path, capsys):
    """Each format and card end to end; check takes from the run what it is not told."""
    run = tmp_path / "run"
    assert solve(files / name, run, "--format", name, "--model", model, *extra) == ExitCode.OK
    made = summary(run)
    assert made["status"] == "optimal" and made["model"] == model and made["cost_unit"] == "units" and made["check"]["ok"]
    assert made["instance"]["format"] == name and len(made["instance"]["file_sha256"]) == 64 and made["instance"]["capacity"] is None
    assert made["instance"]["open_sites"] == (2 if extra else None)
    capsys.readouterr()
    assert main(["check", "--format", name, str(files / name), str(run), "--model", model, *extra]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert "units" in shown and "M$" not in shown
    assert main(["check", str(files / name), str(run)]) == ExitCode.OK
    (run / "report.html").unlink()
    assert main(["report", str(run)]) == ExitCode.OK and (run / "report.html").is_file()


def test_the_library_does_the_same(files, tmp_path):
    """read_instance, solve, write_plan: the run folder of the command."""
    assert solve(files / "gap", tmp_path / "a", "--format", "gap") == ExitCode.OK
    case = placement.read_instance(files / "gap", "gap")
    placement.write_plan(placement.solve(case, time_limit_s=20), tmp_path / "b")
    a, b = summary(tmp_path / "a"), summary(tmp_path / "b")
    for key in ("case", "case_sha256", "case_path", "instance", "model", "objective", "bound", "cost_unit", "sizes"):
        assert a[key] == b[key], key
    assert (tmp_path / "a/plan/training.csv").read_bytes() == (tmp_path / "b/plan/training.csv").read_bytes()


def test_the_example_of_the_readme(tmp_path):
    """The optimum of the made-up file, by enumeration of the open campuses and a linear program for each."""
    import itertools

    import numpy as np
    from scipy.optimize import linprog

    numbers = np.array(EXAMPLE.read_text(encoding="utf-8").split(), float)
    m, n = int(numbers[0]), int(numbers[1])
    capacity, opening = numbers[2 : 2 + 2 * m].reshape(m, 2).T
    rows = numbers[2 + 2 * m :].reshape(n, m + 1)
    demand, cost = rows[:, 0], rows[:, 1:].T
    best = np.inf
    for opened in itertools.product((0, 1), repeat=m):
        load = np.kron(np.eye(m), demand)
        done = linprog(cost.ravel(), load, capacity * opened, np.tile(np.eye(n), m), np.ones(n), bounds=(0, 1))
        best = min(best, done.fun + opening @ opened) if done.status == 0 else best
    assert solve(EXAMPLE, tmp_path / "run", "--format", "orlib-cap") == ExitCode.OK
    assert summary(tmp_path / "run")["objective"] == pytest.approx(best)


def test_capacity_is_remembered(files, tmp_path):
    """What stands in for the word is in the summary, and check fills it in again; another number is another case."""
    lines = w.text("orlib-cap").splitlines()
    lines[1:4] = [f"capacity {opening:g}" for opening in w.OPENING]
    (files / "open.txt").write_text("\n".join(lines), encoding="utf-8")
    run = tmp_path / "run"
    assert solve(files / "open.txt", run, "--format", "orlib-cap", "--capacity", "9") == ExitCode.OK
    assert summary(run)["instance"]["capacity"] == 9 and summary(run)["case"] == "open"
    assert main(["check", str(files / "open.txt"), str(run)]) == ExitCode.OK
    assert main(["check", str(files / "open.txt"), str(run), "--capacity", "10"]) == ExitCode.CHECK_FAILED
    assert main(["report", str(run)]) == ExitCode.OK


def test_a_packed_copy_is_the_same_case(files, tmp_path):
    """The plain file is solved, its packed copy elsewhere is checked against."""
    run = tmp_path / "run"
    assert solve(files / "diaz", run, "--format", "diaz") == ExitCode.OK
    packed = tmp_path / "other.gz"
    packed.write_bytes(gzip.compress((files / "diaz").read_bytes()))
    assert main(["check", str(packed), str(run)]) == ExitCode.OK


def test_check_notices_another_file(files, tmp_path, capsys):
    """A changed number, another format of as many numbers, another card."""
    run = tmp_path / "run"
    assert solve(files / "holmberg", run, "--format", "holmberg") == ExitCode.OK
    changed = Path(shutil.copy(files / "holmberg", tmp_path / "changed"))
    changed.write_text(changed.read_text(encoding="utf-8").replace("40", "41"), encoding="utf-8")
    assert main(["check", str(changed), str(run)]) == ExitCode.CHECK_FAILED
    assert "not the one" in capsys.readouterr().err
    assert main(["check", "--format", "orlib-cap", str(files / "holmberg"), str(run)]) == ExitCode.CHECK_FAILED
    assert main(["check", str(files / "holmberg"), str(run), "--model", "cflp"]) == ExitCode.BAD_INPUT
    assert "is 'sscflp', not 'cflp'" in " ".join(capsys.readouterr().err.split())
    (files / "holmberg").unlink()
    assert main(["report", str(run)]) == ExitCode.BAD_INPUT
    assert "instance file that is not there" in " ".join(capsys.readouterr().err.split())


def test_notes_are_told(files, tmp_path, capsys):
    """What the model leaves out of the file is said on stderr and kept in the summary; --quiet is quiet."""
    arguments = ["solve", str(files / "tbed"), "--out", str(tmp_path / "run"), "--format", "tbed", "--model", "uflp", "--time-limit", "20"]
    assert main(arguments) == ExitCode.OK
    note = "the file's capacities are not part of model uflp"
    assert f"placement: note: {note}" in capsys.readouterr().err and summary(tmp_path / "run")["notes"] == [note]
    assert main([*arguments, "--quiet"]) == ExitCode.OK
    shown = capsys.readouterr()
    assert not shown.err and not shown.out


def test_infeasible(files, tmp_path, capsys):
    """Capacities that cannot hold the workloads are proven not to."""
    (files / "small").write_text(w.text("gap").replace("9 8 10", "2 2 4"), encoding="utf-8")
    assert solve(files / "small", tmp_path / "run", "--format", "gap") == ExitCode.INFEASIBLE
    assert "proven infeasible" in capsys.readouterr().err


@pytest.mark.parametrize(("arguments", "code", "word"), [
    (["--format", "gab"], ExitCode.USAGE, "Did you mean 'gap'"),
    (["--format", "gap", "--model", "cflp"], ExitCode.USAGE, "instances of gap"),
    (["--format", "gap", "--capacity", "3"], ExitCode.USAGE, "--capacity"),
    (["--format", "gap", "--open-sites", "3"], ExitCode.USAGE, "--open-sites"),
    (["--capacity", "3"], ExitCode.USAGE, "only with --format"),
    (["--open-sites", "3"], ExitCode.USAGE, "only with --format"),
    (["--format", "diaz"], ExitCode.BAD_INPUT, "--format gap"),
    ([], ExitCode.BAD_INPUT, "is a file"),
])  # fmt: skip
def test_refused(arguments, code, word, files, tmp_path, capsys):
    """Options that do not fit are usage; files that do not are bad input; nothing is written."""
    assert solve(files / "gap", tmp_path / "run", *arguments) == code
    assert word in " ".join(capsys.readouterr().err.split()) and not (tmp_path / "run").exists()


def test_options_of_files_on_folders(tmp_path, three_sites, run_folder, capsys):
    """A case folder has no format, and a run of it none to take over."""
    assert main(["solve", str(three_sites), "--out", str(tmp_path / "x"), "--format", "gap"]) == ExitCode.BAD_INPUT
    assert "is a folder" in " ".join(capsys.readouterr().err.split())
    assert main(["check", str(three_sites), str(run_folder), "--capacity", "3"]) == ExitCode.USAGE
    assert main(["check", str(EXAMPLE), str(run_folder)]) == ExitCode.BAD_INPUT
    assert "give --format" in " ".join(capsys.readouterr().err.split())


def test_formats_are_listed(capsys):
    """Every format with its cards and an example, no line wider than a terminal."""
    assert main(["formats"]) == ExitCode.OK
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    shown = " ".join(" ".join(lines).split())
    assert all(entry.name in shown and entry.example in shown and entry.title in shown for entry in FORMATS.values())
