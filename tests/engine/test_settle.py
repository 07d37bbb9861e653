"""Settling: the rest of a plan by pricing is the same optimum as the linear program with all columns at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from placement import read_case
from placement.engine.highs import Run, solve
from placement.engine.kernel import least_columns
from placement.engine.outcome import Progress
from placement.engine.search import arrays
from placement.engine.settle import settle
from placement.engine.start import least_plan
from placement.options import SolveOptions
from placement.program import assemble, build_sides

DATA = Path(__file__).parents[2] / "data"


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5])
@pytest.mark.parametrize("loosely", [False, True])
def test_settling_from_few_columns_is_exact(share: float, loosely: bool) -> None:
    """Many columns join at once (solved anew) or few (from the basis); the duals price all of them out, and the value is that of the whole program."""
    program, _ = assemble(build_sides(read_case(DATA / "frontier-small")))
    whole = arrays(program)
    x = least_plan(program, whole, SolveOptions(workers=1), Progress(60))
    assert x is not None
    keep = least_columns(program) | (np.random.default_rng(0).random(len(x)) < share)
    found = settle(whole, x, keep, 60.0, Progress(60), program.loose if loosely else None)
    assert found is not None
    assert found.exact
    free, point = ~whole.integer, np.where(whole.integer, np.round(x), whole.lower)
    at_once = solve(whole.restricted(free, point)[0], Run(time_limit_s=60))
    assert whole.value(found.x) == pytest.approx(at_once.objective, rel=1e-9)
    assert (found.x[whole.integer] == point[whole.integer]).all()
    reduced = whole.cost - whole.matrix.T @ found.price
    scale = 1e-6 * np.maximum(1.0, np.abs(whole.cost) + abs(whole.matrix).T @ np.abs(found.price))
    assert (reduced[free & ~found.keep] >= -scale[free & ~found.keep]).all()


def test_integers_that_leave_no_plan_are_told_so() -> None:
    """A required workload that nobody serves cannot be mended by continuous columns."""
    program, _ = assemble(build_sides(read_case(DATA / "three-sites")))
    whole = arrays(program)
    assert settle(whole, np.full(len(whole.cost), 1e6), least_columns(program), 60.0, Progress(60)) is None
