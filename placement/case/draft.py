"""A case that is typed but not yet known to be sound: what the rules read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from placement.case.case import Case
from placement.case.files import Text, TextTable
from placement.case.findings import Findings
from placement.errors import Problem

Problems = Iterable[Problem]


@dataclass(frozen=True, slots=True)
class Draft:
    """The typed case with the places that its rows came from."""

    case: Case
    texts: Mapping[str, TextTable]
    present: frozenset[str]  # tables that have a file, even an unreadable one
    findings: Findings

    def __getitem__(self, table: str) -> pd.DataFrame:
        return self.case[table]

    def broken(self, table: str, column: str, mask: ArrayLike, rule: str, remedy: str) -> list[Problem]:
        """Return the problem that the masked rows of a table have; nothing if no row is masked."""
        bad = np.asarray(mask, dtype=bool)
        return [Problem(table, column, rule, remedy, self.texts[table].rows(bad, column))] if bad.any() else []

    def filled(self, table: str, column: str) -> NDArray[np.bool_]:
        """Return which rows have a filled cell in a column."""
        cells = self.texts[table].columns.get(column) if table in self.texts else None
        return np.zeros(len(self[table]), dtype=bool) if cells is None else cells != ""

    def values(self, table: str, column: str) -> set[str]:
        """Return the distinct filled cells of a text column."""
        return set(pd.unique(self[table][column])) - {""}


@dataclass(frozen=True, slots=True)
class Rule:
    """A check and what it reads: tables or columns written ``table.column``, separated by blanks."""

    check: Callable[[Draft], Problems]
    reads: str = ""


def domains(halls: pd.DataFrame) -> Text:
    """Return the fabric domain of each hall: the site's id where the cell is blank."""
    return np.where(halls["domain"] == "", halls["site"], halls["domain"]).astype(object)


def among(cells: pd.Series, known: Iterable[str]) -> NDArray[np.bool_]:
    """Return which cells are among the known ones."""
    there = frozenset(known)
    return np.array([cell in there for cell in cells.tolist()], dtype=bool)


def pairs(table: pd.DataFrame, first: str, second: str) -> list[tuple[str, str]]:
    """Return two columns as pairs."""
    return list(zip(table[first], table[second], strict=True))
