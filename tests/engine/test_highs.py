"""The door to HiGHS on programs small enough to solve by hand."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.sparse import csc_array

from placement.engine.highs import Arrays, Run, solve
from placement.errors import SolverError

QUICK = Run(time_limit_s=20, rel_gap=0.0)


def program(cost: list[float], rows: list[list[float]], row_lower: list[float], row_upper: list[float], integer: bool = False, upper: float = 10) -> Arrays:
    """Return a program over columns in [0, upper]."""
    n = len(cost)
    matrix = csc_array(np.array(rows, dtype=float).reshape(len(row_lower), n))
    bounds = np.zeros(n), np.full(n, float(upper))
    return Arrays(np.array(cost), matrix, np.array(row_lower), np.array(row_upper), *bounds, np.full(n, integer))


# max 5x + 4y with 6x + 4y <= 24, x + 2y <= 6: (3, 1.5) at 21; whole numbers: (4, 0) at 20
TEXTBOOK = ([-5.0, -4.0], [[6.0, 4.0], [1.0, 2.0]], [-math.inf] * 2, [24.0, 6.0])


def knapsack(n: int, seed: int = 0) -> Arrays:
    """Return a multi-dimensional knapsack that takes branch and bound a while; nothing chosen is a plan."""
    rng = default_rng(seed)
    weight = rng.integers(100, 1000, (8, n)).astype(float)
    cost = -(weight.mean(axis=0) + rng.uniform(0, 100, n))
    bounds = np.zeros(n), np.ones(n)
    return Arrays(cost, csc_array(weight), np.full(8, -math.inf), weight.sum(axis=1) / 3, *bounds, np.ones(n, bool))


def test_lp() -> None:
    """Values, objective, bound and duals of a textbook linear program."""
    answer = solve(program(*TEXTBOOK), QUICK)
    assert answer.status == "kOptimal"
    assert answer.x == pytest.approx([3.0, 1.5])
    assert answer.objective == pytest.approx(-21) == answer.bound
    assert answer.dual == pytest.approx([-0.75, -0.5])


def test_mip() -> None:
    """The same in whole numbers; a mixed-integer program has no duals."""
    answer = solve(program(*TEXTBOOK, integer=True), QUICK)
    assert answer.x == pytest.approx([4.0, 0.0])
    assert answer.objective == pytest.approx(-20)
    assert answer.bound == pytest.approx(-20)
    assert answer.dual is None


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("presolve", [False, True])
def test_infeasible(integer: bool, presolve: bool) -> None:
    """x + y >= 30 is beyond the box: said so with presolve and without, and no values come back."""
    answer = solve(program([1.0, 1.0], [[1.0, 1.0]], [30.0], [math.inf], integer), Run(time_limit_s=20, presolve=presolve))
    assert answer.infeasible
    assert answer.x is None
    assert answer.objective == math.inf


def test_infeasible_in_whole_numbers_only() -> None:
    """2x = 5 has a solution, but not in whole numbers."""
    odd = ([1.0], [[2.0]], [5.0], [5.0])
    assert solve(program(*odd), QUICK).x == pytest.approx([2.5])
    assert solve(program(*odd, integer=True), QUICK).infeasible


@pytest.mark.parametrize(("lower", "upper", "feasible"), [(-1.0, 1.0, True), (0.0, 0.0, True), (1.0, math.inf, False), (-math.inf, -1.0, False)])
@pytest.mark.parametrize("n", [0, 2])
def test_rows_without_entries(n: int, lower: float, upper: float, feasible: bool) -> None:
    """A row without entries is a statement about 0, with columns elsewhere or none at all."""
    answer = solve(program([1.0] * n, [[0.0] * n], [lower], [upper]), QUICK)
    assert (answer.x is not None) == feasible
    assert answer.infeasible == (not feasible)


def test_nothing_at_all() -> None:
    """No rows and no columns: solved, at no cost."""
    answer = solve(program([], [], [], []), QUICK)
    assert (answer.status, answer.objective, answer.bound) == ("kOptimal", 0.0, 0.0)


@pytest.mark.parametrize("integer", [False, True])
def test_no_rows(integer: bool) -> None:
    """Without rows every column goes to its cheaper bound."""
    answer = solve(program([1.0, -2.0], [], [], [], integer), QUICK)
    assert answer.x == pytest.approx([0.0, 10.0])
    assert answer.bound == pytest.approx(-20.0)


def test_start_is_accepted() -> None:
    """With no time to search, the point given comes back or a better one."""
    p = knapsack(300)
    start = np.zeros(300)
    order = np.argsort(p.cost)
    for j in order:  # greedy
        start[j] = 1.0
        if (p.matrix @ start > p.row_upper).any():
            start[j] = 0.0
    seen: list[float] = []

    def first(objective: float, bound: float) -> bool:
        seen.append(objective)
        return math.isfinite(objective)

    answer = solve(p, QUICK, start, watch=first)
    assert answer.objective <= p.cost @ start + 1e-6
    assert answer.x is not None
    assert (p.matrix @ answer.x <= p.row_upper + 1e-6).all()


def test_watch_stops_and_keeps_the_incumbent() -> None:
    """A true answer stops the run; plan and bound up to then come back, and the plan is feasible."""
    p, calls = knapsack(400), [0]

    def enough(objective: float, bound: float) -> bool:
        calls[0] += 1
        return math.isfinite(objective)

    answer = solve(p, Run(time_limit_s=60, rel_gap=0.0), watch=enough)
    assert calls[0] > 0
    assert answer.status == "kInterrupt"
    assert answer.x is not None
    assert answer.x == pytest.approx(np.round(answer.x), abs=1e-6)
    assert (p.matrix @ answer.x <= p.row_upper + 1e-6).all()
    assert answer.bound <= answer.objective


def test_time_limit() -> None:
    """A limit of a second is kept and what there is comes back."""
    answer = solve(knapsack(2000), Run(time_limit_s=1.0, rel_gap=0.0))
    assert answer.status == "kTimeLimit"
    assert answer.x is not None
    assert answer.bound <= answer.objective


@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_exception_in_watch_comes_out(error: type[BaseException], integer: bool) -> None:
    """An exception in a listener ends the run, reaches the caller, and leaves the next solve untouched."""
    p = knapsack(400)
    p = p if integer else p.relaxed()

    def fail(objective: float, bound: float) -> bool:
        raise error("stop here")

    run = QUICK if integer else Run(time_limit_s=20, method="simplex", presolve=False)
    with pytest.raises(error, match="stop here"):
        solve(p, run, watch=fail)
    assert solve(program(*TEXTBOOK, integer=integer), QUICK).status == "kOptimal"


@pytest.mark.parametrize("method", ["simplex", "ipm"])
def test_watch_stops_an_lp(method: str) -> None:
    """Interrupts reach linear programs too, by either method."""
    p = knapsack(400).relaxed()
    calls: list[float] = []

    def watch(objective: float, bound: float) -> bool:
        calls.append(objective)
        return True

    stop: Callable[[float, float], bool] = watch
    answer = solve(p, Run(time_limit_s=20, method=method, presolve=False, crossover=False), watch=stop)
    assert calls
    assert answer.status != "kOptimal"


def test_same_seed_same_answer() -> None:
    """Two runs with one seed give the same plan."""
    p = knapsack(25)
    first, second = (solve(p, Run(time_limit_s=30, seed=7)) for _ in range(2))
    assert first.status == "kOptimal"
    assert first.x is not None
    assert np.array_equal(first.x, second.x)


@pytest.mark.parametrize("value", [1e30, math.nan])
def test_refused_model_is_an_error(value: float) -> None:
    """Numbers that HiGHS refuses, drops or alters never pass in silence."""
    with pytest.raises(SolverError):
        solve(program([1.0, 1.0], [[value, 1.0]], [0.0], [1.0]), QUICK)


def test_refused_option_is_an_error() -> None:
    """An option that HiGHS does not take is an error."""
    with pytest.raises(SolverError, match="solver"):
        solve(program(*TEXTBOOK), Run(time_limit_s=1, method="magic"))


def test_restricted_program_is_the_original_with_columns_fixed() -> None:
    """Fixing columns by leaving them out gives the same optimum as fixing them by their bounds."""
    for seed in range(20):
        rng = default_rng(seed)
        n, m = 8, 5
        matrix = csc_array(rng.normal(size=(m, n)) * (rng.random((m, n)) < 0.4))
        inside = rng.uniform(0, 3, n)
        p = Arrays(rng.normal(size=n), matrix, matrix @ inside - 1, matrix @ inside + 1, np.zeros(n), np.full(n, 3.0), rng.random(n) < 0.5)
        free = rng.random(n) < 0.6
        lower, upper = np.where(free, p.lower, inside), np.where(free, p.upper, inside)
        fixed = Arrays(p.cost, p.matrix, p.row_lower, p.row_upper, lower, upper, p.integer & free)
        part, whole = solve(p.restricted(free, inside)[0], QUICK), solve(fixed, QUICK)
        assert (part.x is None) == (whole.x is None)
        if part.x is not None:
            assert part.objective == pytest.approx(whole.objective, abs=1e-6)


def test_gap_refers_to_the_whole_objective() -> None:
    """A fixed cost that nearly cancels the rest makes the same absolute gap a large relative one: HiGHS must go on."""
    rng = default_rng(5)
    n = 40
    matrix = csc_array(rng.uniform(1, 20, size=(4, n)))
    cost = -rng.uniform(5, 40, n)
    p = Arrays(cost, matrix, np.full(4, -np.inf), np.full(4, 90.0), np.zeros(n), np.ones(n), np.ones(n, bool))
    best = solve(p, Run(time_limit_s=20, rel_gap=0.0)).objective
    shifted = replace(p, offset=-best * 0.999)
    answer = solve(shifted, Run(time_limit_s=20, rel_gap=0.05))
    assert answer.objective - answer.bound <= 0.05 * abs(answer.objective) + 1e-6
    assert answer.objective == pytest.approx(best + shifted.offset, rel=0.06)
