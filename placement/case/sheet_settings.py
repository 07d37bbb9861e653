"""The sheets of a workbook that say what ``case.toml`` says: ``case`` (key, value), ``blocks``, ``weights`` and ``objectives``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from placement.case.files import SETTINGS
from placement.case.findings import Findings, did_you_mean
from placement.case.schema import DOCUMENTATION
from placement.case.settings import KEYS, MEASURES, TERMS
from placement.case.sheet_cells import Cell, Grid, in_text

SHEETS = ("case", "blocks", "weights", "objectives")
#: Columns of each sheet; those of a remark are not read.
_TERMS = (*TERMS, *MEASURES)
COLUMNS = {"case": ("key", "value"), "blocks": ("name", "share", "stress"), "weights": ("term", "weight"), "objectives": ("name", "slack", *_TERMS)}
REMARKS = ("meaning", *DOCUMENTATION)
_WORDS = tuple(key for key, setting in KEYS.items() if setting.fits("x"))  # whose value is a text
_FLAGS = tuple(key for key, setting in KEYS.items() if setting.fits(True))


def settings_of_sheets(grids: Mapping[str, Grid], prefix: str, findings: Findings) -> dict[str, Any] | None:
    """Return what ``case.toml`` would hold; ``None`` where the sheet ``case`` is missing or a sheet cannot be read."""
    if "case" not in grids:
        findings.add(f"{prefix}sheet case", "", "is missing", "A workbook needs it, with the columns key and value, for name, start and periods.")
        return None
    read = {name: _records(name, grid, findings) for name, grid in grids.items()}
    if any(rows is None for rows in read.values()):
        return None
    rows = {name: found or [] for name, found in read.items()}
    settings = _pairs(rows["case"], "case", findings)
    if "blocks" in rows:
        settings["blocks"] = [_without_blanks(row) for row in rows["blocks"]]
    if "weights" in rows:
        settings["weights"] = _pairs(rows["weights"], "weights", findings)
    if "objectives" in rows:
        settings["objectives"] = [_objective(row) for row in rows["objectives"]]
    return settings


def _records(name: str, grid: Grid, findings: Findings) -> list[dict[str, Any]] | None:
    """Return the rows of a sheet by column; ``None``, with the reason reported, where its columns are not what they should be."""
    known, before = (*COLUMNS[name], *REMARKS), len(findings.problems)
    where = f"{grid.shown} row {grid.header_row}"
    for column in grid.header:
        if column not in known:
            findings.add(grid.shown, column, "is not a column of this sheet", did_you_mean(column, known), [where])
    for column in COLUMNS[name][:2] if name in ("case", "weights") else ("name",):
        if column not in grid.header:
            findings.add(grid.shown, column, "is missing", "Add the column.", [where])
    if not grid.rows:
        findings.add(grid.shown, "", "has no rows", "Add rows, or delete the sheet." if name != "case" else "Add name, start and periods.", [grid.shown])
    if grid.unnamed() or len(set(grid.header)) < len(grid.header):
        findings.add(grid.shown, "", "has columns without a name, or with the same one", "Name each column once.", [where])
    if len(findings.problems) > before:
        return None
    columns = {c: _values(name, c, grid, i, findings) for i, c in enumerate(grid.header) if c not in REMARKS}
    return [{c: cells[i] for c, cells in columns.items()} for i in range(len(grid.rows))]


def _values(name: str, column: str, grid: Grid, i: int, findings: Findings) -> list[Any]:
    """Return a column with the types that TOML would give; ``None`` for blank cells."""
    cells = grid.column(i)
    keys = [str(row[grid.header.index("key")].value) for _, row in grid.rows] if name == "case" and column == "value" else [""] * len(cells)
    kinds = [_kind(name, column, key) for key in keys]
    texts = [str(in_text(SETTINGS, column, "period" if k == "text" else k, [c], grid.shown, findings)[0]) for c, k in zip(cells, kinds, strict=True)]
    return [_typed(c, k, text) for c, k, text in zip(cells, kinds, texts, strict=True)]


def _kind(name: str, column: str, key: str) -> str:
    if column in ("key", "term", "name"):
        return "text"
    if name == "case":
        return "text" if key in (*_WORDS, *DOCUMENTATION) else "bool" if key in _FLAGS else "float"
    return "bool" if column == "stress" else "float"


def _typed(cell: Cell, kind: str, text: str) -> Any:
    """Return a setting as TOML would give it; what it cannot be stays text, which the settings' own rules refuse."""
    if text == "":
        return None
    if kind == "bool":
        return {"0": False, "1": True, "false": False, "true": True}.get(text.lower(), text)
    if kind == "text" or (isinstance(cell.value, str) and not _is_number(text)):
        return text
    number = float(text)
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip() and "_" not in text


def _without_blanks(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if v is not None}


def _pairs(rows: list[dict[str, Any]], name: str, findings: Findings) -> dict[str, Any]:
    """Return a sheet of keys and values; a blank value is an absent key."""
    key, value = COLUMNS[name]
    names = [row[key] for row in rows]
    for one in sorted({str(n) for n in names if names.count(n) > 1}):
        findings.add(f"sheet {name}", one, "is there twice", "Delete one of the rows.")
    return {str(row[key]): row[value] for row in rows if row[value] is not None and row[key] is not None}


def _objective(row: Mapping[str, Any]) -> dict[str, Any]:
    filled = _without_blanks(row)
    weights = {term: filled.pop(term) for term in _TERMS if term in filled}
    return filled | ({"weights": weights} if weights else {})
