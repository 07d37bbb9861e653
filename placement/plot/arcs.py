"""Lines and places on a map of the world that may begin at any meridian."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placement.fibre.places import unit_vectors

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """A window of the map, degrees; ``west`` lies in -180..180 and ``east`` may lie beyond 180, where a window crosses the date line."""

    west: float
    east: float
    south: float
    north: float

    @classmethod
    def around(cls, lon_deg: Floats, lat_deg: Floats) -> View:
        """Return a window around places that cuts the world where it is emptiest, with a margin, at most the whole world."""
        lon = np.unique((lon_deg + 180.0) % 360.0 - 180.0)
        gaps = np.diff(np.r_[lon, lon[0] + 360.0])
        first = lon[(int(np.argmax(gaps)) + 1) % len(lon)]
        wide = 360.0 - float(gaps.max())
        margin = min(max(0.07 * wide, 4.0), (360.0 - wide) / 2)
        low, high = float(lat_deg.min()), float(lat_deg.max())
        room = max(0.12 * (high - low), 3.0, (0.42 * wide - (high - low)) / 2)  # no flatter than about 2.4 : 1
        south, north = max(low - room, -90.0), min(high + room, 90.0)
        least = 1.4 * (north - south) / max(float(np.cos(np.radians((south + north) / 2))), 0.1)  # no narrower than that
        margin = max(margin, (min(least, 360.0) - wide) / 2)
        west = first - margin
        return cls(west, west + wide + 2 * margin, south, north)

    def inside(self, lon_deg: Floats) -> Floats:
        """Return longitudes as the window counts them, from ``west`` on."""
        return self.west + (lon_deg - self.west) % 360.0

    def copies(self, line: Floats) -> list[Floats]:
        """Return the turns of a line around the world that touch the window; shapes (n, 2), as the line."""
        low, high = float(line[:, 0].min()), float(line[:, 0].max())
        turns = range(int(np.ceil((self.west - high) / 360.0)), int(np.floor((self.east - low) / 360.0)) + 1)
        return [line + np.array([360.0 * k, 0.0]) for k in turns]


def arc(a: tuple[float, float], b: tuple[float, float], steps: int = 40) -> Floats:
    """Return the great circle between two places (lon, lat), the short way: shape (steps + 1, 2), degrees; longitudes run on over the date line."""
    ends = unit_vectors(np.array([a[0], b[0]]), np.array([a[1], b[1]]))
    angle = float(np.arccos(np.clip(ends[0] @ ends[1], -1.0, 1.0)))
    t = np.linspace(0.0, 1.0, steps + 1)[:, None]
    if angle < 1e-6 or np.pi - angle < 1e-6:  # the same place, or opposite ones, between which every way is as short
        return np.array(a) + t * (np.array(b) - np.array(a))
    xyz = (np.sin((1 - t) * angle) * ends[0] + np.sin(t * angle) * ends[1]) / np.sin(angle)
    lon = np.unwrap(np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0])), period=360.0)
    return np.column_stack([lon, np.degrees(np.arcsin(np.clip(xyz[:, 2], -1.0, 1.0)))])
