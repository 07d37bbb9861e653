"""The columns of a program that are worth looking at, and the way back to all of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from placement.engine.highs import Answer, Arrays, Floats
from placement.engine.pricing import rank_in_group
from placement.program import Program

_BEST_INTEGER, _BEST_SHARES = 40, 6  # columns kept per workload by reduced cost: gangs, shares of demand
_MOST_INTEGER, _FEWEST = 40_000, 10  # columns of gangs kept in all by reduced cost, but as many as this of each
_USED = 1e-6

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Kernel:
    """The promising columns of a program and the way back to all of them."""

    keep: Mask
    whole: Arrays
    part: Arrays
    workload: NDArray[np.int64]
    row_keys: Sequence[tuple[Any, ...]]

    @classmethod
    def of(cls, keep: Mask, program: Program, whole: Arrays) -> Kernel:
        """Return the kernel of the columns to keep; the others stand at their lower bound."""
        return cls(keep, whole, whole.restricted(keep, whole.lower)[0], program.workload[keep], program.row_keys)

    @property
    def supply(self) -> Mask:
        """Columns that are supply's integer decisions."""
        return self.whole.integer[self.keep] & (self.workload < 0)

    def loose(self) -> Kernel:
        """Return the kernel with gangs continuous."""
        return replace(self, part=self.part.relaxed(self.supply))

    def lift(self, x: Floats) -> Floats:
        """Return a point of the whole program from one of the kernel; the rest stands at its lower bound."""
        out = self.whole.lower.copy()
        out[self.keep] = x
        return out


def promising(program: Program, whole: Arrays, root: Answer) -> Mask:
    """Return the columns that the relaxation uses and the best of each workload by reduced cost; without prices all.

    They are for finding plans; a bound over them says nothing about the whole program.
    """
    if root.x is None or root.dual is None:
        return np.ones(len(program.cost), bool)
    rank = rank_in_group(program.workload, program.cost - program.matrix.T @ root.dual)
    gangs = len(np.unique(program.workload[program.integer & (program.workload >= 0)]))
    each = min(_BEST_INTEGER, max(_FEWEST, _MOST_INTEGER // max(gangs, 1)))
    few = np.where(program.integer, rank < each, rank < _BEST_SHARES)
    used = root.x > _USED
    return np.where(program.workload >= 0, few | _slack(program) | used, ~program.integer | used | (whole.lower > 0))


def _slack(program: Program) -> Mask:
    """Columns that only leave a workload unserved; without them a kernel may have no plan."""
    return (program.workload >= 0) & (np.diff(program.matrix.indptr) <= 1)


def least_columns(program: Program) -> Mask:
    """Columns enough for a plan that serves only what must be served: supply, doing without, and all ways to serve the rest."""
    return (program.workload < 0) | _slack(program) | bound_to_be_served(program)[program.workload]


def bound_to_be_served(program: Program) -> Mask:
    """Workloads that cannot be left out, not even for a penalty, by their number; those of supply's columns, -1, are none."""
    must = ~program.optional
    must[program.workload[_slack(program)]] = False
    return must
