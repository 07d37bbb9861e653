"""Gangs placed where they fit: every point is a plan once settled, whole gangs only, those that must be placed among them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.sparse import csc_array

from placement.engine import Progress
from placement.engine.highs import Arrays, Floats, Run, solve
from placement.engine.kernel import Kernel, bound_to_be_served, promising
from placement.engine.packing import packed
from placement.engine.search import arrays
from placement.engine.settle import settle
from placement.program import assemble, build_sides
from tests.engine.test_search import OPTIONS, SEEDS, check_point, optimum, program_of, small


def packed_and_settled(seed: int) -> Floats | None:
    """Return the settled point of a random case, gangs packed after supply was decided with gangs continuous."""
    p, progress = program_of(seed), Progress(60)
    whole = arrays(p)
    root = solve(whole.relaxed(), Run(time_limit_s=60))
    keep = promising(p, whole, root)
    k = Kernel.of(keep, p, whole)
    first = solve(k.loose().part, Run(time_limit_s=60)).x
    if first is None or root.dual is None:
        return None
    reduced = (p.cost - p.matrix.T @ root.dual)[keep]
    x = packed(k, np.where(k.supply, np.round(first), first), reduced, bound_to_be_served(p), OPTIONS, progress)
    if x is None:
        return None
    assert np.isin(x[k.part.integer & (k.workload >= 0)], (0.0, 1.0)).all()
    found = settle(whole, k.lift(x), keep, 30.0, progress)
    return None if found is None else found.x


@pytest.mark.parametrize("seed", SEEDS)
def test_packed_points_are_plans(seed: int) -> None:
    """Whatever comes out is a plan and no better than the optimum."""
    x = packed_and_settled(seed)
    if x is not None:
        check_point(seed, x)


def test_packing_succeeds_and_earns() -> None:
    """A plan comes out of nearly every case that has one, and half of them are within a tenth of the optimum."""
    with_plan = [s for s in SEEDS if math.isfinite(optimum(s))]
    found = {s: x for s in with_plan if (x := packed_and_settled(s)) is not None}
    gaps = [(program_of(s).cost @ x + program_of(s).offset - optimum(s)) / max(1.0, abs(optimum(s))) for s, x in found.items()]
    assert len(found) >= 0.8 * len(with_plan) > 10
    assert np.median(gaps) < 0.1


def test_only_what_no_penalty_lets_go_is_bound_to_be_served() -> None:
    """Of the jobs of frontier-small the mandatory ones; a penalty for leaving a job out does not make it one."""
    case = small()
    jobs = case["jobs"].assign(unplaced_musd=lambda t: np.where(t["mandatory"], 0.0, 5.0))
    must = bound_to_be_served(assemble(build_sides(replace(case, tables={**case.tables, "jobs": jobs})))[0])
    assert must[: len(jobs)].tolist() == jobs["mandatory"].to_list()
    assert 0 < must[: len(jobs)].sum() < len(jobs)


def room_for_one() -> Kernel:
    """Two gangs of 2 and 3 units for 4 units of room, the larger one worth more; each may be placed once."""
    matrix = csc_array(np.array([[2.0, 3.0], [1.0, 0.0], [0.0, 1.0]]))
    part = Arrays(np.array([-2.0, -9.0]), matrix, np.full(3, -np.inf), np.array([4.0, 1.0, 1.0]), np.zeros(2), np.ones(2), np.ones(2, bool), 0.0)
    return Kernel(np.ones(2, bool), part, part, np.array([0, 1]), [("room",), ("one",), ("other",)])


@pytest.mark.parametrize(("must", "expected"), [((False, False), (0.0, 1.0)), ((True, False), (1.0, 0.0))])
def test_most_at_stake_first_but_for_what_must_be_placed(must: tuple[bool, bool], expected: tuple[float, float]) -> None:
    """The gang worth most takes the room, unless another one must be placed."""
    found = packed(room_for_one(), np.array([0.5, 1.0]), np.zeros(2), np.array(must), OPTIONS, Progress(10))
    assert found is not None
    assert tuple(found) == expected


def test_none_where_two_must_be_placed_and_only_one_fits() -> None:
    """No plan is claimed when a gang that must be placed fits nowhere."""
    assert packed(room_for_one(), np.array([0.5, 1.0]), np.zeros(2), np.array([True, True]), OPTIONS, Progress(10)) is None
