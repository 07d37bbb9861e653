"""Prices of rows and what they prove of all columns: reduced costs, repaired prices, and the bound in a box.

Where a column of a choice (a row by which at most one of its columns is taken) would still pay, the price of its choice is lowered
until it does not. So the prices of any restricted program prove a bound on the whole (Lasdon 1970; Farley 1990).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from placement.engine.choices import Choices
from placement.engine.highs import Floats
from placement.program import Program

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Box:
    """Bounds of the columns and lower sides of the rows."""

    lower: Floats
    upper: Floats
    row_lower: Floats

    @classmethod
    def of(cls, p: Program) -> Box:
        """Return the program's own."""
        return cls(p.lower.copy(), p.upper.copy(), p.row_lower.copy())


class Pricing:
    """All columns of a program, to be priced at one price vector after another."""

    def __init__(self, program: Program, choices: Choices) -> None:
        self.program, self.share_row = program, choices.share_row
        self._transposed = csr_array(program.matrix.T)

    def use(self, price: Floats) -> Floats:
        """Return what each column uses at prices of the rows, shape (n_columns,)."""
        return np.asarray(self._transposed @ price)

    def repaired(self, dual: Floats, box: Box) -> tuple[Floats, Floats]:
        """Return duals under which no column of a choice pays, and the reduced costs before."""
        rows, reduced = self.share_row, self.program.cost - self.use(dual)
        least, open_ = np.zeros(len(dual)), (self.share_row >= 0) & (box.upper > 0)
        np.minimum.at(least, rows[open_], reduced[open_])
        return dual + least, reduced

    def bound(self, dual: Floats, box: Box) -> float:
        """Return the bound that duals prove, but for rounding errors; the certificate sees to those."""
        p = self.program
        y = np.where((dual > 0) & ~np.isfinite(box.row_lower) | (dual < 0) & ~np.isfinite(p.row_upper), 0.0, dual)
        side = np.where(y > 0, box.row_lower, np.where(y < 0, p.row_upper, 0.0))
        reduced = p.cost - self.use(y)
        return float(y @ side + np.minimum(reduced * box.lower, reduced * box.upper).sum()) + p.offset


def rank_in_group(group: Ints, value: Floats) -> Ints:
    """Return the place of each column among those of its group (its workload, its choice), the least value first."""
    order = np.lexsort((value, group))
    new = np.concatenate([[True], group[order][1:] != group[order][:-1]])[: len(order)]
    at = np.arange(len(order))
    rank = np.empty(len(order), np.int64)
    rank[order] = at - np.maximum.accumulate(np.where(new, at, 0))
    return rank
