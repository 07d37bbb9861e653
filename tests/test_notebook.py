"""Cases and plans in notebooks: the answer first, short, safe, and without a look of their own."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pandas as pd
import pytest

import placement
from placement.engine import Status
from placement.report.tables import COLUMNS

HOSTILE = "\"'><script>alert(1)</script><img src=http://evil.example/x onerror=alert(1)>\x00\u202e&amp;</details></table>$"


class Read(HTMLParser):
    """Tags, attributes and words of a piece of HTML; tags must balance."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Remember what opens."""
        self.open.append(tag)
        self.tags.add(tag)
        self.attributes |= set(attrs)

    def handle_endtag(self, tag: str) -> None:
        """Close what is open."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Collect the words."""
        self.text += data.replace("\u202f", " ") + "\n"


def hostile(df: pd.DataFrame, columns: Any) -> pd.DataFrame:
    """Return the table with hostile text in front of what the columns hold."""
    return df.assign(**{c: df[c].map(lambda v: f"{HOSTILE}{v}" if v and isinstance(v, str) else v) for c in columns if c in df})


def test_a_case_says_what_it_models(solved):
    """Name, horizon, layers there and absent, and the size of every table."""
    read = Read(solved.case._repr_html_())
    for words in ("three-sites", "Three sites, checked by hand", "2027 to 2029, 3 periods of 12 months; model placement"):
        assert words in read.text
    there, absent = (re.search(rf"{head}: (.*)\.", read.text)[1] for head in ("Layers", "Absent, so not modelled"))
    assert "fibre" in there and "training" in there and "capital" not in there
    assert "capital" in absent and "releases" in absent and "fibre" not in absent and "pairs" not in absent
    assert all(f"{name}\n{len(df)}\n" in read.text for name, df in solved.case.tables.items())
    rows = sum(len(df) for df in solved.case.tables.values())
    assert f"{len(solved.case.tables)} tables, {rows} rows" in read.text
    assert "discounted" not in read.text


def test_a_plan_says_the_answer_first(solved):
    """Status and check, objective with bound and gap, headline, what is left out; tables only on demand."""
    html = solved.plan._repr_html_()
    read = Read(html)
    top = Read(html[: html.index("<details>")] + "</div>").text
    for words in (
        "optimal, passed the independent check",
        "\u2212205.2 M$",
        "verified gap\n",
        "Build 1 hall with 20 MW of IT capacity at Beta, the first in service in 2029",
        "Left out: 1 training job worth 50 M$ (undiscounted) and demand of 1 service, up to 864 Mtok/day in 2029.",
        "no plan is better",
    ):
        assert words in top
    assert "training: 2 rows" in read.text and "halls: 3 rows" in read.text and "alpha" not in top
    assert len(html) < 20_000


def test_nothing_in_it_has_a_colour_or_acts(solved):
    """Light and dark notebooks look as they are set: no style sheet, class, colour, script or link; numbers are set flush right."""
    for html in (solved.case._repr_html_(), solved.plan._repr_html_()):
        read = Read(html)
        assert read.tags <= {"div", "p", "strong", "ul", "li", "details", "summary", "table", "thead", "tbody", "tr", "th", "td"}
        assert read.attributes <= {("style", "text-align:right"), ("style", "text-align:left")}


def test_hostile_text_stays_text(solved):
    """Ids, names, titles and notes from data cannot become markup, close a table or turn the reading direction."""
    case = replace(solved.case, name=HOSTILE, title=HOSTILE, notes=(HOSTILE,) * 5, tables={n: hostile(df, df) for n, df in solved.case.tables.items()})
    tables = {n: hostile(df, [c for c in COLUMNS.get(n, "").split() if c[0] not in "#@"]) for n, df in solved.plan.tables.items()}
    plan = replace(solved.plan, case=case, tables=tables, kpis=solved.plan.kpis.rename({"capex_musd": HOSTILE}))
    for html in (case._repr_html_(), plan._repr_html_()):
        read = Read(html)
        assert "script" not in read.tags and "img" not in read.tags and len(read.attributes) == 2
        assert "alert(1)" in read.text and "\x00" not in html and "\u202e" not in html
    assert f"{HOSTILE[:5]}" in Read(plan._repr_html_()).text
    assert "and 2 more notes" in Read(case._repr_html_()).text


def test_without_a_plan_it_says_why(solved):
    """An infeasible case and a search without a plan have no table and no number."""
    none = replace(solved.plan, status=Status.INFEASIBLE, objective=float("inf"), tables={}, verdict=None, summary={"infeasible_by": "verified"})
    assert "There is no plan: the rules and limits of this case cannot all hold (verified)." in Read(none._repr_html_()).text
    assert "give the solver more time" in Read(replace(none, status=Status.NO_PLAN)._repr_html_()).text
    assert "table" not in Read(none._repr_html_()).tags


def test_a_run_read_back_says_the_same(solved):
    """What the checker said is taken from the summary."""
    assert placement.read_plan(solved.run)._repr_html_() == solved.plan._repr_html_()


@pytest.fixture(scope="session")
def campuses(three_sites):
    """A published instance and its plan."""
    case = placement.read_instance(three_sites.parent / "instances" / "four-campuses.txt", "orlib-cap", model="cflp")
    return placement.solve(case, time_limit_s=20)


def test_a_published_instance_has_its_own_words(campuses):
    """No layer is called absent, no hall or megawatt is spoken of, and costs have the file's unit."""
    case, plan = Read(campuses.case._repr_html_()), Read(campuses._repr_html_())
    assert "Absent" not in case.text and "one period" in case.text and "model cflp" in case.text
    assert "M$" not in plan.text and "MW" not in plan.text
    assert "openings: 4 rows" in plan.text
