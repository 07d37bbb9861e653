"""Comparison, sweep, tornado and front in a real browser, offline: whole and quiet, on a phone too, whatever strings a case holds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from placement.report.comparison import comparison_page
from tests.report.browser import launched, visit
from tests.report.hostile import HOSTILE
from tests.report.test_comparison import sides
from tests.report.test_sweep_pages import pages

NAMES = ("comparison", "sweep", "tornado", "front")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """One Chromium for all tests here."""
    with launched() as found:
        yield found


def written(folder: Path, x: str = "") -> dict[str, Path]:
    """Write one page of each kind, every text of it with ``x`` appended."""
    found = {}
    for name, text in zip(NAMES, (comparison_page(*sides(x)), *pages(x)), strict=True):
        found[name] = folder / f"{name}.html"
        found[name].write_text(text, encoding="utf-8")
    return found


@pytest.mark.parametrize("width", [1280, 390])
def test_pages_fit_the_screen_and_show_one_chart_of_two(browser: Any, tmp_path: Path, width: int) -> None:
    """Nothing is wider than the screen; of a chart that is there twice the one that fits is shown."""
    for name, file in written(tmp_path).items():
        with visit(browser, file, width=width) as opened:
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= width, name
            shown = opened.page.evaluate(
                "[...document.querySelectorAll('svg.wide, svg.narrow')].filter(s => s.getClientRects().length).map(s => s.classList[1])"
            )
            assert shown and set(shown) == {"wide" if width > 600 else "narrow"}, name
            opened.assert_quiet()


def test_tables_fit_a_phone(browser: Any, tmp_path: Path) -> None:
    """Tables of few columns stand as cards, each cell with the head of its column; only those by period scroll, in their own box, and sorting stays."""
    wide = "[...document.querySelectorAll('.scroll')].filter(e => e.scrollWidth > e.clientWidth + 1).map(e => e.querySelectorAll('thead th').length)"
    for name, file in written(tmp_path, " of a rather long name, as they come").items():
        with visit(browser, file, width=390) as opened:
            opened.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390, name
            assert all(n > 9 for n in opened.page.evaluate(wide)), name
            assert opened.page.locator(".stack td[data-label]").count() > 0
    with visit(browser, file.with_name("sweep.html"), width=390) as opened:
        cell = opened.page.locator("#scenarios .stack tbody tr").first.locator("td").nth(1)
        assert cell.get_attribute("data-label") == "Status"
        assert cell.evaluate("c => getComputedStyle(c, '::before').content") == '"Status"'
        opened.page.get_by_role("button", name="Value against the base", exact=True).click()
        assert opened.page.locator("#scenarios th[aria-sort=ascending]").count() == 1


def test_tables_sort_by_their_numbers(browser: Any, tmp_path: Path) -> None:
    """Values of scenarios sort as numbers, what has none is last."""
    with visit(browser, written(tmp_path)["sweep"]) as opened:
        opened.page.get_by_role("button", name="Value against the base", exact=True).click()
        first = "[...document.querySelector('#scenarios tbody').rows].map(r => r.cells[3].textContent)"
        assert [c[:2] for c in opened.page.evaluate(first)] == ["\u22121", "\u2013", "\u2013"]


def test_hostile_strings_do_nothing(browser: Any, tmp_path: Path) -> None:
    """No dialog, no console message, no request, no code of the data."""
    for n in range(0, len(HOSTILE), 5):
        (tmp_path / str(n)).mkdir()
        for file in written(tmp_path / str(n), " ".join(HOSTILE[n : n + 5])).values():
            with visit(browser, file) as opened:
                opened.page.evaluate("document.querySelectorAll('details').forEach(d => { d.open = true })")
                opened.assert_quiet()
