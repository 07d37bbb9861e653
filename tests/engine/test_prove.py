"""Branching trees that prove the optimum without a solver: on random cases, the repository's own, and when cut short."""

from __future__ import annotations

import functools
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import default_rng
from scipy.sparse import csc_array

from placement.case import read_case
from placement.certificate import Proof, proven_bound, safe_bound
from placement.engine.highs import Relaxation, Run, solve
from placement.engine.prove import prove
from placement.engine.search import arrays
from placement.program import Program, assemble, build_sides
from tests.oracle.random_cases import random_case

DATA = Path(__file__).parents[2] / "data"
SEEDS = range(100)


@functools.cache
def program_of(seed: int) -> Program:
    """Return the program of a random case."""
    return assemble(build_sides(random_case(seed)))[0]


@functools.cache
def program_in(name: str) -> Program:
    """Return the program of a case of the repository."""
    return assemble(build_sides(read_case(DATA / name)))[0]


def optimum(p: Program) -> float:
    """Return the optimal cost, inf if there is none."""
    return solve(arrays(p), Run(time_limit_s=60, rel_gap=0.0)).objective


def tree_of(p: Program, target: float, **options: int) -> Proof:
    """Return a proof with time enough."""
    return prove(arrays(p), p, target, 60.0, lambda: False, **options)


def never() -> bool:
    """Do not stop."""
    return False


@pytest.mark.parametrize("seed", SEEDS)
def test_proves_the_optimum(seed: int) -> None:
    """The bound reaches the optimum and does not pass it; without a plan it is infinite."""
    p = program_of(seed)
    best = optimum(p)
    bound = proven_bound(p, tree_of(p, best))
    if math.isinf(best):
        assert bound == math.inf
    else:
        assert best - 1e-5 * max(abs(best), 1e-3) <= bound <= best + 1e-9 * max(abs(best), 1.0)


@pytest.mark.parametrize("seed", range(0, 100, 4))
def test_without_a_plan_in_hand(seed: int) -> None:
    """An infinite target makes the search go on to the optimum itself; one too low ends it early, with a valid bound."""
    p = program_of(seed)
    best = optimum(p)
    assert proven_bound(p, tree_of(p, math.inf)) == pytest.approx(best, rel=1e-5, abs=1e-8)
    assert proven_bound(p, tree_of(p, -1e6)) <= best + 1e-9 * max(abs(best), 1.0)


@pytest.mark.parametrize("seed", [390, 56, 5, 12])
def test_infeasible_is_proven(seed: int) -> None:
    """Also where HiGHS has no ray: programs without columns, rows without entries."""
    proof = tree_of(program_of(seed), math.inf)
    assert proof.infeasible.all()
    assert proven_bound(program_of(seed), proof) == math.inf


def test_three_sites_closes() -> None:
    """The proof of the small example is complete, and shorter than one leaf per plan."""
    p = program_in("three-sites")
    best = optimum(p)
    proof = tree_of(p, best)
    assert 1 < (proof.column < 0).sum() < 20
    assert proven_bound(p, proof) == pytest.approx(best, rel=1e-6)


def test_frontier_small_is_much_closer_than_its_root() -> None:
    """Forty leaves take away most of the distance between relaxation and optimum; each more helps or does no harm."""
    p = program_in("frontier-small")
    root = solve(arrays(p).relaxed(), Run(time_limit_s=60))
    best = solve(arrays(p), Run(time_limit_s=60, rel_gap=1e-4)).objective
    assert root.dual is not None
    before = safe_bound(p, root.dual)
    bounds = [proven_bound(p, tree_of(p, best, max_leaves=n)) for n in (1, 10, 40)]
    assert bounds[0] == pytest.approx(before, rel=1e-9)
    assert bounds == sorted(bounds)
    assert bounds[-1] <= best + 1e-6 * abs(best)
    assert best - bounds[-1] <= 0.3 * (best - before)


def test_same_tree_every_time() -> None:
    """The search has no chance in it."""
    p = program_in("frontier-small")
    one, two = (tree_of(p, math.inf, max_leaves=15).arrays() for _ in range(2))
    assert all(np.array_equal(one[name], two[name]) for name in one)


def test_leaves_are_limited() -> None:
    """There are as many leaves as allowed, at least one, and open leaves share their parent's duals or have better."""
    p = program_in("frontier-small")
    for n in (1, 2, 7):
        proof = tree_of(p, math.inf, max_leaves=n)
        assert (proof.column < 0).sum() == n
        assert len(proof.column) == 2 * n - 1
        assert len(proof.dual) <= n


def test_without_time_the_known_duals_remain() -> None:
    """No time, or a stop at once: one leaf with the duals that were there; a stop later: what was proven until then."""
    p = program_in("frontier-small")
    root = solve(arrays(p).relaxed(), Run(time_limit_s=60)).dual
    assert root is not None
    for seconds, stop in ((0.0, never), (60.0, lambda: True)):
        proof = prove(arrays(p), p, math.inf, seconds, stop, dual=root)
        assert proven_bound(p, proof) == safe_bound(p, root)
        assert proven_bound(p, prove(arrays(p), p, math.inf, seconds, stop)) == safe_bound(p, np.zeros(len(root)))
    asked = iter(range(10_000))
    partial = prove(arrays(p), p, math.inf, 60.0, lambda: next(asked) > 60)
    assert 1 < (partial.column < 0).sum() < 60
    assert proven_bound(p, partial) > safe_bound(p, root)


@pytest.mark.parametrize("seed", range(300))
def test_corrupted_proofs_never_prove_too_much(seed: int) -> None:
    """A true proof of three-sites, disturbed at random in structure, splits, duals and marks, stays below the optimum."""
    p = program_in("three-sites")
    good, best = three_sites_proof()
    rng = default_rng(seed)
    stored = {name: a.copy() for name, a in good.arrays().items()}
    for _ in range(rng.integers(1, 5)):
        name = str(rng.choice([name for name, a in stored.items() if a.size]))
        place = tuple(int(rng.integers(n)) for n in stored[name].shape)
        wild = rng.choice([math.nan, math.inf, -math.inf, 1e300, 0.5, 1.0, -1.0, 3.0])
        stored[name][place] = {"f": wild, "i": rng.integers(-2, len(p.cost)), "b": True}[stored[name].dtype.kind]
    assert proven_bound(p, Proof(**stored)) <= best + 1e-9 * abs(best)


@functools.cache
def three_sites_proof() -> tuple[Proof, float]:
    """Return a proof of three-sites and its optimum."""
    p = program_in("three-sites")
    best = optimum(p)
    return tree_of(p, best), best


def test_a_leaf_cannot_be_left_out() -> None:
    """Putting one side of a split in the place of the split leaves plans out; such a tree is none, or its leaf covers the whole box."""
    p = program_in("three-sites")
    proof, best = three_sites_proof()
    for node in np.flatnonzero(proof.column >= 0):
        for child in (proof.left[node], proof.right[node]):
            moved = {name: a.copy() for name, a in proof.arrays().items()}
            for name in ("column", "at", "left", "right", "leaf"):
                moved[name][node] = moved[name][child]
            assert proven_bound(p, Proof(**moved)) <= best + 1e-9 * abs(best)


def test_false_marks_do_not_help() -> None:
    """All leaves marked empty: those that are not count with no duals at all."""
    p = program_in("three-sites")
    proof, best = three_sites_proof()
    assert proven_bound(p, replace(proof, infeasible=np.ones(len(proof.dual), bool))) <= best


def test_round_trip(tmp_path: Path) -> None:
    """A proof written and read proves the same."""
    p = program_in("three-sites")
    proof, _ = three_sites_proof()
    np.savez_compressed(tmp_path / "proof.npz", **proof.arrays())
    with np.load(tmp_path / "proof.npz") as stored:
        assert proven_bound(p, Proof.from_arrays(stored)) == proven_bound(p, proof)


def test_relaxation_in_boxes() -> None:
    """Boxes one after the other give what a new solver gives, from whatever basis."""
    p = program_in("frontier-small")
    whole = arrays(p)
    columns = np.flatnonzero(p.integer)
    relaxation, rng, basis = Relaxation(whole), default_rng(0), None
    for _ in range(6):
        lower, upper = p.lower.copy(), p.upper.copy()
        some = rng.choice(columns, 5, replace=False)
        upper[some] = np.floor((lower[some] + upper[some]) / 2)
        answer, ray, found = relaxation.solve(columns.astype(np.int32), lower[columns], upper[columns], 20.0, basis)
        fresh = solve(replace(whole, lower=lower, upper=upper).relaxed(), Run(time_limit_s=20))
        assert ray is None and answer.status == fresh.status == "kOptimal"
        assert answer.objective == pytest.approx(fresh.objective, rel=1e-7)
        basis = basis or found


@pytest.mark.parametrize("seed", range(0, 100, 3))
def test_an_earlier_tree_goes_on(seed: int) -> None:
    """From the tree of a program with other costs, bounds and sides: the new optimum, found and proven; never more than it."""
    p, rng = program_of(seed), default_rng(seed)
    if math.isinf(optimum(p)):
        return
    earlier = tree_of(p, optimum(p))
    some = rng.random(len(p.cost)) < 0.1
    fixed = np.where(some & p.integer, np.floor(p.upper / 2), p.upper)
    q = replace(p, cost=p.cost * rng.uniform(0.9, 1.1, len(p.cost)), upper=np.maximum(fixed, p.lower), row_upper=p.row_upper * 1.05)
    best, seen, told = optimum(q), list[float](), list[float]()

    def offer(x: np.ndarray) -> float:
        point = np.where(q.integer, np.round(x), x)
        seen.append(float(q.cost @ point) + q.offset)
        return min(seen)

    proof = prove(arrays(q), q, math.inf, 60.0, never, earlier=earlier, offer=offer, tell=told.append)
    bound = proven_bound(q, proof)
    if math.isinf(best):
        assert bound == math.inf and not seen
        return
    close = 1e-5 * max(abs(best), 1e-3)
    assert best - close <= bound <= best + 1e-9 * max(abs(best), 1.0)
    assert min(seen) == pytest.approx(best, rel=1e-5, abs=1e-6)
    assert told == sorted(told) and all(t <= best + close for t in told)


def test_an_earlier_tree_is_only_solved_again_where_it_must_be() -> None:
    """With nothing changed no leaf is split and the bound stays; without splitting allowed the tree has the leaves that it had."""
    p = program_in("frontier-small")
    best = solve(arrays(p), Run(time_limit_s=60, rel_gap=1e-4)).objective
    earlier = tree_of(p, best, max_leaves=15)
    again = prove(arrays(p), p, proven_bound(p, earlier), 60.0, never, earlier=earlier)
    assert np.array_equal(np.sort(again.column), np.sort(earlier.column))
    assert proven_bound(p, again) >= proven_bound(p, earlier) - 1e-6 * abs(best)
    dearer = replace(p, cost=p.cost * 1.01)
    kept = prove(arrays(dearer), dearer, math.inf, 60.0, never, 1, earlier=earlier)
    assert (kept.column < 0).sum() == (earlier.column < 0).sum()
    assert proven_bound(dearer, kept) > proven_bound(dearer, earlier)


@pytest.mark.parametrize("seed", range(0, 100, 7))
def test_a_renumbered_tree_proves_the_same(seed: int) -> None:
    """Columns and rows in another order with new ones among them: the same bound; with some gone, never more than the optimum."""
    p, rng = program_of(seed), default_rng(seed)
    proof, best = tree_of(p, optimum(p)), optimum(p)
    n_rows, n_columns = p.matrix.shape
    rows, columns = rng.permutation(n_rows), rng.permutation(n_columns)
    q = replace(
        p, matrix=csc_array(p.matrix[rows][:, columns]), cost=p.cost[columns], lower=p.lower[columns], upper=p.upper[columns],
        integer=p.integer[columns], workload=p.workload[columns], row_lower=p.row_lower[rows], row_upper=p.row_upper[rows],
    )  # fmt: skip
    moved = proof.renumbered(np.argsort(columns), np.argsort(rows), n_rows)
    assert proven_bound(q, moved) == pytest.approx(proven_bound(p, proof), rel=1e-9, abs=1e-9)
    gone = np.where(rng.random(n_columns) < 0.5, -1, np.arange(n_columns))
    rows_gone = np.where(rng.random(n_rows) < 0.2, -1, np.arange(n_rows))
    assert proven_bound(p, proof.renumbered(gone, rows_gone, n_rows)) <= best + 1e-9 * max(abs(best), 1.0)


def test_an_earlier_tree_is_not_trusted() -> None:
    """Splits that are not at whole numbers, or of columns that there are not, fall away: nothing is told that is not so, and a root dual is never lost."""
    p = program_in("three-sites")
    good, best = three_sites_proof()
    for name, value in (("at", 0.5), ("column", len(p.cost) + 7)):
        stored = {key: a.copy() for key, a in good.arrays().items()}
        stored[name][good.column >= 0] = value
        told = list[float]()
        proof = prove(arrays(p), p, math.inf, 60.0, never, earlier=Proof(**stored), tell=told.append)
        assert max(told) <= best + 1e-6 * abs(best)
        assert best - 1e-5 * abs(best) <= proven_bound(p, proof) <= best + 1e-9 * abs(best)
    root = solve(arrays(p).relaxed(), Run(time_limit_s=60)).dual
    poor = replace(good, dual=np.zeros_like(good.dual), infeasible=np.zeros(len(good.dual), bool))
    asked = iter(range(10_000))
    assert root is not None
    kept = prove(arrays(p), p, math.inf, 60.0, lambda: next(asked) > 0, dual=root, earlier=poor)
    assert proven_bound(p, kept) >= safe_bound(p, root) - 1e-9


def test_choices_are_renumbered_or_fall_away() -> None:
    """A tree of two choices: both kept under new numbers, one without its row, one with nothing left of its part; the rest of the tree still proves."""
    rows = csc_array(np.array([[0.0, 0, 0, 0, 0, 1], [1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 0]]))
    p = program_in("three-sites")
    p = replace(
        p, matrix=rows, cost=np.array([-3.0, -2, -1, -2, -1, 0]), offset=0.0, lower=np.zeros(6), upper=np.ones(6), integer=np.ones(6, bool),
        workload=np.zeros(6, np.int64), row_lower=np.array([0.0, -np.inf, -np.inf]), row_upper=np.array([1.0, 1, 1]),
    )  # fmt: skip
    column, left, right = np.array([-2, -1, -3, -1, -1]), np.array([1, -1, 3, -1, -1]), np.array([2, -1, 4, -1, -1])
    dual = np.tile(np.array([0.0, -3.0, -2.0]), (3, 1))
    proof = Proof(
        column, np.zeros(5), left, right, np.array([-1, 0, -1, 1, 2]), dual, np.zeros(3, bool),
        choice=np.array([1, 2]), part_start=np.array([0, 2, 3]), part=np.array([0, 1, 3]),
    )  # fmt: skip
    assert proven_bound(p, proof) == pytest.approx(-5.0)
    same, whole = np.arange(3), np.arange(6)
    assert proven_bound(p, proof.renumbered(whole, same, 3)) == pytest.approx(-5.0)
    order = np.array([2, 0, 1])  # new number of each row
    moved = replace(p, matrix=csc_array(rows.toarray()[[1, 2, 0]]), row_lower=p.row_lower[[1, 2, 0]], row_upper=p.row_upper[[1, 2, 0]])
    assert proven_bound(moved, proof.renumbered(whole, order, 3)) == pytest.approx(-5.0)
    gone = proof.renumbered(whole, np.array([0, -1, 1]), 2)
    fewer = replace(p, matrix=csc_array(rows.toarray()[[0, 2]]), row_lower=p.row_lower[[0, 2]], row_upper=p.row_upper[[0, 2]])
    assert list(gone.choice) == [1] and list(gone.part) == [3]
    assert math.isfinite(proven_bound(fewer, gone)) and proven_bound(fewer, gone) <= -6.0 - 2.0 + 1e-6
    without_part = proof.renumbered(np.array([0, 1, 2, -1, 4, 5]), same, 3)
    assert list(without_part.choice) == [1] and proven_bound(p, without_part) == pytest.approx(-5.0)
