"""Rows of horizontal bars as inline SVG, wide and narrow: amounts by name, and steps that add up."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from placement.report.charts import WIDTHS, line, name_at, rect, svg, text
from placement.report.formats import number, significant
from placement.report.markup import Html, join


@dataclass(frozen=True, slots=True)
class Step:
    """A bar of :func:`waterfall`: an amount that is added to what was there, or, with ``total``, all that is there by then."""

    name: str
    amount: float
    colour: str
    total: bool = False


def waterfall(steps: Sequence[Step], unit: str, title: str, narrow: bool = False) -> Html:
    """Return one bar per step from top to bottom, each beginning where the one before it ended; a total begins at zero.

    A narrow one, for a phone, has the names above the bars.
    """
    ends = np.cumsum([0.0 if s.total else s.amount for s in steps]) if steps else np.zeros(0)
    begins = [0.0 if s.total else float(end) - s.amount for s, end in zip(steps, ends, strict=True)]
    rows = _Rows(narrow, 212, 76, min(0.0, *ends, 0.0), max(0.0, *ends, 0.0), len(steps))
    bars: list[Html] = []
    words: list[Html] = []
    for i, (s, begin, end) in enumerate(zip(steps, begins, ends, strict=True)):
        a, b = rows.x(begin), rows.x(float(end))
        y, tall = rows.bar(i)
        bars.append(rect(min(a, b), y, max(abs(b - a), 1.0), tall, s.colour, f"{s.name}: {significant(s.amount, 4)} {unit}"))
        words += [rows.name(i, s.name, "b" if s.total else ""), rows.number(i, max(a, b) + 6, significant(s.amount, 4), "b" if s.total else "t")]
        if i + 1 < len(steps) and not narrow:  # it would run through the name of the next one
            bars.append(line(b, y + tall, b, rows.bar(i + 1)[0], "axis"))
    return rows.drawn(f"{title}, {unit}", [*bars, *words])


@dataclass(frozen=True, slots=True)
class _Rows:
    """Rows of horizontal bars over one scale: names to the left and numbers at the bars, or, narrow, both above them. The axis lies under all of it."""

    narrow: bool
    left: float
    right: float
    low: float
    high: float
    n: int

    @property
    def width(self) -> float:
        return WIDTHS["s" if self.narrow else "m"]

    @property
    def pitch(self) -> float:
        return 38.0 if self.narrow else 27.0

    def x(self, value: float) -> float:
        """Return where a value lies."""
        left, right = (4.0, 4.0) if self.narrow else (self.left, self.right)
        return left + (value - self.low) * (self.width - left - right) / (self.high - self.low if self.high - self.low > 1e-9 else 1.0)

    def bar(self, row: int) -> tuple[float, float]:
        """Return top and height of a bar."""
        return (6 + row * self.pitch + 19.0, 13.0) if self.narrow else (6 + row * self.pitch + 3.0, self.pitch - 9.0)

    def name(self, row: int, name: str, class_: str = "") -> Html:
        """Return the name of a row."""
        return name_at(0, 6 + row * self.pitch + (13 if self.narrow else 15), name, 40 if self.narrow else int(self.left / 6.6), f"halo {class_}".strip())

    def number(self, row: int, at: float, words: str, class_: str) -> Html:
        """Return the number of a row, at its bar; in a narrow chart flush right above it."""
        y = 6 + row * self.pitch + (13 if self.narrow else 15)
        return text(self.width, y, words, f"r {class_.removesuffix(' r')} halo") if self.narrow else text(at, y, words, f"{class_} halo")

    def drawn(self, title: str, parts: Sequence[Html]) -> Html:
        """Return the chart."""
        zero = [line(self.x(0.0), self.bar(i)[0] - 2, self.x(0.0), sum(self.bar(i)) + 2, "axis") for i in range(self.n)]
        axis = zero if self.narrow else [line(self.x(0.0), 2, self.x(0.0), 6 + self.n * self.pitch, "axis")]
        return svg("s narrow" if self.narrow else "m wide", 12 + self.n * self.pitch, title, *axis, *parts, width=self.width)


def rows_of_bars(names: Sequence[str], values: Sequence[float], colours: Sequence[str], unit: str, title: str, narrow: bool = False) -> Html:
    """Return one horizontal bar per name, to the left where negative, with its number; a narrow one, for a phone, has both above the bar."""
    values = [number(v) if number(v) == number(v) else 0.0 for v in values]
    low, high = min([0.0, *values]), max([0.0, *values])
    rows = _Rows(narrow, 158 + 70 * (low < 0), 80, low, high, len(names))
    parts: list[Html] = []
    for i, (name, value, colour) in enumerate(zip(names, values, colours, strict=True)):
        end, zero, (y, tall) = rows.x(value), rows.x(0.0), rows.bar(i)
        parts += [
            rect(min(zero, end), y, abs(end - zero), tall, colour, f"{name}: {significant(value)} {unit}"),
            rows.name(i, name),
            rows.number(i, end + (5 if value >= 0 else -5), significant(value, 4), "t" if value >= 0 else "t r"),
        ]
    return rows.drawn(f"{title}, {unit}", parts)


def for_both(chart: Callable[[bool], Html]) -> Html:
    """Return a chart twice: wide, and narrow for a phone, where the wide one is not shown (``report.css``)."""
    return join([chart(False), chart(True)])
