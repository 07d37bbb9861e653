"""A case as a folder of CSV files: plain, or as a template that explains itself."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from placement.authoring.source import Source
from placement.authoring.toml_text import toml_text
from placement.case.describe import explained
from placement.case.files import SETTINGS, TEMPLATES, TextTable
from placement.case.schema import DOCUMENTATION, TABLES, Table

BEGUN = "by placement init; change what is yours."  # ends the title of a new case


def write_folder(source: Source, folder: Path) -> None:
    """Write settings, tables and notes into an existing empty folder."""
    _write(folder / SETTINGS, toml_text(source.settings))
    for name, table in source.tables.items():
        _write(folder / f"{name}.csv", _csv(table))
    for name, text in source.notes.items():
        _write(folder / name, text)


def write_template(source: Source, folder: Path, title: str) -> None:
    """Write a case whose files say what each key and column means, with an empty template of every table that it does not have."""
    _write(folder / SETTINGS, f"# {title}\n{toml_text(source.settings, explained=True)}")
    for name, text in source.tables.items():
        _write(folder / f"{name}.csv", remarks(TABLES[name], tuple(text.columns)) + _csv(text))
    for name, note in source.notes.items():
        _write(folder / name, note)
    (folder / TEMPLATES).mkdir()
    for table in (t for t in TABLES.values() if t.name not in source.tables):
        _write(folder / TEMPLATES / f"{table.name}.csv", remarks(table, table.names) + ",".join(table.names) + "\n")


def begun(comment: str) -> bool:
    """Whether a comment is the title that ``placement init`` gives a new case."""
    return comment.startswith("# Begun from the case ") and comment.endswith(BEGUN)


def remarks(table: Table, used: tuple[str, ...]) -> str:
    """Return what stands above the header: the table, the columns that are there, and those that may be added."""
    more = [c for c in table if c.name not in used]
    lines = [f"{table.name}: {table.meaning}", *([f"Comes only with: {', '.join(table.needs)}."] if table.needs else [])]
    lines += [f"  {explained(table, c)}" for c in table if c.name in used]
    lines += ["Columns that may be added:", *(f"  {explained(table, c)}" for c in more)] if more else []
    lines += [f"  {', '.join(DOCUMENTATION)}: remarks, which reach no model"]
    return "".join(f"# {line}\n" for line in lines)


def _csv(table: TextTable) -> str:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(zip(*table.columns.values(), strict=True))
    return out.getvalue()


def _write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8", newline="\n")
