"""Every program that the cases of this project make stays within the limits of safe numbers, and none has a big-M."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import placement
from placement.lint import coefficient_ranges, loose_rows, remark
from placement.program import LARGEST, SMALLEST, Program, assemble, build_sides
from tests.oracle.random_cases import random_case

DATA = Path(__file__).parent.parent / "data"
CASES = sorted(path.parent for path in DATA.glob("*/case.toml"))


def program_of(case: placement.Case) -> Program:
    """Return the arrays of a case."""
    return assemble(build_sides(case))[0]


def assert_clean(program: Program) -> None:
    """Demand that nothing is said of a program."""
    ranges = coefficient_ranges(program)
    assert ranges["smallest"].min() >= SMALLEST, ranges
    assert ranges["largest"].max() <= LARGEST, ranges
    assert loose_rows(program) == []
    assert remark(program) == ""


@pytest.mark.parametrize("folder", CASES, ids=lambda path: path.name)
def test_cases_of_the_project_are_clean(folder):
    """Coefficients within 1e-4 .. 1e6, no big-M."""
    assert_clean(program_of(placement.read_case(folder)))


def test_random_cases_are_clean():
    """Also where every layer is drawn at random."""
    for seed in range(20):
        program = program_of(random_case(seed))
        if program.matrix.nnz:
            assert loose_rows(program) == []


def test_the_lint_sees_what_is_wrong():
    """A coefficient outside the limits, and a row that is looser than it needs to be, are named."""
    program = program_of(placement.read_case(DATA / "three-sites"))
    spoilt = program.matrix.copy()
    spoilt.data[0] = 5e7
    assert "outside" in remark(replace(program, matrix=spoilt))
    rows = program.rows
    tight = [i for i in range(len(program.row_keys)) if program.row_upper[i] == 0 and (rows.data[rows.indptr[i] : rows.indptr[i + 1]] < 0).sum() == 1]
    assert tight
    upper = program.upper.copy()
    upper[~program.integer] = np.minimum(upper[~program.integer], 1e-6)
    assert loose_rows(replace(program, upper=upper))  # bounds so small that what opens a row opens too much
