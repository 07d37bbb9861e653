"""Pages that are made anew at every build, in ``docs/generated``: the schema by layer, the commands, and the case folders with their stories and sources."""

from __future__ import annotations

import inspect
import os
from itertools import groupby
from pathlib import Path
from typing import Any

from commands import commands_page
from repository import DOCS, PAGES, ROOT
from sphinx.application import Sphinx

from placement.case.describe import schema_markdown
from placement.case.schema import TABLES
from placement.case.validation import RULES

OUT = DOCS / "generated"
_LOOKED_UP = {"sites.site", "sites.zone", "sites.country", "halls.site", "halls.hall", "halls.domain"}  # read by rules that are about other tables


def generate(app: Sphinx) -> None:
    """Write all pages, and remove those of an earlier build that are none any more."""
    pages = {**schema_pages(), **case_pages(), "commands.md": commands_page()}
    for old in OUT.rglob("*.md"):
        if old.relative_to(OUT).as_posix() not in pages:
            old.unlink()
    for name, text in pages.items():
        _write(OUT / name, text)


def schema_pages() -> dict[str, str]:
    """Return one page per layer, and the general rules with links to them as the first."""
    layer_of = {t.name: _slug(t.layer) for t in TABLES.values()}
    general, _, _ = schema_markdown().partition("\n### ")
    general = general.replace("# Data: what a case folder holds", "# Case folders and their tables")
    general = general.replace(general.split("\n\n")[1] + "\n\n", "", 1)  # how data/README.md is made
    for table, layer in layer_of.items():
        general = general.replace(f"(#{table})", f"({layer}.md#{table})")
    ordered = sorted(TABLES.values(), key=lambda t: list(layer_of.values()).index(_slug(t.layer)))
    pages = {}
    for layer, tables in groupby(ordered, key=lambda t: t.layer):
        here = list(tables)
        texts = [schema_markdown(t.name).replace("### ", "## ", 1) for t in here]
        pages[f"schema/{_slug(layer)}.md"] = f"# Tables: {layer}\n\n" + "\n".join(texts) + _rules({t.name for t in here})
    toc = "\n".join(name.removeprefix("schema/") for name in pages)
    pages["schema/index.md"] = f"{general}\n```{{toctree}}\n:hidden:\n\n{toc}\n```\n"
    return pages


def _rules(tables: set[str]) -> str:
    """Return the rules between tables that are about one of these: it is the first that they read, or they read several columns of it."""
    lines = []
    for rule in RULES:
        reads = [column for column in rule.reads.split() if not column.startswith("case.")]
        about = [column.partition(".")[0] for column in reads if column == reads[0] or column not in _LOOKED_UP]
        if about and (about[0] in tables or any(about.count(table) > 1 for table in tables)):
            said = inspect.cleandoc(rule.check.__doc__ or "").partition("\n\n")[0].replace("\n", " ")
            lines.append(f"* {said} ({', '.join(f'`{column}`' for column in reads)})")
    head = "\n## Rules between tables\n\nBroken ones are errors that name the rows and the remedy. In brackets: what the rule reads.\n\n"
    return head + "\n".join(lines) + "\n" if lines else ""


def case_pages() -> dict[str, str]:
    """Return a page for every README and SOURCES of a case folder."""
    included = {page: file for file, page in PAGES.items() if page.startswith("generated/cases/")}
    pages = {f"{page.removeprefix('generated/')}.md": f"```{{include}} ../../../{file}\n```\n" for page, file in included.items()}
    rows, toc = [], []
    for page, file in included.items():
        name = page.rpartition("/")[2]
        toc.append(f"{name.replace('-sources', ': sources')} <{name}>")
        if file.endswith("README.md"):
            title = (ROOT / file).read_text(encoding="utf-8").splitlines()[0].removeprefix("# ")
            sources = f"[sources]({name}-sources.md)" if f"{page}-sources" in included else "on its page"
            rows.append(f"| `data/{name}` | [{title}]({name}.md) | {sources} |")
    table = "\n".join(["| folder | story | sources |", "|---|---|---|", *rows])
    words = "Cases to run, to read and to copy from; each page says what the case is about and what its answer is."
    tree = "\n".join(["```{toctree}", ":hidden:", "", *sorted(toc), "```"])
    return {**pages, "cases/index.md": f"# Cases and their sources\n\n{words}\n\n{table}\n\n{tree}\n"}


def _slug(layer: str) -> str:
    return layer.replace(" ", "-")


def _write(path: Path, text: str) -> None:
    if not path.exists() or path.read_text(encoding="utf-8") != text:  # an unchanged page is not read again
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_name(f"{path.name}.{os.getpid()}.new")
        new.write_text(text, encoding="utf-8")
        new.replace(path)  # whole or not at all: another build may be reading it


def setup(app: Sphinx) -> dict[str, Any]:
    """Generate before the sources are looked for."""
    app.connect("builder-inited", generate)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
