"""Links from a page to the reports of runs: relative, so that a folder can be moved or sent as a whole."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import quote

REPORT = "report.html"


def link_to(run: Path, page: Path) -> str:
    """Return the relative address of a run's report as seen from a page; blank where there is no report or no relative way to it.

    Every part of the path is quoted, and the address begins with a dot: a folder's name cannot be read as a scheme or a host.
    """
    report = run / REPORT
    if not report.is_file():
        return ""
    try:
        way = os.path.relpath(report.resolve(), page.resolve().parent)
    except ValueError:  # another drive
        return ""
    parts = Path(way).parts
    return "/".join(part if part == ".." else quote(part, safe="") for part in (parts if parts[0] == ".." else (".", *parts)))
