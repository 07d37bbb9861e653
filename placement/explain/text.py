"""Tables and sentences for a terminal of 80 columns."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from functools import lru_cache

import pandas as pd

from placement.report.formats import MINUS, MISSING, THIN, significant

WIDTH = 80
_GAP = "  "
_LEAST = 6  # no column is made narrower
_ASCII = str.maketrans({THIN: ",", MINUS: "-", MISSING: "-"})  # numbers as 1,234.5: a thin space is no good in every terminal
_PIECE = re.compile(r"\s*[^\s\-_/@,]*[\-_/@,]*")  # where a text may go on in the next line: at blanks, and behind the joints of ids


def shown(value: object) -> str:
    """Return a number with about four digits, or the text itself.

    Examples
    --------
    >>> shown(12345.678), shown(-0.012345), shown(float("nan")), shown("Oslo")
    ('12,346', '-0.01235', '-', 'Oslo')
    """
    return value if isinstance(value, str) else significant(value, 4).translate(_ASCII)


def text_table(heads: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    """Return a table in 80 columns: numbers to the right; texts that are too long go on in the next line, so that nothing is lost.

    Examples
    --------
    >>> print("\\n".join(text_table(["site", "M$"], [["oslo", 1.5], ["stavanger", 12.0]])))
    site        M$
    oslo       1.5
    stavanger   12
    """
    cells = [list(heads), *([shown(v) for v in row] for row in rows)]
    numeric = [bool(rows) and not any(isinstance(row[c], str) for row in rows) for c in range(len(heads))]
    widths = _widths(cells, numeric)
    lines = []
    for line in cells:
        parts = [folded(v, w) for v, w in zip(line, widths, strict=True)]
        for i in range(max(map(len, parts), default=0)):
            row = [part[i] if i < len(part) else "" for part in parts]
            padded = [v.rjust(w) if right else v.ljust(w) for v, w, right in zip(row, widths, numeric, strict=True)]
            lines.append(_GAP.join(padded).rstrip())
    return lines


def _widths(cells: Sequence[Sequence[str]], numeric: Sequence[bool]) -> list[int]:
    """Return the width of each column: where all do not fit, texts are narrowed where that adds the fewest lines, words broken last of all."""
    columns = [[line[c] for line in cells] for c in range(len(numeric))]
    widths = [max(map(len, column)) for column in columns]
    whole = [max(len(piece) for cell in column for piece in [*_pieces(cell), ""]) for column in columns]
    while sum(widths) + len(_GAP) * (len(widths) - 1) > WIDTH:
        room = [c for c, text in enumerate(numeric) if not text and widths[c] > _LEAST]
        if not room:
            break
        lines = [[len(folded(line[c], w)) for c, w in enumerate(widths)] for line in cells]

        def price(c: int) -> tuple[bool, int, int]:
            taller = sum(max(len(folded(line[c], widths[c] - 1)), *rest) for line, rest in zip(cells, lines, strict=True))  # noqa: B023
            return widths[c] <= whole[c], taller, -widths[c]

        widths[min(room, key=price)] -= 1
    return widths


@lru_cache(maxsize=4096)
def folded(text: str, width: int) -> tuple[str, ...]:
    """Return a text in lines of at most ``width`` letters: folded at blanks and behind the joints of ids, within a word only where it is longer.

    Examples
    --------
    >>> folded("reg-azure-eastus", 10), folded("one more start per period", 12)
    (('reg-azure-', 'eastus'), ('one more', 'start per', 'period'))
    """
    lines = [""]
    for piece in _pieces(text):
        if lines[-1] and len(lines[-1]) + len(piece.rstrip()) > width:
            lines.append("")
        rest = piece if lines[-1] else piece.lstrip()
        while len(rest) > width:
            lines[-1:] = [rest[:width], ""]
            rest = rest[width:]
        lines[-1] += rest
    return tuple(line.rstrip() for line in lines if line) or ("",)


def _pieces(text: str) -> list[str]:
    return [piece for piece in _PIECE.findall(text) if piece]


def frame_table(frame: pd.DataFrame, heads: dict[str, str]) -> list[str]:
    """Return some columns of a frame as a table, under other headings."""
    return text_table(list(heads.values()), frame[list(heads)].to_numpy(object).tolist())


def wrapped(text: str, indent: str = "") -> list[str]:
    """Return a text in lines of 80 columns."""
    return textwrap.wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
