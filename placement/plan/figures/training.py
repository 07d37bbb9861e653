"""Figures of jobs."""

from __future__ import annotations

import numpy as np

from placement.case import Case
from placement.plan.figures.tables import Tables


def training(case: Case, tables: Tables) -> dict[str, float]:
    """Return jobs placed and not placed, and their goodput."""
    if "jobs" not in case:
        return {}
    placed, unplaced = tables["training"], tables["unplaced"]
    out = {
        "jobs_placed": len(placed),
        "jobs_unplaced": len(unplaced),
        "value_placed_musd": placed["value_musd"].sum(),
        "value_unplaced_musd": unplaced["value_musd"].sum(),
    }
    nominal = placed.merge(case["job_skus"].rename(columns={"units": "nominal"}), on=["job", "sku"])
    return {**out, "goodput_mean": nominal["nominal"].sum() / nominal["units"].sum() if len(nominal) else np.nan}
