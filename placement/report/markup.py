"""HTML that is safe by construction: text is escaped unless it is :class:`Html` already."""

from __future__ import annotations

import html
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence

from placement.report.formats import DEFINITIONS, Number, figure_of

_VOID = frozenset({"meta", "br", "link"})
_SHAPES = frozenset({"rect", "line", "path", "circle", "polygon", "polyline"})
# Control characters break parsers; direction overrides let an id read as another one.
_UNSAFE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


class Html(str):
    """Text that is markup already."""

    __slots__ = ()


def escape(value: object) -> Html:
    """Return the value as markup: escaped unless it is :class:`Html`."""
    return value if isinstance(value, Html) else Html(html.escape(clean(str(value)), quote=True))


def clean(text: str) -> str:
    """Return the text with control characters and direction overrides made visible."""
    return _UNSAFE.sub("\ufffd", text)


def _attribute(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.1f}".removesuffix(".0")
    return escape(str(value))


def data(value: object) -> str:
    """Return a value as JSON for a data attribute; its texts are cleaned as :func:`clean` does (JSON would hide what it replaces)."""

    def cleaned(one: object) -> object:
        if isinstance(one, Mapping):
            return {clean(str(k)): cleaned(v) for k, v in one.items()}
        if isinstance(one, (list, tuple)):
            return [cleaned(v) for v in one]
        return clean(one) if isinstance(one, str) else one

    return json.dumps(cleaned(value), ensure_ascii=False, separators=(",", ":"))


def el(tag: str, *children: object, **attributes: object) -> Html:
    """Return an element; ``class_`` means class, ``aria_label`` means aria-label, ``None`` leaves an attribute out."""
    named = ((k.rstrip("_").replace("_", "-"), v) for k, v in attributes.items() if v is not None)
    head = tag + "".join(f' {k}="{_attribute(v)}"' for k, v in named)
    if tag in _VOID:
        return Html(f"<{head}>")
    if tag in _SHAPES and not children:
        return Html(f"<{head}/>")
    return Html(f"<{head}>{join(children)}</{tag}>")


def join(parts: Iterable[object], by: str = "") -> Html:
    """Return the parts, escaped where needed, one after the other."""
    return Html(by.join(map(escape, parts)))


def table(heads: Sequence[str], rows: Sequence[Sequence[object]], numeric: Iterable[int] = (), caption: str = "", class_: str | None = None) -> Html:
    """Return a table in a box that scrolls on small screens; ``numeric`` columns are set flush right.

    The script of the page sorts, filters and downloads it. For that a :class:`~placement.report.formats.Number` keeps its value
    (``data-v``) and its unit (``data-u``: at the head of the column where all its numbers have the same one, else at the cell).
    """
    right = set(numeric)
    units = [{cell.unit for cell in column if isinstance(cell, Number)} for column in zip(*rows, strict=True)] if rows else []
    common = [one.pop() if len(one) == 1 else None for one in units] or [None] * len(heads)

    def head(i: int, words: str) -> Html:
        return el("th", words, class_="n" if i in right else None, scope="col", data_u=common[i] or None)

    def cell(i: int, shown: object) -> Html:
        if not isinstance(shown, Number):
            return el("td", shown, class_="n" if i in right else None)
        unit = shown.unit if common[i] is None else None
        return el("td", shown, class_="n" if i in right else None, data_v=f"{shown.value:.10g}", data_u=unit or None)

    body = el("tbody", *(el("tr", *(cell(i, shown) for i, shown in enumerate(row))) for row in rows))
    top = el("thead", el("tr", *(head(i, words) for i, words in enumerate(heads))))
    inner = el("table", el("caption", caption) if caption else "", top, body, class_=class_)
    return scroll(inner, caption or "Table: " + ", ".join(heads[:4]))


def scroll(inner: Html, label: str) -> Html:
    """Return a box that scrolls sideways, by keyboard too."""
    return el("div", inner, class_="scroll", tabindex=0, role="region", aria_label=label)


def named(figure: str) -> str:
    """Return the label of a key figure; where it could be read as more than it says, its definition shows when pointed at."""
    words = figure_of(figure, math.nan)[0]
    return el("abbr", words, title=DEFINITIONS[figure]) if figure in DEFINITIONS else words


def defined(figures: Iterable[str]) -> list[Html]:
    """Return a note per key figure that is no board's to misread, in words for those who cannot point."""
    return [note(el("strong", f"{figure_of(k, math.nan)[0]}: "), DEFINITIONS[k]) for k in figures if k in ("roi", "payback_years")]


def details(summary: str, *children: object) -> Html:
    """Return content that opens on demand, without a script."""
    return el("details", el("summary", summary), *children)


def figure(title: str, svg: Html, note: object = "", numbers: Html | None = None, periods: Sequence[str] = (), above: Sequence[Html] = ()) -> Html:
    """Return a chart with its title, a note and, on demand, its numbers as a table.

    With ``periods`` (labels) the script of the page gives it a slider; what follows it has ``data-at``, as ``report.js`` says. What stands
    ``above`` the chart, a key for instance, follows the title.
    """
    caption = el("figcaption", el("strong", title), el("span", note) if note else "")
    steps = data(list(periods)) if len(periods) > 1 else None
    return el("figure", caption, *above, scroll(svg, title), details("Show the numbers", numbers) if numbers else "", data_periods=steps)


def note(*children: object) -> Html:
    """Return a paragraph that says what is absent or how to read a chart."""
    return el("p", *children, class_="note")


def section(key: str, title: str, *children: object) -> Html:
    """Return a section of the page with its anchor."""
    return el("section", el("h2", title, id=f"{key}-title"), *children, id=key, aria_labelledby=f"{key}-title")
