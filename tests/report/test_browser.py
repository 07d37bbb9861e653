"""The report in a real browser, offline: it loads clean, its controls act, and nothing of the data runs."""

from __future__ import annotations

import csv
import dataclasses
import os
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from placement.case.schema import TABLES
from placement.report import render
from tests.report.browser import Visit, launched, visit
from tests.report.hostile import HOSTILE
from tests.report.test_report import PERIODS, PROGRESS, page_of, prices_of, small_case, small_plan, summary_of

KPIS = {
    "it_mw_end": 1234.5, "contract_share": 0.256, "served_gtok": 12.0, "salvage_grid_musd": -3.0, "peak_power_mw": 12.0, "roi": None, "jobs_placed": 1,
    "halls_built": 2, "goodput_mean": 0.9, "rtt_p50_ms": 24.0, "cost_usd_per_mtok": 0.41, "=1+1": 5, "note": "-2 \"quoted\", and a comma",
}  # fmt: skip


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    """One browser for all tests of this file; no longer, because Playwright holds an event loop while it is there."""
    with launched() as browser:
        yield browser


@pytest.fixture(scope="session")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with every section, as a file."""
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(page_of(kpis=KPIS), encoding="utf-8")
    return path


@pytest.fixture
def opened(chromium: Any, report: Path) -> Iterator[Visit]:
    """The page, open at 1280 px; it must stay quiet to the end."""
    with visit(chromium, report) as found:
        yield found
        found.assert_quiet()


def artefacts(tmp_path: Path) -> Path:
    """Where pictures are kept."""
    folder = Path(os.environ.get("PLACEMENT_ARTEFACTS", tmp_path))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def figures(page: Any) -> Any:
    """The table of key figures with its tools."""
    return page.locator("#figures")


def shown_rows(section: Any) -> list[list[str]]:
    """Cells of the rows that can be seen."""
    return section.locator("tbody").first.evaluate("body => [...body.rows].filter(r => !r.hidden).map(r => [...r.cells].map(c => c.textContent))")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_loads_clean_and_fits(chromium: Any, report: Path, tmp_path: Path, width: int, scheme: str) -> None:
    """No message, no request, no sideways scroll of the page, within two seconds; a picture is kept."""
    with visit(chromium, report, width, scheme) as found:
        page = found.page
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd") < 2000
        dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(18, 22, 27)"
        assert dark == (scheme == "dark")
        page.screenshot(path=artefacts(tmp_path) / f"report-{width}-{scheme}.png", full_page=True)
        found.assert_quiet()


def test_slider_steps_through_the_periods(opened: Visit) -> None:
    """The first period: the state is told anew, the disc of Oslo is smaller, the fibre is empty; the last one is as the page was drawn."""
    page = opened.page
    slider, state, disc = page.get_by_role("slider", name="Period"), page.locator("#map .state"), page.locator("#map path.site").first
    last = state.text_content(), disc.get_attribute("transform")
    slider.press("Home")
    assert state.text_content().startswith(f"{PERIODS[0]}: 10\u202fMW") and slider.get_attribute("aria-valuetext") == PERIODS[0]
    assert disc.get_attribute("transform") != last[1] and page.locator("#map output").text_content() == PERIODS[0]
    assert page.locator("#map path.load").get_attribute("stroke-width") == "0"
    slider.press("End")
    assert (state.text_content(), disc.get_attribute("transform")) == last


def test_marks_can_be_walked_by_keyboard(opened: Visit) -> None:
    """One stop of the Tab key; arrows, Home and End move on, the details follow, Escape hides them."""
    page = opened.page
    marks, tip = page.locator("#map [data-card]"), page.locator(".tip")
    assert page.locator('#map [data-card][tabindex="0"]').count() == 1
    page.locator('#map [data-card][tabindex="0"]').focus()
    names = []
    for _ in range(marks.count()):
        names.append(tip.locator("strong").text_content())
        page.keyboard.press("ArrowRight")
    assert {"Oslo", "turin", "Berlin", "Oslo to Berlin", "Berlin \u2013 Oslo"} == set(names)
    page.keyboard.press("Home")
    assert tip.locator("strong").text_content() == names[0] and page.locator('#map [data-card][tabindex="0"]').count() == 1
    oslo = page.locator('#map [aria-label^="Oslo."]')
    oslo.focus()
    assert "30\u202fMW" in tip.text_content() and "IT capacity: 30\u202fMW" in oslo.get_attribute("aria-label")
    page.keyboard.press("Escape")
    assert tip.is_hidden()


def test_a_place_lights_up_its_flows(opened: Visit) -> None:
    """Oslo serves Berlin: its flow stays in full colour, and so it is seen from Berlin; turin has none; afterwards all are as before."""
    page = opened.page
    flow = page.locator("#map [data-of]")
    seen = {}
    for name in ("Oslo", "Berlin", "turin"):
        page.locator(f'#map [data-key][aria-label^="{name}."]').focus()
        seen[name] = flow.evaluate("mark => getComputedStyle(mark).opacity")
    assert seen == {"Oslo": "1", "Berlin": "1", "turin": "0.12"}
    page.keyboard.press("Escape")
    assert flow.evaluate("mark => getComputedStyle(mark).opacity") == "1"


def test_layers_can_be_switched(opened: Visit) -> None:
    """The key hides and shows what it explains."""
    fibre = opened.page.locator("#map g.fibre")
    box = opened.page.get_by_role("checkbox", name="fibre")
    box.uncheck()
    assert fibre.is_hidden()
    box.check()
    assert fibre.is_visible()


def test_marks_tell_their_numbers_at_the_pointer(opened: Visit) -> None:
    """A bar shows its title in a box, once, and its text alternative stays."""
    page = opened.page
    bar = page.locator("#power svg rect:has(> title)").first.element_handle()
    words = bar.query_selector("title").text_content()
    bar.scroll_into_view_if_needed()
    bar.hover()
    assert page.locator(".tip").text_content() == words and bar.get_attribute("aria-label") == words
    page.mouse.move(2, 2)
    assert page.locator(".tip").is_hidden()


def test_tables_sort_by_value(opened: Visit) -> None:
    """By click and by key, up and down; numbers by value whatever their unit looks like, what is missing last."""
    section = figures(opened.page)
    head = section.get_by_role("button", name="Value", exact=True)
    head.click()
    rising = [row[1] for row in shown_rows(section)]
    assert section.locator("th").nth(1).get_attribute("aria-sort") == "ascending"
    assert rising[0] == "0.41\u202f$/Mtok" and rising[-1] == "\u2013" and rising.index("12\u202fGtok") < rising.index("1,234\u202fMW")
    head.press("Enter")
    falling = [row[1] for row in shown_rows(section)]
    assert section.locator("th").nth(1).get_attribute("aria-sort") == "descending" and falling[-1] == "\u2013"
    assert falling.index("1,234\u202fMW") < falling.index("12\u202fGtok")
    section.get_by_role("button", name="Figure", exact=True).click()
    assert section.locator("[aria-sort]").count() == 1
    names = [row[0] for row in shown_rows(section)]
    assert names == sorted(names, key=str.lower)


def test_tables_filter(opened: Visit) -> None:
    """Rows that hold all words stay, with a count; thin spaces do not matter; an empty field brings all back."""
    section = figures(opened.page)
    field = section.get_by_role("searchbox")
    field.fill("1,234 mw")
    assert [row[1] for row in shown_rows(section)] == ["1,234\u202fMW"] and f"1 of {len(KPIS)} rows" in section.locator(".tools").text_content()
    field.fill("no such row")
    assert shown_rows(section) == []
    field.fill("")
    assert len(shown_rows(section)) == len(KPIS)


def test_tables_download_as_they_are_shown(opened: Visit, tmp_path: Path) -> None:
    """Only the rows that are left, in their order; numbers raw with their units; no cell that a spreadsheet would execute."""
    section = figures(opened.page)
    rows = saved(opened.page, section, tmp_path)
    assert rows[0] == ["Figure", "Value", "Value: unit"] and len(rows) == len(KPIS) + 1
    told = {row[0]: row[1:] for row in rows[1:]}
    assert told["IT capacity of halls at the end"] == ["1234.5", "MW"] and told["Residual value: grid connections"] == ["3", "M$"]
    assert told["Energy from power contracts"] == ["25.6", "%"] and told["'=1+1"][0] == "5" and told["Note"][0] == '\'-2 "quoted", and a comma'
    section.get_by_role("searchbox").fill("power")
    section.get_by_role("button", name="Value", exact=True).click()
    assert [row[1] for row in saved(opened.page, section, tmp_path)] == ["Value", "12", "25.6"]


def test_further_rows_belong_to_their_table(chromium: Any, tmp_path: Path) -> None:
    """A table that shows its first rows sorts, filters and downloads all of them, and shows all on demand; without a script they stand behind it."""
    case, plan = small_case(), small_plan()
    offers = pd.concat([case["offers"].assign(offer=f"o{n}") for n in range(1, 31)], ignore_index=True)
    rows = [(f"o{n}", "gpu", "2027Q1", "2027Q2", float(n), float(n)) for n in range(1, 31)]
    plan["orders"] = pd.DataFrame(rows, columns=plan["orders"].columns)
    path = tmp_path / "long.html"
    path.write_text(render(dataclasses.replace(case, tables={**case.tables, "offers": offers}), plan, summary_of(), prices_of(), PROGRESS), encoding="utf-8")
    with visit(chromium, path) as found:
        section = found.page.locator("#decisions")
        assert section.locator("table").count() == 1 and len(shown_rows(section)) == 14
        section.get_by_role("button", name="Cost", exact=True).click()
        cheapest = shown_rows(section)[0][-1]
        assert len(shown_rows(section)) == 14 and cheapest == "1\u202fM$"
        assert len(saved(found.page, section, tmp_path)) > 30
        section.get_by_role("searchbox").fill("accelerators")
        assert len(shown_rows(section)) == 30 and len(saved(found.page, section, tmp_path)) == 31
        section.get_by_role("searchbox").fill("")
        section.get_by_role("button", name="Show all").click()
        assert len(shown_rows(section)) > 30
        section.get_by_role("button", name="Show 14 rows").click()
        assert len(shown_rows(section)) == 14
        found.assert_quiet()
    with visit(chromium, path, java_script_enabled=False) as found:
        assert found.page.locator("#decisions table").count() == 2


def test_long_tables_are_short_at_first(chromium: Any, tmp_path: Path) -> None:
    """Sixty rows of water: twelve are shown, all are sorted, filtered, downloaded and shown on demand."""
    plan = small_plan()
    plan["water"] = pd.DataFrame(
        [("oslo", str(y), float(y), 9e3, 9e3) for y in range(2000, 2060)], columns=["site", "year", "water_ml", "right_ml", "community_ml"]
    )
    path = tmp_path / "water.html"
    path.write_text(render(small_case(), plan, summary_of(), prices_of(), PROGRESS), encoding="utf-8")
    with visit(chromium, path) as found:
        box = found.page.locator(".scroll", has=found.page.get_by_role("button", name="Water, Ml"))
        shown = lambda: box.locator("tbody tr:visible").count()  # noqa: E731
        assert shown() == 12
        box.get_by_role("button", name="Water, Ml").dblclick()
        assert "2059" in box.locator("tbody tr:visible").first.text_content()
        found.page.get_by_role("button", name="Show all 60 rows").click()
        assert shown() == 60
        found.assert_quiet()


def saved(page: Any, section: Any, folder: Path) -> list[list[str]]:
    """Press the button and read the file."""
    with page.expect_download() as download:
        section.get_by_role("button", name="Download CSV").first.click()
    download.value.save_as(folder / download.value.suggested_filename)
    assert download.value.suggested_filename.endswith(".csv")
    with (folder / download.value.suggested_filename).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.reader(file))


def test_colours_can_be_chosen(opened: Visit) -> None:
    """Auto, light, dark and round again; the choice is kept."""
    page = opened.page
    button = page.get_by_role("button", name="Theme")
    seen = []
    for _ in range(3):
        button.click()
        seen.append((button.text_content(), page.evaluate("getComputedStyle(document.body).backgroundColor")))
    assert [words for words, _ in seen] == ["Theme: light", "Theme: dark", "Theme: auto"]
    assert seen[0][1] == seen[2][1] != seen[1][1]
    button.click()
    button.click()
    opened.requests.clear()
    page.reload()
    assert page.get_by_role("button", name="Theme").text_content() == "Theme: dark"


def test_the_current_section_is_marked(opened: Visit) -> None:
    """Where the reader is, the link says so; the links stay in sight."""
    page = opened.page
    for key in ("money", "map"):
        page.locator(f"#{key}").evaluate("section => section.scrollIntoView({behavior: 'instant'})")
        page.wait_for_selector(f'nav a[href="#{key}"][aria-current]', timeout=5000)
        assert page.locator("nav [aria-current]").count() == 1 and page.locator("nav").evaluate("nav => nav.getBoundingClientRect().top") == 0


def test_every_control_has_a_name_and_headings_are_in_order(opened: Visit) -> None:
    """What a screen reader needs: names, headings without a gap, tables with heads, charts with text alternatives."""
    page = opened.page
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    names = page.evaluate(
        """() => [...document.querySelectorAll('button, input, a, summary, [tabindex], select')].map(e =>
        [e.outerHTML.slice(0, 80), e.getAttribute('aria-label') || e.textContent.trim() || e.labels?.[0]?.textContent.trim() || ''])"""
    )
    assert len(names) > 40 and [what for what, name in names if not name] == []
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(h => Number(h.tagName[1]))")
    assert levels[0] == 1 and levels.count(1) == 1 and all(b <= a + 1 for a, b in pairwise(levels))
    assert page.evaluate("[...document.querySelectorAll('table')].every(t => t.tHead && [...t.tHead.rows[0].cells].every(c => c.scope === 'col'))")
    assert page.evaluate("[...document.querySelectorAll('svg')].every(s => s.getAttribute('aria-label') || s.getAttribute('aria-hidden'))")


def test_complete_without_script(chromium: Any, report: Path) -> None:
    """No control without what it would do; the map shows the last period, and its marks have titles."""
    with visit(chromium, report, java_script_enabled=False) as found:
        page = found.page
        assert page.locator("button, input").count() == 0
        assert page.locator("#map .state").text_content().startswith(PERIODS[-1])
        assert (
            "IT capacity: 30\u202fMW"
            in page.locator("#map [data-card] > title").all_text_contents()[-2] + page.locator("#map [data-card] > title").all_text_contents()[-1]
        )
        assert found.messages == [] and len(found.requests) == 1


def test_prints_without_controls(opened: Visit, tmp_path: Path) -> None:
    """On paper there is no control, only what is open, and the page is light even where the screen is dark."""
    page = opened.page
    page.emulate_media(media="print", color_scheme="dark")
    for what in ("nav", ".tools", ".slider", "#map .legend input"):
        assert not page.locator(what).first.is_visible(), what
    assert page.locator("#map svg").first.is_visible() and not page.locator("details:not([open])").first.is_visible()
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(27, 36, 48)"
    paper = artefacts(tmp_path) / "report.pdf"
    page.pdf(path=paper, format="A4")
    assert paper.read_bytes().startswith(b"%PDF") and paper.stat().st_size > 50_000


@pytest.fixture(scope="module")
def hostile_pages(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """A page for each hostile string, which stands in every text of case, plan, summary and prices."""
    folder, found = tmp_path_factory.mktemp("hostile"), []
    for i, words in enumerate(HOSTILE):
        case = small_case(words)
        tables = {name: df.assign(**dict.fromkeys(free_columns(name), words)) for name, df in case.tables.items()}
        summary = summary_of(words, check={"ok": False, "violations": [words]}, kpis={words: 1.0, "x" + words: words, **KPIS}, prices_note=words)
        page = render(dataclasses.replace(case, tables=dict(tables)), small_plan(words), summary, prices_of(words), PROGRESS)
        found.append(folder / f"{i}.html")
        found[-1].write_text(page, encoding="utf-8")
    return found


def free_columns(table: str) -> list[str]:
    """Text columns that are no key and no choice among fixed words."""
    return [c.name for c in TABLES[table] if c.kind == "text" and c.name not in ("hall", "domain", "vendor")]


def test_nothing_of_the_data_runs(chromium: Any, hostile_pages: list[Path], tmp_path: Path) -> None:
    """Thirty pages, used: opened, stepped, filtered, sorted, pointed at, downloaded. No dialog, no message, no request, no element that is not ours."""
    assert len(hostile_pages) == 30
    with visit(chromium, hostile_pages[0]) as found:
        page = found.page
        for words, path in zip(HOSTILE, hostile_pages, strict=True):
            found.requests.clear()
            page.goto(path.as_uri())
            used(page)
            if words.startswith(("=", "+", "-")):
                rows = saved(page, page.locator("#map"), tmp_path) + saved(page, page.locator("#figures"), tmp_path)
                assert rows and not [cell for row in rows for cell in row if cell.lstrip().startswith(("=", "+", "@", "-L", "\t", "\r"))]
            found.assert_quiet()
            assert page.locator("img, iframe, object, embed, form, base, link, animate").count() == 0
            assert page.locator("script").count() == 1 and page.locator("style").count() == 1 and page.evaluate("[...document.links].every(a => a.hash)")
            assert page.evaluate("document.documentElement.scrollWidth") <= 1280, words


def used(page: Any) -> None:
    """Do to a page what a reader may do, at speed."""
    page.evaluate(
        """() => {
          document.querySelectorAll('details').forEach(d => d.open = true);
          const slider = document.querySelector('.slider input');
          slider.value = 0;
          slider.dispatchEvent(new Event('input'));
          document.querySelectorAll('.sort').forEach(b => b.click());
          document.querySelectorAll('.tools input').forEach(i => { i.value = 'a'; i.dispatchEvent(new Event('input')); });
          document.querySelectorAll('[data-card]').forEach(m => m.focus());
          document.querySelectorAll('svg *').forEach(m => m.dispatchEvent(new PointerEvent('pointermove', {bubbles: true})));
          document.querySelectorAll('[autofocus], [onfocus]').forEach(e => e.focus());
        }"""
    )


def test_ids_stay_readable(chromium: Any, hostile_pages: list[Path]) -> None:
    """What is markup to a browser is read as it was written; what would deceive the eye is made visible."""
    with visit(chromium, hostile_pages[0]) as found:
        assert "oslo" + HOSTILE[0] in found.page.locator("#map").text_content()
    with visit(chromium, hostile_pages[25]) as found:
        text = found.page.locator("body").text_content()
        assert "gpj.\ufffd\ufffdfdp\ufffd\ufffd" in text and "\u202e" not in text
        found.page.locator('#map [data-card][tabindex="0"]').focus()
        assert "\ufffd" in found.page.locator(".tip").text_content()
