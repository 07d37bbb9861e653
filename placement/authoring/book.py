"""A case as a workbook: a sheet per table, headers that explain themselves, lists to choose from, and the notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from placement.authoring.source import Source
from placement.case.cells import parse_numbers
from placement.case.describe import explained
from placement.case.schema import TABLES, Column
from placement.case.settings import KEYS
from placement.case.sheet_settings import COLUMNS
from placement.case.workbook import openpyxl_of
from placement.errors import DataError, Problem

_MOST_ROWS, _MOST_LETTERS = 1_048_575, 32_767  # of a sheet, of a cell
_WIDEST, _SPARE = 40, 500  # letters of a column; rows below a table that lists to choose from cover
_NUMBERS = ("float", "int", "bool")


def write_book(source: Source, file: Path) -> None:
    """Write a workbook.

    Raises
    ------
    DataError
        If openpyxl is not installed, or a table or text is longer than a sheet or cell can be.
    """
    library = openpyxl_of(file.name)
    book = library.Workbook()
    book.remove(book.active)
    _settings(book, source.settings)
    for name, table in source.tables.items():
        schema = {c.name: c for c in TABLES[name]}
        sheet = book.create_sheet(name)
        kinds = [schema[c].kind if c in schema else "text" for c in table.columns]
        columns = [_values(kind, cells) for kind, cells in zip(kinds, table.columns.values(), strict=True)]
        _fill(sheet, list(table.columns), zip(*columns, strict=True), kinds)
        for i, column in enumerate(c for c in table.columns):
            if column in schema:
                _explain(library, sheet, i + 1, explained(TABLES[name], schema[column]))
                _offer(library, sheet, i + 1, schema[column], source)
    for name, text in source.notes.items():
        _fill(book.create_sheet(name[:28].removesuffix(".md") + ".md"), None, ([line] for line in text.split("\n")), ["text"])
    if "README.md" in book.sheetnames:  # what is seen first
        book.move_sheet("README.md", -len(book.sheetnames))
    book.active = 0
    book.save(file)


def _settings(book: Any, settings: Mapping[str, Any]) -> None:
    """Write the sheets that say what ``case.toml`` says; keys that are left out stand there with a blank value."""
    plain = {k: v for k, v in settings.items() if not isinstance(v, dict | list)}
    rows = [[k, v, f"{KEYS[k].meaning}; {KEYS[k].rule}" if k in KEYS else ""] for k, v in plain.items()]
    rows += [[k, None, f"{s.meaning}; {s.rule}; blank: {s.default}"] for k, s in KEYS.items() if k not in plain]
    _fill(book.create_sheet("case"), ["key", "value", "meaning"], rows, ["text", "setting", "text"])
    if "blocks" in settings:
        used = list(dict.fromkeys(key for one in settings["blocks"] for key in one))
        _fill(book.create_sheet("blocks"), used, [[one.get(k) for k in used] for one in settings["blocks"]], ["setting"] * len(used))
    if "weights" in settings:
        _fill(book.create_sheet("weights"), list(COLUMNS["weights"]), [list(pair) for pair in settings["weights"].items()], ["text", "setting"])
    if "objectives" in settings:
        flat = [{k: v for k, v in one.items() if k != "weights"} | one.get("weights", {}) for one in settings["objectives"]]
        used = list(dict.fromkeys(key for one in flat for key in one))
        _fill(book.create_sheet("objectives"), used, [[one.get(k) for k in used] for one in flat], ["setting"] * len(used))


def _values(kind: str, cells: Iterable[str]) -> list[Any]:
    """Return cells as a spreadsheet holds them: numbers as numbers, the rest as text, ``None`` for blank ones."""
    texts = list(cells)
    if kind not in _NUMBERS:
        return [text or None for text in texts]
    return [None if text == "" else _number(text) for text in texts]


def _number(text: str) -> Any:
    number = float(parse_numbers(np.array([text], dtype=object))[0])
    if number != number:
        return text  # a truth value that is written as a word
    return int(number) if number.is_integer() and abs(number) < 1e15 else number


def _fill(sheet: Any, header: list[str] | None, rows: Iterable[Iterable[Any]], kinds: Sequence[str]) -> None:
    """Write rows below a header that stays in sight; texts stay texts, whatever they look like."""
    widths = [len(name) + 2 for name in header] if header else [100]
    for i, name in enumerate(header or (), start=1):
        _text(sheet.cell(1, i), name)
        sheet.cell(1, i).style = "Headline 4"
    for at, row in enumerate(rows, start=2 if header else 1):
        if at > _MOST_ROWS:
            raise DataError([Problem(sheet.title, "", f"has more than {_MOST_ROWS:,} rows, which a sheet cannot hold", "Keep the case in a folder.")])
        for i, (value, kind) in enumerate(zip(row, kinds, strict=True), start=1):
            if value is not None:
                _put(sheet.cell(at, i), value, kind)
                widths[i - 1] = min(max(widths[i - 1], len(str(value)) + 1), _WIDEST if header else 100)
    for i, (width, kind) in enumerate(zip(widths, kinds, strict=True)):
        dimension = sheet.column_dimensions[sheet.cell(1, i + 1).column_letter]
        dimension.width = width
        if kind not in (*_NUMBERS, "setting"):
            dimension.number_format = "@"  # also of rows that are added: 2027-03 is no date, 007 is not 7
    if header:
        sheet.freeze_panes = "A2"
        sheet.auto_filter.ref = sheet.dimensions


def _put(cell: Any, value: Any, kind: str) -> None:
    if isinstance(value, str):
        _text(cell, value)
    else:
        cell.value = value


def _text(cell: Any, text: str) -> None:
    """Write a text as a text, also one that looks like a formula or an error."""
    if len(text) > _MOST_LETTERS:
        rule = f"has a text of more than {_MOST_LETTERS:,} letters, which a cell cannot hold"
        raise DataError([Problem(cell.parent.title, "", rule, "Shorten it, or keep the case in a folder.", (f"row {cell.row}",))])
    cell.value = text
    cell.data_type, cell.number_format, cell.quotePrefix = "s", "@", text[:1] in "=+-@"


def _explain(library: Any, sheet: Any, i: int, words: str) -> None:
    comment = library.comments.Comment(words, "placement")
    comment.width, comment.height = 320, 40 + 18 * (len(words) // 45 + 1)
    sheet.cell(1, i).comment = comment


def _offer(library: Any, sheet: Any, i: int, column: Column, source: Source) -> None:
    """Let the cells of a column be chosen from a list: its words, 0 and 1, or the ids of the table that it refers to."""
    formula = _list(column, source)
    if formula is None:
        return
    rule = library.worksheet.datavalidation.DataValidation(type="list", formula1=formula, allow_blank=True, errorStyle="warning", showErrorMessage=True)
    letter = sheet.cell(1, i).column_letter
    rule.add(f"{letter}2:{letter}{sheet.max_row + _SPARE}")
    sheet.add_data_validation(rule)


def _list(column: Column, source: Source) -> str | None:
    if column.kind == "choice":
        return f'"{",".join(column.choices)}"'
    if column.kind == "bool":
        return '"0,1"'
    table, _, key = column.refers.partition(".")
    if column.kind != "ref" or table not in source.tables:
        return None
    names = list(source.tables[table].columns)
    key = key or TABLES[table].key[0]
    if key not in names:
        return None
    letter = _letter(names.index(key))
    return f"{table}!${letter}$2:${letter}${len(source.tables[table]) + 1 + _SPARE}"


def _letter(i: int) -> str:
    """Return the letters of the i-th column, from 0."""
    return (_letter(i // 26 - 1) if i >= 26 else "") + chr(ord("A") + i % 26)
