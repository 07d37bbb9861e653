"""Files of a case folder to text: nothing is interpreted here, every irregularity is reported.

All cells stay ``str`` until the schema says what they are, so the id ``NA``, the country ``NA`` (Namibia) and
an id such as ``007`` survive.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from placement.case.findings import Findings, did_you_mean, nearest
from placement.case.schema import DOCUMENTATION, TABLES

Text = NDArray[np.object_]
SETTINGS = "case.toml"
TEMPLATES = "templates"  # a folder of empty tables to choose from, which is not read
_SAVE_UTF8 = "Save the file as UTF-8 text (in a spreadsheet: 'CSV UTF-8, comma delimited')."


@dataclass(frozen=True, slots=True)
class TextTable:
    """A table whose cells are still text, with the place that each row came from."""

    name: str
    columns: dict[str, Text]
    files: Text  # file of each row with the word for its lines, as shown in messages: "halls.csv line", "sheet halls row"
    lines: NDArray[np.int64]  # line of each row in its file, row of each row in its sheet (Parquet: number of the row)
    letters: Mapping[str, str] = field(default_factory=dict)  # of the columns of a sheet

    def __len__(self) -> int:
        return len(self.lines)

    def key(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the keys of rows (by position), parts joined by ``/``; absent key columns count as blank."""
        parts = [self.columns[k][rows] if k in self.columns else [""] * len(rows) for k in TABLES[self.name].key]
        return ["/".join(cells) for cells in zip(*parts, strict=True)]

    def rows(self, mask: NDArray[np.bool_], column: str = "") -> tuple[str, ...]:
        """Return how messages call the rows in the mask: key, file and line, and what stands in a column; of a sheet the cell in that column."""
        at = np.flatnonzero(mask)
        shown = self.columns.get(column) if column not in TABLES[self.name].key else None  # the key says it already
        found = ["" if shown is None or shown[i] == "" else f": {shown[i]}" for i in at]
        return tuple(f"{key} ({self.place(i, column)}){value}" for key, i, value in zip(self.key(at), at, found, strict=True))

    def place(self, row: int | np.integer, column: str = "") -> str:
        """Return where a row, or its cell in a column, stands.

        Examples
        --------
        >>> one = np.array(["x"], dtype=object)
        >>> sheet = TextTable("halls", {"hall": one}, np.array(["sheet halls row"], dtype=object), np.array([7]), {"hall": "B"})
        >>> sheet.place(0), sheet.place(0, "hall")
        ('sheet halls row 7', 'sheet halls cell B7')
        """
        file, line = self.files[row], self.lines[row]
        letter = self.letters.get(column, "") if file.endswith(" row") else ""  # a scenario's rows may stand among them
        return f"{file.removesuffix('row')}cell {letter}{line}" if letter else f"{file} {line}"


@dataclass(frozen=True, slots=True)
class Folder:
    """One folder as text; ``settings`` is ``None`` where ``case.toml`` cannot be read."""

    path: Path
    settings: dict[str, Any] | None
    tables: dict[str, TextTable]
    present: frozenset[str]  # tables that have a file, even an unreadable one


def read_folder(path: Path, findings: Findings, prefix: str = "") -> Folder:
    """Read every file of a folder; ``prefix`` goes before file names in messages."""
    found: dict[str, list[Path]] = {}
    for entry in sorted(path.iterdir()):
        name = _table_of(entry, findings, prefix)
        if name:
            found.setdefault(name, []).append(entry)
    tables = {}
    for name in (n for n in TABLES if n in found):
        if len(found[name]) > 1:
            findings.add(name, "", "is there twice, as CSV and as Parquet", "Delete one of them.", [prefix + f.name for f in found[name]])
            continue
        file = found[name][0]
        table = (_read_parquet if file.suffix == ".parquet" else _read_csv)(name, file, prefix + file.name, findings)
        if table is not None:
            tables[name] = table
    return Folder(path, read_toml(path / SETTINGS, prefix, findings), tables, frozenset(found))


def _table_of(entry: Path, findings: Findings, prefix: str) -> str:
    """Return the table that an entry of the folder holds, "" for none; report what has no place there.

    ``~$`` begins the names of the files that spreadsheets put beside open ones.
    """
    if entry.name.startswith((".", "~$")) or entry.suffix == ".md" or entry.name == SETTINGS:
        return ""
    if entry.suffix.lower() == ".xlsx":
        findings.add(
            prefix + entry.name, "", "is a workbook in a folder of tables", "A case is one of the two: save its sheets as CSV, or move one of them away."
        )
        return ""
    data = entry.suffix in (".csv", ".parquet")
    if entry.is_dir() and entry.name == TEMPLATES:
        return ""
    if entry.is_dir():
        tables = sorted(f.name for f in entry.glob("*.*") if f.suffix in (".csv", ".parquet"))
        if data or (tables and not (entry / SETTINGS).exists()):  # a scenario folder may stand inside its case
            remedy = "Move its tables up, or move it away."
            findings.add(f"{prefix}{entry.name}/", "", "is a folder of tables, which is not read", remedy, tables)
        return ""
    if data and entry.stem in TABLES:
        return entry.stem
    rule = "is not a table of the schema" if data else "is not a kind of file that belongs in a case folder"
    ending = entry.suffix if data else ".csv"
    known = [SETTINGS, *(name + ending for name in TABLES)]
    remedy = did_you_mean(entry.stem + ending, known)
    if data:  # the table that is meant is not missing as well
        findings.misnamed.add(nearest(entry.stem + ending, known).removesuffix(ending))
    else:
        hint = f" Did you mean '{entry.stem.lower()}.csv'?" if entry.stem.lower() in TABLES else ""
        remedy = f"Save a table as CSV and settings in {SETTINGS}.{hint}"
    findings.add(prefix + entry.name, "", rule, remedy + " Notes go into a .md file; anything else, move away.")
    return ""


def _read_text(file: Path, table: str, shown: str, findings: Findings) -> str | None:
    try:
        data = file.read_bytes()
    except OSError as error:
        findings.add(table, "", f"cannot be read: {error.strerror or error}", "Check the file and its permissions.", [shown])
        return None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        findings.add(table, "", "is not UTF-8 text", _SAVE_UTF8, [f"{shown} line {line}"])
        return None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        findings.add(table, "", "contains NUL bytes", f"The file is damaged or not text. {_SAVE_UTF8}", [f"{shown} line {line}"])
        return None
    if not text.strip():
        findings.add(table, "", "is an empty file", "Fill it, or delete the file.", [shown])
        return None
    return text


def read_toml(file: Path, prefix: str, findings: Findings) -> dict[str, Any] | None:
    """Return the raw keys of ``case.toml``; ``None`` where it cannot be read."""
    if not file.exists():
        findings.add(SETTINGS, "", "is missing", "A case folder needs it for name, start and periods.", [prefix + SETTINGS])
        return None
    text = _read_text(file, SETTINGS, prefix + SETTINGS, findings)
    if text is None:
        return None
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        findings.add(SETTINGS, "", f"is not valid TOML: {error}", "Correct the line; texts need quotes.", [prefix + SETTINGS])
        return None


def _read_csv(name: str, file: Path, shown: str, findings: Findings) -> TextTable | None:
    text = _read_text(file, name, shown, findings)
    if text is None:
        return None
    text, skipped = _without_remarks(text)
    if not text.strip():
        findings.add(name, "", "holds nothing but remarks", "Write a header and rows, or delete the file.", [shown])
        return None
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        records = [(row, skipped + reader.line_num) for row in reader]
    except csv.Error as error:
        findings.add(name, "", f"is not valid CSV: {error}", "Check the quotes around the cells before.", [f"{shown} line {skipped + reader.line_num}"])
        return None
    ends = np.array([end for _, end in records], dtype=np.int64)
    starts = np.concatenate(([skipped + 1], ends[:-1] + 1))  # a quoted cell may span lines
    filled = [i for i, (row, _) in enumerate(records) if any(row)]  # a spreadsheet writes blank rows as commas
    if not filled:
        findings.add(name, "", "holds nothing but commas", "Fill it, or delete the file.", [shown])
        return None
    header, body = records[filled[0]][0], filled[1:]
    width = max(i for i, cell in enumerate(header) if cell) + 1
    if not any(cell for i in body for cell in records[i][0][width:]) and width < len(header):  # and blank columns as commas at all line ends
        header, records = header[:width], [(row[:width], end) for row, end in records]
    if not header_is_sound(name, header, f"{shown} line {int(starts[filled[0]])}", findings):
        return None
    whole = _whole_rows(name, header, [(records[i][0], int(starts[i])) for i in body], shown, findings)
    cells = [np.array(c, dtype=object) for c in zip(*(row for row, _ in whole), strict=True)]
    if not cells:
        return None
    lines = np.array([line for _, line in whole], dtype=np.int64)
    return TextTable(name, dict(zip(header, cells, strict=True)), np.full(len(lines), f"{shown} line", dtype=object), lines)


def _without_remarks(text: str) -> tuple[str, int]:
    """Return the text without the lines that begin with ``#`` before the header, and their number; an id further down may begin so."""
    lines = text.splitlines(keepends=True)
    skipped = 0
    while skipped < len(lines) and lines[skipped].startswith(("#", '"#')):  # a spreadsheet quotes a line that holds a comma
        skipped += 1
    return "".join(lines[skipped:]), skipped


def header_is_sound(name: str, header: list[str], shown: str, findings: Findings) -> bool:
    """Return whether cells can be told by the header, which stands where ``shown`` says; report what is wrong with it, unknown columns too."""
    here = [shown]
    twice = sorted({c for c in header if header.count(c) > 1})
    if len(header) == 1 and any(mark in header[0] for mark in ";\t|"):
        findings.add(name, "", "is not separated by commas", "Save it with commas between cells and points in decimals.", here)
        return False
    if any(not c.strip() for c in header):
        findings.add(name, "", "has a column with no name in the header", "Name it, or delete it (mind commas at line ends).", here)
        return False
    if twice:
        findings.add(name, "", f"has the column '{twice[0]}' twice in its header", "Rename or delete one of them.", here)
        return False
    known = (*TABLES[name].names, *DOCUMENTATION)
    for column in (c for c in header if c not in known):
        remedy, meant = did_you_mean(column, known), nearest(column, known)
        rule = "is not a column of this table" + (f", which lacks '{meant}'" if meant and meant not in header else "")
        findings.add(name, column, rule, f"{remedy} Remarks go into a column 'note'.", here)
        if meant and meant not in header:
            findings.spoiled.add(f"{name}.{meant}")
    return True


def _whole_rows(name: str, header: list[str], records: list[tuple[list[str], int]], shown: str, findings: Findings) -> list[tuple[list[str], int]]:
    """Return the rows that have as many cells as the header; report the others, and a table without rows."""
    ragged = [f"{row[0]} ({shown} line {line}, {len(row)} cells)" for row, line in records if len(row) != len(header)]
    if ragged:
        remedy = "Add or remove commas; quote a cell that contains a comma; write decimals with a point (1.5)."
        findings.add(name, "", f"has rows without exactly the {len(header)} cells of the header", remedy, ragged)
    elif not records:
        findings.add(name, "", "has a header but no rows", "Add rows, or delete the file: an absent table leaves its layer out.", [shown])
    return [record for record in records if len(record[0]) == len(header)]


def _read_parquet(name: str, file: Path, shown: str, findings: Findings) -> TextTable | None:
    try:
        import pyarrow as pa  # optional, and slow to import
        import pyarrow.parquet as pq
    except ImportError:
        findings.add(name, "", "is a Parquet file, which needs pyarrow", "Install it (pip install pyarrow), or give the table as CSV.", [shown])
        return None
    try:
        data = pq.ParquetFile(file).read()
    except (pa.ArrowException, OSError, ValueError) as error:
        findings.add(name, "", f"is not a readable Parquet file: {str(error).splitlines()[0]}", "Write it again.", [shown])
        return None
    if not header_is_sound(name, data.column_names, f"{shown} line 1", findings):
        return None
    if not data.num_rows:
        findings.add(name, "", "has columns but no rows", "Add rows, or delete the file: an absent table leaves its layer out.", [shown])
        return None
    columns = {c: np.array([_as_text(v) for v in data.column(c).to_pylist()], dtype=object) for c in data.column_names}
    return TextTable(name, columns, np.full(data.num_rows, f"{shown} line", dtype=object), np.arange(1, data.num_rows + 1))


def _as_text(value: object) -> str:
    """Return a Parquet value as a CSV cell would have it."""
    if value is None:
        return ""
    return str(int(value)) if isinstance(value, bool) else str(value)
