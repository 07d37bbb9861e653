"""A small case in which every layer has room, to be changed one layer at a time: written to a folder and read like any other case.

Two sites (``north`` runs already, ``south`` is to be built), two SKUs, one job that may run on both, one service for two metros, four quarters,
a stress and a calm block. Everything is plentiful, so that a layer that a test adds is the only one that binds.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import placement
from placement.cards import card
from placement.case import Case
from placement.plan.checker import check
from placement.plan.plan import Plan
from placement.program import assemble, build_sides

Row = dict[str, Any]
Rows = Sequence[Row]

SETTINGS: Row = {"name": "small", "start": "2027Q1", "periods": 4, "period_months": 3, "discount_rate": 0.08}
PERIODS = ("2027Q1", "2027Q2", "2027Q3", "2027Q4")
BLOCKS = '[[blocks]]\nname = "stress"\nshare = 0.1\nstress = true\n[[blocks]]\nname = "calm"\nshare = 0.9\n'

#: Table -> its rows; cells as in a CSV file.
TABLES: Mapping[str, Rows] = {
    "sites": [
        {"site": "north", "country": "NO", "lat_deg": 60, "lon_deg": 10, "zone": "z", "pue": 1.1},
        {"site": "south", "country": "ES", "lat_deg": 40, "lon_deg": -4, "zone": "z", "pue": 1.3, "opening_cost_musd": 1},
    ],
    "halls": [
        {"site": "north", "hall": "n1", "it_mw": 4, "existing": 1, "opex_musd_per_year": 1},
        {"site": "south", "hall": "s1", "it_mw": 8, "capex_musd": 10, "opex_musd_per_year": 1, "life_years": 20},
    ],
    "grid": [
        {"site": "north", "tier": "n", "mw": 20, "firmness": 0.999},
        {"site": "south", "tier": "s", "mw": 20, "firmness": 0.99, "capex_musd": 2, "life_years": 30},
    ],
    "tariffs": [
        {"zone": "z", "period": t, "block": b, "energy_usd_per_mwh": usd, "co2_kg_per_mwh": 100} for t in PERIODS for b, usd in (("stress", 150), ("calm", 50))
    ],
    "skus": [
        {"sku": "old", "vendor": "v", "kw_per_unit": 1, "idle_share": 0.2, "hbm_gb": 80, "life_years": 5},
        {"sku": "new", "vendor": "w", "kw_per_unit": 1.5, "idle_share": 0.2, "hbm_gb": 192, "cooling": "liquid", "life_years": 5},
    ],
    "offers": [
        {"offer": "q-old", "sku": "old", "period": "2027Q1", "max_units": 4000, "unit_price_usd": 20000},
        {"offer": "q-new", "sku": "new", "period": "2027Q1", "max_units": 2000, "unit_price_usd": 30000},
    ],
    "jobs": [{"job": "big", "value_musd": 80}],
    "job_skus": [
        {"job": "big", "sku": "old", "units": 1000, "duration_periods": 2},
        {"job": "big", "sku": "new", "units": 500, "duration_periods": 2},
    ],
    "metros": [
        {"metro": "oslo", "country": "NO", "lat_deg": 59.9, "lon_deg": 10.7},
        {"metro": "madrid", "country": "ES", "lat_deg": 40.4, "lon_deg": -3.7},
    ],
    "services": [{"service": "chat", "slo_rtt_ms": 100, "peak_to_mean": 2, "hbm_gb": 60, "price_usd_per_mtok": 2, "unmet_usd_per_mtok": 1}],
    "service_skus": [{"service": "chat", "sku": "old", "tok_per_s": 1000}, {"service": "chat", "sku": "new", "tok_per_s": 2500}],
    "demand": [{"service": "chat", "metro": m, "period": t, "mtok_per_day": 8640} for m in ("oslo", "madrid") for t in PERIODS],
    "links": [
        {"link": "no", "a": "north", "b": "oslo", "km": 100},
        {"link": "es", "a": "south", "b": "madrid", "km": 100},
        {"link": "ne", "a": "oslo", "b": "madrid", "km": 2600},
    ],
}  # fmt: skip


def small_case(folder: Path, settings: Row | None = None, text: str = "", blocks: str = BLOCKS, **tables: Rows | None) -> Case:
    """Return the case with some tables replaced or added (``None``: removed), written to ``folder`` and read from there.

    ``settings`` replace keys of ``case.toml``, ``blocks`` its blocks, ``text`` is put at its end.
    """
    chosen = {name: rows for name, rows in {**TABLES, **tables}.items() if rows is not None}
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}" for key, value in {**SETTINGS, **(settings or {})}.items()]
    (folder / "case.toml").write_text("\n".join([*lines, blocks, text, ""]), encoding="utf-8")
    for name, rows in chosen.items():
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, columns, restval="")
            writer.writeheader()
            writer.writerows(rows)
    return placement.read_case(folder)


def same_program(one: Case, other: Case) -> bool:
    """Whether two cases build the same rows, columns, coefficients, costs and bounds."""
    a, b = (assemble(build_sides(case))[0] for case in (one, other))
    if a.row_names != b.row_names or a.supply_names != b.supply_names or a.matrix.shape != b.matrix.shape:
        return False
    numbers = ("cost", "row_lower", "row_upper", "lower", "upper", "integer")
    return abs(a.matrix - b.matrix).nnz == 0 and a.offset == b.offset and all(np.array_equal(getattr(a, n), getattr(b, n)) for n in numbers)


def edited(table: str, where: Row | None = None, **cells: Any) -> Rows:
    """Return the rows of a table of :data:`TABLES` with cells set, in all rows or those that match ``where``."""
    return [{**row, **cells} if all(row.get(k) == v for k, v in (where or {}).items()) else dict(row) for row in TABLES[table]]


def solved(case: Case) -> Plan:
    """Return the optimal plan of a small case, accepted by the independent checker."""
    plan = placement.solve(case, rel_gap=0.0, time_limit_s=60)
    assert plan.status is placement.Status.OPTIMAL
    assert plan.verdict is not None
    assert plan.verdict.ok, plan.verdict.violations
    return plan


def violations(plan: Plan, table: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> set[str]:
    """Return the names of the rules that the checker finds broken when one table of a plan is edited."""
    tables = {**plan.tables, table: edit(plan.tables[table].copy())}
    return {v.rule for v in check(plan.case, tables, card(plan.case.model).weights).violations}
