"""The map: equirectangular, cropped to what there is, with a graticule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from placement.report.charts import WIDTHS, line, rect, svg, text
from placement.report.formats import MINUS, significant
from placement.report.markup import Html, el


@dataclass(frozen=True, slots=True)
class Point:
    """A place on the map; ``size`` is MW for a site and 0 for a metro or an unused site."""

    name: str
    lat_deg: float
    lon_deg: float
    size: float = 0.0


@dataclass(frozen=True, slots=True)
class _View:
    """Scale and origin of the projection; longitudes are shrunk at the middle latitude, so that shapes hold there."""

    west: float
    north: float
    east: float
    south: float

    @property
    def x_scale(self) -> float:
        return WIDTHS["l"] / (self.east - self.west)

    @property
    def y_scale(self) -> float:
        return self.x_scale / math.cos(math.radians((self.north + self.south) / 2))

    @property
    def height(self) -> float:
        return (self.north - self.south) * self.y_scale

    def at(self, p: Point) -> tuple[float, float]:
        return (p.lon_deg - self.west) * self.x_scale, (self.north - p.lat_deg) * self.y_scale


def _view(points: Sequence[Point]) -> _View:
    """A window around all points with a margin, between 2:1 and 3:1 wide where the poles allow it."""
    lat, lon = np.array([p.lat_deg for p in points]), np.array([p.lon_deg for p in points])
    middle, centre = float(lat.min() + lat.max()) / 2, float(lon.min() + lon.max()) / 2
    shrink = math.cos(math.radians(middle))
    tall = max(float(np.ptp(lat)) * 1.24, 4.0)
    wide = max(float(np.ptp(lon)) * 1.16, 2.0 * tall / shrink, 8.0)
    tall = max(tall, wide * shrink / 2.6)
    return _View(centre - wide / 2, min(middle + tall / 2, 88.0), centre + wide / 2, max(middle - tall / 2, -88.0))


def _degrees(value: float, positive: str, negative: str) -> str:
    wrapped = (value + 180) % 360 - 180 if positive == "E" else value
    return "0°" if wrapped == 0 else f"{abs(wrapped):g}° {positive if wrapped > 0 else negative}".replace("-", MINUS)


def _graticule(view: _View) -> list[Html]:
    step = next(s for s in (1, 2, 5, 10, 20, 30, 45) if (view.east - view.west) / s <= 13 or s == 45)
    parts = [rect(0, 0, WIDTHS["l"], view.height, "sea", rx=6)]
    for lon in np.arange(math.ceil(view.west / step) * step, view.east, step):
        x = (lon - view.west) * view.x_scale
        parts += [
            line(x, 0, x, view.height, "rule"),
            text(x + 3, view.height - 5, _degrees(float(lon), "E", "W") if x < WIDTHS["l"] - 45 else "", "t"),
        ]
    for lat in np.arange(math.ceil(view.south / step) * step, view.north, step):
        y = (view.north - lat) * view.y_scale
        parts += [line(0, y, WIDTHS["l"], y, "rule"), text(4, y - 3, _degrees(float(lat), "N", "S"), "t halo")]
    return parts


def _labels(placed: Sequence[tuple[float, float, float, str, str]], height: float) -> list[Html]:
    """Names beside their marks, most important first; a name that would cover another one is left out."""
    taken: list[tuple[float, float, float, float]] = [(x - r, y - r, x + r, y + r) for x, y, r, _, kind in placed if "b" in kind]
    out = []
    for x, y, r, name, kind in placed:
        width = 6.4 * len(name)
        for x0, y0 in ((x + r + 3, y + 4), (x - r - 3 - width, y + 4), (x - width / 2, y - r - 4), (x - width / 2, y + r + 12)):
            box = (x0, y0 - 10, x0 + width, y0 + 2)
            inside = x0 >= 0 and box[2] <= WIDTHS["l"] and box[1] >= 0 and box[3] <= height
            if inside and all(box[2] < a or box[0] > c or box[3] < b or box[1] > d for a, b, c, d in taken):
                taken.append(box)
                out.append(text(x0, y0, name, f"halo {kind}"))
                break
    return out


def world(sites: Sequence[Point], metros: Sequence[Point], flows: Sequence[tuple[Point, Point, float]], title: str) -> Html:
    """Return the map: discs for sites (area by MW), rings for unused sites, diamonds for metros, lines for traffic (0..1)."""
    view = _view([*sites, *metros])
    largest = max((s.size for s in sites), default=0.0) or 1.0
    parts = _graticule(view)
    for a, b, weight in flows:
        (x1, y1), (x2, y2) = view.at(a), view.at(b)
        bend = 0.12 * math.hypot(x2 - x1, y2 - y1)
        parts.append(
            el(
                "path",
                d=f"M{x1:.1f} {y1:.1f}Q{(x1 + x2) / 2:.1f} {(y1 + y2) / 2 - bend:.1f} {x2:.1f} {y2:.1f}",
                class_="flow",
                stroke_width=0.5 + 2.5 * weight,
            )
        )
    for m in metros:
        x, y = view.at(m)
        parts.append(el("path", el("title", f"Metro {m.name}"), d=f"M{x:.1f} {y - 4.5:.1f}l4.5 4.5l-4.5 4.5l-4.5 -4.5z", class_="c7 edge"))
    placed = []
    for s in sorted(sites, key=lambda s: -s.size):
        (x, y), radius = view.at(s), 5 + 21 * math.sqrt(s.size / largest) if s.size else 4.5
        hint = f"{s.name}: {significant(s.size)} MW of IT capacity at the end" if s.size else f"{s.name}: not used"
        parts.append(el("circle", el("title", hint), cx=x, cy=y, r=radius, class_="site c0" if s.size else "ring"))
        placed.append((x, y, radius, s.name, "b" if s.size else "t"))
    known = {s.name for s in sites}
    placed += [(*view.at(m), 5.0, m.name, "t") for m in metros if m.name not in known]
    placed.sort(key=lambda p: "b" not in p[4])  # sites in use first, then the rest in order
    return svg("l", view.height, title, *parts, *_labels(placed, view.height))
