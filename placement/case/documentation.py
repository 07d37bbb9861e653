"""What a case says of its own numbers: the columns ``source``, ``assumption`` and ``note``, which no model reads."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from placement.case.case import Case
from placement.case.files import TextTable
from placement.case.findings import Findings
from placement.case.overlays import chain_of, effective_folder
from placement.case.schema import DOCUMENTATION
from placement.errors import DataError

COLUMNS = ["table", "column", "text", "rows"]
SOURCES = "SOURCES.md"


def documentation(case: Case) -> pd.DataFrame:
    """Return every distinct text in the documentation columns of a case folder, as it was read.

    Returns
    -------
    DataFrame
        Columns table, column (``source``, ``assumption`` or ``note``), text, rows (in how many rows of the table it stands). No rows where the case was not
        read from a folder, or the folder is gone or damaged since: the plan does not depend on it.
    """
    found = [(name, column, text, n) for name, table in _tables(case).items() for column in DOCUMENTATION for text, n in _texts(table, column)]
    return pd.DataFrame(found, columns=COLUMNS)


def _texts(table: TextTable, column: str) -> list[tuple[str, int]]:
    """Return the texts of a column, the most frequent first."""
    if column not in table.columns:
        return []
    return Counter(t for t in (str(cell).strip() for cell in table.columns[column]) if t).most_common()


def _tables(case: Case) -> dict[str, TextTable]:
    if case.path is None or not case.path.is_dir():
        return {}
    try:
        return effective_folder(case.path, case.overlay, Findings()).tables
    except DataError:
        return {}


def sources_file(case: Case) -> str:
    """Return the name of the file that lists the sources of a case, its base folders' included; blank where there is none."""
    if case.path is None or not case.path.is_dir():
        return ""
    try:
        return next((f"{folder.name}/{SOURCES}" for folder in reversed(chain_of(case.path)) if (folder / SOURCES).is_file()), "")
    except DataError:
        return ""
