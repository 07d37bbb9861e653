"""Prices of scarce things: row duals in the planner's words."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case import Case
from placement.program import Floats, Program

#: row family -> (what one unit is, what its ids are; "period" and "block" are indices there)
FAMILIES: dict[str, tuple[str, tuple[str, ...]]] = {
    "power": ("M$/MW", ("place", "period", "block")),
    "firm": ("M$/MW", ("place", "level", "period")),
    "compute": ("M$/accelerator", ("place", "sku", "period")),
    "serve": ("M$/accelerator", ("place", "sku", "period")),
    "pool": ("M$/accelerator", ("place", "sku", "period", "block")),
    "presence": ("M$/share", ("service", "place", "metro", "period")),
    "least_units": ("M$/accelerator", ("service", "place", "period")),
    "fibre": ("M$/(Gbit/s)", ("place", "period")),
    "hall_it_mw": ("M$/MW", ("place", "period")),
    "hall_liquid_mw": ("M$/MW", ("place", "period")),
    "hall_density_mw": ("M$/MW", ("place", "halls", "period")),
    "grid_limit": ("M$/MW", ("place", "period", "block")),
    "community_cap": ("M$/MW", ("place", "period", "block")),
    "milestone_starts": ("M$/start", ("milestone", "place", "period")),
    "crew_limit": ("M$/crew", ("place", "period")),
    "grid_queue": ("M$/MW", ("place", "period")),
    "heat_limit": ("M$/MW", ("place", "period")),
    "water": ("M$/Ml", ("place", "year")),
    "community_water": ("M$/Ml", ("place", "year")),
    "chip_stock": ("M$/accelerator", ("sku", "period")),
    "stock_max": ("M$/accelerator", ("sku", "period")),
    "deploy_rate": ("M$/MW", ("place", "period")),
    "stage_capacity": ("M$/unit of the stage", ("place", "period")),
    "export_cap": ("M$/accelerator", ("class", "place", "period")),
    "export_performance": ("M$/million TPP", ("class", "place", "period")),
    "domestic_share": ("M$/M$", ("place",)),
    "spread": ("M$/share", ("service", "metro", "place", "period")),
    "cover": ("M$/share", ("service", "metro", "place", "period")),
    "spare": ("M$/share", ("service", "metro", "period")),
    "apart": ("M$/job", ("class", "place", "period")),
    "export_limit": ("M$/MW", ("place", "period", "block")),
    "curtail_baseline": ("M$/MW", ("place", "period")),
    "carbon_cap": ("M$/t", ("period",)),
    "clean_match": ("M$/MW", ("place", "period", "block")),
    "clean_energy": ("M$/MWh", ("place", "period")),
    "mix_max": ("M$/GWh", ("place", "period")),
    "mix_min": ("M$/GWh", ("place", "period")),
    "demand_peak": ("M$/MW", ("place", "period", "block")),
    "lease_split": ("M$/accelerator", ("offer",)),
    "rent_max": ("M$/accelerator", ("offer", "period")),
    "resale_max": ("M$/accelerator", ("sku", "period")),
    "budget": ("M$/M$", ("period",)),
    "lease_cap": ("M$/M$", ("period",)),
    "tranche_progress": ("M$/MW", ("tranche", "period")),
    "tranche_drawn": ("M$/M$", ("tranche", "period")),
    "base": ("M$/job", ("job", "period")),
    "capacity": ("M$/unit", ("place",)),
    "deferrable": ("M$/MW", ("place", "duty", "period")),
    "filler": ("M$/accelerator", ("place", "sku", "period")),
    "lull": ("M$/accelerator", ("place", "sku", "period")),
    "release": ("M$/period", ("release", "period")),
}
COLUMNS = ("resource", "kind", "place", "sku", "period", "block", "price", "unit", "label")
_NIL = 1e-9


def prices(case: Case, program: Program, dual: Floats, label: str) -> pd.DataFrame:
    """Return what one more unit of each scarce thing is worth, discounted M$ per unit, the dearest first.

    Parameters
    ----------
    dual : ndarray, shape (n_rows,)
        Row duals of a minimisation.
    label
        What kind of dual it is, such as ``"local dual, decisions fixed"``.
    """
    rows = []
    for i in np.flatnonzero(np.abs(dual) > _NIL):
        family, *ids = program.row_keys[int(i)]
        if family not in FAMILIES:
            continue
        unit, names = FAMILIES[family]
        unit = unit.replace("M$", case.cost_unit)
        parts = dict(zip(names, ids, strict=True))
        period = case.periods[parts["period"]] if "period" in parts else str(parts.get("year", ""))
        block = case.blocks[parts["block"]].name if "block" in parts else ""
        rows.append((program.row_name(int(i)), family, parts.get("place", ""), parts.get("sku", ""), period, block, -float(dual[i]), unit, label))
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("price", ascending=False, ignore_index=True, kind="stable")
