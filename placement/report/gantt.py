"""Bars over time: what is under way in which period, packed into as few lines as possible."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from placement.report.charts import WIDTHS, clip, line, name_at, rect, svg, text
from placement.report.markup import Html, el


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar, in periods from the start of the horizon; ``late`` is where it may end if things go badly."""

    start: float
    end: float
    name: str
    colour: str
    hint: str
    late: float = 0.0


@dataclass(frozen=True, slots=True)
class Row:
    """A named group of bars, for instance all that happens at one site; ``flag`` marks a date."""

    name: str
    bars: Sequence[Bar]
    flag: float | None = None


def lanes(bars: Iterable[Bar]) -> list[list[Bar]]:
    """Return the bars in lines in which none overlaps another: first fit by start, which is optimal for intervals."""
    out: list[list[Bar]] = []
    for bar in sorted(bars, key=lambda b: (b.start, -b.end, b.name)):
        lane = next((one for one in out if one[-1].end <= bar.start + 1e-9), None)
        if lane is None:
            out.append([bar])
        else:
            lane.append(bar)
    return out


def gantt(rows: Sequence[Row], labels: Sequence[str], title: str) -> Html:
    """Return the rows as a Gantt chart over the periods; what lies behind the horizon is cut off."""
    left, top, pitch, width, n = 180, 24, 19, WIDTHS["l"], len(labels)
    step = (width - left - 8) / max(n, 1)
    grid: list[Html] = []
    drawn: list[Html] = []
    over: list[Html] = []  # whiskers lie over the bars behind them
    y = float(top)
    for row in rows:
        packed = lanes(row.bars) or [[]]  # a row with a date only still takes a line
        drawn += [name_at(0, y + 13, row.name, 24, "" if row.name.startswith("\u2003") else "b"), line(0, y - 2, width, y - 2, "rule")]
        for lane in packed:
            for bar in lane:
                drawn += _bar(bar, left, step, y, pitch, n)
                if bar.late > bar.end and bar.end < n:
                    foot = y + pitch - 3  # below the words on the bars
                    over.append(line(left + bar.end * step, foot, left + min(bar.late, n) * step, foot, "whisker"))
            y += pitch
        if row.flag is not None and row.flag <= n:
            x = left + row.flag * step
            over.append(
                el(
                    "path",
                    el("title", f"{row.name}: in service from the start of this period"),
                    d=f"M{x:.1f} {y - 16:.1f}l7 6l-7 6l-7 -6z",
                    class_="c7 edge",
                )
            )
        y += 5
    for i, label in enumerate(labels):
        grid.append(line(left + i * step, top - 6, left + i * step, y, "rule"))
        if step > 46 or i % 2 == 0:
            grid.append(text(left + i * step + 3, 12, label, "t"))
    return svg("l", y + 2, title, *grid, *drawn, *over)


def _bar(bar: Bar, left: float, step: float, y: float, pitch: float, n: int) -> list[Html]:
    x, end = left + max(bar.start, 0) * step, left + min(bar.end, n) * step
    out = [rect(x + 0.5, y, max(end - x - 1.5, 2.0), pitch - 4, bar.colour + " edge", bar.hint, rx=2)]
    room = int((end - x - 8) / 7.1)
    if room >= 3:
        out.append(text(x + 4, y + 11.5, clip(bar.name, room), INK.get(bar.colour, "")))
    return out


#: Class of the text on a bar: the background's colour on the strong ones, always dark on the pale ones.
INK = {"c0": "onq", "c2": "onq", "c3": "onq", "c4": "onq", "c7": "onq", "c1": "ond", "c5": "ond", "c6": "ond"}
