"""What differs between two cases: cell by cell, a column that is scaled or shifted as one line; and a case with some of the differences."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.case.again import cells_of
from placement.case.schema import TABLES, Column

ROWS = "(rows)"  # column of a row that only one of the cases has
SETTINGS = "case"  # table of what case.toml says
COLUMNS = ("table", "key", "column", "a", "b", "rows", "change")
HORIZON = ("start", "n_periods", "period_months")  # a period's number means something else where one of these differs
_NOT_INPUT = {"name", "title", "tables", "path", "overlay", "sha256", "origin", "notes"}
_SAME = 1e-9  # relative
_KINDS = {1: "month", 3: "quarter", 6: "half-year", 12: "year"}


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One column of one table, its rows that come and go, or one setting: what is tried at a time."""

    table: str
    column: str

    def __str__(self) -> str:
        return f"{self.table} {ROWS}" if self.column == ROWS else self.column if self.table == SETTINGS else f"{self.table}.{self.column}"


def input_changes(a: Case, b: Case) -> pd.DataFrame:
    """Return what differs between two inputs.

    Returns
    -------
    DataFrame
        ``table, key, column, a, b, rows, change``: one line per cell, or per column where several rows changed alike (``rows`` of them).
        A row that only one case has is a line with column ``(rows)``; a setting of ``case.toml`` one of table ``case``. Cells are text in the column's units.
    """
    found: list[tuple[object, ...]] = [
        (SETTINGS, "", name, _shown(getattr(a, name)), _shown(getattr(b, name)), 1, _step(getattr(a, name), getattr(b, name)))
        for name in _settings()
        if getattr(a, name) != getattr(b, name)
    ]
    for name in (n for n in TABLES if n in a or n in b):
        found += _table_changes(a, b, name)
    return pd.DataFrame(found, columns=list(COLUMNS))


def parts_of(changes: pd.DataFrame) -> list[Part]:
    """Return the parts of an input that differ, in order of appearance."""
    return list(dict.fromkeys(Part(str(t), str(c)) for t, c in zip(changes["table"], changes["column"], strict=True)))


def with_parts(a: Case, b: Case, parts: Sequence[Part]) -> Case:
    """Return ``a`` with some parts as they are in ``b``; nothing is checked."""
    case = replace(a, **{p.column: getattr(b, p.column) for p in parts if p.table == SETTINGS})
    tables = dict(case.tables)
    for name in dict.fromkeys(p.table for p in parts if p.table != SETTINGS):
        columns = [p.column for p in parts if p.table == name]
        left = _with_rows(a[name], b[name], name) if ROWS in columns else a[name]
        tables[name] = _with_cells(left, b[name], name, [c for c in columns if c != ROWS])
        if tables[name].empty:
            del tables[name]
    return replace(case, tables={n: tables[n] for n in TABLES if n in tables})


def _settings() -> list[str]:
    return [f.name for f in fields(Case) if f.name not in _NOT_INPUT]


def _shown(value: object) -> str:
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def _step(a: object, b: object) -> str:
    plain = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (a, b))
    return _said(float(str(a)), float(str(b))) if plain else ""


def _said(a: float, b: float) -> str:
    """Return how a number became another one."""
    if not (math.isfinite(a) and math.isfinite(b)):
        return ""
    return f"x {b / a:.6g}" if a * b > 0 else f"{b - a:+.6g}"


def _table_changes(a: Case, b: Case, name: str) -> list[tuple[object, ...]]:
    left, right = keyed(a, name), keyed(b, name)
    only_a, only_b = left.index.difference(right.index, sort=False), right.index.difference(left.index, sort=False)
    found: list[tuple[object, ...]] = [(name, k, ROWS, "there", "-", 1, "removed") for k in only_a]
    found += [(name, k, ROWS, "-", "there", 1, "added") for k in only_b]
    both = left.index.intersection(right.index, sort=False)
    if name == "halls" and list(both) != list(right.index.intersection(left.index, sort=False)):
        found.append((name, "", ROWS, "in this order", "in another order", len(both), "order"))  # halls enter service in the order of their rows
    x, y = left.loc[both], right.loc[both]
    for column in TABLES[name]:
        if column.name not in TABLES[name].key:
            cells = [cells_of(case, column, part[column.name]) for case, part in ((a, x), (b, y))]
            found += _column_changes(a, name, column, x[column.name], y[column.name], cells)
    return found


def keyed(case: Case, name: str) -> pd.DataFrame:
    """Return a table by its keys as text, parts joined by ``/``, periods as labels."""
    table = case[name]
    parts = [cells_of(case, TABLES[name].column(k), table[k]) for k in TABLES[name].key]
    keys = ["/".join(cells) for cells in zip(*parts, strict=True)]
    return table.set_index(pd.Index(keys, dtype=object))


def _column_changes(a: Case, name: str, column: Column, x: pd.Series, y: pd.Series, cells: Sequence[NDArray[np.object_]]) -> list[tuple[object, ...]]:
    """Return the cells of one column that differ, as one line where all of them changed alike."""
    if column.kind in ("float", "int"):
        differs = ~np.isclose(x.to_numpy(float), y.to_numpy(float), rtol=_SAME, atol=0.0, equal_nan=True)
    else:
        differs = cells[0] != cells[1]
    if not differs.any():
        return []
    keys, old, new = x.index[differs], x[differs], y[differs]
    alike = _alike(a, column, old, new, differs.sum(), len(x)) if differs.sum() > 1 else ""
    if alike:
        return [(name, f"{int(differs.sum())} of {len(x)} rows", column.name, _span(cells[0][differs]), _span(cells[1][differs]), int(differs.sum()), alike)]
    numbers = column.kind in ("float", "int")
    said = [_said(float(u), float(v)) if numbers else "" for u, v in zip(old, new, strict=True)]
    return [(name, k, column.name, u, v, 1, s) for k, u, v, s in zip(keys, cells[0][differs], cells[1][differs], said, strict=True)]


def _alike(case: Case, column: Column, old: pd.Series, new: pd.Series, n: int, of: int) -> str:
    """Return what was done to all of several cells: a factor, or a shift in time; nothing where they have no such thing in common."""
    if column.kind == "period":
        steps = (new - old).to_numpy()
        kind = _KINDS[case.period_months]
        return f"{steps[0]:+d} {kind}{'s' if abs(steps[0]) != 1 else ''}" if (steps == steps[0]).all() else ""
    if column.kind not in ("float", "int"):
        return "all to the same" if new.nunique() == 1 and n == of else ""
    u, v = old.to_numpy(float), new.to_numpy(float)
    if not (np.isfinite(u).all() and np.isfinite(v).all() and (u != 0).all()):
        return ""
    ratio = v / u
    return f"x {ratio[0]:.6g}" if np.allclose(ratio, ratio[0], rtol=1e-6 if column.kind == "float" else 1e-3) else ""


def _span(cells: NDArray[np.object_]) -> str:
    """Return the least and the largest of several cells."""
    texts = [str(c) for c in cells if c != ""]
    try:
        ordered = sorted(texts, key=float)
    except ValueError:
        ordered = sorted(texts)
    return "" if not ordered else ordered[0] if ordered[0] == ordered[-1] else f"{ordered[0]}..{ordered[-1]}"


def _index(table: pd.DataFrame, name: str) -> pd.Index:
    return pd.Index(list(map(tuple, table[list(TABLES[name].key)].to_numpy())), dtype=object, tupleize_cols=False)


def _with_rows(a: pd.DataFrame, b: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the rows that ``b`` has, in its order; those that ``a`` has too with the cells of ``a``."""
    left, right = a.set_axis(_index(a, name)), b.set_axis(_index(b, name))
    rows = right.copy()
    both = right.index.intersection(left.index, sort=False)
    rows.loc[both, :] = left.loc[both, :]
    return rows.astype(b.dtypes.to_dict()).reset_index(drop=True)


def _with_cells(a: pd.DataFrame, b: pd.DataFrame, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """Return ``a`` with some columns as in ``b``, in the rows that both have."""
    at = _index(b, name).get_indexer(_index(a, name))
    known = at >= 0
    out = a.copy()
    for c in columns:
        values = a[c].to_numpy(copy=True)
        values[known] = b[c].to_numpy()[at[known]]
        out[c] = pd.Series(values, index=a.index, dtype=a[c].dtype)
    return out


def same_clock(a: Case, b: Case) -> bool:
    """Whether a period has the same number in both cases."""
    return all(getattr(a, name) == getattr(b, name) for name in HORIZON)
