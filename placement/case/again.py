"""A case that was changed in memory, checked as if it had been read from a folder, with the hash of its new content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.case.cells import Clock, typed_table
from placement.case.draft import Draft
from placement.case.files import SETTINGS, Text, TextTable
from placement.case.findings import Findings
from placement.case.reading import content_hash
from placement.case.schema import TABLES, Column
from placement.case.settings import KEYS
from placement.case.validation import validate
from placement.errors import DataError
from placement.units import period_label

_OWN = ("n_periods", "blocks", "weights", "objectives")  # settings that are not plain keys


def settings_of(case: Case) -> dict[str, Any]:
    """Return what ``case.toml`` says, by the names that a :class:`Case` has for it."""
    return {name: getattr(case, name) for name in (*(k for k in KEYS if k != "periods"), *_OWN)}


def checked(case: Case) -> Case:
    """Return a case made in memory after every check that a case folder undergoes.

    Parameters
    ----------
    case
        Typed tables, as :func:`placement.read_case` returns them, of which some were changed.

    Returns
    -------
    Case
        The same content, with its own ``sha256``.

    Raises
    ------
    DataError
        With every problem found; messages name the rows by key, and the table as their file.
    """
    findings = Findings()
    texts = {name: as_text(case, name) for name in TABLES if name in case}
    for key, setting in KEYS.items():
        if key not in ("start", "periods") and not setting.fits(getattr(case, key)):
            findings.add(SETTINGS, key, f"{setting.rule}, not {getattr(case, key)!r}", f"Correct it: {setting.meaning}.")
    clock = Clock(case.start, case.n_periods, case.period_months)
    tables = {name: typed_table(text, clock, frozenset(texts), findings) for name, text in texts.items()}
    whole = replace(case, tables=tables)
    validate(Draft(whole, texts, frozenset(texts), findings))
    if findings.problems:
        raise DataError(dict.fromkeys(findings.problems))
    return replace(whole, sha256=content_hash(settings_of(whole), tables))


def as_text(case: Case, name: str) -> TextTable:
    """Return a table as the text of a file: blank where a cell holds what a blank stands for, every digit of a number."""
    table = case[name]
    columns = {c.name: cells_of(case, c, table[c.name]) for c in TABLES[name]}
    return TextTable(name, columns, np.full(len(table), f"{name} line", dtype=object), np.arange(1, len(table) + 1))


def cells_of(case: Case, column: Column, values: pd.Series) -> Text:
    """Return one column as text cells, shape (n_rows,)."""
    blank = column.blank_value(case.n_periods)
    write = _WRITERS.get(column.kind, str)
    if column.kind == "period":
        labels: Mapping[int, str] = {int(t): period_label(case.start + int(t), case.period_months) for t in np.unique(values)}
        cells = [labels[int(t)] for t in values]
    else:
        cells = [write(v) for v in values.tolist()]
    if blank is not None:
        cells = ["" if v == blank else cell for v, cell in zip(values.tolist(), cells, strict=True)]
    return np.array([*cells, None], dtype=object)[:-1]


def _float(value: float) -> str:
    return "" if np.isnan(value) else repr(float(value))


_WRITERS = {"float": _float, "bool": lambda v: "1" if v else "0"}
