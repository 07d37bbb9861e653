"""Marks and names that keep out of one another's way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

_ROUNDS = 160
_OVERLAP = 0.86  # discs may cover one another by this much of the sum of their radii: they are translucent
_GOLDEN = math.pi * (3.0 - math.sqrt(5.0))  # directions that differ for any number of marks at one place
_LETTER, _UP, _DOWN = 7.1, 10.0, 3.0  # px: width of a letter (bold), height above and below the line it stands on


class Box(NamedTuple):
    """An upright rectangle, px."""

    left: float
    top: float
    right: float
    bottom: float

    @classmethod
    def around(cls, x: float, y: float, radius: float) -> Box:
        """Return the square around a disc."""
        return cls(x - radius, y - radius, x + radius, y + radius)

    def meets(self, other: Box) -> bool:
        """Whether the two share a point."""
        return self.left <= other.right and other.left <= self.right and self.top <= other.bottom and other.top <= self.bottom


def apart(places: Sequence[tuple[float, float]], radii: Sequence[float], width: float, height: float) -> list[tuple[float, float]]:
    """Return where to draw discs so that hardly any covers another one, each as near to its place as that allows.

    Parameters
    ----------
    places, radii
        Where each disc belongs and its radius, px.
    width, height
        Size of the map, px; no disc leaves it.

    Examples
    --------
    >>> apart([(50.0, 50.0), (90.0, 50.0)], [10.0, 10.0], 200.0, 100.0)
    [(50.0, 50.0), (90.0, 50.0)]
    """
    home, r = np.array(places, dtype=float).reshape(-1, 2), np.array(radii, dtype=float)
    angle = _GOLDEN * np.arange(len(home))
    at = home.copy()
    need = _OVERLAP * (r[:, None] + r[None, :])
    for _ in range(_ROUNDS):
        delta = at[:, None, :] - at[None, :, :]
        gap = np.hypot(delta[..., 0], delta[..., 1])
        short = np.clip(need - gap, 0.0, None)
        np.fill_diagonal(short, 0.0)
        if not (short > 0.05).any():
            break
        same = gap < 1e-6  # no direction of their own: each takes its golden angle
        way = np.where(same[..., None], np.stack([np.cos(angle), np.sin(angle)], axis=1)[:, None, :], delta / np.maximum(gap, 1e-6)[..., None])
        share = r[None, :] / (r[:, None] + r[None, :])  # the smaller one moves further
        at = at + 0.5 * (short[..., None] * share[..., None] * way).sum(axis=1)
        at = np.clip(at, r[:, None], np.maximum(np.array([width, height]) - r[:, None], r[:, None])) if len(at) else at
    return [(float(x), float(y)) for x, y in at]


def crowds(places: Sequence[tuple[float, float]], radii: Sequence[float]) -> list[list[int]]:
    """Return groups of discs that touch, directly or through others: their indices.

    Examples
    --------
    >>> crowds([(0.0, 0.0), (8.0, 0.0), (16.0, 0.0), (50.0, 0.0)], [5.0, 5.0, 5.0, 5.0])
    [[0, 1, 2], [3]]
    """
    at, r = np.array(places, dtype=float).reshape(-1, 2), np.array(radii, dtype=float)
    touch = np.hypot(*np.moveaxis(at[:, None] - at[None, :], -1, 0)) < r[:, None] + r[None, :]
    number, group = connected_components(coo_array(touch), directed=False)
    return [np.flatnonzero(group == g).tolist() for g in range(number)]


def beside(x: float, y: float, radius: float, words: str, taken: list[Box], width: float, height: float) -> tuple[float, float] | None:
    """Return where a name may stand beside a disc without covering what is ``taken``, and take it; ``None`` where there is no room."""
    long = _LETTER * len(words)
    for x0, y0 in ((x + radius + 3, y + 4), (x - radius - 3 - long, y + 4), (x - long / 2, y - radius - 4), (x - long / 2, y + radius + 12)):
        box = Box(x0, y0 - _UP, x0 + long, y0 + _DOWN)
        if box.left >= 0 and box.right <= width and box.top >= 0 and box.bottom <= height and not any(box.meets(other) for other in taken):
            taken.append(box)
            return x0, y0
    return None
