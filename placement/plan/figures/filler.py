"""Figures of preemptible jobs."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def filler(case: Case, tables: Tables) -> dict[str, float]:
    """Return how many preemptible jobs run, and on how many units on average over all periods."""
    jobs = case["jobs"]
    if not jobs["preemptible"].any():
        return {}
    runs = tables["training"][tables["training"]["job"].isin(list(jobs.loc[jobs["preemptible"], "job"]))]
    length = [case.periods.index(end) - case.periods.index(start) + 1 for start, end in zip(runs["start"], runs["end"], strict=True)]
    return {"fillers_placed": len(runs), "filler_units_mean": float((runs["units"] * length).sum() / case.n_periods)}
