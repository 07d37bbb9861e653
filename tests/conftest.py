"""One small case solved once, a run folder of it to spoil, and the command line in a process of its own."""

from __future__ import annotations

import gc
import os
import pickle
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import placement

ROOT = Path(__file__).resolve().parent.parent
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
WAIT_S = 600.0  # longest that one process of a test run waits for what another makes


def pytest_collection_finish() -> None:
    """What nearly ten thousand collected tests hold stays to the end: the garbage collector need not go through it again and again."""
    gc.collect()
    gc.freeze()


def made_once(factory: pytest.TempPathFactory, name: str, make: Callable[[Path], None]) -> Path:
    """Return a folder of this name that the first process of a test run to ask for it fills, and the others wait for."""
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / name
    done, failed = folder / "done", folder / "failed"
    try:
        folder.mkdir()
    except FileExistsError:
        deadline = time.monotonic() + WAIT_S
        while not done.exists():
            assert not failed.exists(), f"another process failed to make {name}"
            assert time.monotonic() < deadline, f"another process did not finish {name}"
            time.sleep(0.1)
    else:
        try:
            make(folder)
        except BaseException:
            failed.touch()
            raise
        done.touch()
    return folder


@pytest.fixture(scope="session")
def three_sites() -> Path:
    """The folder of the hand-checked case; its optimum is -205.238372 M$."""
    return ROOT / "data" / "three-sites"


@pytest.fixture(scope="session")
def solved(three_sites: Path, tmp_path_factory: pytest.TempPathFactory) -> SimpleNamespace:
    """The case, its plan and a run folder of it; do not change any of them."""
    import placement

    case = placement.read_case(three_sites)
    plan = placement.solve(case, time_limit_s=60)
    return SimpleNamespace(case=case, plan=plan, run=placement.write_plan(plan, tmp_path_factory.mktemp("solved") / "run", ["a line"]))


@pytest.fixture(scope="session")
def corner_plan(tmp_path_factory: pytest.TempPathFactory) -> placement.Plan:
    """The optimal plan of data/frontier-small, solved once for all processes of a test run; do not change it."""

    def make(folder: Path) -> None:
        import placement

        plan = placement.solve(placement.read_case(ROOT / "data" / "frontier-small"), time_limit_s=300)  # to the optimum, in seconds
        (folder / "plan.pickle").write_bytes(pickle.dumps(plan))

    plan: placement.Plan = pickle.loads((made_once(tmp_path_factory, "corner", make) / "plan.pickle").read_bytes())
    return plan


@pytest.fixture
def run_folder(solved: SimpleNamespace, tmp_path: Path) -> Path:
    """A sound run folder that a test may spoil."""
    return Path(shutil.copytree(solved.run, tmp_path / "run"))


@pytest.fixture
def case_copy(three_sites: Path, tmp_path: Path) -> Path:
    """A copy of the case that a test may edit."""
    return Path(shutil.copytree(three_sites, tmp_path / "case"))


@pytest.fixture
def python() -> Callable[..., subprocess.CompletedProcess[str]]:
    """``python("-m", "placement", ...)`` in a fresh process; stdout and stderr are pipes."""

    def call(*args: str | Path, extra: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        environment = ENV | (extra or {})
        return subprocess.run([sys.executable, *map(str, args)], capture_output=True, env=environment, timeout=120, encoding="utf-8")

    return call
