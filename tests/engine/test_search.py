"""The path for large programs, forced on small ones: plans are plans, never better than the optimum, and repeatable."""

from __future__ import annotations

import functools
import math
import time
from pathlib import Path

import numpy as np
import pytest

import placement
from placement.case import Case, read_case
from placement.engine import Progress, Status, solve_program
from placement.engine.highs import Floats, Run, solve
from placement.engine.kernel import Kernel, promising
from placement.engine.neighbourhoods import improve
from placement.engine.search import arrays
from placement.engine.settle import settle
from placement.engine.start import least_plan, reduced_to_what_pays, relax_and_fix
from placement.objectives import keeping
from placement.options import SolveOptions
from placement.program import Program, assemble, build_sides
from placement.run import earlier_plan
from tests.oracle.random_cases import random_case

DATA = Path(__file__).parents[2] / "data"
SEEDS = range(30)
OPTIONS = SolveOptions(time_limit_s=60, rel_gap=0.0)


@functools.cache
def program_of(seed: int) -> Program:
    """Return the program of a random case."""
    return assemble(build_sides(random_case(seed)))[0]


@functools.cache
def optimum(seed: int) -> float:
    """Return the optimal cost; inf if there is no plan."""
    answer = solve(arrays(program_of(seed)), Run(time_limit_s=60, rel_gap=0.0))
    return answer.objective


@functools.cache
def small() -> Case:
    """Return frontier-small."""
    return read_case(DATA / "frontier-small")


@functools.cache
def earlier() -> placement.Plan:
    """Return a plan of frontier-small that is not the best."""
    return placement.solve(small(), time_limit_s=60, rel_gap=1e-2)


def is_plan(p: Program, x: Floats) -> bool:
    """Return whether a point keeps all rows, bounds and integrality."""
    activity, size = p.matrix @ x, 1 + abs(p.matrix) @ np.abs(x)
    rows = (activity >= p.row_lower - 1e-6 * size) & (activity <= p.row_upper + 1e-6 * size)
    box = (x >= p.lower - 1e-6) & (x <= p.upper + 1e-6)
    return bool(rows.all() and box.all() and np.allclose(x[p.integer], np.round(x[p.integer]), atol=1e-6))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have every program treated as a large one."""
    monkeypatch.setattr("placement.engine.search._SMALL", -1)


def check_point(seed: int, x: Floats | None) -> None:
    """Fail unless the point is a plan, not better than the optimum."""
    p = program_of(seed)
    assert x is not None
    assert is_plan(p, x)
    assert p.cost @ x + p.offset >= optimum(seed) - 1e-6 * max(1.0, abs(optimum(seed)))


@pytest.mark.parametrize("seed", SEEDS)
def test_what_pays_of_an_earlier_plan_under_a_new_limit(seed: int) -> None:
    """With half of its gangs allowed, what is left of the best plan is a plan with some of its gangs and no others."""
    p = program_of(seed)
    whole, gangs = arrays(p), p.integer & (p.workload >= 0)
    best = solve(whole, Run(time_limit_s=60, rel_gap=0.0)).x
    if best is None or not (best[gangs] > 0.5).any():
        return
    limited = keeping(p, "places", np.where(gangs, 1.0, 0.0), math.floor(best[gangs].sum() / 2))
    progress = Progress(60)
    found = reduced_to_what_pays(limited, arrays(limited), best, np.ones(len(best), bool), 30.0, progress)
    if found is not None:
        settled = settle(arrays(limited), found, np.ones(len(best), bool), 30.0, progress)
        assert settled is not None and is_plan(limited, settled.x)
        assert (settled.x[gangs] <= np.round(best[gangs]) + 1e-9).all()
        check_point(seed, settled.x)


@pytest.mark.parametrize("seed", SEEDS)
def test_pieces_of_the_search(seed: int) -> None:
    """The least plan, the plan of relax-and-fix and that of the neighbourhoods are plans, the last no worse than the one before."""
    p, progress = program_of(seed), Progress(60)
    whole = arrays(p)
    root = solve(whole.relaxed(), Run(time_limit_s=60))
    least = least_plan(p, whole, OPTIONS, progress)
    if math.isinf(optimum(seed)):
        assert least is None
        return
    if least is not None:  # there may be none without optional workloads: budget and take-or-pay bind alike
        check_point(seed, least)
        optional = np.isin(p.workload, np.flatnonzero(p.optional))
        assert np.allclose(least[optional], 0.0, atol=1e-6)
    keep = promising(p, whole, root)
    rough = relax_and_fix(Kernel.of(keep, p, whole), OPTIONS, progress)
    found = settle(whole, rough, keep, 30.0, progress) if rough is not None else None
    if found is None:
        return
    assert found.exact
    check_point(seed, found.x)
    k = Kernel.of(keep | found.keep, p, whole)
    better = k.lift(improve(k, found.x[k.keep], OPTIONS, progress))
    check_point(seed, better)
    assert p.cost @ better <= p.cost @ found.x + 1e-9


@pytest.mark.parametrize("seed", SEEDS)
def test_settling_is_exact(seed: int) -> None:
    """Completing the integers of the optimum gives the optimum, whatever columns it begins with."""
    if math.isinf(optimum(seed)):
        pytest.skip("no plan to complete")
    p = program_of(seed)
    whole, best = arrays(p), solve(arrays(p), Run(time_limit_s=60, rel_gap=0.0)).x
    assert best is not None
    for keep in (np.zeros(len(best), bool), np.random.default_rng(seed).random(len(best)) < 0.3, np.ones(len(best), bool)):
        found = settle(whole, best, keep, 60.0, Progress(60))
        assert found is not None
        assert found.exact
        assert whole.value(found.x) == pytest.approx(optimum(seed), rel=1e-6, abs=1e-6)


def test_pieces_succeed_nearly_always() -> None:
    """On random cases that have a plan, both starts find one in nine of ten: the tests above are not idle."""
    found, tried = {"least": 0, "rough": 0}, 0
    for seed in SEEDS:
        if math.isinf(optimum(seed)):
            continue
        p, progress = program_of(seed), Progress(60)
        whole = arrays(p)
        least = least_plan(p, whole, OPTIONS, progress)
        keep = promising(p, whole, solve(whole.relaxed(), Run(time_limit_s=60)))
        rough = relax_and_fix(Kernel.of(keep, p, whole), OPTIONS, progress)
        tried += 1
        found["least"] += least is not None
        found["rough"] += rough is not None and settle(whole, rough, keep, 30.0, progress) is not None
    assert min(found.values()) >= 0.9 * tried > 10


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize("seed", SEEDS)
def test_large_path_ends_at_the_optimum(seed: int) -> None:
    """With the whole left to branch and bound in the end, the large path finds what HiGHS finds alone."""
    p = program_of(seed)
    outcome = solve_program(p, OPTIONS, Progress(60))
    if math.isinf(optimum(seed)):
        assert outcome.status is Status.INFEASIBLE
        assert outcome.x is None
        return
    assert outcome.status is Status.OPTIMAL
    assert outcome.x is not None
    check_point(seed, outcome.x)
    assert outcome.objective == pytest.approx(optimum(seed), rel=1e-6, abs=1e-6)
    assert outcome.bound <= outcome.objective + 1e-6 * max(1.0, abs(outcome.objective))


@pytest.mark.usefixtures("large")
def test_large_path_on_frontier_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """The checker accepts the plan, it is not better than the proven bound, and the same seed gives the same plan."""
    monkeypatch.setattr("placement.engine.neighbourhoods._QUIET", 1)  # less patience than usual
    first, second = (placement.solve(small(), time_limit_s=60, rel_gap=2e-3, seed=3) for _ in range(2))
    for plan in (first, second):
        assert plan.verdict is not None
        assert plan.verdict.ok, plan.verdict.violations
        assert plan.gap <= 2e-3
        assert plan.objective >= plan.verified_bound
    assert "supply first" in [p["phase"] for p in first.summary["phases"]]
    assert first.objective == second.objective
    for name, table in first.tables.items():
        assert table.equals(second.tables[name]), name


@pytest.mark.usefixtures("large")
@pytest.mark.parametrize(("share", "rel_gap", "time_limit_s"), [("_HEAVY", 3e-2, 120.0), ("_SLOW", 5e-2, 15.0)])
def test_very_large_path_on_frontier_small(share: str, rel_gap: float, time_limit_s: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a tree, or without gangs by value, as for programs of a million columns, the plan is checked and within 5 % of the bound (the root's is 2 %)."""
    monkeypatch.setattr(f"placement.engine.search.{share}", 0.0)
    plan = placement.solve(small(), time_limit_s=time_limit_s, rel_gap=rel_gap, workers=2)  # where a tree grows, it has a share of the limit, however long
    phases = [p["phase"] for p in plan.summary["phases"]]
    assert "gangs where they fit" in phases
    assert ("gangs by value" in phases) == (share != "_SLOW")
    assert plan.verdict is not None
    assert plan.verdict.ok, plan.verdict.violations
    assert plan.gap <= 5e-2


@pytest.mark.parametrize("path", ["small", "large"])
def test_warm_start_is_no_worse(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A plan solved from an earlier plan of the same case, in little time, is at least as good."""
    plan = earlier()
    if path == "large":
        monkeypatch.setattr("placement.engine.search._SMALL", -1)
    again = placement.solve(small(), time_limit_s=20, rel_gap=1e-2, start=plan)  # ends at once, at the gap of the start
    assert again.objective <= plan.objective + 1e-6 * abs(plan.objective)
    assert "warm start" in [p["phase"] for p in again.summary["phases"]]
    assert again.verdict is not None
    assert again.verdict.ok


@pytest.mark.parametrize("seed", range(12))
def test_warm_start_on_random_cases(seed: int) -> None:
    """Starting from the optimum gives the optimum."""
    case = random_case(seed)
    plan = placement.solve(case, rel_gap=0.0)
    if not plan.tables:
        pytest.skip("no plan to start from")
    again = placement.solve(case, rel_gap=0.0, start=plan)
    assert again.objective == pytest.approx(plan.objective, rel=1e-6, abs=1e-6)


def test_interrupt_keeps_the_plan() -> None:
    """An interrupt from outside ends the search soon, with the best plan so far, checked."""
    progress = Progress(60)

    def stop_at_first_plan(event: placement.engine.Event) -> None:
        if math.isfinite(event.objective) and event.phase == "branch and bound":
            progress.interrupted = True

    began = time.process_time()  # not the clock: other programs may have the core
    plan = placement.solve(small(), time_limit_s=300, rel_gap=0.0, progress=progress, listen=stop_at_first_plan)
    assert time.process_time() - began < 30
    assert plan.interrupted
    assert plan.status == "feasible"
    assert plan.verdict is not None
    assert plan.verdict.ok


def test_a_start_whose_proof_closes_the_gap_is_not_searched_again(tmp_path: Path) -> None:
    """The run of the same case is taken with its point and proof; of a changed case only the tables count."""
    case = read_case(DATA / "frontier-small")
    plan = placement.solve(case, time_limit_s=60, rel_gap=1e-3)
    placement.write_plan(plan, tmp_path / "run")
    again = placement.solve(case, rel_gap=1e-3, start=earlier_plan(case, tmp_path / "run"))
    assert {p["phase"] for p in again.summary["phases"]} <= {"build", "root", "warm start", "settle", "done"}
    assert again.objective <= plan.objective + 1e-6 * abs(plan.objective)
    assert again.verified_bound >= plan.verified_bound - 1e-6 * abs(plan.objective)
    assert len(again.prices)
    other = read_case(DATA / "frontier-small", overlay=DATA / "scenarios" / "carbon-price")
    assert earlier_plan(other, tmp_path / "run").proof is None


def test_time_limit_is_kept_on_frontier() -> None:
    """15 seconds for a case of real size give a plan that the checker accepts, in about that time, not counting that in which other programs have the core."""
    case = read_case(DATA / "frontier")
    began = time.process_time()
    plan = placement.solve(case, time_limit_s=15)
    seconds = time.process_time() - began
    assert plan.verdict is not None
    assert plan.verdict.ok, plan.verdict.violations
    assert plan.objective < math.inf
    assert seconds < 15 * 3
