"""Trees over choices: their bounds against the optimum, what is a choice, and proofs that were tampered with."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.sparse import csc_array

from placement.certificate import Proof, proven_bound
from placement.engine.choices import find_choices, parts
from placement.engine.highs import Run, solve
from placement.engine.search import arrays
from placement.engine.tree import Tree, _Worth, grow
from placement.program import Program, assemble, build_sides
from tests.oracle.random_cases import random_case

SEEDS = range(60)


def never() -> bool:
    """Do not stop."""
    return False


def packing(seed: int) -> Program:
    """Return gangs that go whole into one of a few places of scarce room, extra room for sale, four columns a gang."""
    rng = default_rng(seed)
    n_gangs, n_places, n_columns = 3, 3, 12
    gang, place = np.divmod(np.arange(n_columns), 4)
    place = np.where(place == 3, rng.integers(0, n_places, n_columns), place)
    size = rng.uniform(1, 4, n_columns)
    rows = np.zeros((n_gangs + n_places, n_columns + n_places))
    rows[gang, np.arange(n_columns)] = 1
    rows[n_gangs + place, np.arange(n_columns)] = size
    rows[n_gangs + np.arange(n_places), n_columns + np.arange(n_places)] = -rng.uniform(1, 3, n_places)
    must = rng.random(n_gangs) < 0.3
    n = n_columns + n_places
    return Program(
        cost=np.concatenate([-size * rng.uniform(0.5, 2, n_columns), rng.uniform(0.5, 2, n_places)]), offset=1.5, matrix=csc_array(rows),
        row_lower=np.concatenate([np.where(must, 1.0, 0.0), np.full(n_places, -np.inf)]), row_upper=np.concatenate([np.ones(n_gangs), np.full(n_places, 2.0)]),
        lower=np.zeros(n), upper=np.concatenate([np.ones(n_columns), np.full(n_places, 2.0)]), integer=np.ones(n, bool),
        workload=np.concatenate([gang, np.full(n_places, -1)]), optional=~must,
        row_keys=tuple((f"r{i}",) for i in range(len(rows))), supply_names=tuple(f"c{j}" for j in range(n)),
    )  # fmt: skip


@functools.cache
def enumerated(seed: int) -> float:
    """Return the optimum of a packing by trying every point; inf if there is none."""
    p = packing(seed)
    dense, best = p.matrix.toarray(), math.inf
    ways = [(-1, *np.flatnonzero(p.workload == g)) for g in range(3)]
    for taken in itertools.product(*ways):
        for bought in itertools.product(range(3), repeat=3):
            x = np.zeros(len(p.cost))
            x[[j for j in taken if j >= 0]] = 1
            x[-3:] = bought
            activity = dense @ x
            if (activity >= p.row_lower - 1e-9).all() and (activity <= p.row_upper + 1e-9).all():
                best = min(best, float(p.cost @ x) + p.offset)
    return best


def tree_of(p: Program, keep: float, seed: int, target: float = math.inf, solves: int = 1000) -> Tree:
    """Return a tree that began with some of the columns."""
    tree = Tree(p, default_rng(seed).random(len(p.cost)) < keep, seed=seed)
    tree.run(target, 30.0, never, solves)
    return tree


@pytest.mark.parametrize("seed", SEEDS)
def test_closes_the_gap_and_never_passes_the_optimum(seed: int) -> None:
    """Whatever columns it begins with; cut short it proves less."""
    p, best = packing(seed), enumerated(seed)
    room = 1e-4 * max(abs(best), 1.0) if math.isfinite(best) else 0.0
    for keep in (1.0, 0.3, 0.0):
        for solves in (0, 3, 1000):
            bound = proven_bound(p, tree_of(p, keep, seed, solves=solves).proof())
            assert bound <= best + 1e-9
        assert bound >= best - room


@pytest.mark.parametrize("seed", range(20))
def test_choices_and_columns_together(seed: int) -> None:
    """Random cases of the whole model."""
    p = assemble(build_sides(random_case(seed)))[0]
    if not len(p.cost):
        return
    best = solve(arrays(p), Run(time_limit_s=60, rel_gap=0.0)).objective
    bound = proven_bound(p, tree_of(p, 0.5, seed).proof())
    assert bound <= best + 1e-9 * max(1.0, abs(best))
    if math.isfinite(best):
        assert bound >= best - 2e-2 * max(abs(best), 1e-3)


def test_a_task_of_a_pool() -> None:
    """Grown target by target, until nothing is left to split or time is up."""
    p = packing(1)
    root = np.zeros(len(p.row_lower))
    bound = proven_bound(p, grow(p, np.ones(len(p.cost), bool), root, proven_bound(p, Proof.of_dual(root)), (20.0, 20.0), 0))
    assert bound == pytest.approx(enumerated(1), rel=1e-3)
    assert proven_bound(p, grow(p, np.ones(len(p.cost), bool), root, -100.0, (0.0, 0.0), 0)) <= enumerated(1)


def test_a_tree_goes_on_beyond_its_share_while_it_gains(monkeypatch: pytest.MonkeyPatch) -> None:
    """Up to its share anyway; then as long as the last fifth of the time brought a tenth of the gain; never beyond the most."""
    clock = [0.0]
    monkeypatch.setattr("placement.engine.tree.time.monotonic", lambda: clock[0])

    def last_seconds(gain: Callable[[float], float]) -> float:
        clock[0] = 0.0
        worth = _Worth(-100.0, 10.0, 30.0)
        while worth.going_on(-100.0 + gain(clock[0])):
            clock[0] += 1.0
        return clock[0]

    assert last_seconds(lambda s: s) == 30.0
    assert last_seconds(lambda s: 0.0 if s < 10 else s) == 30.0
    assert 12.0 <= last_seconds(lambda s: min(s, 10.0)) <= 15.0


def test_what_is_a_choice() -> None:
    """Only rows with coefficients and limit 1 over yes/no columns; parts hold about half of what is taken."""
    p = packing(0)
    known = find_choices(p)
    assert known.whole.tolist() == [True] * 3 + [False] * 3
    assert np.array_equal(known.share_row, p.workload)
    assert not find_choices(replace(p, row_upper=np.full(6, 2.0))).whole.any()
    assert not find_choices(replace(p, integer=np.zeros(15, bool))).whole.any()
    x = np.zeros(15)
    x[:2] = 0.6, 0.4
    for part in parts(p, 0, x):
        assert np.isin(part.columns, range(4)).all() and part.taken in (0.6, 0.4)
    x[:2] = 1.0, 0.0
    assert parts(p, 0, x) == []


def _tamper(change: Callable[[dict[str, np.ndarray]], object]) -> Proof:
    stored = {name: a.copy() for name, a in tree_of(packing(2), 1.0, 2).proof().arrays().items()}
    change(stored)
    return Proof(**stored)


@pytest.mark.parametrize(
    "change",
    [
        lambda a: a["choice"].__setitem__(0, 4),  # a row of room
        lambda a: a["choice"].__setitem__(0, 99),
        lambda a: a["choice"].__setitem__(0, -1),
        lambda a: a["part"].__setitem__(0, 14),
        lambda a: a["part"].__setitem__(0, -1),
        lambda a: a["part_start"].__setitem__(0, 1),
        lambda a: a["part_start"].__setitem__(-1, 10**6),
        lambda a: a["column"].__setitem__(0, -50),
    ],
)
def test_no_choice_no_bound(change: Callable[[dict[str, np.ndarray]], object]) -> None:
    """A split that could lose a plan proves nothing."""
    assert len(_tamper(lambda a: None).choice)
    assert proven_bound(packing(2), _tamper(change)) == -math.inf


@pytest.mark.parametrize("other", ["row_upper", "integer", "upper", "matrix"])
def test_of_a_program_without_that_choice(other: str) -> None:
    """The form of the row is looked at in the program, not in the proof."""
    p, proof = packing(2), tree_of(packing(2), 1.0, 2).proof()
    row, column = int(proof.choice[0]), int(proof.part[0])
    dense = p.matrix.toarray()
    dense[row, column] = 0.5
    upper, limit, integer = p.upper.copy(), p.row_upper.copy(), p.integer.copy()
    upper[column], limit[row], integer[column] = 2.0, 2.0, False
    changed = {"row_upper": limit, "integer": integer, "upper": upper, "matrix": csc_array(dense)}
    assert proven_bound(replace(p, **{other: changed[other]}), proof) == -math.inf


@pytest.mark.parametrize("seed", range(150))
def test_disturbed_trees_never_prove_too_much(seed: int) -> None:
    """Whatever is changed at random, the bound stays below the best plan."""
    rng = default_rng(seed)
    case = seed % 10
    arrays = {name: a.copy() for name, a in tree_of(packing(case), 1.0, case, solves=15).proof().arrays().items()}
    for _ in range(rng.integers(1, 4)):
        name = str(rng.choice([n for n, a in arrays.items() if a.size]))
        place = tuple(int(rng.integers(n)) for n in arrays[name].shape)
        arrays[name][place] = {"f": rng.choice([math.nan, math.inf, 0.0, -7.0, 2.0]), "i": rng.integers(-4, 12), "b": True}[arrays[name].dtype.kind]
    assert proven_bound(packing(case), Proof(**arrays)) <= enumerated(case) + 1e-9
