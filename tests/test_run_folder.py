"""The run folder is there whole or not at all, is what the contract says, and comes back as it was; the library around it."""

from __future__ import annotations

import json
import math
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import placement
from placement.errors import DataError
from placement.plan import run_folder as module
from placement.plan.checking.tables import PLAN_TABLES
from placement.plan.prices import COLUMNS
from placement.plan.run_folder import EXCLUSIONS, FILES, PRICES, check_target, plain, read_certificate, read_run, write_run
from placement.rules import unreachable

SUMMARY_KEYS = {
    "status", "objective", "bound", "verified_bound", "gap", "kpis", "runtime_s", "phases", "sizes", "versions", "case_sha256", "options", "seed",
}  # fmt: skip


def tree(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder with its content."""
    return {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}


# -- what is in it -----------------------------------------------------------------------------------------------------------


def test_holds_what_the_contract_says(solved):
    """Files, plan tables with their columns, and the keys of the summary; strict JSON throughout."""
    assert sorted(p.name for p in solved.run.iterdir()) == sorted(FILES)
    assert sorted(p.stem for p in (solved.run / "plan").iterdir()) == sorted(PLAN_TABLES)
    for name, table in PLAN_TABLES.items():
        head = (solved.run / "plan" / f"{name}.csv").read_text(encoding="utf-8").split("\n", 1)[0]
        assert head == ",".join(table.columns)

    def refuse(constant: str) -> None:
        raise ValueError(constant)

    summary = json.loads((solved.run / "summary.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert set(summary) >= SUMMARY_KEYS
    assert summary["status"] == "optimal" and summary["objective"] == pytest.approx(-205.238372)
    assert summary["verified_bound"] <= summary["bound"] <= summary["objective"] + 1e-9
    assert summary["gap"] == pytest.approx(abs(summary["objective"] - summary["bound"]) / abs(summary["objective"]))
    assert summary["case_sha256"] == solved.case.sha256 and len(summary["case_sha256"]) == 64
    options = {"time_limit_s": 60.0, "rel_gap": 1e-4, "seed": 0, "workers": 1, "cluster": None, "work_limit": None}
    assert summary["options"] == options and summary["seed"] == 0
    assert {"rows", "columns", "integers", "nonzeros"} <= set(summary["sizes"])
    assert {"placement", "python", "highspy", "pyomo", "numpy", "pandas", "scipy", "networkx"} <= set(summary["versions"])
    assert all(set(p) == {"phase", "began_s", "seconds"} for p in summary["phases"])
    for line in (solved.run / "progress.jsonl").read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=refuse)
    assert (solved.run / "log.txt").read_text(encoding="utf-8") == "a line\n"
    assert PRICES == COLUMNS
    head = (solved.run / "exclusions.csv").read_text(encoding="utf-8").split("\n", 1)[0]
    assert head == ",".join(EXCLUSIONS) and unreachable.EXCLUSIONS == EXCLUSIONS


def test_lines_end_alike_on_every_system(solved):
    """Runs can be compared byte by byte."""
    assert not any(b"\r" in data for name, data in tree(solved.run).items() if not name.endswith(".npz"))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (math.nan, None), (np.inf, None), (np.float32(0.5), 0.5), (np.int64(3), 3), (np.bool_(True), True), (True, True), (None, None), ("a", "a"),
        (placement.Status.OPTIMAL, "optimal"), (Path("a"), "a"), ((1, [np.nan]), [1, [None]]), ({1: {"a": np.int8(2)}}, {"1": {"a": 2}}),
    ],
)  # fmt: skip
def test_plain_is_what_json_can_hold(value, expected):
    """Numbers of numpy become Python's, what is not finite becomes null, keys become text."""
    assert plain(value) == expected and type(plain(value)) is type(expected)
    json.dumps(plain(value), allow_nan=False)


# -- whole or not at all -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("error", [RuntimeError("in the middle"), KeyboardInterrupt(), OSError(28, "No space left on device")])
@pytest.mark.parametrize("where", ["write_files", "render", "rename old", "rename new"])
def test_a_failure_leaves_the_old_run(error, where, solved, run_folder, monkeypatch):
    """Whatever fails, whenever: the old run is as it was, byte for byte, and nothing lies about."""
    import placement.run

    (run_folder / "log.txt").write_text("the old run\n", encoding="utf-8")
    before = tree(run_folder)
    true_write, true_rename = placement.run.write_files, Path.rename

    def write_then_fail(*args: object) -> None:
        true_write(*args)
        raise error

    def fail(*args: object, **more: object) -> None:
        raise error

    def rename(self: Path, target: Path) -> Path:
        if target.name == {"rename old": "old", "rename new": "run"}[where] and self.name != "old":
            raise error
        return true_rename(self, target)

    if where == "write_files":
        monkeypatch.setattr(placement.run, "write_files", write_then_fail)
    elif where == "render":
        monkeypatch.setattr(placement.run, "render", fail)
    else:
        monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(DataError if isinstance(error, OSError) else type(error)) as caught:
        placement.write_plan(solved.plan, run_folder)
    if isinstance(error, OSError):
        assert "No space left on device" in str(caught.value)
    assert tree(run_folder) == before
    assert [p.name for p in run_folder.parent.iterdir()] == ["run"]


def test_a_failure_leaves_no_new_run(solved, tmp_path, monkeypatch):
    """Where there was nothing, there is nothing."""
    monkeypatch.setattr(module.np, "savez_compressed", lambda *a, **k: (_ for _ in ()).throw(MemoryError()))
    with pytest.raises(MemoryError):
        placement.write_plan(solved.plan, tmp_path / "run")
    assert not list(tmp_path.iterdir())


def test_an_old_run_is_replaced_as_a_whole(solved, run_folder):
    """Nothing of the old run is left, and what file managers drop is no obstacle."""
    (run_folder / "log.txt").write_text("the old run\n", encoding="utf-8")
    (run_folder / "plan" / "old.csv").write_text("old\n", encoding="utf-8")
    (run_folder / ".DS_Store").write_bytes(b"\0")
    assert placement.write_plan(solved.plan, str(run_folder)) == run_folder
    assert tree(run_folder) == tree(solved.run) | {"log.txt": b"", "certificate.npz": (run_folder / "certificate.npz").read_bytes()}
    assert [p.name for p in run_folder.parent.iterdir()] == ["run"]


def test_an_empty_folder_is_used(solved, tmp_path):
    """So is a link to a folder: what it points to is replaced, the link stays."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "empty", target_is_directory=True)
    assert placement.write_plan(solved.plan, tmp_path / "link") == (tmp_path / "empty").resolve()
    assert (tmp_path / "link").is_symlink() and (tmp_path / "empty" / "summary.json").is_file()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "link"]


def test_what_is_not_the_runs_own_is_never_deleted(solved, run_folder):
    """Notes in a run folder stop the run from being replaced, and the message names them."""
    (run_folder / "notes.md").write_text("mine", encoding="utf-8")
    before = tree(run_folder)
    with pytest.raises(DataError, match=r"notes\.md"):
        placement.write_plan(solved.plan, run_folder)
    assert tree(run_folder) == before


def test_the_working_folder_is_not_replaced(run_folder, monkeypatch):
    """A shell would be left in a deleted folder."""
    monkeypatch.chdir(run_folder / "plan")
    for out in (".", "..", run_folder):
        with pytest.raises(DataError):
            check_target(out)
    assert check_target("below").name == "below"


def test_asking_changes_nothing(tmp_path):
    """The target is looked at long before there is something to write: no folder is made by that."""
    assert check_target(tmp_path / "a" / "b" / "run") == (tmp_path / "a" / "b" / "run").resolve()
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="permissions as POSIX has them")
def test_permissions_are_those_of_any_new_folder(tmp_path):
    """A strict umask is respected: a run is not more public than the user wants."""
    before = os.umask(0o027)
    try:
        write_run(tmp_path / "run", lambda folder: (folder / "a").write_text("a", encoding="utf-8"))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "run").stat().st_mode) == 0o750


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_place_that_may_not_be_written(tmp_path):
    """It is told before the solve, not after."""
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(DataError, match="cannot be written"):
            check_target(tmp_path / "run")
    finally:
        tmp_path.chmod(0o700)


# -- and back ----------------------------------------------------------------------------------------------------------------


def test_comes_back_as_it_was(solved):
    """Tables, prices, progress and certificate are read as they were written, to the last bit."""
    run = read_run(solved.run)
    assert set(run.tables) == set(solved.plan.tables)
    for name, table in solved.plan.tables.items():
        back = run.tables[name]
        assert list(back) == list(table) and len(back) == len(table)
        for column in table:
            assert back[column].tolist() == table[column].tolist(), f"{name}.{column}"
    pd.testing.assert_frame_equal(run.prices, solved.plan.prices, check_dtype=False, check_exact=True)
    for column in EXCLUSIONS:
        assert run.exclusions[column].tolist() == solved.plan.exclusions[column].tolist(), f"exclusions.{column}"
    assert len(run.exclusions)
    assert [dict(p) for p in run.progress] == [dict(p) for p in solved.plan.progress]
    saved = read_certificate(solved.run)
    assert saved is not None
    for name, array in solved.plan.proof.arrays().items():
        assert (saved[name] == array).all(), name
    assert run.summary["objective"] == solved.plan.objective
    verdict = placement.check(solved.case, dict(run.tables))
    assert verdict.ok and verdict.objective == pytest.approx(solved.plan.objective)


def test_ids_stay_text(run_folder):
    """Ids such as NA, 007 and 1e5 are names."""
    text = (run_folder / "plan" / "orders.csv").read_text(encoding="utf-8").replace("b-2027", "007").replace(",b,", ",NA,")
    (run_folder / "plan" / "orders.csv").write_text(text, encoding="utf-8")
    orders = read_run(run_folder).tables["orders"]
    assert (orders["offer"].tolist(), orders["sku"].tolist(), orders["units"].tolist()) == (["007"], ["NA"], [6000.0])
    (run_folder / "exclusions.csv").write_text("workload,place,sku,rule,n\nNA,007,1e5,dates,1\n,,,latency,2\n", encoding="utf-8")
    back = read_run(run_folder).exclusions
    assert back.values.tolist() == [["NA", "007", "1e5", "dates", 1], ["", "", "", "latency", 2]]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("summary.json", None), ("summary.json", b"{"), ("summary.json", b"[]"), ("summary.json", b"{}"), ("summary.json", b"\xff\xfe"),
        ("summary.json", b"[" * 100_000), ("progress.jsonl", b"{\n"), ("progress.jsonl", None), ("prices.csv", b""), ("prices.csv", b"a,b\n1,2\n"),
        ("exclusions.csv", None), ("exclusions.csv", b"workload,place,sku,rule\na,b,c,d\n"), ("exclusions.csv", b"workload,place,sku,rule,n\na,b,c,d,some\n"),
        ("plan/training.csv", b""), ("plan/training.csv", b"job\nx\n"), ("plan/orders.csv", b"offer,sku,period,arrives,units,cost_musd\na,b,c,d,many,1\n"),
        ("plan/orders.csv", b'"a\n'), ("plan/orders.csv", b"\x00\x01"),
    ],
)  # fmt: skip
def test_a_damaged_run_is_told(file, content, run_folder):
    """Every damaged file is bad input with the name of the run, never another exception."""
    if content is None:
        (run_folder / file).unlink()
    else:
        (run_folder / file).write_bytes(content)
    with pytest.raises(DataError, match="is not a readable run folder") as error:
        read_run(run_folder)
    assert str(run_folder) in str(error.value)


# -- the library -------------------------------------------------------------------------------------------------------------


def test_public_names(python):
    """Everything in ``__all__`` is there and is listed; importing the package loads nothing heavy."""
    assert set(placement.__all__) <= set(dir(placement))
    for name in placement.__all__:
        assert getattr(placement, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'sovle'"):
        placement.sovle  # noqa: B018
    done = python("-c", "import sys, placement; assert not {'numpy', 'pandas', 'pyomo', 'highspy'} & set(sys.modules)")
    assert done.returncode == 0, done.stderr


def test_plan_attributes(solved):
    """Every plan table is an attribute; a wrong name is told the right ones."""
    plan = solved.plan
    for name in PLAN_TABLES:
        assert getattr(plan, name) is plan.tables[name]
    assert set(PLAN_TABLES) | {"kpis", "prices", "verified_gap"} <= set(dir(plan))  # completion
    assert plan.training["job"].tolist() == ["small", "large"]
    assert plan.kpis.notna().any() and plan.gap <= 1e-4 and plan.status is placement.Status.OPTIMAL
    assert repr(plan).startswith("Plan('three-sites', optimal, objective -205.238 M$")
    with pytest.raises(AttributeError, match=r"no 'trainning'; tables: .*training"):
        plan.trainning  # noqa: B018
    assert not hasattr(plan, "__array__")


def test_check_in_the_library(solved):
    """``check`` takes a plan or tables, lists what is wrong and raises nothing."""
    verdict = placement.check(solved.case, solved.plan)
    assert verdict.ok and not verdict.violations and verdict.objective == pytest.approx(-205.238372)
    spoilt = dict(solved.plan.tables)
    spoilt["training"] = spoilt["training"].assign(units=1.0)
    verdict = placement.check(solved.case, spoilt)
    assert isinstance(verdict, placement.Verdict) and not verdict.ok and verdict.violations
    assert not placement.check(solved.case, {}).ok


def test_a_plan_from_the_library_is_a_run(solved, tmp_path, python):
    """``write_plan`` makes what the command line checks."""
    run = placement.write_plan(solved.plan, tmp_path / "deep" / "run")
    assert python("-m", "placement", "check", solved.case.path, run).returncode == 0
