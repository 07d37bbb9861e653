"""Equations as MathML, which browsers draw themselves: no script, no font and no request.

Sphinx's own renderers need LaTeX, or a script from elsewhere. Dollars of money (``5 M$``) are kept from being taken for the ends of an equation.
"""

from __future__ import annotations

import html
import re
from typing import Any
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert_to_element
from sphinx.application import Sphinx

_ALIGNED = re.compile(r"\\begin\{")
_MONEY = re.compile(r"(^(?:```|~~~|:::).*?^(?:```|~~~|:::)[ \t]*$|`[^`\n]*`)|(?<![\w$])(M|billion )\$", re.MULTILINE | re.DOTALL)

_WORD = re.compile(r"\\(?:text|mathrm|mathit|begin|end|operatorname)\{[^}]*\}|\\[A-Za-z]+|(?<![A-Za-z])(rtt|(?=[A-Za-z]*[aeou])[A-Za-z]{3,})(?![A-Za-z])")


def mathml(latex: str, display: str) -> str:
    """Return an equation as MathML: words upright, not as products of their letters, and limits of min and max below in lines of their own."""
    root = convert_to_element(_WORD.sub(lambda match: rf"\mathrm{{{match[1]}}}" if match[1] else match[0], latex), display=display)
    for part in root.iter():
        part.text = html.unescape(part.text or "")  # signs come as character references
    if display == "block":
        for part in root.iter("msub"):
            if part[0].text in ("min", "max"):
                part.tag = "munder"
    return ElementTree.tostring(root, encoding="unicode")


def inline(self: Any, node: nodes.math) -> None:
    """Write an equation in a line of text."""
    self.body.append(f'<span class="math">{mathml(node.astext(), "inline")}</span>')
    raise nodes.SkipNode


def block(self: Any, node: nodes.math_block) -> None:
    """Write an equation that stands alone."""
    latex = node.astext().strip()
    if r"\\" in latex and not _ALIGNED.search(latex):
        latex = rf"\begin{{aligned}}{latex}\end{{aligned}}"
    name = f' id="{node["ids"][0]}"' if node["ids"] else ""
    self.body.append(f'<div class="math"{name}>{mathml(latex, "block")}</div>\n')
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
