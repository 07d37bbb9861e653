"""Tables as plain text, none wider than 80 columns."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence

WIDTH = 80
_GAP = 2
_LARGE = 1000.0  # from here on the tenths are left out


def table(head: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[bool], width: int = WIDTH) -> list[str]:
    """Return a table as lines: columns as wide as they need, the widest text columns cut with ``...`` where the whole would be wider than ``width``.

    Parameters
    ----------
    right
        Which columns stand to the right: numbers. They are never cut.

    Examples
    --------
    >>> table(["site", "MW"], [["oslo", "20"], ["lund", "5"]], [False, True])
    ['site  MW', 'oslo  20', 'lund   5']
    """
    cells = [list(map(str, head)), *(list(map(str, row)) for row in rows)]
    wide = [max(len(row[i]) for row in cells) for i in range(len(head))]
    while sum(wide) + _GAP * (len(wide) - 1) > width and any(w > 6 for w, r in zip(wide, right, strict=True) if not r):
        i = max((w, n) for n, (w, r) in enumerate(zip(wide, right, strict=True)) if not r)[1]
        wide[i] -= 1
    lines = []
    for row in cells:
        shown = [cut(c, w).rjust(w) if r else cut(c, w).ljust(w) for c, w, r in zip(row, wide, right, strict=True)]
        lines.append((" " * _GAP).join(shown).rstrip())
    return lines


def cut(text: str, width: int) -> str:
    """Return a text of at most ``width`` letters; the middle of a long one is left out, for ids often differ at their ends.

    Examples
    --------
    >>> cut("camp-openai-stargate-abilene", 16)
    'camp-o...abilene'
    """
    if len(text) <= width:
        return text
    tail = (width - 3) // 2 + (width - 3) % 2
    return f"{text[: width - 3 - tail]}...{text[len(text) - tail :]}"


def paragraph(text: str, indent: str = "", width: int = WIDTH) -> list[str]:
    """Return a text in lines, those after the first one indented."""
    return textwrap.wrap(text, width, subsequent_indent=indent, break_on_hyphens=False)


def amount(value: float, digits: int = 1) -> str:
    """Return a number with thousands apart; ``-`` where there is none.

    Examples
    --------
    >>> amount(25481.94), amount(float("nan")), amount(-0.01)
    ('25,482', '-', '0.0')
    """
    if not math.isfinite(value):
        return "-" if math.isnan(value) else "no limit" if value > 0 else "-no limit"
    digits = 0 if digits == 1 and abs(value) >= _LARGE else digits
    return f"{value if abs(value) >= 0.5 * 10**-digits else 0.0:,.{digits}f}"


def signed(value: float, digits: int = 1) -> str:
    """Return a difference with its sign."""
    if not math.isfinite(value):
        return amount(value, digits)
    digits = 0 if digits == 1 and abs(value) >= _LARGE else digits
    return f"{value:+,.{digits}f}" if abs(value) >= 0.5 * 10**-digits else f"{0.0:,.{digits}f}"


def share(value: float) -> str:
    """Return a share in per cent, ``-`` where it is not known."""
    return f"{value:.2%}" if math.isfinite(value) else "-"
