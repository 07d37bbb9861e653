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
    renting = case["offers"]["kind"].isin(["lease", "on_demand"]).any()
    units = (chips["installed"] + chips["deployed"]).sum()
    rented = {"rented_unit_share": tables["rents"]["units"].sum() / units if units else np.nan} if renting else {}
    return {
        "units_end": (chips["installed"] + chips["deployed"])[last].sum(),
        "units_ordered": tables["orders"]["units"].sum(),
        "chip_utilisation": used / there if there else np.nan,  # weighted by power, over all periods
        "idle_it_mw_mean": (there - used) / KW_PER_MW / case.n_periods,
        **rented,
        **sold,
        **_waiting(case, tables),
    }


def _waiting(case: Case, tables: Tables) -> dict[str, float]:
    """Return units in stock, where holding them costs or is limited, and units moved."""
    out, stock = {}, tables["stock"]
    if "inventory" in case:
        out["units_in_stock_mean"] = stock["units"].sum() / case.n_periods
        out["units_in_stock_end"] = stock.loc[stock["period"] == case.periods[-1], "units"].sum()
    if "relocation" in case:
        out["units_moved"] = tables["moves"]["units"].sum()
    return out
