"""A case as text with the notes beside it, from a folder, a scenario or a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from placement.case import Case, read_case
from placement.case.files import TextTable
from placement.case.findings import Findings
from placement.case.overlays import effective_folder
from placement.case.workbook import is_workbook, notes_of_workbook


@dataclass(frozen=True, slots=True)
class Source:
    """A sound case, its settings and tables as they are written, and its ``.md`` notes by name."""

    case: Case
    settings: Mapping[str, Any]
    tables: Mapping[str, TextTable]
    notes: Mapping[str, str]


def source_of(path: Path) -> Source:
    """Read a case with everything that a copy must keep: numbers as they are written, sources, assumptions and notes.

    Raises
    ------
    DataError
        If it is no sound case.
    """
    case = read_case(path)
    text = effective_folder(path, None, Findings())
    notes = notes_of_workbook(path) if is_workbook(path) else {f.name: f.read_text(encoding="utf-8") for f in sorted(path.glob("*.md"))}
    return Source(case, text.settings or {}, text.tables, notes)
