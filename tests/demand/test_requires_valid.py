"""The requires rows strengthen the bound and cut off no plan."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array

from placement.engine.highs import Answer, Run, solve
from placement.engine.search import arrays
from placement.program import Program, assemble, build_sides
from tests.oracle.random_cases import random_case

GROUP = 20


def best(program: Program, integer: bool = True) -> Answer:
    """Return the optimum of a program or of its relaxation."""
    whole = arrays(program)
    return solve(whole if integer else whole.relaxed(), Run(time_limit_s=60, rel_gap=0.0))


def without_requires(program: Program) -> Program:
    """Return the program without its requires rows."""
    keep = np.array([key[0] != "requires" for key in program.row_keys])
    rows = tuple(key for key, kept in zip(program.row_keys, keep, strict=True) if kept)
    return replace(program, matrix=csc_array(program.matrix.tocsr()[keep]), row_lower=program.row_lower[keep], row_upper=program.row_upper[keep], row_keys=rows)


@pytest.mark.parametrize("first", range(0, 100, GROUP))
def test_requires_rows_cut_off_no_plan(first: int) -> None:
    """With and without them the best plan costs the same; with them the relaxation is never weaker."""
    met = 0
    for seed in range(first, first + GROUP):
        program = assemble(build_sides(random_case(seed)))[0]
        free = without_requires(program)
        met += len(free.row_names) < len(program.row_names)
        with_rows, without = best(program), best(free)
        assert (with_rows.x is None) == (without.x is None), seed
        if without.x is not None:
            assert with_rows.objective == pytest.approx(without.objective, rel=1e-6, abs=1e-6), seed
        assert best(program, integer=False).objective >= best(free, integer=False).objective - 1e-6
    assert met > 0
