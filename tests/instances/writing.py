"""Instance files of every format from the same arrays, written down from the formats' descriptions and not from the readers."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

M, N = 3, 4
COST = np.array([[10.0, 24, 6, 40], [14, 8, 30, 20], [12, 16, 18, 60]])  # of all of a workload
DEMAND = np.array([2.0, 4, 3, 5])
USE = np.array([[2.0, 3, 4, 5], [1, 6, 2, 3], [4, 4, 4, 4]])
CAPACITY = np.array([9.0, 8, 10])
OPENING = np.array([30.0, 25, 0])

FORMATS = ("gap", "orlib-cap", "holmberg", "diaz", "tbed")


def line(values: Iterable[float]) -> str:
    """Return numbers as one line."""
    return " ".join(f"{v:g}" for v in values)


def text(name: str) -> str:
    """Return the arrays above as a file of the format."""
    pairs = [line(p) for p in zip(CAPACITY, OPENING, strict=True)]
    lines = {
        "gap": [f"{M} {N}", *map(line, COST), *map(line, USE), line(CAPACITY)],
        "orlib-cap": [f"{M} {N}", *pairs, *(f"{DEMAND[j]:g}\n{line(COST[:, j])}" for j in range(N))],
        "holmberg": [f"{M} {N}", *pairs, line(DEMAND), *map(line, COST)],
        "diaz": [f"{N} {M}", *map(line, COST.T), line(DEMAND), line(OPENING), line(CAPACITY)],
        "tbed": [f"{M} {N}", line(DEMAND), line(CAPACITY), line(OPENING), *map(line, COST / DEMAND)],
    }
    return "\n".join(lines[name]) + "\n"
