"""What differs between two points of a plan's program: where workloads run, and what they cost by term."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.case import Objective
from placement.errors import FormulationError
from placement.explain.base import Base
from placement.explain.ways import Ways, ways
from placement.objectives import cost_of
from placement.program import Floats

_SHARE = 1e-3  # of a service's demand: less is no change that a planner sees


def moved(base: Base, before: Floats, after: Floats) -> pd.DataFrame:
    """Return jobs that run elsewhere, at another time or not at all, and sites that serve more or less of a service.

    Returns
    -------
    DataFrame
        Columns ``workload``, ``site`` (of a service; blank for a job), ``was``, ``becomes``: place, SKU and start of a job; the share of a service's
        tokens over the whole horizon that the site serves, as :func:`placement.compare` has it.
    """
    rows: list[tuple[str, str, str, str]] = []
    for job in base.case["jobs"]["job"]:
        one = ways(base, job)
        was, now = (_run(one, x) for x in (before, after))
        rows += [(job, "", was, now)] if was != now else []
    for service in base.case["services"]["service"]:
        one = ways(base, service)
        was_share, now_share = (_shares(base, one, x) for x in (before, after))
        for site in sorted({*was_share.index, *now_share.index}):
            a, b = float(was_share.get(site, 0.0)), float(now_share.get(site, 0.0))
            rows += [(service, site, f"{a:.1%}", f"{b:.1%}")] if abs(a - b) > _SHARE else []
    return pd.DataFrame(rows, columns=["workload", "site", "was", "becomes"])


def _run(one: Ways, x: Floats) -> str:
    rows = one.taken(x)
    return " + ".join(" ".join(filter(None, (r.place, r.sku, r.period))) for r in rows[rows["taken"] > 0.5].itertuples()) or "not placed"


def _shares(base: Base, one: Ways, x: Floats) -> pd.Series:
    """Return the share of a service's tokens over the horizon that each site serves."""
    taken = one.taken(x)
    if "pairs" in base.case:
        return taken.groupby("site")["taken"].sum()
    asked = base.case["demand"][base.case["demand"]["service"] == one.workload].groupby("period")["mtok_per_day"].sum()
    part = taken["period"].map(dict(zip(np.array(base.case.periods)[asked.index], asked / asked.sum(), strict=True))).astype(float)
    return (taken["taken"] * part).groupby(taken["site"]).sum()


def by_term(base: Base, before: Floats, after: Floats) -> pd.DataFrame:
    """Return the discounted, weighted cost of two points by term: ``term``, ``plan_musd``, ``forced_musd``, ``difference_musd``."""
    sides, rows = base.sides, []
    for term in (t for t in sides.weights if t in {*sides.supply.cost, *sides.columns.cost_musd}):
        try:
            cost, constant = cost_of(sides, base.variables, Objective(term, {term: sides.weights[term]}))
        except FormulationError:  # nothing in the case costs it
            continue
        one, other = float(cost @ before) + constant, float(cost @ after) + constant
        rows.append((term, one, other, other - one))
    return pd.DataFrame(rows, columns=["term", "plan_musd", "forced_musd", "difference_musd"])
