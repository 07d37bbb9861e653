"""Recognising assignment form from rows: points, costs and feasibility agree with the program's; other programs are left alone."""

from dataclasses import fields, replace
from itertools import product
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csc_array, hstack, vstack

from placement.engine.assignment.detect import recognise
from placement.engine.assignment.structure import Placing
from placement.program import Program
from tests.assignments import KINDS, location


def feasible(p: Program, x: np.ndarray) -> bool:
    activity = p.matrix @ x
    return bool((activity >= p.row_lower - 1e-9).all() and (activity <= p.row_upper + 1e-9).all())


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("kind", KINDS)
def test_every_point_means_the_same(kind: str, seed: int) -> None:
    """All whole points of a small case: same cost, feasible in one form exactly when in the other."""
    p = location(np.random.default_rng(seed), **KINDS[kind])
    known = recognise(p)
    assert known is not None
    a = known.assignment
    assert (a.siting, a.whole) == (KINDS[kind]["siting"], KINDS[kind]["whole"])
    for sites in product(range(a.m), repeat=a.n):
        for opened in product((False, True), repeat=a.m) if a.siting else [(True,) * a.m]:
            share = np.zeros((a.m, a.n))
            share[np.array(sites), np.arange(a.n)] = 1
            placing = Placing(share, np.array(opened))
            x = known.point(placing)
            assert p.cost @ x == pytest.approx(placing.value(a))
            assert (placing.overload(a) <= 1e-9) == feasible(p, x)
            again = known.placing(x)
            assert np.array_equal(again.share, share) and (again.open == placing.open).all()


def test_limits_and_costs_are_read_off_the_rows() -> None:
    p = location(np.random.default_rng(3), siting=True, whole=True, count=2)
    a = recognise(p).assignment
    assert (a.fewest, a.most) == (2, 2)
    assert np.array_equal(a.open_cost, p.cost[:3]) and np.array_equal(a.cost.ravel(), p.cost[3:])
    assert a.step == 1.0 and a.lift_bound(11.2) == 12.0


def test_prices_stand_at_the_serve_rows() -> None:
    p = location(np.random.default_rng(3), siting=True, whole=False)
    known = recognise(p)
    assert np.flatnonzero(known.price(np.ones(4))).tolist() == [0, 1, 2, 3]


BASE = location(np.random.default_rng(1), siting=True, whole=True)


def changed(**what: Any) -> Program:
    return Program(**{f.name: getattr(BASE, f.name) for f in fields(BASE)} | what)


def another_row(values: np.ndarray, upper: float) -> Program:
    matrix = csc_array(vstack([BASE.matrix, csc_array(values[None])]))
    return changed(
        matrix=matrix, row_lower=np.append(BASE.row_lower, -np.inf), row_upper=np.append(BASE.row_upper, upper), row_keys=(*BASE.row_keys, ("more",))
    )


def beyond() -> dict[str, Program]:
    n = len(BASE.cost)
    coupling, some = np.zeros(n), np.zeros(n)
    coupling[[3, 4, 9]], some[:2] = 1.0, 1.0
    double = csc_array(hstack([BASE.matrix, BASE.matrix[:, [n - 1]]]))
    return {
        "a row over several sites": another_row(coupling, 1.0),
        "a row over some decisions": another_row(some, 1.0),
        "a share of at most a half": changed(upper=np.where(np.arange(n) == 5, 0.5, 1.0)),
        "some workloads whole, others not": changed(integer=np.arange(n) % 2 == 0),
        "a workload that may stay unserved": changed(row_lower=np.where(np.arange(len(BASE.row_lower)) == 0, 0.0, BASE.row_lower)),
        "a fractional decision": changed(integer=np.arange(n) != 0),
        "two ways to serve from one site": changed(
            matrix=double, cost=np.append(BASE.cost, 1.0), lower=np.zeros(n + 1), upper=np.ones(n + 1), integer=np.ones(n + 1, bool),
            workload=np.append(BASE.workload, BASE.workload[-1]),
        ),
    }  # fmt: skip


@pytest.mark.parametrize("what", beyond())
def test_anything_beyond_the_form_is_not_recognised(what: str) -> None:
    assert recognise(beyond()[what]) is None


def test_a_placing_that_breaks_a_rule_is_seen() -> None:
    a = recognise(BASE).assignment
    site = np.zeros(4, dtype=np.int64)
    everything = Placing.of_sites(a, site)
    assert everything.overload(a) == pytest.approx(max(0, a.use[0].sum() - a.capacity[0]))
    assert replace(everything, open=np.zeros(3, bool)).overload(a) == np.inf
    assert replace(everything, share=0.5 * everything.share).overload(a) == np.inf
