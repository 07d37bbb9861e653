"""Text cells to typed columns, one function per kind of column of the schema.

Values are converted for the whole column at once; texts through their distinct values only. Where a cell is
wrong, the column gets a harmless placeholder and the rows go into the findings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.case import dtype_of
from placement.case.countries import CODES, instead_of
from placement.case.files import Text, TextTable
from placement.case.findings import Findings, suggest
from placement.case.schema import TABLES, Column
from placement.units import PERIOD_EXAMPLE, period_label, period_number

Mask = NDArray[np.bool_]
Complaint = tuple[Mask, str, str]  # rows, rule, remedy

_ODD = re.compile(r"[^0-9eE+.\-]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_BOOLS = {"0": False, "1": True, "false": False, "true": True}

#: Country columns that may also hold ``*`` (all countries without a row of their own).
WILDCARD = {("export", "country"), ("residency", "country")}
#: Dates that keep an index before the horizon, because moving them to its start would change their meaning.
UNCLAMPED = {("jobs", "latest"), ("ppas", "start"), ("grid", "until")}
#: Text columns that are prose (may hold commas), or lists (may hold semicolons).
_PROSE, _LISTS = {"name"}, {"after", "origins", "srlg"}


@dataclass(frozen=True, slots=True)
class Clock:
    """The horizon: running number of the first period, number of periods, months per period."""

    start: int
    n_periods: int
    months: int

    def label(self, index: int) -> str:
        """Return the label of a period index."""
        return period_label(self.start + index, self.months)


def typed_table(text: TextTable, clock: Clock | None, present: Collection[str], findings: Findings) -> pd.DataFrame:
    """Return the typed table with the schema's columns in the schema's order; fill ``findings``.

    ``clock`` is ``None`` where ``case.toml`` does not say what the periods are; periods are 0 then. ``present``: the case's tables.
    """
    table = TABLES[text.name]
    columns = {}
    for column in table:
        required = column.required_beside(present)
        cells = text.columns.get(column.name)
        if cells is None:
            cells = np.full(len(text), "", dtype=object)
            if required and findings.trusts(f"{text.name}.{column.name}"):  # else a misspelt one is told already
                findings.add(text.name, column.name, "is missing", f"Add the column: {column.meaning}.")
        elif required and findings.trusts(f"{text.name}.{column.name}") and (blank := cells == "").any():
            findings.add(text.name, column.name, "must not be blank", f"Fill in: {column.meaning}.", text.rows(blank, column.name))
        if column.kind == "period" and clock is None:
            findings.spoiled.add(f"{text.name}.{column.name}")
        values, complaints = _convert(text.name, column, cells, clock)
        for mask, rule, remedy in complaints:
            findings.add(text.name, column.name, rule, remedy, text.rows(mask, column.name))
        columns[column.name] = pd.Series(values, dtype=dtype_of(column))
    return pd.DataFrame(columns)


def _convert(table: str, column: Column, cells: Text, clock: Clock | None) -> tuple[NDArray, list[Complaint]]:
    """Return the values of a column with blanks filled, and what is wrong with its cells."""
    filled = cells != ""
    values = np.full(len(cells), _blank(column, clock), dtype=dtype_of(column))
    if not filled.any():
        return values, []
    if column.kind in ("float", "int"):
        inner, complaints = _numbers(column, cells[filled])
    else:
        codes, words = pd.factorize(cells[filled])
        inner_words, wrong = _WORDS[column.kind](table, column, [str(w) for w in words], clock)
        inner = np.array(inner_words, dtype=dtype_of(column))[codes]
        complaints = [(mask[codes], rule, remedy) for mask, rule, remedy in wrong]
    values[filled] = inner
    return values, [(_spread(filled, mask), rule, remedy) for mask, rule, remedy in complaints]


def _spread(filled: Mask, inner: Mask) -> Mask:
    mask = np.zeros(len(filled), dtype=bool)
    mask[filled] = inner
    return mask


def _blank(column: Column, clock: Clock | None) -> object:
    """Return the value of an empty cell; a placeholder where the column must be filled."""
    if column.kind == "period":
        return (column.blank_value(clock.n_periods) or 0) if clock else 0
    if column.blank is None:
        return {"float": np.nan, "int": 0, "bool": False}.get(column.kind, "")
    return column.blank


def parse_numbers(cells: Text) -> NDArray[np.float64]:
    """Return plain decimal numbers; NaN for anything else, such as ``1_000``, ``0x10``, ``nan`` or `` 5``.

    Python's own ``float`` takes more than a table should contain.
    """
    if not _ODD.search("".join(cells)):
        try:
            return cells.astype(np.float64)
        except ValueError:
            pass
    return np.array([float(c) if _NUMBER.fullmatch(c) else np.nan for c in cells])


def _numbers(column: Column, cells: Text) -> tuple[NDArray, list[Complaint]]:
    values = parse_numbers(cells)
    not_finite = ~np.isfinite(values)
    outside = (values < column.minimum) | (values > column.maximum)
    fraction = (values != np.floor(values)) & ~not_finite & (column.kind == "int")
    unit = f" {column.unit}" if column.unit else ""
    span = f"must be between {column.minimum:g} and {column.maximum:g}{unit} ({column.meaning.partition(';')[0]})"
    candidates = (
        (not_finite, "must be a finite decimal number", _number_remedy(cells[not_finite])),
        (outside & ~not_finite, span, _range_remedy(column, values[outside])),
        (fraction & ~outside, f"must be a whole number of{unit}", "Round it as it is meant."),
    )
    wrong = not_finite | outside | fraction
    return np.where(wrong, 0, values), [c for c in candidates if c[0].any()]


def _range_remedy(column: Column, wrong: NDArray[np.float64]) -> str:
    if column.name in ("lat_deg", "lon_deg"):
        return "Correct the number; are latitude and longitude swapped?"
    if column.maximum == 1 and len(wrong) and 1 < wrong[0] <= 100:
        return f"Write a share: {wrong[0]:g} % is {wrong[0] / 100:g}."
    return f"Correct the number{f' and check that its unit is {column.unit}' if column.unit else ''}."


def _number_remedy(cells: Text) -> str:
    shown = f"'{cells[0]}' is not one" if len(cells) else ""
    comma = " A comma is no decimal point." if len(cells) and re.fullmatch(r"-?\d+,\d+", cells[0]) else ""
    return f"{shown}: write digits with a point, such as 1250.5 or 1.2e3; no blanks, units, thousands separators, nan or inf.{comma}"


def _words(kind_ok: Callable[[str], bool], rule: str, remedy: Callable[[list[str]], str]) -> Callable[[str, list[str]], list[Complaint]]:
    def complaints(_: str, words: list[str]) -> list[Complaint]:
        mask = np.array([not kind_ok(w) for w in words])
        return [(mask, rule, remedy([w for w, bad in zip(words, mask, strict=True) if bad]))] if mask.any() else []

    return complaints


def _ids(table: str, column: Column, words: list[str], clock: Clock | None) -> tuple[list[str], list[Complaint]]:
    banned = "" if column.name in _PROSE else "," if column.name in _LISTS else ",;"
    return words, list(_text_complaints(words, banned))


def _text_complaints(words: list[str], banned: str) -> Iterator[Complaint]:
    tests: tuple[tuple[Callable[[str], bool], str, str], ...] = (
        (lambda w: w != w.strip(), "must not begin or end with a blank", "Remove the blanks: '{}'."),
        (lambda w: not w.strip().isprintable(), "must not contain line breaks, control or invisible characters", "Retype the text: {!a}."),
        (lambda w: any(b in w for b in banned), "must not contain a comma or semicolon", "Use - or _ instead: '{}'."),
        (
            lambda w: not unicodedata.is_normalized("NFC", w),
            "must be in Unicode form NFC, or equal ids would differ",
            "Retype the text: {!a}.",
        ),
    )
    for broken, rule, remedy in tests:
        mask = np.array([broken(w) for w in words])
        if mask.any():
            yield mask, rule, remedy.format(words[int(np.argmax(mask))])


def _countries(table: str, column: Column, words: list[str], clock: Clock | None) -> tuple[list[str], list[Complaint]]:
    star = (table, column.name) in WILDCARD
    rule = f"must be an ISO 3166-1 alpha-2 code{' or *' if star else ''}"
    check = _words(lambda w: w in CODES or (star and w == "*"), rule, lambda w: " ".join(map(instead_of, w[:3])))
    return words, check(table, words)


def _choices(table: str, column: Column, words: list[str], clock: Clock | None) -> tuple[list[str], list[Complaint]]:
    check = _words(lambda w: w in column.choices, f"must be one of {', '.join(column.choices)}", lambda w: suggest(w, column.choices))
    return words, check(table, words)


def _bools(table: str, column: Column, words: list[str], clock: Clock | None) -> tuple[list[bool], list[Complaint]]:
    check = _words(lambda w: w.lower() in _BOOLS, "must be 0 or 1 (or false, true)", lambda w: f"Write 0 or 1, not '{w[0]}'.")
    return [_BOOLS.get(w.lower(), False) for w in words], check(table, words)


def _periods(table: str, column: Column, words: list[str], clock: Clock | None) -> tuple[list[int], list[Complaint]]:
    if clock is None:
        return [0] * len(words), []
    numbers = [_number_or_none(w, clock.months) for w in words]
    bad = np.array([n is None for n in numbers])
    index = np.array([0 if n is None else n - clock.start for n in numbers])
    outside = (index < 0) | (index >= clock.n_periods) if column.within else np.zeros(len(words), dtype=bool)
    span = f"{clock.label(0)} to {clock.label(clock.n_periods - 1)}"
    candidates = (
        (
            bad,
            f"must be a label of a {clock.months}-month period",
            f"Write it like {PERIOD_EXAMPLE[clock.months]}, not '{words[int(np.argmax(bad))]}'.",
        ),
        (outside, f"must lie within the horizon {span}", "Remove the rows, or change start or periods in case.toml."),
    )
    if (table, column.name) not in UNCLAMPED:
        index = np.maximum(index, 0)
    return [int(i) for i in np.where(outside, 0, index)], [c for c in candidates if c[0].any()]


def _number_or_none(label: str, months: int) -> int | None:
    try:
        return period_number(label, months)
    except ValueError:
        return None


_WORDS: dict[str, Callable[[str, Column, list[str], Clock | None], tuple[list, list[Complaint]]]] = {
    "id": _ids,
    "ref": _ids,
    "text": _ids,
    "country": _countries,
    "choice": _choices,
    "bool": _bools,
    "period": _periods,
}
