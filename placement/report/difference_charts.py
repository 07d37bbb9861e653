"""Charts of differences between plans as inline SVG: values between proven bounds, a tornado, a front of two terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from placement.report.charts import WIDTHS, line, mark_labels, name_at, rect, svg, text, ticks
from placement.report.formats import money, number, significant
from placement.report.markup import Html, el

MORE, LESS = "c0", "c3"  # worth more, worth less: blue and orange-brown, apart for every kind of colour vision
LOWER, HIGHER = "c3", "c0"
_SEEN = 1.5  # px: a narrower interval is not drawn, the bar's end shows it


@dataclass(frozen=True, slots=True)
class Interval:
    """A value that is known to lie between two others; NaN where nothing is known, ``word`` then says why."""

    name: str
    value: float
    least: float
    most: float
    word: str = ""


def signed(value: float, unit: str) -> str:
    """Return a difference with its sign and unit; a dash where there is none.

    Examples
    --------
    >>> signed(12.5, "M$"), signed(-3.0, "M$"), signed(0.0, "M$")
    ('+12.5\u202fM$', '\u22123\u202fM$', '0\u202fM$')
    """
    shown = money(value, unit)
    return f"+{shown}" if number(value) > 0 and not shown.startswith("0\u202f") else shown


def between(one: Interval, unit: str) -> str:
    """Return the interval of a value in words.

    Examples
    --------
    >>> between(Interval("a", -3.0, -4.0, -2.0), "M$")
    '\u22124\u202fM$ to \u22122\u202fM$'
    """
    if not (math.isfinite(one.least) or math.isfinite(one.most)):
        return "not proven"
    low = signed(one.least, unit) if math.isfinite(one.least) else "no lower limit"
    return f"{low} to {signed(one.most, unit) if math.isfinite(one.most) else 'no upper limit'}"


def _scale(values: Sequence[float], left: float, right: float) -> tuple[list[float], float]:
    """Return round marks that cover finite values and zero, and pixels per unit."""
    finite = [v for v in values if math.isfinite(v)]
    marks = ticks(min([0.0, *finite]), max([0.0, *finite]), 6)
    return marks, (right - left) / (marks[-1] - marks[0])


def _grid(marks: Sequence[float], scale: float, left: float, top: float, bottom: float) -> list[Html]:
    out = []
    for mark, label in zip(marks, mark_labels(marks), strict=True):
        x = left + (mark - marks[0]) * scale
        out += [line(x, top, x, bottom, "axis" if mark == 0 else "rule"), text(x, bottom + 15, label, "t mid")]
    return out


def _whisker(x1: float, x2: float, y: float) -> list[Html]:
    """Return an interval with its two ends; nothing where it is too narrow to be seen."""
    if not (x2 - x1 > _SEEN):
        return []
    return [line(x1, y, x2, y, "whisker"), line(x1, y - 4, x1, y + 4, "whisker"), line(x2, y - 4, x2, y + 4, "whisker")]


def intervals(rows: Sequence[Interval], unit: str, title: str) -> Html:
    """Return one bar per row from zero to its value, with a whisker from the least to the most that it can be."""
    width, left, top, pitch = WIDTHS["l"], 250.0, 8.0, 28.0
    right, bottom = width - 120.0, top + len(rows) * pitch
    marks, scale = _scale([v for r in rows for v in (r.value, r.least, r.most)], left + 90, right)
    zero = left + 90 - marks[0] * scale
    parts = _grid(marks, scale, left + 90, top, bottom)
    for i, r in enumerate(rows):
        y = top + i * pitch
        parts.append(name_at(0, y + 18, r.name, 38))
        if not math.isfinite(r.value):
            parts.append(text(zero + 6, y + 18, r.word or "no plan", "t"))
            continue
        end, colour = zero + r.value * scale, MORE if r.value >= 0 else LESS
        hint = f"{r.name}: {signed(r.value, unit)}, proven between {between(r, unit)}"
        parts.append(rect(min(zero, end), y + 6, abs(end - zero), pitch - 12, colour, hint))
        low, high = (zero + v * scale if math.isfinite(v) else end for v in (r.least, r.most))
        parts += _whisker(low, high, y + pitch / 2)
        parts.append(text(min(low, end) - 6 if r.value < 0 else max(high, end) + 6, y + 18, signed(r.value, unit), "r" if r.value < 0 else ""))
    return svg("l", bottom + 22, f"{title}, {unit}", *parts)


@dataclass(frozen=True, slots=True)
class Swing:
    """One row of a tornado: what the lower and the higher input are worth, and what was done."""

    name: str
    low: Interval
    high: Interval


def tornado_bars(rows: Sequence[Swing], unit: str, title: str) -> Html:
    """Return a tornado: per row the worth of the lower and of the higher input, bars from a common zero, whiskers where bounds leave doubt."""
    width, left, top, pitch = WIDTHS["l"], 250.0, 8.0, 34.0
    bottom = top + len(rows) * pitch
    ends = [v for r in rows for side in (r.low, r.high) for v in (side.value, side.least, side.most)]
    marks, scale = _scale(ends, left + 90, width - 90)
    zero = left + 90 - marks[0] * scale
    parts = _grid(marks, scale, left + 90, top, bottom)
    for i, r in enumerate(rows):
        y, same_side = top + i * pitch, r.low.value * r.high.value > 0  # both to one side: half a bar each, or one would hide the other
        parts.append(name_at(0, y + pitch / 2 + 4, r.name, 38))
        for n, (side, colour) in enumerate(((r.low, LOWER), (r.high, HIGHER))):
            tall = (pitch - 12) / (2 if same_side else 1)
            parts += _side(side, colour, zero, scale, y + 6 + (n * tall if same_side else 0), tall, unit, n == 0)
    return svg("l", bottom + 22, f"{title}, {unit}", *parts)


def _side(side: Interval, colour: str, zero: float, scale: float, y: float, tall: float, unit: str, is_low: bool) -> list[Html]:
    if not math.isfinite(side.value):
        return [text(zero + (-6 if is_low else 6), y + tall / 2 + 4, f"{side.name}: {side.word or 'no plan'}", "t r" if is_low else "t")]
    end = zero + side.value * scale
    hint = f"{side.name}: {signed(side.value, unit)}, proven between {between(side, unit)}"
    low, high = (zero + v * scale if math.isfinite(v) else end for v in (side.least, side.most))
    if abs(end - zero) < 0.5 and high - low <= _SEEN:
        return []  # nothing to see; the table says what it is
    at = (min(low, end) - 6, "r") if side.value < 0 else (max(high, end) + 6, "")
    return [
        rect(min(zero, end), y, abs(end - zero), tall, f"{colour} edge", hint),
        *_whisker(low, high, y + tall / 2),
        text(at[0], y + tall / 2 + 4, side.name, f"t {at[1]}".strip()),
    ]


@dataclass(frozen=True, slots=True)
class Mark:
    """A point of a front.

    Attributes
    ----------
    first, second
        Values of both terms; NaN without a plan.
    bound
        What the first term is at least for every plan whose second term keeps ``limit``; NaN where nothing is proven.
    limit
        The most (or least) that the second term may be; infinite where it may be anything.
    """

    label: str
    first: float
    second: float
    bound: float
    limit: float
    dominated: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True)
class _Axes:
    """Where values lie in the frame of a chart."""

    across: Sequence[float]
    up: Sequence[float]
    left: float
    right: float
    top: float
    bottom: float

    def x(self, value: float) -> float:
        """Return the place of a value of the second term; what is outside is at the edge."""
        return min(max(self.left + (value - self.across[0]) * (self.right - self.left) / (self.across[-1] - self.across[0]), self.left), self.right)

    def y(self, value: float) -> float:
        """Return the place of a value of the first term; what is outside is at the edge."""
        return min(max(self.bottom - (value - self.up[0]) * (self.bottom - self.top) / (self.up[-1] - self.up[0]), self.top), self.bottom)


def front(marks: Sequence[Mark], names: tuple[str, str], title: str, larger_is_better: bool = False) -> Html:
    """Return a front of two terms: the plans found as points and a step line, and the region in which no plan can lie.

    Parameters
    ----------
    names
        Of the first term (upwards) and the second one (to the right), with their units.
    larger_is_better
        Whether the second term is made large; else both are made small.
    """
    shown = [m for m in marks if math.isfinite(m.first)]
    across = _padded([m.second for m in shown])
    up = _padded([v for m in shown for v in (m.first, m.bound) if math.isfinite(v)])
    left = max(70.0, 6.2 * max(map(len, mark_labels(up))) + 14)
    axes = _Axes(across, up, left, WIDTHS["l"] - 24.0, 24.0, 376.0)
    parts = [rect(left, axes.top, axes.right - left, axes.bottom - axes.top, "q0"), *_impossible(marks, axes, larger_is_better), *_front_axes(axes, names)]
    order = sorted((m for m in shown if not m.dominated), key=lambda m: -m.second if larger_is_better else m.second)  # the hardest limit first
    if len(order) > 1:
        path = "".join(f"H{axes.x(m.second):.1f}V{axes.y(m.first):.1f}" for m in order[1:])
        parts.append(el("path", d=f"M{axes.x(order[0].second):.1f} {axes.y(order[0].first):.1f}{path}", class_="trace s0"))
    for m in shown:
        x, y = axes.x(m.second), axes.y(m.first)
        if math.isfinite(m.bound) and axes.y(m.bound) - y > _SEEN:
            parts += [line(x, y, x, axes.y(m.bound), "whisker"), line(x - 4, axes.y(m.bound), x + 4, axes.y(m.bound), "whisker")]
        parts.append(el("circle", el("title", m.hint or m.label), cx=x, cy=y, r=5.0, class_="ring" if m.dominated else "c0 edge"))
        parts.append(text(x + 8, y - 7, m.label, "t halo" if m.dominated else "b halo"))
    return svg("l", 420.0, title, *parts)


def _padded(values: Sequence[float]) -> list[float]:
    """Return round marks with a little room around the values."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = 0.06 * (high - low)
    return ticks(low - room, high + room, 6)


def _front_axes(axes: _Axes, names: tuple[str, str]) -> list[Html]:
    parts = []
    for mark, label in zip(axes.across, mark_labels(axes.across), strict=True):
        parts += [line(axes.x(mark), axes.top, axes.x(mark), axes.bottom, "rule"), text(axes.x(mark), axes.bottom + 16, label, "t mid")]
    for mark, label in zip(axes.up, mark_labels(axes.up), strict=True):
        parts += [line(axes.left, axes.y(mark), axes.right, axes.y(mark), "rule"), text(axes.left - 6, axes.y(mark) + 3.5, label, "t r")]
    return [*parts, text(axes.right, axes.bottom + 34, names[1], "t r"), text(axes.left, axes.top - 10, names[0], "t")]


def proven(marks: Sequence[Mark], larger_is_better: bool = False) -> list[tuple[float, float, float]]:
    """Return the steps below which no plan lies: ``(from, to, least first term)``, the hardest limit first, limits as the second term has them.

    A bound for a limit holds for every harder limit, too; so each step takes the best bound of its own limit and all looser ones.

    Examples
    --------
    >>> proven([Mark("1", 5.0, 9.0, 5.0, float("inf")), Mark("2", 8.0, 4.0, 7.0, 4.0)])
    [(-inf, 4.0, 7.0), (4.0, inf, 5.0)]
    """
    sign = -1.0 if larger_is_better else 1.0
    known = sorted((m for m in marks if math.isfinite(m.bound)), key=lambda m: sign * m.limit)
    steps, begin = [], -sign * math.inf
    for n, m in enumerate(known):
        steps.append((begin, m.limit, max(other.bound for other in known[n:])))
        begin = m.limit
    return steps


def _impossible(marks: Sequence[Mark], axes: _Axes, larger_is_better: bool) -> list[Html]:
    """Return the region in which no plan lies."""
    parts = []
    for begin, end, least in proven(marks, larger_is_better):
        x1, x2 = sorted((axes.x(begin), axes.x(end)))
        y = axes.y(least)
        hint = f"No plan lies here: the first term is at least {significant(least, 6)}"
        parts += [rect(x1, y, x2 - x1, axes.bottom - y, "q2", hint), line(x1, y, x2, y, "axis")] if x2 - x1 > 0.05 else []
    return parts
