"""``placement init`` and ``placement convert``: write, read back what was written, and only then put it in place."""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path

from placement.authoring.book import write_book
from placement.authoring.folder import BEGUN, write_folder, write_template
from placement.authoring.guide import guide
from placement.authoring.shipped import shipped
from placement.authoring.source import Source, source_of
from placement.case import Case, read_case
from placement.case.settings import KEYS
from placement.case.workbook import is_workbook
from placement.errors import DataError, PlacementError, Problem

_GUIDE, _BASE = "README.md", "BASE.md"  # the page of the new case, and the one that its base had


def initiated(target: str | Path, base: str | Path = "three-sites") -> Case:
    """Write a new case to begin with, a folder or an ``.xlsx`` workbook that explains its columns; return it as it is read from there.

    Parameters
    ----------
    base
        A case that ships, a case or scenario folder, or a workbook: the new case holds its rows, sources, assumptions and notes.

    Raises
    ------
    DataError
        If the target is there already and not an empty folder, or the base is no sound case.
    OptionError
        If the base is not there.
    """
    place = _free(target)
    path = Path(base)
    source = source_of(path if path.exists() else shipped(str(base)))
    name = place.stem if KEYS["name"].fits(place.stem) else source.case.name
    source = replace(source, settings={**source.settings, "name": name})
    notes = {_BASE if file == _GUIDE else file: text for file, text in source.notes.items()}
    source = replace(source, notes={_GUIDE: guide(source, place.name, is_workbook(place)), **notes})
    return _put(source, place, f"Begun from the case {source.case.name} {BEGUN}")


def converted(case: str | Path, target: str | Path) -> Case:
    """Write a case as an ``.xlsx`` workbook, or as a folder of CSV files where the target has no such ending; return it as it is read from there.

    A scenario becomes a whole case. Comments do not come along: :func:`placement.authoring.comments_of` says where there are some.

    Raises
    ------
    DataError
        If the target is there already and not an empty folder, or the case is not sound.
    """
    place = _free(target)
    source = source_of(Path(case))
    copy = _put(source, place)
    if copy.sha256 != source.case.sha256:
        raise PlacementError(f"{target} was written, and does not read as the same case as {case}; please report this")
    return copy


def _free(target: str | Path) -> Path:
    """Return where to write; nothing is ever overwritten."""
    place = Path(target)
    if place.is_dir() and not is_workbook(place) and not any(place.iterdir()):
        return place
    if place.exists() or place.is_symlink():
        raise DataError([Problem(str(target), "", "is there already" + ("" if place.is_file() else " and not an empty folder"), "Name a new one.")])
    return place


def _put(source: Source, place: Path, title: str | None = None) -> Case:
    """Write beside the place, read that back, and move it there: whole or not at all."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent) as work:  # on the same file system
        fresh = Path(work) / place.name
        if is_workbook(place):
            write_book(source, fresh)
        else:
            fresh.mkdir()
            write_folder(source, fresh) if title is None else write_template(source, fresh, title)
        case = read_case(fresh)
        if place.is_dir():
            place.rmdir()
        shutil.move(str(fresh), os.fspath(place))
    return replace(case, path=place)
