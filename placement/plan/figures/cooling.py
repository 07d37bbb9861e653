"""Figures of water and heat."""

from __future__ import annotations

import numpy as np

from placement.case import Case
from placement.plan.figures.tables import Tables
from placement.rules.cooling import by_block


def cooling(case: Case, tables: Tables) -> dict[str, float]:
    """Return the water used at sites with a WUE, where there are any."""
    if not len(tables["energy"]) or np.isnan(by_block(case, "wue_l_per_kwh")).all():
        return {}
    return {"water_ml": float(tables["water"]["water_ml"].sum())}
