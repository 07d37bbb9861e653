"""A case in one spreadsheet: a sheet per table, and the settings in sheets of their own; read as the text that CSV files would hold.

Nothing is interpreted that a spreadsheet may have changed behind its user's back: dates and truth values where texts or numbers are asked for,
formulas that were never calculated, merged cells and hidden sheets are reported with their cells.
"""

from __future__ import annotations

import re
import warnings
import zipfile
from itertools import takewhile
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import numpy as np

from placement.case.files import SETTINGS, Folder, TextTable, header_is_sound
from placement.case.findings import Findings, did_you_mean, nearest
from placement.case.schema import TABLES
from placement.case.sheet_cells import Grid, cells_of, grid_of, in_text
from placement.case.sheet_settings import SHEETS, settings_of_sheets
from placement.errors import DataError, Problem

ENDING = ".xlsx"
_INSTALL = "Install it (pip install 'placement[xlsx]'), or give the case as a folder of CSV files."


def is_workbook(path: str | Path) -> bool:
    """Whether a path names a workbook, by its ending."""
    return Path(path).suffix.lower() == ENDING


def is_case_place(path: str | Path) -> bool:
    """Whether a case may be read from there: a folder, or a workbook."""
    return Path(path).is_file() if is_workbook(path) else Path(path).is_dir()


def openpyxl_of(shown: str) -> Any:
    """Return the library that reads and writes workbooks.

    Raises
    ------
    DataError
        If it is not installed; with the extra that brings it.
    """
    try:
        import openpyxl  # optional: a case of CSV files does not need it
    except ImportError:
        raise DataError([Problem(shown, "", "is a workbook, which needs openpyxl", _INSTALL)]) from None
    return openpyxl


def read_workbook(path: Path, findings: Findings, prefix: str = "") -> Folder:
    """Read every sheet of a workbook; ``prefix`` goes before sheets in messages.

    Raises
    ------
    DataError
        If the file cannot be read at all, or openpyxl is not installed.
    """
    book, values = _opened(path)
    grids = {sheet.title: grid_of(sheet, values(sheet.title), f"{prefix}sheet {sheet.title}") for sheet in book.worksheets if _belongs(sheet, findings, prefix)}
    present = frozenset(name for name in TABLES if name in grids)
    read = ((name, _table(name, grids[name], findings)) for name in TABLES if name in grids)
    tables = {name: table for name, table in read if table is not None}
    settings = {name: grids[name] for name in SHEETS if name in grids}
    return Folder(path, settings_of_sheets(settings, prefix, findings), tables, present)


def notes_of_workbook(path: Path) -> dict[str, str]:
    """Return the sheets that are notes, by name, a line per row of their first column."""
    book, _ = _opened(path)
    sheets = [sheet for sheet in book.worksheets if sheet.title.endswith(".md")]
    return {s.title: "\n".join(str(row[0].value) if row[0].value is not None else "" for row in s.iter_rows(max_col=1)) for s in sheets}


def comments_of_workbook(path: Path) -> dict[str, dict[str, str]]:
    """Return the comments of each sheet that holds a table or settings: place such as ``B7`` -> text; rows that begin with ``#`` before the header, too."""
    book, _ = _opened(path)
    found: dict[str, dict[str, str]] = {}
    for sheet in (s for s in book.worksheets if s.title in (*SHEETS, *TABLES)):
        cells = list(cells_of(sheet))
        notes = {c.coordinate: str(c.comment.text) for c in cells if c.comment is not None}
        above = takewhile(lambda c: str(c.value).startswith("#"), (c for c in cells if c.value is not None))
        found[sheet.title] = {c.coordinate: str(c.value) for c in above} | notes
    return found


def _opened(path: Path) -> tuple[Any, Any]:
    """Return the workbook with its formulas, and a function that returns a sheet with what they last gave (read when first asked for)."""
    library = openpyxl_of(path.name)
    shown: dict[str, Any] = {}

    def load(values: bool) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that no cell depends on, such as conditional formats
            return library.load_workbook(path, data_only=values)

    def value_sheet(title: str) -> Any:
        return lambda: shown.setdefault("book", shown.get("book") or load(True))[title]

    try:
        return load(False), value_sheet
    except (OSError, zipfile.BadZipFile, ParseError, KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        why = str(error).splitlines()[0] if str(error) else type(error).__name__
        remedy = "Save it again as an .xlsx workbook without a password."
        raise DataError([Problem(path.name, "", f"is not a readable workbook: {why}", remedy)]) from None


def _belongs(sheet: Any, findings: Findings, prefix: str) -> bool:
    """Whether a sheet holds a table or settings; report what has no place in a case. Sheets named ``*.md`` are notes."""
    name, known = sheet.title, (*SHEETS, *TABLES)
    empty = all(cell.value is None for cell in cells_of(sheet))
    if name.endswith(".md") or (empty and name not in known):
        return False
    where = f"{prefix}sheet {name}"
    if sheet.sheet_state != "visible":
        findings.add(where, "", "is hidden", "Unhide it so that all of the case can be seen, or delete it.")
        findings.spoiled.add(name)
    if name not in known:
        remedy = did_you_mean(name, known)
        findings.misnamed.add(nearest(name, known))
        findings.add(where, "", "is not a table of the schema", f"{remedy} Notes go into a sheet whose name ends in '.md'; anything else, delete or move away.")
        return False
    for merged in sheet.merged_cells.ranges:
        findings.add(where, "", f"has merged cells {merged.coord}", "Unmerge them and fill every cell.")
        findings.spoiled.add(name)
    return True


def _table(name: str, grid: Grid, findings: Findings) -> TextTable | None:
    """Return a sheet as a table of text; ``None``, with the reason reported, where it cannot be read as one."""
    if not grid.header:
        findings.add(name, "", "is an empty sheet", "Fill it, or delete the sheet: an absent table leaves its layer out.", [grid.shown])
        return None
    if not _columns_are_named(name, grid, findings) or not header_is_sound(name, grid.header, f"{grid.shown} row {grid.header_row}", findings):
        return None
    if not grid.rows:
        findings.add(name, "", "has a header but no rows", "Add rows, or delete the sheet: an absent table leaves its layer out.", [grid.shown])
        return None
    kinds = {c.name: c.kind for c in TABLES[name]}
    cells = {column: in_text(name, column, kinds.get(column, "note"), grid.column(i), grid.shown, findings) for i, column in enumerate(grid.header)}
    lines = np.array([row for row, _ in grid.rows], dtype=np.int64)
    return TextTable(name, cells, np.full(len(lines), f"{grid.shown} row", dtype=object), lines, dict(zip(grid.header, grid.letters, strict=True)))


def _columns_are_named(name: str, grid: Grid, findings: Findings) -> bool:
    stray = grid.unnamed()
    if stray:
        cells = [f"{grid.shown} cell {place}" for place in stray]
        findings.add(name, "", "has cells in columns without a name in the header", "Name the columns, or clear the cells.", cells)
    return not stray


def in_sheets(problem: Problem) -> Problem:
    """Return a problem of a case in a workbook with files called by their sheets.

    Examples
    --------
    >>> print(in_sheets(Problem("jobs", "job", "must have a row in job_skus", "Add it to job_skus.csv, or change periods in case.toml.")))
    jobs: column 'job' must have a row in job_skus. Add it to sheet job_skus, or change periods in sheet case.
    """
    table, column = problem.table, problem.column
    if problem.table == SETTINGS:
        group, _, key = problem.column.partition(".")
        table, column = (f"sheet {group}", key) if group in SHEETS else ("sheet case", column)
    return Problem(table, column, _in_sheets(problem.rule), _in_sheets(problem.remedy), problem.rows)


def _in_sheets(text: str) -> str:
    text = text.replace("in the folder", "in the workbook")
    return re.sub(r"\b(case)\.toml\b|\b([a-z_]+)\.csv\b", lambda m: f"sheet {m[1] or m[2]}", text)
