"""Figures of work that is moved between hours."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def shifting(case: Case, tables: Tables) -> dict[str, float]:
    """Return the IT energy that deferrable jobs draw in other hours than if they drew their mean all the time."""
    if not (case["jobs"]["duty"] < 1).any():
        return {}
    shifts = tables["shifts"]
    hours = dict(zip((b.name for b in case.blocks), case.hours, strict=True))
    return {"shifted_gwh": (shifts["mw"].clip(lower=0) * shifts["block"].map(hours)).sum() / 1e3}
