"""Comments that a copy of a case in another form does not have: above the headers of CSV files, in ``case.toml``, and at the cells of workbooks.

What ``placement init`` wrote to explain keys and columns is no comment: workbooks and templates explain themselves.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path

from placement.authoring.folder import begun, remarks
from placement.authoring.toml_text import toml_text
from placement.case.describe import explained
from placement.case.files import SETTINGS
from placement.case.overlays import chain_of
from placement.case.schema import TABLES, Table
from placement.case.settings import KEYS
from placement.case.workbook import comments_of_workbook, is_workbook

_MOST = 4  # cells that are named
_SIGNS = ("#", '"#')  # a spreadsheet quotes a line that holds a comma


def comments_of(case: str | Path) -> list[str]:
    """Return which files or sheets of a case, and of the cases that a scenario is based on, hold comments, and how many.

    Examples
    --------
    >>> from placement.authoring.shipped import shipped
    >>> comments_of(shipped("three-sites"))
    ['case.toml (1 line)']
    """
    chain = chain_of(Path(case))
    prefixes = ["" if len(chain) == 1 else f"{path.name}/" for path in chain]
    return [prefix + told for path, prefix in zip(chain, prefixes, strict=True) for told in (_in_book(path) if is_workbook(path) else _in_folder(path))]


def _in_folder(folder: Path) -> Iterator[str]:
    ours = {*toml_text({}, explained=True).splitlines(), *(f"# {key.meaning}; {key.rule}" for key in KEYS.values())}
    comments = [comment for line in _lines(folder / SETTINGS) if (comment := _comment(line))]
    yield from _counted(SETTINGS, sum(comment not in ours and not begun(comment) for comment in comments), "")
    for file in sorted(file for file in folder.glob("*.csv") if file.stem in TABLES):
        above = takewhile(lambda line: line.startswith(_SIGNS), _lines(file))
        yield from _counted(file.name, sum(line.strip('",') not in _ours(TABLES[file.stem]) for line in above), " above the header")


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8-sig").splitlines() if file.exists() else []


def _ours(table: Table) -> set[str]:
    return {*remarks(table, ()).splitlines(), *remarks(table, table.names).splitlines()}


def _counted(file: str, lines: int, where: str) -> Iterator[str]:
    if lines:
        yield f"{file} ({lines} line{'s' if lines != 1 else ''}{where})"


def _comment(line: str) -> str:
    r"""Return the comment of a line of TOML; a sign within quotes begins none.

    Examples
    --------
    >>> _comment('name = "a # b"  # c'), _comment("x = 1")
    ('# c', '')
    """
    quote = ""
    for i, letter in enumerate(line):
        if quote:
            quote = "" if letter == quote and not (quote == '"' and line[i - 1] == "\\") else quote
        elif letter in "\"'":
            quote = letter
        elif letter == "#":
            return line[i:].strip()
    return ""


def _in_book(book: Path) -> Iterator[str]:
    for sheet, cells in comments_of_workbook(book).items():
        ours = {*_ours(TABLES[sheet]), *(explained(TABLES[sheet], column) for column in TABLES[sheet])} if sheet in TABLES else set[str]()
        own = [place for place, text in cells.items() if text.strip() not in ours]
        if own:
            yield f"sheet {sheet} ({', '.join(own[:_MOST])}{f' and {len(own) - _MOST} more' if len(own) > _MOST else ''})"
