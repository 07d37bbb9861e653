"""Charts draw any numbers: constant, tiny range, one point, all zero, none, and values of any size."""

from __future__ import annotations

import re
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from placement.report.bars import Step, rows_of_bars, waterfall
from placement.report.charts import WIDTHS, Distribution, Series, clip, distributions, heat, lines, mark_labels, name_at, stacked, ticks
from placement.report.gantt import Bar, Row, gantt

sizes = st.floats(-1e15, 1e15, allow_nan=False)
any_number = st.one_of(sizes, st.just(float("nan")), st.just(0.0), st.floats(-1e-12, 1e-12))
some = st.lists(any_number, min_size=0, max_size=12)


def drawn_well(svg: str) -> None:
    """No coordinate is NaN or infinite, and no label of the value axis starts left of the frame."""
    assert not re.search(r'="[^"]*(nan|inf)[^"]*"', re.sub(r"<title>.*?</title>|aria-label=\"[^\"]*\"", "", svg))
    for x, words in re.findall(r'<text x="([-0-9.]+)" y="[-0-9.]+" class="t r">([^<]*)</text>', svg):
        assert float(x) - 6.2 * len(words) >= 0


@settings(deadline=None)
@given(sizes, st.one_of(st.floats(0, 1e-6), st.floats(0, 1e15)))
@example(-25481.90383538401, 3e-12)
@example(25481.90383538401, 0.0)
@example(0.0, 0.0)
@example(0.0, 1e-300)
def test_ticks_cover_any_range(low: float, width: float) -> None:
    """There are at least two marks, all different, rising, and they cover the range; their labels differ."""
    high = low + width
    marks = ticks(low, high)
    slack = 1e-9 + 1e-6 * max(abs(low), abs(high))
    assert 2 <= len(marks) <= 13 and all(b > a for a, b in pairwise(marks))
    assert marks[0] <= low + slack and marks[-1] >= high - slack
    assert len(set(mark_labels(marks))) == len(marks)


@settings(deadline=None)
@given(some, some)
@example([], [])
@example([0.0], [0.0])
@example([-25481.9038] * 3, [-25481.90380001] * 3)
@example([float("nan")] * 2, [float("nan")] * 2)
def test_lines_and_bars_draw_anything(a: list[float], b: list[float]) -> None:
    """Lines, stacks, rows of bars and heat maps of any values have finite coordinates."""
    n = min(len(a), len(b))
    one, two = np.array(a[:n]), np.array(b[:n])
    labels = [f"2027Q{i}" for i in range(n)]
    series = [Series("a", one, "c0"), Series("b", two, "c1")]
    for size in WIDTHS:
        drawn_well(lines(series, np.arange(n, dtype=float), ("s", "M$"), "t", size))
        drawn_well(stacked(series, labels, "M$", "t", size, limit=np.abs(two)))
        drawn_well(stacked([], labels, "M$", "t", size))
        drawn_well(stacked([Series("a", np.tile(one, 2), "c0")], labels, "MW", "t", size, limit=np.tile(two, 2), inner=("base", "peak")))
        drawn_well(stacked(series, labels, "M$", "t", size, total=Series("sum", two, "c7")))
    drawn_well(waterfall([*(Step(x, float(v), "c0") for x, v in zip(labels, np.nan_to_num(one), strict=True)), Step("sum", 0.0, "c7", total=True)], "M$", "t"))
    drawn_well(lines([], np.array([]), ("s", "M$"), "t"))
    drawn_well(rows_of_bars(labels, list(one), ["c0"] * n, "M$", "t"))
    drawn_well(heat(["a", "b"], labels, np.clip(np.array([one, two]).reshape(2, n), 0, 1), "t", "used"))


@pytest.mark.parametrize("shares", [[], [0.0], [0.0, 0.0], [1.0]])
def test_distributions_draw_anything(shares: list[float]) -> None:
    """No bin, no traffic and one bin are all drawn."""
    drawn_well(distributions([Distribution("a", np.array(shares), 0.0, 0.0, 0.0, 1.0)], "ms", "t"))
    drawn_well(distributions([], "ms", "t"))


def test_a_gantt_chart_of_nothing_is_drawn() -> None:
    """No row, no period, a bar without length."""
    for svg in (gantt([], [], "t"), gantt([Row("a", [])], ["x"], "t"), gantt([Row("a", [Bar(0, 0, "b", "c0", "h")], 0)], ["x"], "t")):
        drawn_well(svg)


def test_large_numbers_are_not_clipped() -> None:
    """The margin grows with the labels: 1,500,000 is whole."""
    svg = stacked([Series("a", np.array([1.5e6]), "c0")], ["2027"], "units", "t", "s")
    drawn_well(svg)
    assert "1,500,000" in svg


def test_names_are_cut_in_the_middle_and_keep_a_title() -> None:
    """Two long names that differ at the end stay different; the whole name is the title."""
    first, second = (clip(f"Microsoft Fairwater Wisconsin {end}", 25) for end in ("s1", "s2"))
    assert first != second and len(first) == 25 and clip("short", 25) == "short"
    svg = name_at(0, 0, "Microsoft Fairwater Wisconsin s1", 25)
    assert "<title>Microsoft Fairwater Wisconsin s1</title>" in svg and "<title>" not in name_at(0, 0, "short", 25)
