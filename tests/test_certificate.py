"""The bound that needs no solver: recomputed with fractions, against solvers, and against dual vectors that are no good."""

from __future__ import annotations

import math
from dataclasses import fields, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.random import default_rng
from numpy.typing import NDArray
from scipy.sparse import csc_array

from placement.certificate import Proof, proven_bound, proves_infeasible, safe_bound
from placement.engine.highs import Run, dual_ray, solve
from placement.engine.search import arrays
from placement.program import Program, assemble, build_sides
from tests.oracle.random_cases import random_case

SEEDS = range(25)


def program_of(seed: int) -> Program:
    """Return the program of a random case."""
    return assemble(build_sides(random_case(seed)))[0]


def optimum(p: Program, integer: bool) -> float:
    """Return the optimal cost of the program or its relaxation; inf if there is none."""
    whole = arrays(p)
    answer = solve(whole if integer else whole.relaxed(), Run(time_limit_s=60, rel_gap=0.0))
    return answer.objective + p.offset if answer.x is not None else math.inf


def random_dual(p: Program, seed: int) -> NDArray[np.float64]:
    """Return a vector of any sign, over many orders of magnitude, with zeros."""
    rng = default_rng(seed)
    m = len(p.row_lower)
    return np.where(rng.random(m) < 0.2, 0.0, rng.normal(size=m) * 10.0 ** rng.uniform(-12, 8, m))


def clipped(p: Program, dual: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vector with entries set to 0 whose side of the row is infinite."""
    y = np.where(np.isfinite(dual), dual, 0.0)
    return np.where(((y > 0) & np.isinf(p.row_lower)) | ((y < 0) & np.isinf(p.row_upper)), 0.0, y)


def exact_bound(p: Program, dual: NDArray[np.float64]) -> Fraction:
    """Return the bound of the formula in rational numbers; the vector has the right signs."""
    total = Fraction(p.offset)
    y = [Fraction(v) for v in dual.tolist()]
    for i, v in enumerate(y):
        if v:
            total += v * Fraction(float(p.row_lower[i] if v > 0 else p.row_upper[i]))
    for j in range(len(p.cost)):
        entries = range(p.matrix.indptr[j], p.matrix.indptr[j + 1])
        reduced = Fraction(float(p.cost[j])) - sum((y[p.matrix.indices[e]] * Fraction(float(p.matrix.data[e])) for e in entries), Fraction(0))
        total += min(reduced * Fraction(float(p.lower[j])), reduced * Fraction(float(p.upper[j])))
    return total


def size_of_terms(p: Program, dual: NDArray[np.float64]) -> float:
    """Return the sum of the absolute terms of the formula: what rounding errors are relative to."""
    side = np.where(dual > 0, p.row_lower, np.where(dual < 0, p.row_upper, 0.0))
    box = np.maximum(np.abs(p.lower), np.abs(p.upper))
    return float(np.abs(dual * side).sum() + ((np.abs(p.cost) + abs(p.matrix).T @ np.abs(dual)) * box).sum() + abs(p.offset))


@pytest.mark.parametrize("seed", SEEDS)
def test_never_above_the_exact_value(seed: int) -> None:
    """In exact arithmetic the formula gives at least the safe bound, and hardly more, whatever the vector."""
    p = program_of(seed)
    for dual in (random_dual(p, seed), random_dual(p, seed + 1000), np.zeros(len(p.row_lower))):
        y = clipped(p, dual)
        bound, exact = safe_bound(p, dual), exact_bound(p, y)
        assert Fraction(bound) <= exact
        assert float(exact - Fraction(bound)) <= 1e-9 * max(abs(float(exact)), 1e-3 * size_of_terms(p, y), 1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_optimal_duals_prove_the_relaxation(seed: int) -> None:
    """The duals of the relaxation give its optimum, a bound below the best plan."""
    p = program_of(seed)
    root = solve(arrays(p).relaxed(), Run(time_limit_s=60))
    if root.x is None or root.dual is None:
        pytest.skip("no solution even without integrality")
    bound = safe_bound(p, root.dual)
    assert bound == pytest.approx(root.objective, rel=1e-6, abs=1e-6)
    assert Fraction(bound) <= exact_bound(p, clipped(p, root.dual))
    assert bound <= optimum(p, integer=True) + 1e-6


@pytest.mark.parametrize("seed", SEEDS)
def test_any_dual_is_below_the_best_plan(seed: int) -> None:
    """A vector that has nothing to do with the program, or the optimal one disturbed, never proves too much."""
    p = program_of(seed)
    best = optimum(p, integer=True)
    root = solve(arrays(p).relaxed(), Run(time_limit_s=60)).dual
    rng = default_rng(seed)
    near = [root * rng.normal(1, 0.3, len(root)), root + rng.normal(0, 1e-4, len(root)), -root] if root is not None else []
    for dual in (random_dual(p, seed), *near):
        assert safe_bound(p, dual) <= best + 1e-9 * max(1.0, abs(best))


def small(cost: list[float], rows: list[list[float]], row_lower: list[float], row_upper: list[float]) -> Program:
    """Return a program over columns in [0, 10]."""
    n, m = len(cost), len(rows)
    return Program(
        cost=np.array(cost), offset=0.0, matrix=csc_array(np.array(rows, dtype=float).reshape(m, n)), row_lower=np.array(row_lower),
        row_upper=np.array(row_upper), lower=np.zeros(n), upper=np.full(n, 10.0), integer=np.zeros(n, bool), workload=np.full(n, -1),
        optional=np.empty(0, bool), row_keys=tuple((f"r{i}",) for i in range(m)), supply_names=tuple(f"c{j}" for j in range(n)),
    )  # fmt: skip


COVER = small([3.0, 2.0], [[1.0, 1.0]], [4.0], [math.inf])  # cover 4: all by the second at cost 8


@pytest.mark.parametrize(("dual", "expected"), [(2.0, 8.0), (1.0, 4.0), (0.0, 0.0), (2.5, 5.0), (-7.0, 0.0), (math.nan, 0.0), (math.inf, 0.0)])
def test_bounds_by_hand(dual: float, expected: float) -> None:
    """4y + 10 min(0, 3 - y) + 10 min(0, 2 - y); a wrong sign, NaN and infinity count as 0."""
    assert safe_bound(COVER, np.array([dual])) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("size", [1e300, -1e300, 1.7e308])
def test_duals_beyond_arithmetic_prove_nothing(size: float) -> None:
    """Overflow gives no bound and no error, whatever cancels."""
    p = small([1.0, -1.0], [[5e8, 5e8], [1.0, -5e8]], [-5.0, -5.0], [5.0, 5.0])
    for dual in ([size, size], [size, -size], [0.0, size]):
        bound = safe_bound(p, np.array(dual))
        assert bound <= -10.0 + 1e-9  # the optimum is at least -10


def test_wrong_length_is_an_error() -> None:
    """A vector for another program is refused, even one that numpy would stretch."""
    for length in (0, 2, 3):
        with pytest.raises(ValueError, match=f"{length} entries, the program 1 rows"):
            safe_bound(COVER, np.ones(length))
    with pytest.raises(ValueError):
        safe_bound(COVER, np.array(1.0))


def test_rounding_is_on_the_safe_side() -> None:
    """Sums whose exact value is not a floating-point number are taken down, not to the nearest."""
    rng = default_rng(1)
    for _ in range(300):
        m, n = (int(x) for x in rng.integers(1, 4, 2))
        p = small(rng.normal(size=n).tolist(), rng.normal(size=(m, n)).tolist(), rng.uniform(-3, 0, m).tolist(), rng.uniform(0.1, 3, m).tolist())
        dual = rng.normal(size=m)
        assert Fraction(safe_bound(p, dual)) <= exact_bound(p, dual)
        tight = replace(p, cost=p.matrix.T @ dual)  # reduced costs are rounding errors alone
        assert Fraction(safe_bound(tight, dual)) <= exact_bound(tight, dual)


@pytest.mark.parametrize("seed", range(120))
def test_infeasibility_has_a_proof(seed: int) -> None:
    """A dual ray from the solver is accepted for infeasible relaxations only, and then the oracle finds no plan either."""
    p = program_of(seed)
    ray = dual_ray(arrays(p), Run(time_limit_s=20))
    feasible = solve(arrays(p).relaxed(), Run(time_limit_s=20)).x is not None
    if feasible:
        assert ray is None or not proves_infeasible(p, ray)
        assert not proves_infeasible(p, default_rng(seed).normal(size=len(p.row_lower)))
    elif ray is not None:
        assert proves_infeasible(p, ray)


# min -5a - 4b over whole numbers in [0, 10], 6a + 4b <= 24, a + 2b <= 6, and c in [0, 10] continuous without effect: -20 at (4, 0).
# The relaxation has -21 at (3, 1.5); b <= 1 gives (10/3, 1) at -20.67; in it a <= 3 gives (3, 1) at -19, a >= 4 gives (4, 0) at -20;
# b >= 2 gives (2, 2) at -18.
WHOLE = replace(small([-5.0, -4.0, 0.0], [[6.0, 4.0, 0.0], [1.0, 2.0, 0.0]], [-math.inf] * 2, [24.0, 6.0]), integer=np.array([True, True, False]))
TREE = Proof(
    column=np.array([1, 0, -1, -1, -1]), at=np.array([1.0, 3.0, 0.0, 0.0, 0.0]), left=np.array([1, 3, -1, -1, -1]), right=np.array([2, 4, -1, -1, -1]),
    leaf=np.array([-1, -1, 0, 1, 2]), dual=np.array([[0.0, -5.0], [0.0, 0.0], [-1.0, 0.0]]), infeasible=np.zeros(3, bool),
)  # fmt: skip
BEST = -20.0


def changed(**entries: Any) -> Proof:
    """Return the tree with entries of its arrays set, such as ``at={0: 0.5}``."""
    arrays = {name: array.copy() for name, array in TREE.arrays().items()}
    for name, what in entries.items():
        for place, value in what.items():
            arrays[name][place] = value
    return Proof(**arrays)


def test_tree_by_hand() -> None:
    """b >= 2: -5a - 4b + 5(a + 2b - 6) = 6b - 30 >= -18; a <= 3, b <= 1: -19; a >= 4, b <= 1: a - 24 >= -20."""
    assert proven_bound(WHOLE, TREE) == pytest.approx(BEST, abs=1e-9)
    assert proven_bound(WHOLE, TREE) <= BEST
    assert proven_bound(WHOLE, Proof.of_dual(np.array([-0.75, -0.5]))) == pytest.approx(-21)


def test_the_trivial_tree_is_the_safe_bound() -> None:
    """One leaf proves what its dual vector proves."""
    for seed in SEEDS:
        p = program_of(seed)
        dual = random_dual(p, seed)
        assert proven_bound(p, Proof.of_dual(dual)) == safe_bound(p, dual)


def test_an_empty_leaf_needs_its_ray() -> None:
    """a >= 5 breaks the first row: with a ray the leaf is out of the way, without it counts as if nothing were known."""
    tree = Proof(
        column=np.array([0, -1, -1]), at=np.array([4.0, 0.0, 0.0]), left=np.array([1, -1, -1]), right=np.array([2, -1, -1]), leaf=np.array([-1, 0, 1]),
        dual=np.array([[-0.75, -0.5], [-1.0, 0.0]]), infeasible=np.array([False, True]),
    )  # fmt: skip
    assert proven_bound(WHOLE, tree) == pytest.approx(-21)
    for ray in ([1.0, 0.0], [-3e200, 0.0]):  # either sign, any size
        assert proven_bound(WHOLE, replace(tree, dual=np.array([[-0.75, -0.5], ray]))) == pytest.approx(-21)
    for ray in ([0.0, 0.0], [0.0, 1e-9], [math.nan, -1.0], [math.inf, 0.0]):
        assert proven_bound(WHOLE, replace(tree, dual=np.array([[-0.75, -0.5], ray]))) == pytest.approx(-90)


MALFORMED = {
    "no nodes": Proof(*(a[:0] for a in TREE.arrays().values())),
    "leaf dropped": Proof(TREE.column[:4], TREE.at[:4], TREE.left[:4], TREE.right[:4], TREE.leaf[:4], TREE.dual[:2], TREE.infeasible[:2]),
    "child missing": changed(right={1: -1}),
    "arrays of different lengths": replace(TREE, at=TREE.at[:4]),
    "cycle to the root": changed(left={1: 0}),
    "cycle to itself": changed(left={1: 1}),
    "cycle apart from the root": Proof(
        column=np.array([-1, 0, -1]),
        at=np.array([0.0, 3.0, 0.0]),
        left=np.array([-1, 1, -1]),
        right=np.array([-1, 2, -1]),
        leaf=np.array([0, -1, 0]),
        dual=TREE.dual,
        infeasible=TREE.infeasible,
    ),
    "one child twice": changed(left={1: 4}),
    "wrong child": changed(left={0: 2}),
    "child beyond the end": changed(left={1: 5}),
    "leaf without dual": changed(leaf={3: -1}),
    "dual beyond the end": changed(leaf={3: 3}),
    "dual from behind": changed(leaf={3: -2}),
    "leaf with children": changed(column={1: -1}, leaf={1: 0}),
    "negative column": changed(column={1: -2}),
    "marks missing": replace(TREE, infeasible=TREE.infeasible[:2]),
}
WRONG_FOR_THE_PROGRAM = {
    "continuous column": changed(column={0: 2}),
    "no such column": changed(column={0: 3}),
    "fraction": changed(at={0: 0.5}),
    "NaN": changed(at={0: math.nan}),
    "infinite": changed(at={0: math.inf}),
    "too large to count": changed(at={0: 1e300}),
    "above the box": changed(at={0: 10.0}),
    "below the box": changed(at={0: -1.0}),
    "outside the node's box": changed(column={1: 1}, at={1: 1.0}),
}


@pytest.mark.parametrize("proof", [*MALFORMED.values(), *WRONG_FOR_THE_PROGRAM.values()], ids=[*MALFORMED, *WRONG_FOR_THE_PROGRAM])
def test_no_proof_no_bound(proof: Proof) -> None:
    """A tree that does not cover the box, or splits what cannot be split, proves nothing."""
    assert proven_bound(WHOLE, proof) == -math.inf


@pytest.mark.parametrize("proof", MALFORMED.values(), ids=MALFORMED)
def test_malformed_arrays_are_refused(proof: Proof) -> None:
    """What is no tree cannot be read."""
    with pytest.raises(ValueError, match="no tree"):
        Proof.from_arrays(proof.arrays())


def test_wrong_kinds_are_refused() -> None:
    """Missing arrays, text and fractions for numbers of nodes are named."""
    for f in fields(Proof):
        arrays = TREE.arrays()
        with pytest.raises(ValueError, match=f"no array '{f.name}'"):
            Proof.from_arrays({name: a for name, a in arrays.items() if name != f.name})
        with pytest.raises(ValueError, match=f"'{f.name}' of the proof is"):
            Proof.from_arrays(arrays | {f.name: arrays[f.name].astype(str)})
    with pytest.raises(ValueError, match="'left' of the proof is float64"):
        Proof.from_arrays(TREE.arrays() | {"left": TREE.left.astype(float)})


def test_tree_for_another_program_is_an_error() -> None:
    """Dual vectors of the wrong length are refused, as by the safe bound."""
    for dual in (np.zeros((3, 1)), np.zeros((3, 3)), np.zeros(3)):
        with pytest.raises(ValueError, match="dual vectors have shape"):
            proven_bound(WHOLE, replace(TREE, dual=dual))


@pytest.mark.parametrize("seed", range(200))
def test_disturbed_trees_never_prove_too_much(seed: int) -> None:
    """Whatever is changed at random, the bound stays below the best plan."""
    rng = default_rng(seed)
    arrays = {name: a.copy() for name, a in TREE.arrays().items()} | {"price": rng.normal(0, 3, len(WHOLE.row_lower))}
    for _ in range(rng.integers(1, 4)):
        name = str(rng.choice([n for n, a in arrays.items() if a.size]))
        place = tuple(int(rng.integers(n)) for n in arrays[name].shape)
        wild = rng.choice([math.nan, math.inf, 1e308, -1e308, 0.0, 0.3, -7.0, 2.0])
        arrays[name][place] = {"f": wild, "i": rng.integers(-2, 6), "b": True}[arrays[name].dtype.kind]
    assert proven_bound(WHOLE, Proof(**arrays)) <= BEST


def test_stored_and_read_again(tmp_path: Path) -> None:
    """A tree comes back from a file as it was."""
    np.savez(tmp_path / "proof.npz", **TREE.arrays())
    with np.load(tmp_path / "proof.npz") as stored:
        again = Proof.from_arrays(stored)
    for name, array in TREE.arrays().items():
        assert np.array_equal(array, again.arrays()[name]) and array.dtype == again.arrays()[name].dtype
    assert proven_bound(WHOLE, again) == proven_bound(WHOLE, TREE)
