"""Markup that is safe by construction, and tables that know the numbers they show."""

from __future__ import annotations

import html
import json

import pytest

from placement.report.formats import Number, figure_of, fixed, money, musd, percent, significant, unit
from placement.report.markup import clean, data, el, figure, table
from placement.report.shell import SCRIPT, document, policy
from placement.report.style import CSS
from tests.report.hostile import HOSTILE
from tests.report.test_report import Page


@pytest.mark.parametrize(
    ("shown", "value", "unit_name"),
    [
        (fixed(-1234.56, 1), -1234.56, ""), (significant(0.0456), 0.0456, ""), (significant(0), 0.0, ""), (unit(1278.3, "MW"), 1278.3, "MW"),
        (musd(-25481.9), -25481.9, "M$"), (money(7.25, "k$"), 7.25, "k$"), (percent(0.256), 25.6, "%"), (percent(0.00001), 0.001, "%"),
        (figure_of("peak_power_mw", 41.5)[1], 41.5, "MW"), (figure_of("salvage_grid_musd", -39.9)[1], 39.9, "M$"),
        (figure_of("renewable_share", 0.5)[1], 50.0, "%"),
    ],
)  # fmt: skip
def test_numbers_know_what_they_show(shown: str, value: float, unit_name: str) -> None:
    """Every formatted number keeps its value in the unit that it is shown in."""
    assert isinstance(shown, Number) and shown.value == pytest.approx(value) and shown.unit == unit_name


def test_what_is_no_number_is_text() -> None:
    """Missing values and sentences are plain text, which sorts last and is downloaded as it is."""
    for shown in (fixed(None), unit(float("nan"), "MW"), percent(None), f"about {musd(3)}", figure_of("note", "x")[1]):
        assert not isinstance(shown, Number)


def test_a_column_of_one_unit_says_it_once() -> None:
    """The unit stands at the head of a column, or at each cell where the column mixes units."""
    page = Page(table(("Cost", "Value", "Note"), [(musd(1.5), percent(0.5), "a"), (musd(2), unit(3, "MW"), "\u2013")], (0, 1)))
    heads, cells = ([a.get("data-u") for t, a in page.tags if t == tag] for tag in ("th", "td"))
    assert heads == ["M$", None, None] and cells == [None, "%", None, None, "MW", None]
    assert [a.get("data-v") for t, a in page.tags if t == "td"] == ["1.5", "50", None, "2", "3", None]
    assert Page(table(("Nothing",), [])).tags


@pytest.mark.parametrize("words", HOSTILE)
def test_data_of_a_mark_is_read_as_it_was_written(words: str) -> None:
    """Any text survives the way into an attribute and out of it as JSON, but for what would deceive the eye; it ends no tag and no attribute."""
    drawn = el("g", "x", data_card=data({"name": words, "rows": [[words, [words, 1.5]]], words: None}))
    ((tag, attributes),) = Page(drawn).tags
    seen = clean(words)
    assert tag == "g" and set(attributes) == {"data-card"}
    assert json.loads(attributes["data-card"] or "") == {"name": seen, "rows": [[seen, [seen, 1.5]]], seen: None}
    assert "<" not in html.unescape(drawn[drawn.index(">") + 1 : drawn.rindex("<")])


def test_a_figure_with_periods_says_them() -> None:
    """With one period there is nothing to step through."""
    chart = el("svg")
    assert "data-periods" not in figure("t", chart, periods=["2027"]) and 'data-periods="[&quot;a&quot;,&quot;b&quot;]"' in figure(
        "t", chart, periods=["a", "b"]
    )


def test_the_frame_holds_style_and_script_unchanged() -> None:
    """Neither ends its own element, and both are in the page as they were hashed."""
    page = document("<t>", el("main", "x"))
    assert f"<style>{CSS}</style>" in page and f"<script>{SCRIPT}</script>" in page and policy() in page and "<title>&lt;t&gt;</title>" in page
    assert "</style" not in CSS.lower() and "</script" not in SCRIPT.lower() and "<!--" not in SCRIPT and "\r" not in CSS + SCRIPT
