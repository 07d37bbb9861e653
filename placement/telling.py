"""Problems of the input as a person reads them: grouped, in 80 columns, with nothing in them that a terminal would obey."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence

from placement.errors import Problem

WIDTH = 80  # of a terminal
_MOST = 5  # rows told in full of one problem
_NUMBER = re.compile(r"\(.*?(?:line|row|cell [A-Z]+) ?(\d+)[,)]")
# Control characters, escape sequences and overrides of the direction would let an id write on the terminal, or read as another one.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff\ufffe\uffff]")


def visible(text: str) -> str:
    r"""Return the text with what a terminal would obey, or hide, in the form of an escape.

    Examples
    --------
    >>> visible("oslo\x1b[31m"), visible("a\u202eb")
    ('oslo\\x1b[31m', 'a\\u202eb')
    """
    return _UNSAFE.sub(lambda m: m[0].encode("unicode_escape", "surrogatepass").decode("ascii"), text)


def shown(text: object) -> str:
    r"""Return a text of several lines as a terminal may have it.

    Examples
    --------
    >>> shown("oslo\x1b[31m\nlund")
    'oslo\\x1b[31m\nlund'
    """
    return "\n".join(visible(line) for line in str(text).split("\n"))


def told(problems: Iterable[Problem]) -> list[str]:
    """Return the lines that say what is wrong: problems of one table together, in the order in which the tables were first found wanting.

    A mistake that is the same in several columns of a table is told once.
    """
    by_table: dict[str, dict[str, list[Problem]]] = {}
    for problem in problems:
        by_table.setdefault(problem.table, {}).setdefault(problem.rule, []).append(problem)
    lines: list[str] = []
    for rules in by_table.values():
        for alike in rules.values():
            lines += [*([""] if lines else []), *_one(alike)]
    return lines


def _one(alike: Sequence[Problem]) -> Iterator[str]:
    """Yield what is wrong, where, and the way out, for problems with the same table and rule."""
    first = alike[0]
    columns = list(dict.fromkeys(p.column for p in alike if p.column))
    word = "key" if first.table == "sheet case" or first.table.endswith(".toml") else "column"
    where = f"{first.table}: {word}{'s' if len(columns) > 1 else ''} {', '.join(repr(c) for c in columns)}" if columns else first.table
    yield from _wrapped(f"{where} {first.rule}", "", "  ")
    rows = list(dict.fromkeys(row for p in alike for row in p.rows))
    for row in rows if len(rows) <= _MOST + 1 else rows[:_MOST]:
        yield from _wrapped(row.strip() or "(blank)", "    ", "      ")
    if len(rows) > _MOST + 1:
        yield from _wrapped(f"and {len(rows) - _MOST} more{_numbers(rows[_MOST:])}", "    ", "      ")
    yield from _wrapped(first.remedy, "  -> ", "     ")


def _wrapped(text: str, first: str, then: str) -> list[str]:
    # a path that is too long for a line stays whole, so that it can be pasted
    return textwrap.wrap(visible(text), WIDTH, initial_indent=first, subsequent_indent=then, break_on_hyphens=False, break_long_words=False) or [first.rstrip()]


def _numbers(rows: Sequence[str]) -> str:
    """Return the lines of rows as ``: lines 4-15, 20`` where all of them have one."""
    found = [_NUMBER.search(row) for row in rows]
    numbers = [int(m[1]) for m in found if m]
    if not numbers or len(numbers) < len(rows):
        return ""
    spans: list[list[int]] = []
    for n in sorted(set(numbers)):
        if spans and n == spans[-1][1] + 1:
            spans[-1][1] = n
        else:
            spans.append([n, n])
    parts = [str(a) if a == b else f"{a}-{b}" for a, b in spans]
    word = "lines" if " line " in rows[0] else "rows"
    return f": {word} {', '.join(parts[:8])}{', ...' if len(parts) > 8 else ''}"
