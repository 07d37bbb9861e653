"""Arrays of an instance file to a :class:`Case`: the layers that the model card has, and a note on what the file has besides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from placement.case import Case
from placement.case.case import dtype_of
from placement.case.reading import content_hash
from placement.case.schema import NAN, TABLES
from placement.errors import DataError, OptionError, Problem
from placement.instances.layout import Layout
from placement.instances.scan import Contents

UNIT = "units"  # published objectives are in the instance's own unit


@dataclass(frozen=True, slots=True)
class Parts:
    """What a model card takes of a file. ``whole``: workloads go to one site each (jobs); otherwise they may be split (services)."""

    whole: bool
    capacity: bool
    opening: bool  # sites are opened, at a cost where the card counts it
    counted: bool = False  # so many sites are opened


#: The model cards of published problems. A new one is one line here; its blocks are on the card.
PARTS: dict[str, Parts] = {
    "gap": Parts(whole=True, capacity=True, opening=False),
    "sscflp": Parts(whole=True, capacity=True, opening=True),
    "cflp": Parts(whole=False, capacity=True, opening=True),
    "uflp": Parts(whole=False, capacity=False, opening=True),
    "p_median": Parts(whole=False, capacity=False, opening=False, counted=True),
}

#: The table columns that the fields of a file become; their ranges hold for the file.
_COLUMNS = {"cost": ("pairs", "cost_musd"), "use": ("pairs", "use"), "demand": ("pairs", "use"),
            "capacity": ("capacity", "capacity"), "opening": ("siting", "opening_cost_musd")}  # fmt: skip


def parts_of(model: str, known: tuple[str, ...], layout: Layout) -> Parts:
    """Return what a card takes of a file.

    Raises
    ------
    OptionError
        If files of that format do not have it.
    """
    if model not in known:
        raise OptionError(f"--model {model}: files of format {layout.name} are instances of {', '.join(known)}")
    return PARTS[model]


def to_case(contents: Contents, layout: Layout, model: str, parts: Parts, capacity: float | None, open_sites: int | None) -> Case:
    """Return the case that a file and a model card make.

    Raises
    ------
    DataError
        If a number lies outside the range of the column that it becomes.
    OptionError
        If the number of sites to open is missing, out of range, or not part of the model.
    """
    _check_count(model, parts, contents.m, open_sites)
    _check_ranges(contents, layout, parts)
    tables = _tables(contents, layout, parts)
    stem = contents.path.name.removesuffix(".gz").removesuffix(".txt")
    settings: dict[str, Any] = {"n_periods": 1, "period_months": 12, "open_sites": open_sites or 0, "cost_unit": UNIT}
    return Case(
        name=stem,
        title=f"{stem}: {contents.m} sites, {contents.n} workloads ({layout.name}, {model})",
        model=model,
        **settings,
        tables=tables,
        path=contents.path,
        sha256=content_hash(settings, tables),
        origin={
            "format": layout.name,
            "file": str(contents.path.resolve()),
            "file_sha256": contents.sha256,
            "capacity": capacity,
            "open_sites": open_sites,
        },
        notes=tuple(_notes(contents, layout, model, parts)),
    )  # fmt: skip


def _check_count(model: str, parts: Parts, m: int, open_sites: int | None) -> None:
    if parts.counted and open_sites is None:
        raise OptionError(f"--open-sites is missing: model {model} opens a given number of sites, 1 to {m} here")
    if not parts.counted and open_sites is not None:
        raise OptionError(f"--open-sites: model {model} does not fix how many sites are open; leave it out or choose --model p_median")
    if open_sites is not None and not 1 <= open_sites <= m:
        raise OptionError(f"--open-sites must be from 1 to {m}, the number of sites in the file, got {open_sites}")


def _taken(layout: Layout, parts: Parts) -> list[str]:
    """Return the fields of a file that the model has."""
    leave = {"capacity": not parts.capacity, "opening": not parts.opening, "demand": not (parts.capacity or layout.per_unit)}
    return [name for name in layout.fields() if not leave.get(name, False)]


def _check_ranges(contents: Contents, layout: Layout, parts: Parts) -> None:
    """Refuse negative numbers, which no published file has, and those beyond what the case's tables take."""
    problems = []
    values = {name: contents.fields[name] for name in _taken(layout, parts)}
    if layout.per_unit:
        values["cost"] = values["cost"] * contents.fields["demand"]
    for name, array in values.items():
        column = TABLES[_COLUMNS[name][0]].column(_COLUMNS[name][1])
        low, high = max(column.minimum, 0.0), column.maximum
        bad = ~((array >= low) & (array <= high))
        if bad.any():
            places = [f"{_place(name, index)}: {array[tuple(index)]:.10g}" for index in np.argwhere(bad)[:5]]
            rule = f"has {int(bad.sum()):,} numbers ({'opening cost' if name == 'opening' else name}) outside {low:g} to {high:g}: {'; '.join(places)}"
            problems.append(Problem(str(contents.path), "", rule, "Download the file again, or choose another --format (see `placement formats`)."))
    if problems:
        raise DataError(problems)


def _place(name: str, index: np.ndarray) -> str:
    if len(index) == 2:
        return f"workload w{index[1] + 1} at site s{index[0] + 1}"
    return f"workload w{index[0] + 1}" if name == "demand" else f"site s{index[0] + 1}"


def _tables(contents: Contents, layout: Layout, parts: Parts) -> dict[str, pd.DataFrame]:
    """Return the tables; ids are s1, s2, ... and w1, w2, ... in the order of the file, pairs workload by workload."""
    m, n, fields = contents.m, contents.n, contents.fields
    site = np.array([f"s{i}" for i in range(1, m + 1)], dtype=object)
    workload = np.array([f"w{j}" for j in range(1, n + 1)], dtype=object)
    demand = fields.get("demand")
    cost = fields["cost"] * demand if layout.per_unit and demand is not None else fields["cost"]
    tables = {"sites": _table("sites", site=site)}
    tables |= {"jobs": _table("jobs", job=workload, mandatory=np.ones(n, bool))} if parts.whole else {"services": _table("services", service=workload)}
    pairs: dict[str, Any] = {"workload": np.repeat(workload, m), "site": np.tile(site, n), "cost_musd": cost.T.ravel()}
    if parts.capacity:
        pairs["use"] = fields["use"].T.ravel() if "use" in fields else np.repeat(demand, m)  # type: ignore[arg-type]
        tables["capacity"] = _table("capacity", site=site, capacity=fields["capacity"])
    if parts.opening or parts.counted:
        tables["siting"] = _table("siting", site=site, opening_cost_musd=fields["opening"] if parts.opening else np.zeros(m))
    return tables | {"pairs": _table("pairs", **pairs)}


def _table(name: str, **given: np.ndarray) -> pd.DataFrame:
    """Return a typed table of the schema's columns; those that are not given hold what a blank cell means, in a case of one period."""
    length = len(next(iter(given.values())))
    columns = {}
    for column in TABLES[name]:
        kind = dtype_of(column)
        blank = 0 if column.kind == "period" else column.blank
        if blank is None:
            blank = "" if kind == "object" else NAN
        values = given.get(column.name)
        columns[column.name] = pd.Series(np.full(length, blank, dtype=kind) if values is None else values, dtype=kind)
    return pd.DataFrame(columns)


def _notes(contents: Contents, layout: Layout, model: str, parts: Parts) -> list[str]:
    """Say what the model leaves out of the file, and what makes one doubt that the format is right."""
    fields, notes = contents.fields, []
    names = {"capacity": "capacities", "opening": "opening costs"}
    left = [names[name] for name in layout.fields() if name in names and name not in _taken(layout, parts)]
    if left:
        notes.append(f"the file's {' and '.join(left)} are not part of model {model}")
    if parts.capacity and "demand" in fields:
        have, want = float(fields["capacity"].sum()), float(fields["demand"].sum())
        if have < want:
            notes.append(f"all capacities together ({have:,.6g}) are less than the demand ({want:,.6g}); is --format {layout.name} right?")
    return notes
