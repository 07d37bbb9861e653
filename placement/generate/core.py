"""The part of a base case that is resampled, and the cells of a generated case that say nothing there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from placement.case import Case
from placement.case.schema import TABLES
from placement.errors import Problem

# Tables that the steps of generating draw rows of.
DRAWN = {
    "sites", "halls", "milestones", "grid", "tariffs", "profiles", "ppas", "generators", "storage", "curtailment", "demand_charges", "clean_targets",
    "carbon_caps", "mix_limits", "skus", "offers", "installed", "vendor_caps", "export", "residency", "budget", "jobs", "job_skus", "services",
    "service_skus", "service_loads", "demand", "metros", "links",
}  # fmt: skip
# Columns that name rows of tables left out or other jobs, and limits that hang together with which sites are near which: with other sites,
# sizes and windows they would say something else (spares at sites that no copy is near, a cap on a country that all copies share).
_LEFT_OUT = {
    "halls": ("design", "max_kw_per_rack", "fabric_gbps_per_unit"),
    "jobs": ("base_job", "base_lag_periods", "dataset", "ingest_periods", "ingest_days", "due", "late_musd_per_period", "min_fabric_gbps"),
    "job_skus": ("min_units", "max_units", "scaling_exponent"),
    "milestones": ("crews",),
    "services": ("release", "redundancy", "spare_power", "max_share_per_domain", "queue_curve", "burst_share"),
    "sites": ("failure_domain", "deploy_mw_per_period"),
    "skus": ("kw_per_rack",),
}
_LINE = re.compile(r" line (\d+)\)(?:: .*)?$")
_FIRST_LINE = 2  # of a CSV file, after its header


def core_of(base: Case) -> tuple[Case, list[str]]:
    """Return the case without what is not resampled, and the names of the tables and columns that this takes away."""
    gone = [name for name in base.tables if name not in DRAWN]
    tables = {name: table for name, table in base.tables.items() if name in DRAWN}
    for name, column in ((n, c) for n, columns in _LEFT_OUT.items() if n in tables for c in columns):
        blanked = _blanked(base, name, tables[name], column, slice(None))
        if not blanked[column].equals(tables[name][column]):
            gone.append(f"{name}.{column}")
            tables[name] = blanked
    return replace(base, tables=tables, objectives=()), gone


def without_effect(case: Case, problems: Iterable[Problem]) -> Case | None:
    """Return the case with the cells blank that are reported to have no effect; None if there is any other problem.

    A small draw may leave out what a figure of a copied row acts on: a speed of deployment where no chips are on offer any more.
    """
    tables = dict(case.tables)
    for p in problems:
        if (
            not p.rule.startswith("has no effect")
            or p.table not in tables
            or p.column not in TABLES[p.table].names
            or TABLES[p.table].column(p.column).required
        ):
            return None
        rows = [int(found[1]) - _FIRST_LINE for row in p.rows if (found := _LINE.search(row))]
        tables[p.table] = _blanked(case, p.table, tables[p.table], p.column, rows)
    return replace(case, tables=tables)


def _blanked(case: Case, name: str, table: pd.DataFrame, column: str, rows: list[int] | slice) -> pd.DataFrame:
    """Return a table with cells of a column as if they were blank."""
    cells = table[column].copy()
    cells.iloc[rows] = TABLES[name].column(column).blank_value(case.n_periods)
    return table.assign(**{column: cells})
