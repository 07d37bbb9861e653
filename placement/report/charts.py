"""Small charts as inline SVG: stacked bars, heat map, lines, distributions (rows of bars: ``bars.py``). No script, no request.

Every function takes plain numbers and returns markup; colours are classes of ``style.py``. Charts come in three widths:
``s`` (small multiples), ``m`` (half a page) and ``l`` (a full page); on a phone the wider two scroll.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placement.report.formats import MINUS, accelerators, fixed, percent, significant
from placement.report.markup import Html, el

WIDTHS = {"s": 340, "m": 520, "l": 1080}
_BELOW = 14.0  # px


@dataclass(frozen=True, slots=True)
class Series:
    """One colour of a chart: its name, one number per position, and its colour class."""

    name: str
    values: NDArray[np.float64]
    colour: str


def svg(size: str, height: float, label: str, *parts: object, width: float | None = None, **more: object) -> Html:
    """Return an SVG that scales with the page; ``label`` is its text alternative."""
    box = f"0 0 {width or WIDTHS[size]:g} {height:g}"
    return el("svg", *parts, viewBox=box, class_=size, role="img", aria_label=label, **more)


def text(x: float, y: float, words: object, class_: str = "", title: str = "") -> Html:
    """Return text at a point; classes: t soft, r flush right, mid centred, b bold. A title shows when pointed at."""
    return el("text", *([el("title", title)] if title else []), words, x=float(x), y=float(y), class_=class_ or None)


def name_at(x: float, y: float, words: str, most: int, class_: str = "") -> Html:
    """Return a name, shortened in its middle where it is longer than ``most``; the whole of it shows when pointed at."""
    short = clip(words, most)
    return text(x, y, short, class_, words if short != words else "")


def rect(x: float, y: float, width: float, height: float, class_: str, title: str = "", **more: object) -> Html:
    """Return a rectangle; a title shows when pointed at and is read aloud."""
    size = {"x": float(x), "y": float(y), "width": max(float(width), 0.0), "height": max(float(height), 0.0)}
    return el("rect", *([el("title", title)] if title else []), **size, class_=class_, **more)


def line(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    """Return a straight line."""
    return el("line", x1=float(x1), y1=float(y1), x2=float(x2), y2=float(y2), class_=class_)


def clip(words: str, most: int) -> str:
    """Return the text, with an ellipsis in its middle where it is longer than ``most``: names differ at their ends."""
    if len(words) <= most:
        return words
    tail = max(most - 1, 0) // 2
    return words[: most - 1 - tail] + "\u2026" + words[len(words) - tail :]


def legend(entries: Sequence[tuple[str, str]]) -> Html:
    """Return the key of a chart: pairs of name and colour class."""
    swatch = {c: el("svg", rect(0, 0, 12, 12, c, rx=2), viewBox="0 0 12 12", aria_hidden="true") for _, c in entries}
    return el("ul", *(el("li", swatch[colour], name) for name, colour in entries), class_="legend")


def ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return at least two different round numbers that cover ``low..high``, also where both are (almost) the same."""
    low, high = min(low, high), max(low, high)
    least = max(1e-4 * max(abs(low), abs(high)), 1e-9)  # below this the marks would differ by rounding only
    if high - low < least:
        low, high = (0.0, 1.0) if max(abs(low), abs(high)) <= 1e-9 else (low - least / 2, high + least / 2)
    raw = (high - low) / most
    power = 10.0 ** math.floor(math.log10(raw))
    step = next((m * power for m in (1, 2, 2.5, 5) if m * power >= raw * 0.999), 10 * power)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [step * i for i in range(first, max(last, first + 1) + 1)]


def mark_labels(marks: Sequence[float]) -> list[str]:
    """Return one label per mark, all different: as many decimals as the step needs, and M, G or T from 10 million on."""
    step, largest = min(np.diff(marks)), max(map(abs, marks))
    scale, suffix = next(((v, s) for v, s in ((1e12, "T"), (1e9, "G"), (1e6, "M")) if largest >= 10 * v), (1.0, ""))
    if largest >= 1e16:
        return [f"{m:.4g}".replace("-", MINUS) for m in marks]
    digits = next((d for d in range(10) if abs(round(step / scale, d) - step / scale) <= 1e-3 * step / scale), 10)
    return [fixed(m / scale, digits) + (suffix if m else "") for m in marks]


def counted(value: float, unit: str) -> str:
    """Return a value of a chart: accelerators are counted, all else has three digits."""
    return accelerators(value) if unit == "accelerators" else significant(value)


def _margin(marks: Sequence[float], least: float) -> float:
    """Width that the labels of the value axis need (about 6.2 px per character)."""
    return max(least, 6.2 * max(map(len, mark_labels(marks))) + 10)


def _value_axis(marks: Sequence[float], left: float, right: float, top: float, bottom: float) -> list[Html]:
    scale = (bottom - top) / (marks[-1] - marks[0])
    out = []
    for mark, label in zip(marks, mark_labels(marks), strict=True):
        y = bottom - (mark - marks[0]) * scale
        out += [line(left, y, right, y, "axis" if mark == 0 else "rule"), text(left - 5, y + 3.5, label, "t r")]
    return out


def _position_labels(labels: Sequence[str], left: float, step: float, y: float) -> list[Html]:
    """Labels under bars, thinned until they do not touch (about 6 px per character)."""
    need = (6.2 * max(map(len, labels), default=1) + 10) / step
    every = next((n for n in (1, 2, 4, 8, 12, 24) if n >= need), 48)  # quarters: every one, the odd ones, one per year
    return [text(left + (i + 0.5) * step, y, label, "t mid") for i, label in enumerate(labels) if i % every == 0]


def stacked(
    series: Sequence[Series],
    labels: Sequence[str],
    unit: str,
    title: str,
    size: str = "m",
    limit: NDArray[np.float64] | None = None,
    total: Series | None = None,
    inner: Sequence[str] = ("",),
    reach: tuple[float, float] = (0.0, 0.0),
) -> Html:
    """Return stacked bars, positive parts upwards and negative ones downwards.

    Parameters
    ----------
    series
        Values of shape (n_labels * n_inner,): the bars of the first label, then those of the second.
    limit
        Drawn as a step line over the bars; NaN: none there.
    total
        Drawn as a line with points.
    inner
        Names of the bars that stand side by side at each label.
    reach
        The value axis covers it at least: give several charts the same to have them on one scale.
    """
    height, top, n = 250 if size == "s" else 300, 12, len(labels) * len(inner)
    right, bottom = WIDTHS[size] - 6.0, height - 24.0
    values = np.nan_to_num(np.array([s.values for s in series], dtype=float).reshape(len(series), n))
    marks, floor = _marks(values, np.array(reach), *(np.nan_to_num(v) for v in (limit, total.values if total is not None else None) if v is not None))
    left = _margin(marks, 52.0)
    bottom -= floor  # px below the lowest mark, for what is hardly below zero
    if not n:
        return svg(size, height, title, *_value_axis(marks, left, right, top, bottom))
    step, scale = (right - left) / len(labels), (bottom - top) / (marks[-1] - marks[0])
    parts = _value_axis(marks, left, right, top, bottom) + _position_labels(labels, left, step, bottom + floor + 16)
    zero = bottom + marks[0] * scale
    gap = 0.14 if len(inner) == 1 else 0.08
    wide = (1 - 2 * gap) * step / len(inner)
    at = [left + (i // len(inner) + gap) * step + i % len(inner) * wide for i in range(n)]  # left edges
    names = [f"{label} {part}".strip() for label in labels for part in inner]
    up, down = np.full(n, zero), np.full(n, zero)
    edge = " edge" if len(inner) == 1 else ""
    for s, row in zip(series, values, strict=True):
        for i in map(int, np.flatnonzero(np.abs(row) * scale > 0.05)):
            tall = abs(row[i]) * scale
            y = up[i] - tall if row[i] > 0 else down[i]
            parts.append(
                rect(at[i], y, wide if edge else wide - min(1.0, 0.1 * wide), tall, s.colour + edge, f"{s.name}, {names[i]}: {counted(row[i], unit)} {unit}")
            )
            (up if row[i] > 0 else down)[i] += -tall if row[i] > 0 else tall
    if limit is not None:
        edges, width = (at, wide) if len(inner) > 1 else ([left + i * step for i in range(n)], step)
        parts.append(el("path", d=_step_line(limit, zero, scale, edges, width), class_="limit"))
    if total is not None:
        parts += _points(total, labels, [(left + (i + 0.5) * step, zero - v * scale) for i, v in enumerate(np.nan_to_num(total.values))], unit)
    return svg(size, height, title, *parts)


def _marks(values: NDArray[np.float64], *more: NDArray[np.float64]) -> tuple[list[float], float]:
    """Return marks of the value axis that cover the stacks and whatever is drawn over them, and the px to leave below the lowest one.

    What is below zero by a twentieth of the whole or less gets that room, and not a mark of its own, which would take a fifth of the chart.
    """
    low, high = values.clip(max=0).sum(axis=0).min(initial=0.0), values.clip(min=0).sum(axis=0).max(initial=0.0)
    low = min(float(low), *(float(v.min(initial=0.0)) for v in more), 0.0)
    high = max(float(high), *(float(v.max(initial=0.0)) for v in more), 0.0)
    return (ticks(0.0, high, 5), _BELOW) if 0 < -low <= high / 20 else (ticks(low, high, 5), 0.0)


def _step_line(limit: NDArray[np.float64], zero: float, scale: float, at: Sequence[float], width: float) -> str:
    """Return the path of a step line; it is broken where bars do not touch and where there is no limit."""
    out, end = [], -math.inf
    for x, value in zip(at, limit, strict=True):
        if np.isfinite(value):
            out.append(f"{'L' if abs(x - end) < 0.5 else 'M'}{x:.1f} {zero - value * scale:.1f}H{x + width:.1f}")
            end = x + width
    return " ".join(out)


def _points(total: Series, labels: Sequence[str], at: Sequence[tuple[float, float]], unit: str) -> list[Html]:
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in at)
    dots = [
        el("circle", el("title", f"{total.name}, {label}: {significant(value, 4)} {unit}"), cx=x, cy=y, r=3.5, class_=f"{total.colour} edge")
        for (x, y), label, value in zip(at, labels, total.values, strict=True)
    ]
    return [el("path", d=f"M{path}", class_=f"trace s{total.colour[1:]}"), *dots]


def heat(names: Sequence[str], labels: Sequence[str], shares: NDArray[np.float64], title: str, what: str, reverse: bool = False) -> Html:
    """Return a heat map of shares (0..1, NaN for nothing), with the percentage in every cell; ``reverse``: low is dark."""
    left, top, pitch, width = 168, 24, 22, WIDTHS["l"]
    step = (width - left) / max(len(labels), 1)
    parts = _position_labels(labels, left, step, 14)
    for r, name in enumerate(names):
        y = top + r * pitch
        parts.append(name_at(0, y + 14.5, name, 23))
        for c in map(int, np.flatnonzero(np.isfinite(shares[r]))):
            value = float(shares[r, c])
            level = int(np.clip(np.ceil(8 * math.sqrt(max(1 - value, 0)) - 1e-4) if reverse else round(8 * value), 0, 8))
            hint = f"{name}, {labels[c]}: {percent(value)} {what}"
            parts.append(rect(left + c * step, y, step - 1.5, pitch - 1.5, f"q{level}", hint))
            if step >= 30:
                parts.append(text(left + (c + 0.5) * step - 1, y + 14, _whole_percent(value), "mid onq" if level >= 5 else "mid"))
    return svg("l", top + len(names) * pitch + 2, title, *parts)


def _whole_percent(share: float) -> str:
    """Return a share as a whole percentage, rounded, but never to a false 0 or 100."""
    x = 100 * share
    if 0 < x < 0.5 or 99.5 <= x < 100 - 1e-7:
        return "<1" if x < 1 else ">99"
    return fixed(x)


def lines(series: Sequence[Series], x: NDArray[np.float64], units: tuple[str, str], title: str, size: str = "l") -> Html:
    """Return step lines over a common x; NaN values are left out. The second series is dashed as well as coloured."""
    width, height, top = WIDTHS[size], 300, 20
    right, bottom = width - 12.0, height - 40.0
    y_all = np.concatenate([[], *(s.values[np.isfinite(s.values)] for s in series)])
    marks = ticks(float(y_all.min()), float(y_all.max())) if len(y_all) else ticks(0.0, 0.0)
    across = ticks(0.0, float(np.nan_to_num(x).max(initial=0.0)), 8)
    left = _margin(marks, 70.0)
    x_scale, y_scale = (right - left) / across[-1], (bottom - top) / (marks[-1] - marks[0])
    parts = _value_axis(marks, left, right, top, bottom)
    parts += [text(left + a * x_scale, bottom + 16, words, "t mid") for a, words in zip(across, mark_labels(across), strict=True)]
    parts += [text(right, bottom + 33, units[0], "t r"), text(left, top - 8, units[1], "t")]
    for n, s in enumerate(series):
        keep = np.isfinite(s.values) & np.isfinite(x)
        xs, ys = left + x[keep] * x_scale, bottom - (s.values[keep] - marks[0]) * y_scale
        path = "".join(f"H{a:.1f}V{b:.1f}" for a, b in zip(xs, ys, strict=True))
        if len(xs):
            parts.append(el("path", d=f"M{xs[0]:.1f} {ys[0]:.1f}{path}H{right:.1f}", class_=f"trace s{s.colour[1:]}" + (" dash" if n else "")))
    return svg(size, height, title, *parts)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A row of :func:`distributions`: share of the traffic per bin of value / limit, and what to print."""

    name: str
    shares: NDArray[np.float64]
    median: float
    p95: float
    limit: float
    within: float  # share of the traffic within its limit


def distributions(rows: Sequence[Distribution], unit: str, title: str) -> Html:
    """Return one small histogram per row on the common scale value / limit; the bins cover 0..1."""
    left, pitch, width, top = 190, 40, WIDTHS["l"], 26
    span = width - left - 320.0
    parts = [
        text(left, 12, "0", "t mid"),
        text(left + span / 2, 12, f"50{chr(0x202F)}% of the limit", "t mid"),
        text(left + span, 12, "limit", "t mid"),
    ]
    parts += [text(width - x, 12, head, "t r") for x, head in ((225, f"median, {unit}"), (150, "95th"), (75, "limit"), (0, "within it"))]
    for r, row in enumerate(rows):
        base, step = top + (r + 1) * pitch - 8.0, span / max(len(row.shares), 1)
        parts += [
            name_at(0, base - 6, row.name, 30),
            line(left, base, left + span, base, "rule"),
            line(left + span, base - pitch + 10, left + span, base, "limit"),
        ]
        tall = (pitch - 12) * row.shares / max(float(row.shares.max(initial=0.0)), 1e-12)
        for i in np.flatnonzero(row.shares > 0):
            low, high = row.limit * i / len(row.shares), row.limit * (i + 1) / len(row.shares)
            hint = f"{row.name}: {percent(row.shares[i])} of the traffic at {fixed(low)} to {fixed(high)} {unit}"
            parts.append(rect(left + i * step + 0.5, base - max(tall[i], 1.0), step - 1, max(tall[i], 1.0), "c0", hint))
        numbers = ((225, row.median), (150, row.p95), (75, row.limit))
        parts += [text(width - x, base - 6, fixed(v, 1 if row.limit < 100 else 0), "r b" if x == 150 else "r") for x, v in numbers]
        parts.append(text(width, base - 6, percent(row.within), "r b"))
    return svg("l", top + len(rows) * pitch + 2, title, *parts)
