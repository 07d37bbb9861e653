"""Plan tables made ready for reading: every table there, every column typed, periods as indices.

They come from memory or from CSV, where ``2027`` is read as a number and an empty hall as NaN; both must look alike here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.errors import DataError, Problem
from placement.units import period_number

END = "end"  # label of the row of `cash` that holds the residual value

#: Columns of each plan table (models/README.md, section 10): no mark text, ``#`` number, ``@`` period.
COLUMNS = {
    "training": "job site domain sku @start @end #units #value_musd #nominal_units #goodput",
    "inference": "service metro @period site sku #share #units #rtt_ms",
    "sites": "site @opened",
    "halls": "site hall @in_service #it_mw #existing",
    "milestones": "site hall milestone @start #finish_p10 #finish_p50 #finish_p90",
    "grid": "site tier @in_service",
    "contracts": "ppa #mw",
    "generators": "generator @period #mw",
    "orders": "offer sku @period @arrives #units #cost_musd",
    "rents": "offer site domain sku @period #units #cost_musd",
    "resales": "offer sku @period #units #musd",
    "moves": "sku @period #units #cost_musd",
    "stages": "stage @period #used #capacity",
    "stock": "sku @period #units",
    "chips": "site domain sku @period #installed #deployed #training #serving",
    "energy": "site @period block source #mw",
    "paid": "ppa @period #mwh",
    "storage": "storage @period block #charge_mw #discharge_mw #capacity_mw",
    "exports": "generator @period block #mw",
    "curtailment": "site tier @period #mw",
    "offsets": "@period #kt",
    "mix": "tech @period #gwh #share",
    "peaks": "site @period #mw",
    "water": "site year #water_ml #right_ml #community_ml",
    "fibre": "link @period #modules #capacity_gbps #load_gbps",
    "unserved": "service metro @period #share #mtok_per_day",
    "unplaced": "job #value_musd",
    "stranded": "site domain @period #it_mw #usable_mw #stranded_mw #stranded_units",
    "openings": "site #open",
    "debt": "@period #drawn_musd",
    "draws": "tranche @period #musd",
    "income": "@period #revenue_musd #running_musd #lease_musd #depreciation_musd #expensed_musd #ebit_musd #interest_musd",
    "cash": "@period term #musd",
}
PRICES = "resource kind place sku period block #price unit label"


def tidy(case: Case, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Return all plan tables, typed; one that is not given has no rows. Periods become indices, ``end`` the number of periods.

    Raises
    ------
    DataError
        If a table lacks a column or holds something that is not a period.
    """
    return {name: typed(name, columns, tables.get(name), case) for name, columns in COLUMNS.items()}


def typed(name: str, columns: str, df: pd.DataFrame | None, case: Case | None = None) -> pd.DataFrame:
    """Return one table with exactly the given columns, typed by their marks; without a case, periods stay text."""
    names = [c.lstrip("#@") for c in columns.split()]
    if df is None or (df.empty and not len(df.columns)):
        return _empty(columns, case is not None).copy(deep=False)
    missing = [Problem(name, c, "is missing from the plan table", "Write the columns of models/README.md, section 10") for c in names if c not in df]
    if missing:
        raise DataError(missing)
    if df.empty:
        return _empty(columns, case is not None).copy(deep=False)
    out = {}
    for mark, c in zip(columns.split(), names, strict=True):
        if mark[0] == "#":
            out[c] = pd.to_numeric(df[c], errors="coerce").astype("float64")
        elif mark[0] == "@" and case is not None:
            out[c] = _periods(name, df[c], case)
        else:
            blank = df[c].isna().tolist()
            out[c] = pd.Series(["" if b else str(cell) for b, cell in zip(blank, df[c].tolist(), strict=True)], df.index, dtype="object")
    return pd.DataFrame(out).reset_index(drop=True)


@cache
def _empty(columns: str, by_index: bool) -> pd.DataFrame:
    """Return a table without rows; its periods are indices, or text."""
    kinds = {"#": "float64", "@": "int64" if by_index else "object"}
    return pd.DataFrame({c.lstrip("#@"): pd.Series([], dtype=kinds.get(c[0], "object")) for c in columns.split()})


def _periods(name: str, labels: pd.Series, case: Case) -> pd.Series:
    """Indices of period labels; an index may lie behind the horizon (an order that arrives later)."""
    known = {label: t for t, label in enumerate((*case.periods, END))}
    text = labels.map(str)
    for label in set(text) - set(known):
        try:
            known[label] = period_number(label, case.period_months) - case.start
        except ValueError as error:
            raise DataError([Problem(name, str(labels.name), f"holds no period: {error}", "Write period labels")]) from error
    return text.map(known).astype("int64")


def records(df: pd.DataFrame) -> Iterator[Any]:
    """Return the rows as named tuples; their fields have the types of the table, which no checker can know."""
    return iter(df.itertuples())


def grouped(df: pd.DataFrame, by: str | list[str]) -> Iterator[tuple[Any, pd.DataFrame]]:
    """Return key and rows of each group, in order of appearance."""
    return iter(df.groupby(by, sort=False))


def label(case: Case, period: int) -> str:
    """Return the label of a period index, ``end`` for the end of the horizon."""
    return case.periods[period] if period < case.n_periods else END


def by_period(df: pd.DataFrame, key: str, value: str, n_periods: int) -> pd.DataFrame:
    """Return sums of ``value``: one row per ``key``, one column per period."""
    out = df.pivot_table(index=key, columns="period", values=value, aggfunc="sum", fill_value=0.0)
    return out.reindex(columns=range(n_periods), fill_value=0.0).astype("float64")


def names_of(df: pd.DataFrame, key: str) -> dict[str, str]:
    """Return id -> the name shown in reports: the id where the name is blank, name and id where several have the same name."""
    name, ids = df["name"].astype("object").where(df["name"].notna(), "").map(str), df[key].map(str)
    name = name.where(name != "", ids)
    return dict(zip(ids, name.where(~name.duplicated(keep=False), name + " (" + ids + ")"), strict=True))


def weighted_quantile(values: np.ndarray, weights: np.ndarray, shares: list[float]) -> list[float]:
    """Return the smallest values at or below which the given shares of the weight lie."""
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    if not len(total) or total[-1] <= 0:
        return [float("nan")] * len(shares)
    spots = np.searchsorted(total, np.array(shares) * total[-1] * (1 - 1e-12))
    return [float(v) for v in values[order][np.minimum(spots, len(values) - 1)]]
