"""Charts of differences between plans as inline SVG: values between proven bounds, a tornado, a front of two terms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from placement.report.charts import WIDTHS, line, mark_labels, name_at, rect, svg, text, ticks
from placement.report.formats import Number, money, number, significant
from placement.report.markup import Html, el

MORE, LESS, OPEN = "c0", "c3", "c6"  # for certain worth more, worth less: blue and orange-brown, apart for every kind of colour vision; not proven: grey
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
    return Number.of(f"+{shown}", value, unit) if number(value) > 0 and not shown.startswith("0\u202f") else shown


def interval(row: object, name: str, before: str = "", value: str = "value", word: str = "") -> Interval:
    """Return the interval of a row of a table whose columns are ``before + value + "_musd"`` and the same with ``at_least`` and ``at_most``."""
    middle, least, most = (number(getattr(row, f"{before}{c}_musd")) for c in (value, "at_least", "at_most"))
    return Interval(name, middle, least, most, word)


def between(one: Interval, unit: str) -> str:
    """Return the interval of a value in words.

    Examples
    --------
    >>> between(Interval("a", -3.0, -4.0, -2.0), "M$")
    '\u22124 to \u22122\u202fM$'
    """
    if not (math.isfinite(one.least) or math.isfinite(one.most)):
        return "not proven"
    if math.isfinite(one.least) and math.isfinite(one.most):
        low, high = signed(one.least, unit), signed(one.most, unit)
        return high if low == high else f"{low.removesuffix(unit).rstrip()} to {high}"  # the same to the digits that are shown
    return f"at least {signed(one.least, unit)}" if math.isfinite(one.least) else f"at most {signed(one.most, unit)}"


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of bars around zero. Wide: names to the left, numbers at the ends of bars. Narrow: both above the bars.

    Attributes
    ----------
    room
        Width that numbers need at the ends of bars, to the left and to the right.
    """

    values: Sequence[float]
    n: int
    narrow: bool
    room: tuple[float, float]
    marks: Sequence[float] = field(init=False)
    scale: float = field(init=False)

    def __post_init__(self) -> None:
        finite = [v for v in self.values if math.isfinite(v)]
        marks = ticks(min([0.0, *finite]), max([0.0, *finite]), 3 if self.narrow else 6)
        object.__setattr__(self, "marks", marks)
        object.__setattr__(self, "scale", (self.right - self.left) / (marks[-1] - marks[0]))

    @property
    def width(self) -> float:
        return WIDTHS["s" if self.narrow else "l"]

    @property
    def left(self) -> float:
        return 24.0 if self.narrow else 250.0 + self.room[0]

    @property
    def right(self) -> float:
        return self.width - (24.0 if self.narrow else self.room[1])

    @property
    def pitch(self) -> float:
        return 38.0 if self.narrow else 30.0

    @property
    def bottom(self) -> float:
        return 8.0 + self.n * self.pitch

    def x(self, value: float) -> float:
        """Return where a value lies."""
        return self.left + (value - self.marks[0]) * self.scale

    def bar(self, row: int) -> tuple[float, float]:
        """Return top and height of a row's bar."""
        return (8.0 + row * self.pitch + 18.0, self.pitch - 24.0) if self.narrow else (8.0 + row * self.pitch + 6.0, self.pitch - 12.0)

    def name(self, row: int, name: str, numbers: str) -> list[Html]:
        """Return the name of a row; in a narrow chart with its numbers."""
        y = 8.0 + row * self.pitch
        if not self.narrow:
            return [name_at(0, y + self.pitch / 2 + 4, name, 38)]
        return [name_at(0, y + 13, name, max(10, 52 - len(numbers)), "halo"), text(self.width, y + 13, numbers, "t r halo")]

    @property
    def spans(self) -> list[tuple[float, float]]:
        """From where to where lines of the axis run: in a narrow chart along the bars only, whose names and numbers stand between them."""
        if not self.narrow:
            return [(8.0, self.bottom)]
        return [(y - 2.0, y + tall + 2.0) for y, tall in map(self.bar, range(self.n))]

    def grid(self) -> list[Html]:
        """Return the marks of the axis, under all bars."""
        out = []
        for mark, label in zip(self.marks, mark_labels(self.marks), strict=True):
            out += [*(line(self.x(mark), y1, self.x(mark), y2, "rule") for y1, y2 in self.spans), text(self.x(mark), self.bottom + 15, label, "t mid")]
        return out

    def drawn(self, title: str, parts: Sequence[Html]) -> Html:
        """Return the chart, zero on top of the bars and of nothing else: no label is struck through."""
        zero = [line(self.x(0.0), y1, self.x(0.0), y2, "axis") for y1, y2 in self.spans]
        shapes, words = ([p for p in parts if p.startswith("<text") == is_text] for is_text in (False, True))
        return svg("s narrow" if self.narrow else "l wide", self.bottom + 22, title, *self.grid(), *shapes, *zero, *words, width=self.width)


def _whisker(x1: float, x2: float, y: float) -> list[Html]:
    """Return an interval with its two ends; nothing where it is too narrow to be seen."""
    if not (x2 - x1 > _SEEN):
        return []
    return [line(x1, y, x2, y, "limit"), line(x1, y - 4, x1, y + 4, "limit"), line(x2, y - 4, x2, y + 4, "limit")]


def intervals(rows: Sequence[Interval], unit: str, title: str, narrow: bool = False) -> Html:
    """Return one bar per row from zero to its value, with a whisker from the least to the most that it can be."""
    frame, parts = _Rows([v for r in rows for v in (r.value, r.least, r.most)], len(rows), narrow, (90.0, 120.0)), list[Html]()
    for i, r in enumerate(rows):
        (y, tall), known = frame.bar(i), math.isfinite(r.value)
        parts += frame.name(i, r.name, signed(r.value, unit) if known else r.word or "no plan")
        if not known:
            parts += [] if narrow else [text(frame.x(0.0) + 6, y + tall / 2 + 4, r.word or "no plan", "t")]
            continue
        low, high, bar = _bar(r, _colour(r), frame, y, tall, unit)
        parts += bar
        if not narrow:
            parts.append(text(low - 6 if r.value < 0 else high + 6, y + tall / 2 + 4, signed(r.value, unit), "r halo" if r.value < 0 else "halo"))
    return frame.drawn(f"{title}, {unit}", parts)


def _colour(r: Interval) -> str:
    """Return the colour of a value: grey where its bounds leave open which sign it has."""
    if r.least < 0 < r.most:
        return OPEN
    return MORE if r.value >= 0 else LESS


def _bar(r: Interval, colour: str, frame: _Rows, y: float, tall: float, unit: str) -> tuple[float, float, list[Html]]:
    """Return a bar from zero to a value with its whisker, and how far both reach."""
    zero, end = frame.x(0.0), frame.x(r.value)
    least, most = (frame.x(v) if math.isfinite(v) else end for v in (r.least, r.most))
    hint = f"{r.name}: {signed(r.value, unit)}" + (f", proven: {between(r, unit)}" if math.isfinite(r.least) or math.isfinite(r.most) else "")
    drawn = [rect(min(zero, end), y, abs(end - zero), tall, f"{colour} edge", hint)] if abs(end - zero) >= 0.3 else []
    return min(least, end), max(most, end), [*drawn, *_whisker(least, most, y + tall / 2)]


@dataclass(frozen=True, slots=True)
class Swing:
    """One row of a tornado: what the lower and the higher input are worth, and what was done."""

    name: str
    low: Interval
    high: Interval


def tornado_bars(rows: Sequence[Swing], unit: str, title: str, narrow: bool = False) -> Html:
    """Return a tornado: per row the worth of the lower and of the higher input, bars from a common zero, whiskers where bounds leave doubt."""
    ends = [v for r in rows for side in (r.low, r.high) for v in (side.value, side.least, side.most)]
    frame, parts = _Rows(ends, len(rows), narrow, (150.0, 150.0)), list[Html]()
    for i, r in enumerate(rows):
        (top, tall), same_side = frame.bar(i), r.low.value * r.high.value > 0  # both to one side: half a bar each, or one would hide the other
        parts += frame.name(
            i, r.name, " / ".join(signed(s.value, unit).removesuffix(unit).rstrip() if math.isfinite(s.value) else "no plan" for s in (r.low, r.high))
        )
        for n, (side, colour) in enumerate(((r.low, LOWER), (r.high, HIGHER))):
            y, high = (top + n * tall / 2, tall / 2) if same_side else (top, tall)
            parts += _side(side, colour, frame, y, high, unit, bool(n))
    return frame.drawn(f"{title}, {unit}", parts)


def _side(side: Interval, colour: str, frame: _Rows, y: float, tall: float, unit: str, is_higher: bool) -> list[Html]:
    middle, zero = y + tall / 2 + 4, frame.x(0.0)
    if not math.isfinite(side.value):
        words = f"{side.name}: {side.word or 'no plan'}"
        return [] if frame.narrow else [text(zero + (6 if is_higher else -6), middle, words, "t halo" if is_higher else "t r halo")]
    low, high, bar = _bar(side, colour, frame, y, tall, unit)
    if frame.narrow or (high - low < 0.3 and abs(low - zero) < 0.3):  # nothing to see; the table says what it is
        return bar
    at, class_ = (low - 6, "t r halo") if side.value < 0 else (high + 6, "t halo")
    return [*bar, text(at, middle, f"{side.name}: {signed(side.value, unit)}", class_)]


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


def front(marks: Sequence[Mark], names: tuple[str, str], title: str, larger_is_better: bool = False, narrow: bool = False) -> Html:
    """Return a front of two terms: the plans found as points and a step line, and the region in which no plan can lie.

    Parameters
    ----------
    names
        Of the first term (upwards) and the second one (to the right), with their units.
    larger_is_better
        Whether the second term is made large; else both are made small.
    """
    shown = [m for m in marks if math.isfinite(m.first)]
    across = _padded([m.second for m in shown], 3 if narrow else 6)
    up = _padded([v for m in shown for v in (m.first, m.bound) if math.isfinite(v)], 6)
    width, height = (WIDTHS["s"], 300.0) if narrow else (WIDTHS["l"], 420.0)
    left = max(40.0, 6.2 * max(map(len, mark_labels(up))) + 14)
    axes = _Axes(across, up, left, width - 24.0, 24.0, height - 44.0)
    parts = [rect(left, axes.top, axes.right - left, axes.bottom - axes.top, "q0"), *_impossible(marks, axes, larger_is_better), *_front_axes(axes, names)]
    order = sorted((m for m in shown if not m.dominated), key=lambda m: -m.second if larger_is_better else m.second)  # the hardest limit first
    if len(order) > 1:
        path = "".join(f"H{axes.x(m.second):.1f}V{axes.y(m.first):.1f}" for m in order[1:])
        parts.append(el("path", d=f"M{axes.x(order[0].second):.1f} {axes.y(order[0].first):.1f}{path}", class_="trace s0"))
    for m in shown:
        x, y = axes.x(m.second), axes.y(m.first)
        if math.isfinite(m.bound) and axes.y(m.bound) - y > _SEEN:
            parts += [line(x, y, x, axes.y(m.bound), "limit"), line(x - 4, axes.y(m.bound), x + 4, axes.y(m.bound), "limit")]
        parts.append(el("circle", el("title", m.hint or m.label), cx=x, cy=y, r=5.0, class_="ring" if m.dominated else "c0 edge"))
        parts.append(text(x + 8, y - 7, m.label, "t halo" if m.dominated else "b halo"))
    return svg("s narrow" if narrow else "l wide", height, title, *parts, width=width)


def _padded(values: Sequence[float], most: int) -> list[float]:
    """Return round marks with a little room around the values."""
    low, high = (min(values), max(values)) if values else (0.0, 1.0)
    room = 0.06 * (high - low)
    return ticks(low - room, high + room, most)


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
