"""Figures of water and heat."""

from __future__ import annotations

import numpy as np

from placement.case import Case
from placement.plan.figures.tables import Tables, at_rows
from placement.rules.cooling import by_block


def cooling(case: Case, tables: Tables) -> dict[str, float]:
    """Return the water used, where it is known what each site uses."""
    energy = tables["energy"]
    water = by_block(case, "wue_l_per_kwh")
    if not len(energy) or np.isnan(water).all():
        return {}
    hours = dict(zip((b.name for b in case.blocks), case.hours, strict=True))
    it_mwh = energy["mw"] * energy["block"].map(hours) / at_rows(by_block(case, "pue"), case, energy)
    return {"water_ml": (it_mwh * at_rows(water, case, energy)).sum() / 1e3}
