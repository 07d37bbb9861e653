"""The list of models/README.md, section 13, is what is built: no row without code, columns and test, and nothing built without a row."""

from __future__ import annotations

import ast
import re
import tomllib
from functools import cache
from pathlib import Path

import pytest

import placement
from placement.case.schema import TABLES
from placement.case.settings import KEYS
from placement.demand.registry import resource_keys
from placement.rules import Scope
from placement.supply import BLOCKS

ROOT = Path(__file__).parent.parent
NOT_LISTED = {"name"}  # shown in reports only


def readme() -> str:
    """The mathematics."""
    return (ROOT / "models" / "README.md").read_text(encoding="utf-8")


def ticked(cell: str) -> list[str]:
    """Return what stands in backticks."""
    return re.findall(r"`([^`]+)`", cell)


@cache
def rows() -> dict[str, tuple[str, str, str, str]]:
    """Return row -> its cells code, equation, columns, test."""
    section = readme().split("## 13.")[1].split("\n## ")[0]
    found: dict[str, tuple[str, str, str, str]] = {}
    for line in section.splitlines():
        if line.startswith("| ") and not line.startswith("| row |"):
            name, *cells = (cell.strip() for cell in line.strip("|").split(" | "))
            assert len(cells) == 4, line
            assert name.strip("| ") not in found, name
            found[name.strip("| ")] = (cells[0], cells[1], cells[2], cells[3].rstrip("| "))
    return found


@pytest.fixture(params=sorted(rows()))
def row(request: pytest.FixtureRequest) -> tuple[str, str, str, str]:
    """Every row of the list in turn."""
    return rows()[request.param]


def test_code_is_there(row):
    """Each row names the files that write it."""
    assert ticked(row[0])
    for name in ticked(row[0]):
        assert (ROOT / "placement" / f"{name}.py").is_file(), name


def test_equation_is_written(row):
    """Each named equation is built by that name, and explained above the list; or the row names the section that explains it."""
    above = readme().split("## 13.")[0]
    assert ticked(row[1]) or re.search(r"section \d+", row[1])
    for name in ticked(row[1]):
        assert name in equations(), f"{name} is built nowhere"
        assert f"`{name}" in above or re.search(rf"(?m)^{name}\b", above), f"{name} is not explained"


def test_columns_are_in_the_schema(row):
    """Each input column, or key of case.toml, that a row names is in the schema."""
    assert ticked(row[2])
    for name in ticked(row[2]):
        table, _, column = name.partition(".")
        assert (column in KEYS or column in ("blocks", "weights", "objectives")) if table == "case" else column in TABLES[table].names, name


def test_test_is_there(row):
    """Each row names a test that exists."""
    assert ticked(row[3])
    for name in ticked(row[3]):
        path, _, function = name.partition("::")
        tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
        assert function in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)}, name


def test_every_column_has_its_row():
    """A column of the schema that no row names would be an input that nobody explains."""
    named = {name for cells in rows().values() for name in ticked(cells[2])}
    built = {f"{t.name}.{c.name}" for t in TABLES.values() for c in t if c.name not in (*t.key, *NOT_LISTED)}
    assert sorted(built - named) == []


def test_every_block_and_equation_has_its_row():
    """Blocks of supply, builders of columns, and every family of rows are in the list."""
    code = {name for cells in rows().values() for name in ticked(cells[0])}
    assert {block.build.__module__.replace("placement.", "").replace(".", "/") for block in BLOCKS} <= code
    named = {name for cells in rows().values() for name in ticked(cells[1])}
    monotone = {name for name in equations() if name.endswith("_step")}  # once taken, a step stays taken
    assert sorted(equations() - named - monotone) == []


@cache
def equations() -> set[str]:
    """Return the families of rows that the code can build: Pyomo constraints, resources, serve rows."""
    text = "\n".join(path.read_text(encoding="utf-8") for part in ("supply", "demand") for path in sorted((ROOT / "placement" / part).rglob("*.py")))
    constraints = set(re.findall(r"\b(?:m|model)\.(\w+) = pyo\.Constraint", text))
    serve = set(re.findall(r'f"([a-z_]+)\[', text))
    resources = set(resource_keys(Scope(placement.read_case(ROOT / "data" / "three-sites"))).shapes)
    return constraints | serve | resources | {"requires"}


def filled(case: placement.Case, folder: Path, name: str) -> bool:
    """Whether a case says something of an input column, or key of case.toml: not only what a blank stands for."""
    table, _, column = name.partition(".")
    if table == "case":
        return column in tomllib.loads((folder / "case.toml").read_text(encoding="utf-8"))
    known, cells = TABLES[table].column(column), case[table][column]
    blank = known.blank_value(case.n_periods)
    if known.required or blank is None:
        return len(cells) > 0
    return bool((cells.notna() if blank != blank else cells != blank).any())


def test_frontier_uses_two_thirds_of_the_rows():
    """Counted strictly: every column that a row names is used."""
    folder = ROOT / "data" / "frontier"
    case = placement.read_case(folder)
    used = [name for name, row in rows().items() if all(filled(case, folder, column) for column in ticked(row[2]))]
    assert len(used) >= 2 / 3 * len(rows()), sorted(set(rows()) - set(used))
