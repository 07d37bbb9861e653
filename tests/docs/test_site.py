"""The site builds without a warning and asks nobody for anything."""

from __future__ import annotations

import html.parser
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

import placement
from placement.case.schema import TABLES
from placement.cli import _parser
from tests.docs.running import DOCS, ROOT

for needed in ("sphinx", "myst_parser", "furo", "latex2mathml"):
    pytest.importorskip(needed, reason=f"THE DOCUMENTATION IS NOT BUILT: {needed} is not installed; pip install -e '.[test]'")

BUILD_S = 600.0  # longest that a build may take
ASKED = {("script", "src"), ("link", "href"), ("img", "src"), ("iframe", "src"), ("source", "src"), ("video", "src"), ("object", "data"), ("embed", "src")}


class Requests(html.parser.HTMLParser):
    """Addresses that a browser asks for by itself, and the ids and links of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.ids: set[str] = set()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Gather what a tag names."""
        given = dict(attrs)
        self.asked += [str(given[name]) for kind, name in ASKED if kind == tag and given.get(name)]
        self.ids |= {str(given[name]) for name in ("id", "name") if given.get(name)}
        if tag == "a" and given.get("href"):
            self.links.append(str(given["href"]))


@pytest.fixture(scope="session")
def site(tmp_path_factory) -> Path:
    """The site, built once for all processes of a test run, with warnings as errors and with a proxy that nobody answers."""
    base = tmp_path_factory.getbasetemp()
    out = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "site"
    told = out / "told.json"
    try:
        out.mkdir()
    except FileExistsError:  # another process builds it
        deadline = time.monotonic() + BUILD_S
        while not told.exists():
            assert time.monotonic() < deadline, "another process did not finish the site"
            time.sleep(0.2)
    else:
        _build(out, told)
    code, printed = json.loads(told.read_text(encoding="utf-8"))
    assert code == 0, printed
    return out / "html"


def _build(out: Path, told: Path) -> None:
    nobody = "http://127.0.0.1:9"
    environment = {**os.environ, "http_proxy": nobody, "https_proxy": nobody, "HTTP_PROXY": nobody, "HTTPS_PROXY": nobody}
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "-d", str(out / "doctrees"), str(DOCS), str(out / "html")]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=BUILD_S)
    new = told.with_suffix(".new")
    new.write_text(json.dumps([done.returncode, f"{done.stdout}\n{done.stderr}"]), encoding="utf-8")
    new.replace(told)


@pytest.fixture(scope="module")
def read(site) -> dict[Path, Requests]:
    """Every page, read."""
    pages = {}
    for page in site.rglob("*.html"):
        pages[page] = Requests()
        pages[page].feed(page.read_text(encoding="utf-8"))
    assert len(pages) > 40
    return pages


def test_no_page_asks_for_anything_outside(site, read):
    """Scripts, styles and pictures are the site's own; style sheets name no address."""
    outside = {(page.name, what) for page, found in read.items() for what in found.asked if re.match(r"(\w+:)?//", what)}
    assert not outside
    assert not [s for s in site.rglob("*.css") if re.search(r"(url\(|@import)\s*['\"]?(\w+:)?//", s.read_text(encoding="utf-8"))]


def test_links_lead_somewhere(site, read):
    """Every link within the site leads to a page, and to a place on it."""
    broken = []
    for page, found in read.items():
        for link in found.links:
            if re.match(r"\w+:", link):
                continue
            name, _, anchor = link.partition("#")
            target = (page.parent / name).resolve() if name else page
            if not target.exists() or (anchor and target in read and anchor not in read[target].ids):
                broken.append(f"{page.relative_to(site)}: {link}")
    assert not broken


def test_equations_are_drawn_by_the_browser(site):
    """Equations are MathML, and none is left as LaTeX."""
    text = (site / "mathematics.html").read_text(encoding="utf-8")
    assert text.count("<math") > 20
    assert not re.search(r"\$\$|\\\[|\\\(|MathJax|&amp;#", text)
    assert "≤" in text and "∑" in text


def test_money_is_no_equation(site):
    """Dollars of money are not taken for the ends of an equation: only pages that have equations have any, and none holds a sentence."""
    drawn = {p.relative_to(site).as_posix(): re.findall(r"<math.*?</math>", p.read_text(encoding="utf-8"), re.DOTALL) for p in site.rglob("*.html")}
    assert {page for page, found in drawn.items() if found} == {"mathematics.html", "howto/certificate.html", "howto/layer.html"}
    words = [re.sub(r"<[^>]+>", " ", one) for found in drawn.values() for one in found]
    assert not [w for w in words if re.search(r"\b(t h e|a n d|i s) \b", re.sub(r"\s+", " ", w))]


def test_every_table_and_column_is_on_a_page(site):
    """The schema's pages hold all tables with all columns."""
    pages = "".join(p.read_text(encoding="utf-8") for p in (site / "generated" / "schema").glob("*.html"))
    missing = [f"{t.name}.{c.name}" for t in TABLES.values() for c in t if f"<h2>{t.name}<" not in pages or f">{c.name}<" not in pages]
    assert not missing


def test_every_command_and_option_is_on_the_page(site):
    """The page of commands holds all of them."""
    page = re.sub(r"<[^>]+>", "", (site / "generated" / "commands.html").read_text(encoding="utf-8"))
    for name, command in _parser()._subparsers._group_actions[0].choices.items():
        assert f"placement {name}" in page
        assert all(option in page for action in command._actions for option in action.option_strings if action.dest != "help")


def test_every_public_name_is_in_the_reference(site):
    """What `placement` exports is documented."""
    page = (site / "reference" / "api.html").read_text(encoding="utf-8")
    missing = [name for name in placement.__all__ if not re.search(rf'id="placement\.(\w+\.)*{name}"', page)]
    assert not missing
