"""One small case solved once, a run folder of it to spoil, and the command line in a process of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parent.parent
ENV = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


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
