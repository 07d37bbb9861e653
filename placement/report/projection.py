"""The window of a map and what lies under its marks: projection, land, graticule, lines between places.

The projection is equirectangular, true to shape at the middle latitude. Its edges lie in the widest gap between the places, so a case that
spans the Pacific shows it whole; what leaves at one edge comes back at the other one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placement.report.charts import WIDTHS, line, text
from placement.report.formats import MINUS
from placement.report.land import rings
from placement.report.markup import Html, el

Array = NDArray[np.float64]

WIDTH = float(WIDTHS["l"])
_TOO_CLOSE = 0.7  # px: points of a coast nearer to the one before than this are left out
_ARC_DEG, _ARC_PX = 4.0, 50.0  # a great circle is drawn in steps of at most about this


@dataclass(frozen=True, slots=True)
class View:
    """A window of the world, degrees; ``west`` may lie outside -180..180, ``east`` is at most 360 further."""

    west: float
    east: float
    south: float
    north: float

    @property
    def x_scale(self) -> float:
        """Pixels per degree of longitude."""
        return WIDTH / (self.east - self.west)

    @property
    def y_scale(self) -> float:
        """Pixels per degree of latitude."""
        return self.x_scale / math.cos(math.radians((self.north + self.south) / 2))

    @property
    def height(self) -> float:
        """Pixels from north to south."""
        return (self.north - self.south) * self.y_scale

    def at(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Return where a place is, px; one outside the window lies on the side to which it is nearer."""
        half = (self.east - self.west) / 2
        return ((lon_deg - self.west - half + 180.0) % 360.0 - 180.0 + half) * self.x_scale, (self.north - lat_deg) * self.y_scale

    def holds(self, x: float, y: float) -> bool:
        """Whether a point, px, lies within the window."""
        return 0 <= x <= WIDTH and 0 <= y <= self.height

    @property
    def turn(self) -> float:
        """Pixels once around the world."""
        return 360.0 * self.x_scale


def view_of(lat_deg: Sequence[float], lon_deg: Sequence[float]) -> View:
    """Return a window around all places with a margin, between 2:1 and 2.6:1 wide where the poles allow it."""
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
    return View(west, west + wide, max(middle - tall / 2, -88.0), min(middle + tall / 2, 88.0))


def land(view: View) -> Html:
    """Return the land within the window as one shape."""
    parts = []
    for ring in rings():
        for shift in (-360.0, 0.0, 360.0, 720.0):
            x, y = (ring[:, 0] + shift - view.west) * view.x_scale, (view.north - ring[:, 1]) * view.y_scale
            if x.max() > 0 and x.min() < WIDTH and y.max() > 0 and y.min() < view.height:
                parts.append(_outline(_near(x, WIDTH, 4 * view.x_scale), _near(y, view.height, 4 * view.y_scale)))
    return el("path", d="".join(parts), class_="land")


def _near(values: Array, end: float, margin: float) -> Array:
    """What lies far outside the window is drawn to a frame around it: coasts have no edge as long as the margin."""
    return np.clip(values, -margin, end + margin)


def _outline(x: Array, y: Array) -> str:
    px, py = round(float(x[0]), 1), round(float(y[0]), 1)
    words = [f"M{px:g} {py:g}l"]
    for a, b in zip(x[1:-1].tolist(), y[1:-1].tolist(), strict=True):
        if abs(a - px) + abs(b - py) >= _TOO_CLOSE:
            dx, dy = round(a - px, 1), round(b - py, 1)
            px, py = px + dx, py + dy
            words.append(f"{dx:g} {dy:g} ")
    return "".join(words).rstrip() + "z" if len(words) > 2 else ""


def graticule(view: View) -> tuple[list[Html], list[Html]]:
    """Return meridians and parallels, and their labels."""
    step = next((s for s in (1, 2, 5, 10, 20, 30) if (view.east - view.west) / s <= 13), 45)
    lines, labels = [], []
    for lon in np.arange(math.ceil(view.west / step) * step, view.east, step).tolist():
        x = (lon - view.west) * view.x_scale
        lines.append(line(x, 0, x, view.height, "rule"))
        if x < WIDTH - 45:
            labels.append(text(x + 3, view.height - 5, _degrees((lon + 180) % 360 - 180, "E", "W"), "t"))
    for lat in np.arange(math.ceil(view.south / step) * step, view.north, step).tolist():
        y = (view.north - lat) * view.y_scale
        lines.append(line(0, y, WIDTH, y, "rule"))
        if 16 < y < view.height - 95:  # below stands the scale
            labels.append(text(4, y - 3, _degrees(lat, "N", "S"), "t"))
    return lines, labels


def _degrees(value: float, positive: str, negative: str) -> str:
    side = "" if value in (0.0, -180.0) else " " + (positive if value > 0 else negative)
    return f"{abs(value):g}°{side}".replace("-", MINUS)


def great_circle(view: View, a: tuple[float, float], b: tuple[float, float]) -> str:
    """Return the path of the shortest line on the globe between two places (latitude, longitude), as it crosses the window."""
    start, end = _vector(*a), _vector(*b)
    angle = math.acos(float(np.clip(start @ end, -1.0, 1.0)))
    n = max(1, math.ceil(math.degrees(angle) / min(_ARC_DEG, _ARC_PX / view.x_scale)))
    t = np.linspace(0.0, 1.0, n + 1)[:, None]
    points = (np.sin((1 - t) * angle) * start + np.sin(t * angle) * end) / max(math.sin(angle), 1e-9) if angle > 1e-6 else np.vstack([start, end])
    lon = np.unwrap(np.degrees(np.arctan2(points[:, 1], points[:, 0])), period=360.0)
    x = (lon - lon[0]) * view.x_scale + view.at(*a)[0]
    y = (view.north - np.degrees(np.arcsin(np.clip(points[:, 2], -1.0, 1.0)))) * view.y_scale
    return "".join("M" + "L".join(f"{p:.1f} {q:.1f}" for p, q in zip(x + dx, y, strict=True)) for dx in _again(view, x))


def _vector(lat_deg: float, lon_deg: float) -> Array:
    lat, lon = math.radians(lat_deg), math.radians(lon_deg)
    return np.array([math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)])


def _again(view: View, x: Array) -> list[float]:
    """Shifts, px, at which a line is drawn: once as it is, and once more where it leaves the window at one edge and may come back at the other."""
    return [0.0, *([view.turn] if x.min() < 0 else []), *([-view.turn] if x.max() > WIDTH else [])]


def bow(view: View, a: tuple[float, float], b: tuple[float, float]) -> str:
    """Return a bow between two points in px, the short way around the world, bent to the left as seen from the first one."""
    (x1, y1), (x2, y2) = a, b
    x2 += view.turn * round((x1 - x2) / view.turn)
    cx, cy = (x1 + x2) / 2 + 0.14 * (y2 - y1), (y1 + y2) / 2 - 0.14 * (x2 - x1)
    reach = np.array([x1, x2])
    return "".join(f"M{x1 + dx:.1f} {y1:.1f}Q{cx + dx:.1f} {cy:.1f} {x2 + dx:.1f} {y2:.1f}" for dx in _again(view, reach))
