"""Inputs by name: ``table.column``, ``table.column[key=value]``, ``table.prefix_*``, or a number of ``case.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import fnmatchcase

import numpy as np
from numpy.typing import NDArray

from placement.case import Case
from placement.case.again import cells_of
from placement.case.findings import did_you_mean
from placement.case.schema import TABLES, Column
from placement.errors import OptionError

#: Numbers of ``case.toml`` that may be named, with their least and largest value.
NUMBERS = {"discount_rate": (0.0, 1.0), "carbon_price_usd_per_t": (0.0, 1e5), "debt_rate": (0.0, 1.0), "rtt_overhead_ms": (0.0, 1e3)}
_FORM = re.compile(r"(?P<table>\w+)\.(?P<column>[\w*?]+)(\[(?P<filter>[^\]]*)\])?")


@dataclass(frozen=True, eq=False)
class Named:
    """An input: some columns of a table and the rows meant, or (table blank) a number of ``case.toml``."""

    name: str
    table: str
    columns: tuple[str, ...]
    rows: NDArray[np.bool_]
    cells: int  # numbers that are not blank and not zero

    def __str__(self) -> str:
        return self.name

    def schema(self, column: str) -> Column:
        """Return what the schema says of a column."""
        return TABLES[self.table].column(column)

    @property
    def range(self) -> tuple[float, float]:
        """Least and largest value of a number of ``case.toml``."""
        return NUMBERS[self.columns[0]]


def named_input(case: Case, name: str) -> Named:
    """Return the input of a case that a name means.

    Raises
    ------
    OptionError
        If there is no such table, column or row, or it holds no number other than zero, naming what there is.
    """
    if name in NUMBERS or (name.startswith("case.") and name.removeprefix("case.") in NUMBERS):
        key = name.removeprefix("case.")
        if not getattr(case, key):
            raise OptionError(f"input {name}: it is 0 in {case.name}, and a share of nothing is nothing")
        return Named(key, "", (key,), np.ones(0, bool), 1)
    match = _FORM.fullmatch(name)
    if match is None:
        raise OptionError(f"input '{name}': write table.column, table.column[site=x] or one of {', '.join(NUMBERS)}")
    table = match["table"]
    if table not in case:
        raise OptionError(f"input {name}: {case.name} has no table '{table}'. {did_you_mean(table, list(case.tables))}")
    numeric = [c.name for c in TABLES[table] if c.kind in ("float", "int")]
    columns = tuple(c for c in numeric if fnmatchcase(c, match["column"]))
    if not columns:
        raise OptionError(f"input {name}: table {table} has no number '{match['column']}'. {did_you_mean(match['column'], numeric)}")
    rows = _rows(case, name, table, match["filter"])
    values = case[table].loc[rows, list(columns)].to_numpy(float)
    cells = int((np.isfinite(values) & (values != 0)).sum())
    if not cells:
        raise OptionError(f"input {name}: every cell is blank or zero in {case.name}")
    return Named(name, table, columns, rows, cells)


def _rows(case: Case, name: str, table: str, wanted: str | None) -> NDArray[np.bool_]:
    """Return which rows fit ``column=value`` conditions, separated by commas."""
    df = case[table]
    here = np.ones(len(df), bool)
    for condition in (wanted or "").split(",") if wanted is not None else ():
        column, sign, value = condition.partition("=")
        known = [c for c in TABLES[table] if c.kind not in ("float", "int")]
        schema = next((c for c in known if c.name == column.strip()), None)
        if not sign or schema is None:
            raise OptionError(f"input {name}: '{condition}' is not column=value of {table}. {did_you_mean(column.strip(), [c.name for c in known])}")
        cells = cells_of(case, schema, df[schema.name])
        fits = cells == value.strip()
        if not fits.any():
            there = list(dict.fromkeys(map(str, cells)))
            raise OptionError(f"input {name}: no row of {table} has {schema.name} {value.strip()}. {did_you_mean(value.strip(), there)}")
        here &= fits
    if not here.any():
        raise OptionError(f"input {name}: no row of {table} fits all of {wanted}")
    return here
