"""The window of a map on a page, px, and what lies under its marks: land, graticule, lines between places.

The projection is equirectangular, true to shape at the middle latitude; windows and ways across them are those of ``globe.py``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from placement.report.charts import WIDTHS, line, text
from placement.report.formats import MINUS
from placement.report.globe import Floats, Place, Window, curve
from placement.report.land import rings
from placement.report.markup import Html, el

WIDTH = float(WIDTHS["l"])
_TOO_CLOSE = 0.7  # px: points of a coast nearer to the one before than this are left out
_ARC_DEG, _ARC_PX = 4.0, 50.0  # a great circle is drawn in steps of at most about this


class View(Window):
    """A window that is :data:`WIDTH` px wide."""

    @property
    def x_scale(self) -> float:
        """Pixels per degree of longitude."""
        return WIDTH / (self.east - self.west)

    @property
    def y_scale(self) -> float:
        """Pixels per degree of latitude."""
        return self.x_scale * self.stretch

    @property
    def height(self) -> float:
        """Pixels from north to south."""
        return (self.north - self.south) * self.y_scale

    def at(self, lat_deg: float, lon_deg: float) -> tuple[float, float]:
        """Return where a place is, px; one outside the window lies on the side to which it is nearer."""
        return (self.inside(lon_deg) - self.west) * self.x_scale, (self.north - lat_deg) * self.y_scale

    def place(self, x: float, y: float) -> Place:
        """Return the place of a point, px: latitude and longitude."""
        return self.north - y / self.y_scale, self.west + x / self.x_scale

    def holds(self, x: float, y: float) -> bool:
        """Whether a point, px, lies within the window."""
        return 0 <= x <= WIDTH and 0 <= y <= self.height


def land(view: View) -> Html:
    """Return the land within the window as one shape."""
    parts = []
    for ring in rings():
        for shift in (-360.0, 0.0, 360.0, 720.0):
            x, y = (ring[:, 0] + shift - view.west) * view.x_scale, (view.north - ring[:, 1]) * view.y_scale
            if x.max() > 0 and x.min() < WIDTH and y.max() > 0 and y.min() < view.height:
                parts.append(_outline(_near(x, WIDTH, 4 * view.x_scale), _near(y, view.height, 4 * view.y_scale)))
    return el("path", d="".join(parts), class_="land")


def _near(values: Floats, end: float, margin: float) -> Floats:
    """What lies far outside the window is drawn to a frame around it: coasts have no edge as long as the margin."""
    return np.clip(values, -margin, end + margin)


def _outline(x: Floats, y: Floats) -> str:
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


class Way(NamedTuple):
    """A line on the map: its path, and where it is cut, px, with the number of the place that lies beyond (0: the first one, 1: the second one)."""

    path: str
    cuts: list[tuple[float, float, int]]


def great_circle(view: View, a: Place, b: Place) -> Way:
    """Return the way between two places (latitude, longitude; :meth:`Window.way`), as far as it lies in the window."""
    return _cut(view, view.way(a, b, min(_ARC_DEG, _ARC_PX / view.x_scale)))


def _cut(view: View, line: Floats) -> Way:
    """Return what of a line (longitude, latitude) lies in the window."""
    words, cuts = [], []
    for points, whole_start, whole_end in view.pieces(line):
        x, y = (points[:, 0] - view.west) * view.x_scale, (view.north - points[:, 1]) * view.y_scale
        words.append("M" + "L".join(f"{p:.1f} {q:.1f}" for p, q in zip(x, y, strict=True)))
        cuts += [(float(x[i]), float(y[i]), n) for i, n, whole in ((0, 0, whole_start), (-1, 1, whole_end)) if not whole]
    return Way("".join(words), cuts)


def bow(view: View, a: tuple[float, float], b: tuple[float, float]) -> Way:
    """Return a bow between two points in px (:meth:`Window.bent`), as far as it lies in the window."""
    points = view.bent(view.place(*a), view.place(*b))
    whole = curve(points)
    if view.west <= whole[:, 0].min() and whole[:, 0].max() <= view.east and view.south <= whole[:, 1].min() and whole[:, 1].max() <= view.north:
        (x1, y1), (cx, cy), (x2, y2) = (((x - view.west) * view.x_scale, (view.north - y) * view.y_scale) for x, y in points.tolist())
        return Way(f"M{x1:.1f} {y1:.1f}Q{cx:.1f} {cy:.1f} {x2:.1f} {y2:.1f}", [])
    return _cut(view, whole)
