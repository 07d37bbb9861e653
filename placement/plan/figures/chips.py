"""Figures of accelerators."""

from __future__ import annotations

import numpy as np

from placement.case import Case
from placement.plan.figures.tables import Tables
from placement.units import KW_PER_MW


def chips(case: Case, tables: Tables) -> dict[str, float]:
    """Return units ordered, in use and idle."""
    chips = tables["chips"]
    if not len(chips):
        return {}
    kw = chips["sku"].map(case["skus"].set_index("sku")["kw_per_unit"])
    there, used = ((chips["installed"] + chips["deployed"]) * kw).sum(), ((chips["training"] + chips["serving"]) * kw).sum()
    last = chips["period"] == case.periods[-1]
    sold = {"units_sold": tables["resales"]["units"].sum(), "resale_musd": tables["resales"]["musd"].sum()} if "resale" in case else {}
    return {
        "units_end": (chips["installed"] + chips["deployed"])[last].sum(),
        "units_ordered": tables["orders"]["units"].sum(),
        "chip_utilisation": used / there if there else np.nan,  # weighted by power, over all periods
        "idle_it_mw_mean": (there - used) / KW_PER_MW / case.n_periods,
        **sold,
    }
