"""Labels of rows, walks and the joining of two walks: what is free belongs together, and no point gets worse or breaks a row."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csc_array, csr_array

from placement.engine.highs import Arrays
from placement.engine.labels import kinds
from placement.engine.neighbourhoods import Field, _by_gang, combined, walk, walk_for

KEYS = [("room", place, t) for place in ("a", "b", "c", "d") for t in range(3)] + [("site", place) for place in ("a", "b", "c", "d")] + [("serve",)] * 6


def field() -> Field:
    """Return six workloads of size 1 to 6 that fit in one of four places with room for 4, 5, 6 and 2 in each of three periods, all worth their size."""
    rows, columns, values = [], [], []
    for w in range(6):
        for place in range(4):
            j = 4 * w + place
            for row in (3 * place + w % 3, 16 + w):
                rows.append(row)
                columns.append(j)
                values.append(float(w + 1) if row < 12 else 1.0)
    matrix = csc_array((values, (rows, columns)), shape=(22, 24))
    room = np.repeat([4.0, 5.0, 6.0, 2.0], 3)
    upper = np.concatenate([room, np.ones(10)])
    cost = -np.repeat(np.arange(1.0, 7.0), 4)
    part = Arrays(cost, matrix, np.full(22, -np.inf), upper, np.zeros(24), np.ones(24), np.ones(24, bool))
    return Field(part, np.repeat(np.arange(6), 4), np.ones(24, bool), np.zeros(24, bool), kinds(KEYS, csr_array(matrix)))


def test_kinds_join_places_that_share_labels() -> None:
    """Places are one kind over both families and periods another; a serve row's bare name is none."""
    found = field().kinds
    assert [(k.labels, k.ordered) for k in found] == [(("a", "b", "c", "d"), False), ((0, 1, 2), True)]
    assert sorted(found[0].columns[[1]].indices) == [1, 5, 9, 13, 17, 21]
    assert sorted(found[1].columns[[2]].indices) == [8, 9, 10, 11, 20, 21, 22, 23]


def test_walk_finds_the_optimum() -> None:
    """From the empty point all workloads are placed: windows of places and periods together reach it."""
    f, values = field(), list[float]()
    x = walk(f, np.zeros(24), lambda: 10.0, 0, values.append)
    assert f.part.value(x) == -21.0
    assert values[-1] == -21.0
    assert (f.part.matrix @ x <= f.part.row_upper + 1e-9).all()
    assert np.array_equal(walk_for(f, x, 0.0, 1), x)


def test_around_a_gang_its_place_and_another_one_are_free() -> None:
    """Drawn for the workload in place a: all its columns, and the workloads that are not placed in both places; supply's columns there too."""
    f = field()
    x = np.zeros(24)
    x[4 * 3 + 1] = 1.0  # workload 3 in place b
    draw = _by_gang(f, f.kinds[0], np.array([3]), np.ones(1))
    seen = set()
    for seed in range(20):
        free = draw(np.random.default_rng(seed), x, 1.0)
        places = {int(j) % 4 for j in np.flatnonzero(free & (f.workload != 3))}
        assert 1 in places
        assert len(places) <= 2
        assert free[f.workload == 3].all()
        seen |= places
    assert seen == {0, 1, 2, 3}


def test_combined_keeps_both_moves_or_the_better() -> None:
    """Moves in different places are joined; moves that cannot both be made leave the better point."""
    p, zero = field().part, np.zeros(24)
    one, other, same = zero.copy(), zero.copy(), zero.copy()
    one[2], other[7], same[15] = 1.0, 1.0, 0.0  # workload 0 in place 2, workload 1 in place 3
    assert p.value(combined(p, zero, one, other, 5.0)) == -3.0
    again = zero.copy()
    again[0] = 1.0  # workload 0 once more, elsewhere
    assert p.value(combined(p, zero, one, again, 5.0)) == -1.0
    assert np.array_equal(combined(p, zero, one, same, 5.0), one)
