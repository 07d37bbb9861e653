"""Figures of releases."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def releases(case: Case, tables: Tables) -> dict[str, float]:
    """Return how many releases are out by the end, and for how many periods in all."""
    if "releases" not in case:
        return {}
    out = tables["releases"].loc[tables["releases"]["released"] != "", "released"]
    return {"releases_out": len(out), "release_periods": sum(case.n_periods - case.periods.index(t) for t in out)}
