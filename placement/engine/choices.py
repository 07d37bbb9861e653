"""Rows that let at most one of their columns be taken, and how to split such a choice in two.

Splitting a single column of a choice is lopsided: forbidding one way out of hundreds changes next to nothing. A part of the ways,
such as all that use a certain resource, splits the choice evenly (Beale and Tomlin, *Proc. 5th Int. Conf. on Operational
Research*, 1970, 447-454, on special ordered sets; Ryan and Foster 1981 for parts given by rows).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placement.program import Program

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

_PARTS = 3  # parts offered per choice


@dataclass(frozen=True)
class Choices:
    """The row that shares out each column.

    Attributes
    ----------
    share_row
        Row with coefficients 1, limit 1 and columns in [0, 1] only that holds the column, -1 if there is none, shape (n_columns,).
    whole
        Whether all columns of a row are yes/no, so that at most one is taken, shape (n_rows,); False for rows of another form.
    """

    share_row: Ints
    whole: NDArray[np.bool_]


def find_choices(p: Program) -> Choices:
    """Return the choices of a program; a column in several rows of this form belongs to the longest one."""
    a = p.matrix
    n_rows, n_columns = a.shape
    column = np.repeat(np.arange(n_columns), np.diff(a.indptr))
    unit = (a.data == 1) & (p.lower[column] == 0) & (p.upper[column] == 1)
    length = np.bincount(a.indices, minlength=n_rows)
    shares = (np.bincount(a.indices[unit], minlength=n_rows) == length) & (length > 0) & (p.row_upper == 1)
    whole = shares & (np.bincount(a.indices[p.integer[column]], minlength=n_rows) == length)
    entries = np.flatnonzero(shares[a.indices])
    entries = entries[np.argsort(length[a.indices[entries]], kind="stable")]  # the longest is written last and stays
    share_row = np.full(n_columns, -1, np.int64)
    share_row[column[entries]] = a.indices[entries]
    return Choices(share_row, whole)


@dataclass(frozen=True)
class Part:
    """A part of the columns of a choice, and how much of it a point takes."""

    row: int
    columns: Ints
    taken: float


def parts(p: Program, row: int, x: Floats, some: float = 0.02) -> list[Part]:
    """Return parts of a choice that a fractional point takes about half, the best first; a part is all columns that meet some row.

    The choice's own row gives the part of all its columns: whether any is taken at all. Less than ``some`` counts as nothing.
    """
    members = p.rows[[row]].indices
    used = members[x[members] > 1e-9]
    if not len(used) or x[used].max() > 1 - some:
        return []
    a = p.matrix[:, used].tocoo()
    taken = np.bincount(a.row, x[used][a.col], minlength=p.matrix.shape[0])
    met = np.flatnonzero((taken > some) & (taken < 1 - some))
    met = met[np.lexsort((met, np.abs(taken[met] - 0.5).round(3)))]
    found: list[Part] = []
    for r in met:
        if all(abs(taken[r] - f.taken) > 1e-6 for f in found):
            found.append(Part(row, np.intersect1d(p.rows[[r]].indices, members).astype(np.int64), float(taken[r])))
        if len(found) == _PARTS:
            break
    if not found:  # the ways used meet the same rows: only one of them can tell them apart
        j = used[np.argmin(np.abs(x[used] - 0.5))]
        found.append(Part(row, np.array([j], np.int64), float(x[j])))
    return found
