"""What a table and a column are, and short ways to write columns down."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["id", "ref", "country", "text", "choice", "float", "int", "bool", "period"]

#: Columns welcome in every table; they are documentation and never reach the model.
DOCUMENTATION = ("source", "assumption", "note")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its type, unit, range and what a blank cell means.

    ``blank`` is the value that an empty cell (or an absent column) stands for; ``None`` means that the
    column must be there and filled. A period column may use ``"start"``, ``"end"`` and ``"never"``
    (behind the horizon).
    """

    name: str
    kind: Kind
    meaning: str
    unit: str = ""
    blank: str | float | int | bool | None = None
    minimum: float = float("-inf")
    maximum: float = float("inf")
    refers: str = ""  # "table" or "table.column" that must hold the value
    choices: tuple[str, ...] = ()
    within: bool = False  # a period that must lie inside the horizon
    waived: bool = False  # says nothing in a case with `pairs`, and is not asked for there

    @property
    def required(self) -> bool:
        """Whether the column must be present and every cell filled."""
        return self.blank is None

    def blank_value(self, n_periods: int) -> str | float | int | bool | None:
        """Return the value that an empty cell stands for in a case with so many periods; ``None`` where the cell must be filled."""
        if self.kind != "period":
            return self.blank
        return {"start": 0, "end": n_periods - 1, "never": n_periods}.get(str(self.blank))

    def required_beside(self, tables: Collection[str]) -> bool:
        """Whether it is required in a case with these tables."""
        return self.required and not (self.waived and says_pairs(tables))


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table: its key (unique per row), its columns, and the tables it cannot do without."""

    name: str
    layer: str
    meaning: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    needs: tuple[str, ...] = ()
    with_pairs: tuple[str, ...] | None = None  # what it needs in place of `needs` in a case with `pairs`

    def needs_beside(self, tables: Collection[str]) -> tuple[str, ...]:
        """Return the tables that it cannot do without in a case with these tables."""
        return self.with_pairs if self.with_pairs is not None and says_pairs(tables) else self.needs

    def __iter__(self) -> Iterator[Column]:
        return iter(self.columns)

    def column(self, name: str) -> Column:
        """Return the column of that name; ``KeyError`` where there is none."""
        return {c.name: c for c in self.columns}[name]

    @property
    def names(self) -> tuple[str, ...]:
        """The column names in order."""
        return tuple(c.name for c in self.columns)


def says_pairs(tables: Collection[str]) -> bool:
    """Whether a case with these tables describes its workloads by ``pairs`` and not by what they need."""
    return "pairs" in tables and "halls" not in tables


NAN = float("nan")  # blank that means "no such limit"; the column's meaning says so


def ident(name: str, meaning: str) -> Column:
    """Return a column of ids."""
    return Column(name=name, kind="id", meaning=meaning)


def ref(name: str, refers: str, meaning: str, blank: str | None = None) -> Column:
    """Return a column whose values must stand in another table."""
    return Column(name=name, kind="ref", refers=refers, meaning=meaning, blank=blank)


def num(name: str, unit: str, meaning: str, blank: float | None = None, lo: float = 0.0, hi: float = 1e9) -> Column:
    """Return a column of numbers."""
    return Column(name=name, kind="float", unit=unit, meaning=meaning, blank=blank, minimum=lo, maximum=hi)


def whole(name: str, unit: str, meaning: str, blank: int | None = None, lo: int = 0, hi: int = 10**9) -> Column:
    """Return a column of whole numbers."""
    return Column(name=name, kind="int", unit=unit, meaning=meaning, blank=blank, minimum=lo, maximum=hi)


def flag(name: str, meaning: str, blank: bool | None = False) -> Column:
    """Return a column of 0 and 1."""
    return Column(name=name, kind="bool", unit="0/1", meaning=meaning, blank=blank)


def period(name: str, meaning: str, blank: str | None = None, within: bool = False) -> Column:
    """Return a column of period labels."""
    return Column(name=name, kind="period", meaning=meaning, blank=blank, within=within)


def choice(name: str, choices: tuple[str, ...], meaning: str, blank: str | None = None) -> Column:
    """Return a column that holds one of some words."""
    return Column(name=name, kind="choice", choices=choices, meaning=meaning, blank=blank)


def text(name: str, meaning: str, blank: str | None = "") -> Column:
    """Return a column of free text."""
    return Column(name=name, kind="text", meaning=meaning, blank=blank)


def country(name: str, meaning: str, blank: str | None = None) -> Column:
    """Return a column of country codes."""
    return Column(name=name, kind="country", meaning=meaning, blank=blank)


def waived(column: Column) -> Column:
    """Return a required column that is not asked for in a case with ``pairs``."""
    return replace(column, waived=True)


#: Of everything that is bought and has a residual value.
LIFE = num("life_years", "years", "straight-line life for residual value at the end; blank: no residual value", NAN, 0.25, 100)
