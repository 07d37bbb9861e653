"""Releases of models: when they are out, and what the plan waits for."""

from __future__ import annotations

import pandas as pd

from placement.demand.releases import earliest_out
from placement.plan.extract.blockers import blocked_start
from placement.plan.extract.demand import training
from placement.plan.extract.solution import Solution, table


def releases(solution: Solution) -> pd.DataFrame:
    """Return every release with the last period of its training, its first period, and what holds it back from the earliest one possible."""
    case, n = solution.case, solution.case.n_periods
    placed = {r.job: r for r in training(solution).itertuples()}
    number = {label: t for t, label in enumerate(case.periods)}
    rows = []
    for r, first in zip(case["releases"].itertuples(), earliest_out(solution.scope, solution.sides.columns), strict=True):
        run = placed.get(r.job)
        end = number[run.end] if run is not None else n
        out = end + 1 + r.lag_periods
        rows.append((r.release, r.job, run.end if run is not None else "", case.periods[out] if out < n else "", _why(solution, r, run, out, int(first))))
    return table("releases", rows)


def _why(solution: Solution, release, run, out: int, first: int) -> str:  # type: ignore[no-untyped-def]
    """Return what holds a release back; blank if nothing does."""
    if run is None:
        return _not_placed(solution, release, first)
    return "" if out == first else blocked_start(solution, run)


def _not_placed(solution: Solution, release, first: int) -> str:  # type: ignore[no-untyped-def]
    """Return why the job is not there: the rule that excludes most of its options, or that it is not worth its cost."""
    case = solution.case
    if first > case.n_periods + release.lag_periods:  # no column at all
        lost = solution.sides.demand.exclusions
        counts = lost[lost["workload"] == release.job].groupby("rule", sort=False)["n"].sum()
        return f"rule {counts.idxmax()}" if len(counts) else "rule dates"
    own = float(case["jobs"].set_index("job").loc[release.job, "value_musd"])
    worth = own + release.value_musd_per_period * max(0, case.n_periods - first)
    served = " and its services" if (case["services"]["release"] == release.release).any() else ""
    return f"worth {worth:.4g} M$ at most{served}, which other uses exceed or its cost does"
