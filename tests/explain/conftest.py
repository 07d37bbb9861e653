"""The run folder of the plan of ``data/frontier-small``."""

from __future__ import annotations

from pathlib import Path

import pytest

import placement

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="session")
def frontier_small_run(corner_plan: placement.Plan, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run folder of the plan; do not change it."""
    return placement.write_plan(corner_plan, tmp_path_factory.mktemp("frontier-small") / "run")


@pytest.fixture(scope="session")
def frontier_small(frontier_small_run: Path) -> placement.Plan:
    """The plan, read back from its run folder."""
    return placement.read_plan(frontier_small_run)
