"""The cases that ship with placement: package data of an installed one, ``data/`` in a checkout."""

from __future__ import annotations

from pathlib import Path

from placement.case.files import SETTINGS
from placement.case.findings import did_you_mean
from placement.errors import OptionError

#: In the order in which they are worth a look; the folders have underscores where they are package data.
NAMES = ("three-sites", "frontier-small", "rent-only", "sovereign", "hyperscaler", "frontier")


def shipped(name: str) -> Path:
    """Return the folder of a case that ships.

    Raises
    ------
    OptionError
        If there is none of that name.
    """
    if name not in NAMES:
        raise OptionError(f"--from: '{name}' is neither a folder, a workbook nor a case that ships. {did_you_mean(name, NAMES)}")
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "cases" / name.replace("-", "_"), package.parent / "data" / name):
        if (folder / SETTINGS).is_file():
            return folder
    raise OptionError(f"--from: the case '{name}' is missing from this installation; install placement again, or name a folder")
