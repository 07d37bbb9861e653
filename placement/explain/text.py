"""Tables and sentences for a terminal of 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import pandas as pd

from placement.report.formats import MINUS, MISSING, THIN, significant

WIDTH = 80
_GAP = "  "
_LEAST = 6  # a column is not cut below this
_ASCII = str.maketrans({THIN: ",", MINUS: "-", MISSING: "-"})  # numbers as 1,234.5: a thin space is no good in every terminal


def shown(value: object) -> str:
    """Return a number with about four digits, or the text itself.

    Examples
    --------
    >>> shown(12345.678), shown(-0.012345), shown(float("nan")), shown("Oslo")
    ('12,346', '-0.01235', '-', 'Oslo')
    """
    return value if isinstance(value, str) else significant(value, 4).translate(_ASCII)


def text_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return a table in 80 columns: numbers to the right; the widest columns of text are cut, ids at their beginning, where they are alike.

    Examples
    --------
    >>> print("\\n".join(text_table(["site", "M$"], [["oslo", 1.5], ["stavanger", 12.0]])))
    site        M$
    oslo       1.5
    stavanger   12
    """
    cells = [list(heads), *([shown(v) for v in row] for row in rows)]
    numeric = [bool(rows) and not any(isinstance(row[c], str) for row in rows) for c in range(len(heads))]
    widths = [max(len(line[c]) for line in cells) for c in range(len(heads))]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH:
        widest = max((c for c in range(len(widths)) if not numeric[c]), key=lambda c: widths[c], default=-1)
        if widest < 0 or widths[widest] <= _LEAST:
            break
        widths[widest] -= 1
    lines = []
    for line in cells:
        parts = [_cut(v, w).rjust(w) if right else _cut(v, w).ljust(w) for v, w, right in zip(line, widths, numeric, strict=True)]
        lines.append(_GAP.join(parts).rstrip())
    return lines


def frame_table(frame: pd.DataFrame, heads: dict[str, str]) -> list[str]:
    """Return some columns of a frame as a table, under other headings."""
    return text_table(list(heads.values()), frame[list(heads)].to_numpy(object).tolist())


def _cut(text: str, width: int) -> str:
    if len(text) <= width:
        return text
    return text[: width - 2] + ".." if text[:1].isupper() else ".." + text[2 - width :]  # words begin with a capital letter


def wrapped(text: str, indent: str = "") -> list[str]:
    """Return a text in lines of 80 columns."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
