"""Cells of a sheet to the text that a CSV file would hold, with everything that is not what it looks like reported."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np

from placement.case.files import Text
from placement.case.findings import Findings

_TYPED = "Format the cells as text and type it again."
_NUMBERS = ("float", "int")


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its place such as ``B7``, what it shows, the format of a number, and whether a formula was never calculated."""

    place: str
    value: Any
    form: str = "General"
    uncalculated: bool = False
    failed: bool = False  # an error such as #REF!

    @property
    def filled(self) -> bool:
        """Whether there is something in it; an empty text is nothing."""
        return self.uncalculated or (self.value is not None and self.value != "")


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet: the names in its header, their letters, and every row and column that holds something, rows with their number."""

    shown: str
    header_row: int
    header: list[str]
    letters: list[str]
    rows: list[tuple[int, list[Cell]]]

    def column(self, i: int) -> list[Cell]:
        """Return the cells of the i-th column, row by row."""
        return [row[i] for _, row in self.rows]

    def unnamed(self) -> list[str]:
        """Return the places of filled cells that stand in columns without a name."""
        return [c.place for _, row in self.rows for i, c in enumerate(row) if c.filled and not self.header[i].strip()]


def grid_of(sheet: Any, values: Callable[[], Any], shown: str) -> Grid:
    """Return a sheet of openpyxl; rows that begin with ``#`` before the header are remarks.

    ``values`` returns the same sheet with what its formulas last gave.
    """
    rows: dict[int, dict[int, Cell]] = {}
    for one in cells_of(sheet):
        if (cell := _cell(one, values)).filled:
            rows.setdefault(one.row, {})[one.column] = cell
    while rows and str(next(iter(next(iter(rows.values())).values())).value).startswith("#"):
        del rows[next(iter(rows))]
    if not rows:
        return Grid(shown, 1, [], [], [])
    used = sorted({column for row in rows.values() for column in row})
    letters = [sheet.cell(1, column).column_letter for column in used]
    (at, head), *body = [
        (number, [row.get(c) or Cell(f"{letter}{number}", None) for c, letter in zip(used, letters, strict=True)]) for number, row in rows.items()
    ]
    return Grid(shown, at, [_plain(c.value) for c in head], letters, body)


def cells_of(sheet: Any) -> Iterator[Any]:
    """Yield the cells of a sheet that are there, row by row.

    openpyxl's own iterators make every cell up to the last one: of a sheet with a stray cell in its last row, millions.
    """
    yield from (sheet._cells[place] for place in sorted(sheet._cells))


def _cell(cell: Any, values: Callable[[], Any]) -> Cell:
    if cell.data_type != "f":
        return Cell(cell.coordinate, cell.value, cell.number_format, failed=cell.data_type == "e")
    shown = values()[cell.coordinate]  # of a formula that was never calculated, nothing; of one that gives an empty text, that text
    return Cell(cell.coordinate, shown.value, shown.number_format, shown.value is None and shown.data_type == "n", shown.data_type == "e")


def in_text(table: str, column: str, kind: str, cells: list[Cell], shown: str, findings: Findings) -> Text:
    """Return a column of the schema's kind as text, shape (n_rows,); cells that a spreadsheet has changed are reported and left blank."""
    texts = [_text(c, kind) for c in cells]
    for wrong, rule, remedy in _tests(kind):
        bad = [f"{shown} cell {c.place}" for c in cells if wrong(c)]
        if bad:
            findings.add(table, column, rule, remedy, bad)
    return np.array([*texts, None], dtype=object)[:-1]


def _tests(kind: str) -> Iterator[tuple[Callable[[Cell], bool], str, str]]:
    yield lambda c: c.uncalculated, "has formulas that were never calculated", "Open the workbook in a spreadsheet program and save it, or write the values."
    yield lambda c: c.failed, "has formulas that give an error", "Correct the formulas, or write the values."
    if kind != "period":
        yield (lambda c: not isinstance(c.value, str | int | float | None)), "holds dates, which the spreadsheet made of something else", _TYPED
    if kind not in ("bool", "note"):
        yield (lambda c: isinstance(c.value, bool)), "holds TRUE or FALSE, which is no " + ("number" if kind in _NUMBERS else "text"), _TYPED


def _text(cell: Cell, kind: str) -> str:
    if cell.failed or (isinstance(cell.value, bool) and kind not in ("bool", "note")):
        return ""
    if isinstance(cell.value, date):
        return _date(cell.value) if kind == "period" else ""
    if not isinstance(cell.value, str | int | float | None):  # a time of day
        return ""
    if kind not in (*_NUMBERS, "bool") and isinstance(cell.value, int) and re.fullmatch("0+", cell.form):
        return _plain(cell.value).zfill(len(cell.form))  # as it is shown: 007
    return _plain(cell.value)


def _date(value: date) -> str:
    """Return the month that a spreadsheet turned into the first of that month; any other day in full, which no period is called by."""
    return value.strftime("%Y-%m" if value.day == 1 and (not isinstance(value, datetime) or not value.time().hour) else "%Y-%m-%d")


def _plain(value: Any) -> str:
    """Return a value as a CSV cell has it: whole numbers without a point, truth values as 0 and 1."""
    if value is None:
        return ""
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
    return str(int(value)) if isinstance(value, bool) else str(value)
