"""Numbers that make a program hard to solve safely: coefficients far from one, and rows that are looser than they need to be (big-M).

Rules of thumb of the field: Klotz and Newman, *Practical guidelines for solving difficult mixed integer linear programs* (2013), sections 3.1 and 3.2.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.program import LARGEST, SMALLEST, Program

_TIMES = 1e3  # a capacity that is not filled is no big-M; one so many times larger than all that it could hold is


def coefficient_ranges(program: Program) -> pd.DataFrame:
    """Return the sizes of the coefficients by family of rows: ``family``, ``n``, ``smallest``, ``largest``, ``outside`` (how many lie outside the limits)."""
    a = program.rows.tocoo()
    family = np.array([str(program.row_keys[i][0]).partition("[")[0] for i in range(program.matrix.shape[0])], dtype=object)
    size = np.abs(a.data)
    table = pd.DataFrame({"family": family[a.row], "size": size, "out": (size < SMALLEST) | (size > LARGEST)})
    by = table.groupby("family", sort=True)
    return pd.DataFrame({"n": by["size"].size(), "smallest": by["size"].min(), "largest": by["size"].max(), "outside": by["out"].sum()}).reset_index()


def loose_rows(program: Program) -> list[str]:
    """Return rows ``sum a x <= M y`` with one 0/1 column ``y`` whose ``M`` is far larger than all that the others can reach: a big-M."""
    rows = program.rows
    lower, upper = program.lower, program.upper
    binary = program.integer & (lower == 0) & (upper == 1)
    found = []
    for i in np.flatnonzero((program.row_upper == 0) & ~np.isfinite(program.row_lower)):
        part = slice(rows.indptr[i], rows.indptr[i + 1])
        columns, a = rows.indices[part], rows.data[part]
        switch = (a < 0) & binary[columns]
        if switch.sum() == 1 and (a[~switch] > 0).all() and not program.integer[columns[~switch]].any():
            reach = float(a[~switch] @ upper[columns[~switch]])
            if -a[switch][0] > _TIMES * reach:
                found.append(program.row_name(int(i)))
    return found


def remark(program: Program) -> str:
    """Return what there is to say of the program's coefficients; blank if they are within the limits."""
    ranges = coefficient_ranges(program)
    outside = ranges[ranges["outside"] > 0]
    named = ", ".join(f"{r.family} ({r.smallest:.2g} to {r.largest:.2g})" for r in outside.itertuples())
    return f"coefficients outside {SMALLEST:g} to {LARGEST:g} may be solved less exactly: {named}" if named else ""
