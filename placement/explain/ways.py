"""The columns of a program that a planner means by a workload at a site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.findings import did_you_mean
from placement.errors import OptionError
from placement.explain.base import Base
from placement.program import Floats, Sides

Ints = NDArray[np.int64]

_NIL = 1e-6  # shares below are noise of the solver
COLUMNS = ("column", "site", "place", "sku", "metro", "period", "until", "units", "weight")


@dataclass(frozen=True, eq=False)
class Ways:
    """All ways to run a workload.

    Attributes
    ----------
    table
        One row per way: ``column`` (of the program), ``site``, ``place`` (fabric domain, or site), ``sku``, ``metro``, ``period`` (of a job: the start),
        ``until``, ``units`` (accelerators), and ``weight``: the share that it is of the job, or of the service's demand in the period.
    """

    workload: str
    is_job: bool
    table: pd.DataFrame

    def at(self, site: str, periods: Sequence[str] | None = None) -> pd.DataFrame:
        """Return the ways at a site; those of a service in some periods only (default: all)."""
        here = self.table[self.table["site"] == site]
        return here if periods is None or self.is_job else here[here["period"].isin(periods)]

    def taken(self, x: Floats) -> pd.DataFrame:
        """Return the ways that a point of the program takes, with the share ``taken``."""
        rows = self.table.assign(taken=x[self.table["column"].to_numpy(np.int64)] * self.table["weight"].to_numpy(float))
        return rows[rows["taken"] > _NIL]


def ways(base: Base, workload: str) -> Ways:
    """Return the ways to run a workload.

    Raises
    ------
    OptionError
        If the case has no job or service of that name.
    """
    sides, supply = base.sides, base.program.n_supply
    jobs, services = (list(sides.case[t][t[:-1]]) for t in ("jobs", "services"))
    known(workload, [*jobs, *services], "job or service", sides.case.name)
    is_job, found = workload in jobs, [pd.DataFrame(columns=list(COLUMNS))]
    code = jobs.index(workload) if is_job else services.index(workload)
    for kind, at, frame in sides.columns.blocks():
        if kind == "training" and is_job:
            found.append(_of_job(sides, frame, frame["job"] == code, supply + at))
        elif kind == "inference" and not is_job:
            found.append(_of_service(sides, frame, frame["service"] == code, supply + at, workload))
        elif kind == "pairs":
            found.append(_of_pair(sides, frame, frame["workload"] == (code if is_job else len(jobs) + code), supply + at))
    some = [f for f in found if len(f)] or found[:1]
    return Ways(workload, is_job, pd.concat(some, ignore_index=True))


def known(name: str, names: Sequence[str], what: str, case: str) -> None:
    """Refuse a name that the case does not have.

    Raises
    ------
    OptionError
        Naming the most similar one.
    """
    if name not in names:
        raise OptionError(f"{case} has no {what} '{name}'. {did_you_mean(name, names)}")


def _table(frame: pd.DataFrame, mask: Any, first: int, **columns: Any) -> pd.DataFrame:
    column = first + np.flatnonzero(mask)
    blank: dict[str, Any] = {"sku": "", "metro": "", "period": "", "until": "", "units": np.nan, "weight": 1.0}
    return pd.DataFrame({"column": column, **blank, **columns}, columns=list(COLUMNS))


def _of_job(sides: Sides, frame: pd.DataFrame, mask: pd.Series, first: int) -> pd.DataFrame:
    rows, scope, label = frame[mask], sides.scope, np.array(sides.case.periods)
    domain, sku, start, end = (rows[c].to_numpy(np.int64) for c in ("domain", "sku", "start", "end"))
    place, site = scope.domains.to_numpy()[domain], scope.sites.to_numpy()[scope.domain_site[domain]]
    return _table(
        frame, mask, first, site=site, place=place, sku=scope.skus.to_numpy()[sku], period=label[start], until=label[end], units=rows["units"].to_numpy(float)
    )


def _of_service(sides: Sides, frame: pd.DataFrame, mask: pd.Series, first: int, service: str) -> pd.DataFrame:
    rows, case = frame[mask], sides.case
    site, sku, metro, t = (rows[c].to_numpy(np.int64) for c in ("site", "sku", "metro", "period"))
    label, metros = np.array(case.periods), case["metros"]["metro"].to_numpy()
    asked = case["demand"][case["demand"]["service"] == service]
    of = asked.set_index(["metro", "period"])["mtok_per_day"]
    mtok = of.reindex(pd.MultiIndex.from_arrays([metros[metro], t])).to_numpy(float)
    whole = asked.groupby("period")["mtok_per_day"].sum().reindex(t).to_numpy(float)
    place = sides.scope.sites.to_numpy()[site]
    return _table(
        frame, mask, first, site=place, place=place, sku=sides.scope.skus.to_numpy()[sku], metro=metros[metro], period=label[t], until=label[t],
        units=rows["units"].to_numpy(float), weight=mtok / whole,
    )  # fmt: skip


def _of_pair(sides: Sides, frame: pd.DataFrame, mask: pd.Series, first: int) -> pd.DataFrame:
    site = sides.scope.sites.to_numpy()[frame.loc[mask, "site"].to_numpy(np.int64)]
    return _table(frame, mask, first, site=site, place=site)
