"""Equations as MathML, which browsers draw themselves: no script, no font and no request.

Sphinx's own renderers need LaTeX, or a script from elsewhere. Dollars of money (``5 M$``) are kept from being taken for the ends of an equation.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx

_ALIGNED = re.compile(r"\\begin\{")
_MONEY = re.compile(r"(^(?:```|~~~|:::).*?^(?:```|~~~|:::)[ \t]*$|`[^`\n]*`)|(?<![\w$])(M|billion )\$", re.MULTILINE | re.DOTALL)


def inline(self: Any, node: nodes.math) -> None:
    """Write an equation in a line of text."""
    self.body.append(f'<span class="math">{convert(node.astext(), display="inline")}</span>')
    raise nodes.SkipNode


def block(self: Any, node: nodes.math_block) -> None:
    """Write an equation that stands alone."""
    latex = node.astext().strip()
    if r"\\" in latex and not _ALIGNED.search(latex):
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    name = f' id="{node["ids"][0]}"' if node["ids"] else ""
    self.body.append(f'<div class="math"{name}>{convert(latex, display="block")}</div>\n')
    raise nodes.SkipNode


def keep_money(text: str) -> str:
    """Return Markdown in which the dollar of ``M$``, outside code, is no end of an equation."""
    return _MONEY.sub(lambda match: match[1] or rf"{match[2]}\$", text)


def _page(app: Sphinx, docname: str, text: list[str]) -> None:
    text[0] = keep_money(text[0])


def _included(app: Sphinx, path: object, docname: str, text: list[str]) -> None:
    text[0] = keep_money(text[0])


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the renderer."""
    app.add_html_math_renderer("mathml", inline_renderers=(inline, None), block_renderers=(block, None))
    app.connect("source-read", _page)
    app.connect("include-read", _included, priority=600)  # after links have been turned
    return {"parallel_read_safe": True, "parallel_write_safe": True}
