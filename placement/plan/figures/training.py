"""Figures of jobs."""

from __future__ import annotations

import numpy as np
import pandas as pd

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
    units = placed["units"].sum()
    if "datasets" in case:
        out["ingested_pb"] = _copied_tb(case, placed) / 1e3
    return {**out, "goodput_mean": (placed["goodput"] * placed["units"]).sum() / units if units else np.nan}


def _copied_tb(case: Case, placed: pd.DataFrame) -> float:
    """Return the data copied to sites where they do not lie, TB; once per job."""
    used = placed.merge(case["jobs"][["job", "dataset"]], on="job").merge(case["datasets"], on="dataset")
    return float(used.loc[(used["mode"] == "copy") & (used["node"] != used["site"]), "size_tb"].sum())
