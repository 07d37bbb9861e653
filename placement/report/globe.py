"""A window of the world and the ways across it, in degrees: for the map of a page and for figures alike.

The edges of a window lie in the widest gap between the places, so that a case that spans the Pacific shows it whole; what leaves at one edge comes back at
the other one. Where a way is cut, by an edge or because it ends outside, the piece says so: whoever draws it can say where it leads.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Place = tuple[float, float]  # latitude, longitude, degrees

_STEP_DEG = 4.0  # a great circle is drawn in steps of at most this
_BEND, _STEPS = 0.14, 24  # of a bow: how far it is bent, as a part of its length, and the steps in which it is drawn as a line
_POLAR_DEG = 70.0  # ways further to a pole than this are cut off


class Piece(NamedTuple):
    """What lies of a way within a window.

    Attributes
    ----------
    points
        Longitude, counted as the window does, and latitude, degrees; shape (n, 2).
    whole_start, whole_end
        Whether the first and the last point are those of the way, or cuts.
    """

    points: Floats
    whole_start: bool
    whole_end: bool


@dataclass(frozen=True)
class Window:
    """A window of the world, degrees; ``west`` lies in -180..180, ``east`` is at most 360 further."""

    west: float
    east: float
    south: float
    north: float

    @classmethod
    def around(cls, lat_deg: Sequence[float], lon_deg: Sequence[float]) -> Self:
        """Return a window around all places with a margin, between 2:1 and 2.6:1 wide where the poles allow it.

        There may be more latitudes than longitudes: those of ways between the places, which bend towards the poles (:func:`latitudes`).
        """
        lat, lon = np.asarray(lat_deg, dtype=float), np.sort(np.asarray(lon_deg, dtype=float) % 360.0)
        gaps = np.diff(lon, append=lon[0] + 360.0)
        first = float(lon[(int(gaps.argmax()) + 1) % len(lon)])
        span = 360.0 - float(gaps.max())
        middle, centre = float(lat.min() + lat.max()) / 2, first + span / 2
        shrink = math.cos(math.radians(middle))
        tall = max(float(np.ptp(lat)) * 1.24, 4.0)
        wide = min(max(span * 1.16, 2.0 * tall / max(shrink, 0.1), 8.0), 360.0)
        tall = max(tall, wide * shrink / 2.6)
        west = (centre - wide / 2 + 180.0) % 360.0 - 180.0
        return cls(west, west + wide, max(middle - tall / 2, -88.0), min(middle + tall / 2, 88.0))

    @property
    def stretch(self) -> float:
        """How many times as long a degree of latitude is drawn as one of longitude: true to shape at the middle latitude."""
        return 1.0 / math.cos(math.radians((self.north + self.south) / 2))

    def inside(self, lon_deg: float) -> float:
        """Return a longitude as the window counts it; of a place outside, on the side to which it is nearer."""
        half = (self.east - self.west) / 2
        return float((lon_deg - self.west - half + 180.0) % 360.0 - 180.0 + half + self.west)

    def copies(self, line: Floats) -> list[Floats]:
        """Return the turns of a line around the world that touch the window; shapes (n, 2), as the line: longitude, latitude."""
        low, high = float(line[:, 0].min()), float(line[:, 0].max())
        turns = range(math.ceil((self.west - high) / 360.0), math.floor((self.east - low) / 360.0) + 1)
        return [line + np.array([360.0 * k, 0.0]) for k in turns]

    def pieces(self, line: Floats) -> list[Piece]:
        """Return what of a line, and of its turns around the world, lies within the window."""
        return [piece for copy in self.copies(line) for piece in self._cut(copy)]

    def way(self, a: Place, b: Place, step_deg: float = _STEP_DEG) -> Floats:
        """Return the way of fibre between two places: the great circle; a bow where that would leave the window over a pole although both ends lie in it."""
        line = arc(a, b, step_deg)
        ends, lat = (a[0], b[0]), line[:, 1]
        leaves = lat.min() < self.south or lat.max() > self.north
        return curve(self.bent(a, b)) if leaves and self.south <= min(ends) and max(ends) <= self.north else line

    def bent(self, a: Place, b: Place) -> Floats:
        """Return begin, control point and end of a bow (a quadratic curve) the short way around the world: longitude and latitude, degrees, shape (3, 2).

        It is bent to the left as seen from ``a``; to the right where it would leave the window at the top or the bottom. Bows keep apart where great circles
        between many places run together.
        """
        (y1, x1), (y2, x2) = a, b
        x1 = self.inside(x1)
        x2 = self.inside(x2)
        x2 += 360.0 * round((x1 - x2) / 360.0)
        for bend in (_BEND, -_BEND):
            middle = (x1 + x2) / 2 - bend * (y2 - y1) * self.stretch, (y1 + y2) / 2 + bend * (x2 - x1) / self.stretch
            points = np.array([(x1, y1), middle, (x2, y2)])
            lat = curve(points)[:, 1]
            if self.south <= lat.min() and lat.max() <= self.north:
                break
        return points

    def _cut(self, line: Floats) -> list[Piece]:
        found: list[Piece] = []
        run: list[Floats] = []
        start = True  # of the run: whether it is that of the line

        def close(end: bool) -> None:
            if run:
                found.append(Piece(np.array(run), start, end))
                run.clear()

        for i, (a, b) in enumerate(pairwise(line)):
            kept = self._clip(a, b)
            if kept is None or kept[0] > 0.0:
                close(False)
            if kept is None:
                continue
            begin, end = kept
            if not run:
                start = i == 0 and begin == 0.0
                run.append(a + begin * (b - a))
            run.append(a + end * (b - a))
            if end < 1.0:
                close(False)
        close(True)
        return found

    def _clip(self, a: Floats, b: Floats) -> tuple[float, float] | None:
        """Return the part of a segment within the window as shares of its length (Liang and Barsky, 1984); ``None`` where there is none."""
        begin, end = 0.0, 1.0
        for start, step, low, high in ((a[0], b[0] - a[0], self.west, self.east), (a[1], b[1] - a[1], self.south, self.north)):
            if abs(step) < 1e-12:
                if not low <= start <= high:
                    return None
                continue
            one, two = sorted(((low - start) / step, (high - start) / step))
            begin, end = max(begin, one), min(end, two)
        return (begin, end) if begin < end else None


def arc(a: Place, b: Place, step_deg: float = _STEP_DEG) -> Floats:
    """Return the shortest way on the globe between two places: longitude and latitude, degrees, shape (n, 2); longitudes run on over the date line."""
    start, end = _vector(*a), _vector(*b)
    angle = math.acos(float(np.clip(start @ end, -1.0, 1.0)))
    t = np.linspace(0.0, 1.0, max(1, math.ceil(math.degrees(angle) / step_deg - 1e-9)) + 1)[:, None]
    if angle < 1e-6 or math.pi - angle < 1e-6:  # the same place, or opposite ones, between which every way is as short
        return np.array(a[::-1]) + t * (np.array(b[::-1]) - np.array(a[::-1]))
    xyz = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / math.sin(angle)
    lon = np.unwrap(np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0])), period=360.0)
    return np.column_stack([lon, np.degrees(np.arcsin(np.clip(xyz[:, 2], -1.0, 1.0)))])


def curve(points: Floats, steps: int = _STEPS) -> Floats:
    """Return a quadratic curve by its begin, control point and end as a line: shape (steps + 1, 2)."""
    t = np.linspace(0.0, 1.0, steps + 1)[:, None]
    return (1 - t) ** 2 * points[0] + 2 * t * (1 - t) * points[1] + t**2 * points[2]


def latitudes(ways: Iterable[tuple[Place, Place]]) -> list[float]:
    """Return the latitudes, degrees, between which great circles run, as far as a map has room for them."""
    found = [float(lat) for a, b in ways for lat in arc(a, b)[:, 1]]
    return [min(max(lat, -_POLAR_DEG), _POLAR_DEG) for lat in (min(found), max(found))] if found else []


def _vector(lat_deg: float, lon_deg: float) -> Floats:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])
