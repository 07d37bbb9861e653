"""Where a fact of a case stands: file, line, and what its ``source`` and ``assumption`` columns say, which no model reads."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np

from placement.case import Case
from placement.case.files import TextTable
from placement.case.findings import Findings
from placement.case.overlays import effective_folder
from placement.case.schema import DOCUMENTATION
from placement.case.workbook import is_case_place
from placement.errors import DataError

_MOST = 3  # rows quoted of one rule


def sources(case: Case, table: str, **where: str) -> str:
    """Return where the rows with the given cells stand and what is said of them; "" where the case was not read from a folder.

    A case that has been changed since it was read is quoted as it was read.

    Examples
    --------
    >>> sources(case, "residency", rule_id="cn-csl-37")  # doctest: +SKIP
    'residency.csv line 4: Cybersecurity Law art. 37 ...; scenario: the rule is applied to the whole service'
    """
    return " | ".join(_quoted(text, i) for text, i in _rows(case, table, where))


def places(case: Case, table: str, **where: str) -> str:
    """Return in brackets where the rows with the given cells stand, such as `` [job_skus.csv line 3]``; "" where the case was not read from files."""
    found = [text.place(i) for text, i in _rows(case, table, where)]
    return f" [{' | '.join(found)}]" if found else ""


def _rows(case: Case, table: str, where: dict[str, str]) -> list[tuple[TextTable, int]]:
    """Return the first rows with the given cells."""
    text = _tables(case.path).get(table) if case.path is not None else None
    if text is None:
        return []
    mask = np.ones(len(text), bool)
    for column, value in where.items():
        mask &= (text.columns[column] == value) if column in text.columns else np.full(len(text), value == "")
    return [(text, int(i)) for i in np.flatnonzero(mask)[:_MOST]]


def _quoted(text: TextTable, i: int) -> str:
    said = [str(text.columns[c][i]) for c in DOCUMENTATION if c in text.columns and str(text.columns[c][i]).strip()]
    return text.place(i) + (f": {'; '.join(said)}" if said else "")


@lru_cache(maxsize=4)
def _tables(path: Path) -> dict[str, TextTable]:
    """Return the tables of a case folder as text; none for what is not a folder any more."""
    if not is_case_place(path):
        return {}
    try:
        return effective_folder(path, None, Findings()).tables
    except DataError:  # it is gone or damaged since; the answer itself does not depend on it
        return {}
