"""Figures of priced placements."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case import Case
from placement.plan.figures.tables import Tables


def priced(case: Case, tables: Tables) -> dict[str, float]:
    """Return the figures of a plan for a case with pairs; costs are in the case's own unit."""
    by_term = tables["cash"].groupby("term")["musd"].sum()
    jobs, services = tables["training"], tables["inference"]
    used = pd.concat([jobs[["site", "units"]], services[["site", "units"]]])
    shut = set(tables["openings"].loc[tables["openings"]["open"] == 0, "site"])
    room = case["capacity"].loc[~case["capacity"]["site"].isin(list(shut)), ["site", "capacity"]]
    taken = used.loc[used["site"].isin(list(room["site"])), "units"].sum()
    return {
        "placing_cost": by_term.get("placing", 0.0),
        "opening_cost": by_term.get("opening", 0.0),
        "jobs_placed": len(jobs),
        "services_served": services["service"].nunique(),
        "services_split": (services["service"].value_counts() > 1).sum(),
        "sites_used": used["site"].nunique(),
        "sites_open": len(case["sites"]) - len(shut),
        "capacity_used_share": taken / room["capacity"].sum() if len(room) else np.nan,
    }
