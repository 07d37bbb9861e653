"""Gangs one after another where they fit: a plan of a large program in the time of a linear program or two.

Supply is decided, gangs are still continuous. The gang with most at stake goes first, to the column of which the relaxation takes most, or
else the cheapest one at the root's prices, that leaves every row within its limits; gangs that fit nowhere wait until the continuous
columns have been decided anew around those placed (greedy rounding of a relaxation, as for generalized assignment: Martello and Toth,
*Knapsack Problems*, 1990, section 7.4).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from placement.engine.highs import Floats
from placement.engine.kernel import Kernel, Mask
from placement.engine.outcome import Progress
from placement.engine.start import relaxed_around, stakes
from placement.options import SolveOptions

Ints = NDArray[np.int64]

_ROUNDS = 3  # what the first leaves out loses twice as much as what the second does (measured); the third ends most
_ROOM = 1e-6  # by which a row may be exceeded, relative to what a column uses of it


def packed(k: Kernel, x: Floats, reduced: Floats, must: Mask, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return a kernel point with every gang placed as a whole or not at all, or None if one that must be placed fits nowhere, or time is up.

    Parameters
    ----------
    x
        A kernel point with supply's integers decided and gangs continuous.
    reduced
        Reduced costs of the kernel's columns at the root.
    must
        Whether a workload must be placed, by its number.
    """
    gangs = _Gangs.of(k, reduced, must)
    waiting = gangs.order
    for n in range(_ROUNDS):
        x, waiting = gangs.fit(k, x, waiting)
        if n == _ROUNDS - 1:
            if must[waiting].any():
                return None
            x = np.where(gangs.columns & np.isin(k.workload, waiting), 0.0, x)  # they stay out
            waiting = waiting[:0]
        again = _around(k, x, waiting, options, progress)
        if again is None or not len(waiting):
            return again
        x = again
    return None


@dataclass(frozen=True)
class _Gangs:
    """The columns of gangs, sorted by workload, and the workloads in the order in which they are placed."""

    columns: Mask
    sorted_: Ints
    workload: Ints
    order: Ints
    reduced: Floats

    @classmethod
    def of(cls, k: Kernel, reduced: Floats, must: Mask) -> _Gangs:
        columns = k.part.integer & (k.workload >= 0)
        at = np.flatnonzero(columns)
        at = at[np.argsort(k.workload[at], kind="stable")]
        stake = stakes(k, columns)
        ids = np.unique(k.workload[at])
        return cls(columns, at, k.workload[at], ids[np.lexsort((-stake[ids], ~must[ids]))], reduced)

    def fit(self, k: Kernel, x: Floats, waiting: Ints) -> tuple[Floats, Ints]:
        """Return the point with the waiting gangs placed where they fit, and those that still wait, at their fractions."""
        a: csc_array = k.part.matrix
        loose = self.columns & np.isin(k.workload, waiting)
        out = np.where(loose, 0.0, x)
        room = k.part.row_upper - a @ out
        first, last = np.searchsorted(self.workload, waiting), np.searchsorted(self.workload, waiting, side="right")
        left = list[int]()
        for w, i, j in zip(waiting, first, last, strict=True):
            ways = self.sorted_[i:j]
            for column in ways[np.lexsort((self.reduced[ways], -np.round(x[ways], 2)))]:
                entries = slice(a.indptr[column], a.indptr[column + 1])
                rows, use = a.indices[entries], a.data[entries]
                if (room[rows] - use >= -_ROOM * np.maximum(1.0, np.abs(use))).all():
                    room[rows] -= use
                    out[column] = 1.0
                    break
            else:
                left.append(w)
        still = np.isin(k.workload, left) & self.columns
        return np.where(still, x, out), np.array(left, np.int64)


def _around(k: Kernel, x: Floats, waiting: Ints, options: SolveOptions, progress: Progress) -> Floats | None:
    """Return the point with the continuous columns and the waiting gangs decided anew, all continuous; or None."""
    free = ~k.part.integer | ((k.workload >= 0) & np.isin(k.workload, waiting))
    found = relaxed_around(k, free, x, progress.search_s, options, progress)
    return None if found is None else found[1]
