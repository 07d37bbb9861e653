"""Figures of what stands behind the chips."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def upstream(case: Case, tables: Tables) -> dict[str, float]:
    """Return how much of the scarcest stage is taken."""
    stages = tables["stages"]
    some = stages[stages["capacity"] > 0]
    return {"stage_use_max_share": float((some["used"] / some["capacity"]).max())} if len(some) else {}
