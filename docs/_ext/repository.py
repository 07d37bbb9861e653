"""Pages of the repository that the site includes: their links lead to the site's own pages, or to a copy of the file.

A link in ``models/README.md`` is written for a reader of the repository. Here ``../data/README.md`` becomes the page of the schema, a file that is
no page becomes a download, and a folder without a page becomes plain text. A link to nothing is a warning, as everywhere in the site.
"""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.util import logging

DOCS = Path(__file__).resolve().parent.parent
ROOT = DOCS.parent

#: file of the repository -> page of the site
PAGES = {
    "README.md": "overview",
    "CHANGELOG.md": "changelog",
    "models/README.md": "mathematics",
    "data/README.md": "generated/schema/index",
    "benchmarks/README.md": "benchmarks",
    **{f"data/{p.parent.name}/README.md": f"generated/cases/{p.parent.name}" for p in sorted(ROOT.glob("data/*/README.md"))},
    **{f"data/{p.parent.name}/SOURCES.md": f"generated/cases/{p.parent.name}-sources" for p in sorted(ROOT.glob("data/*/SOURCES.md"))},
}

_LINK = re.compile(r"(?<!!)\[((?:[^\[\]]|\[[^\]]*\])+)\]\(([^()\s]+)\)")
_FENCE = re.compile(r"^(```|~~~).*?^\1[^\n]*$", re.MULTILINE | re.DOTALL)


def rewrite(app: Sphinx, path: Path, docname: str, text: list[str]) -> None:
    """Turn the links of an included file, in place."""
    source = (DOCS / path).resolve()
    if not source.is_relative_to(ROOT) or source.is_relative_to(DOCS):
        return

    def turned(match: re.Match[str]) -> str:
        return _link(match[1], match[2], source, docname)

    parts, end = [], 0
    for fence in _FENCE.finditer(text[0]):
        parts += [_LINK.sub(turned, text[0][end : fence.start()]), fence[0]]
        end = fence.end()
    text[0] = "".join([*parts, _LINK.sub(turned, text[0][end:])])


def _link(label: str, target: str, source: Path, docname: str) -> str:
    if target.startswith("#") or "://" in target:
        return f"[{label}]({target})"
    name, _, anchor = target.partition("#")
    file = (source.parent / name).resolve()
    inside = file.relative_to(ROOT).as_posix()
    page = PAGES.get(inside) or PAGES.get(posixpath.join(inside, "README.md"))
    if page:
        return f"[{label}](/{page}.md{'#' + anchor if anchor else ''})"
    if file.is_dir():
        return label
    if not file.exists():
        logging.getLogger(__name__).warning("%s: link to '%s', which is not there", source.relative_to(ROOT), target, location=docname)
        return label
    return f"[{label}](path:{os.path.relpath(file, (DOCS / docname).parent)})"


def setup(app: Sphinx) -> dict[str, Any]:
    """Listen for included files."""
    app.connect("include-read", rewrite)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
