"""Column generation gives the relaxation of the whole program, and its prices prove a bound at any time."""

import numpy as np
import pytest

import placement
from placement.certificate import safe_bound
from placement.engine import Progress
from placement.engine.highs import Run, solve
from placement.engine.root import gates, solve_root
from placement.engine.search import arrays
from placement.options import SolveOptions
from placement.program import Program, assemble, build_sides
from tests.oracle.random_cases import random_case


def program_of(seed: int) -> Program:
    return assemble(build_sides(random_case(seed)))[0]


@pytest.mark.parametrize("seed", range(20))
def test_same_value_as_the_whole_relaxation(seed: int) -> None:
    p = program_of(seed)
    whole = solve(arrays(p).relaxed(), Run(time_limit_s=60))
    found = solve_root(p, SolveOptions(), Progress(60))
    if whole.infeasible:
        assert found.answer.infeasible
        return
    scale = max(1.0, abs(whole.objective))
    assert found.answer.objective == pytest.approx(whole.objective, abs=1e-3 * scale)
    assert safe_bound(p, found.dual) <= whole.objective + 1e-6 * scale
    assert safe_bound(p, found.dual) >= whole.objective - 1e-3 * scale


def test_gates_are_the_requires_rows() -> None:
    """They are found by their form; the labels only confirm it."""
    p = assemble(build_sides(placement.read_case("data/frontier-small")))[0]
    found = gates(p)
    assert {p.row_keys[i][0] for i in np.flatnonzero(found)} == {"requires"}
    assert found.sum() == sum(key[0] == "requires" for key in p.row_keys)


def test_few_columns_will_do() -> None:
    p = assemble(build_sides(placement.read_case("data/frontier-small")))[0]
    progress = Progress(60)
    found = solve_root(p, SolveOptions(), progress)
    assert 0 < progress.columns < len(p.cost)
    assert found.bound == pytest.approx(found.answer.objective, rel=1e-4)


def test_without_time_the_prices_still_prove_something() -> None:
    p = program_of(1)
    progress = Progress(60)
    progress.interrupted = True
    found = solve_root(p, SolveOptions(), progress)
    assert np.isfinite(safe_bound(p, found.dual))
