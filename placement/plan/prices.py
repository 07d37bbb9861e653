"""Prices of scarce things: duals of rows and reduced costs of bounds in the planner's words."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from placement.case import Case
from placement.plan.bounds import SWITCHED, bound_prices
from placement.program import Floats, Key, Program, key_name

#: family of rows, or of bounds (:mod:`placement.plan.bounds`) -> (what one unit is, what its ids are; "period" and "block" are indices there)
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
    "order_max": ("M$/accelerator", ("offer",)),
    "generator_most": ("M$/MW", ("generator",)),
    "storage_max": ("M$/MW", ("storage",)),
    "ppa_max": ("M$/MW", ("contract",)),
    "curtail_max": ("M$/MW", ("place", "tier", "period")),
    "offset_max": ("M$/kt", ("period",)),
    "debt_max": ("M$/M$", ("period",)),
    "community_extra_mw": ("M$/MW", ("place", "period")),
    "community_extra_ml": ("M$/Ml", ("place", "period")),
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


def prices(case: Case, program: Program, dual: Floats, label: str, x: Floats | None = None, keys: Sequence[Key] = ()) -> pd.DataFrame:
    """Return what one more unit of each scarce thing is worth, discounted M$ per unit, the dearest first.

    Parameters
    ----------
    dual : ndarray, shape (n_rows,)
        Row duals of a minimisation.
    label
        What kind of dual it is, such as ``"local dual, decisions fixed"``.
    x, keys
        The plan's point, shape (n_columns,), and family and ids of the supply columns: then limits that are bounds of decisions have a price, too.
    """
    worth: dict[Key, float] = {}
    for i in np.flatnonzero(np.abs(dual) > _NIL):
        key = program.row_keys[int(i)]
        if key[0] in FAMILIES and key[0] not in SWITCHED:
            worth[key] = -float(dual[i])
    for key, more in (bound_prices(case, program, dual, x, keys) if x is not None else {}).items():
        worth[key] = worth.get(key, 0.0) + more
    places = _Places(case)
    rows = [_row(case, places, key, price, label) for key, price in worth.items() if abs(price) > _NIL]
    return pd.DataFrame(rows, columns=list(COLUMNS)).sort_values("price", ascending=False, ignore_index=True, kind="stable")


class _Places:
    """Where an offer or a plant is, and which SKU an offer is of."""

    def __init__(self, case: Case) -> None:
        def column(table: str, key: str, value: str) -> dict[str, str]:
            return dict(zip(case[table][key], case[table][value], strict=True))

        self.sku = column("offers", "offer", "sku")
        self.place = {"offer": column("offers", "offer", "site"), "generator": column("generators", "generator", "site")}
        self.place |= {"storage": column("storage", "storage", "site")}


def _row(case: Case, places: _Places, key: Key, price: float, label: str) -> tuple[object, ...]:
    """Return a row of the table."""
    family, *ids = key
    unit, names = FAMILIES[family]
    parts = dict(zip(names, ids, strict=True))
    place = parts.get("place") or next((known.get(parts[name], "") for name, known in places.place.items() if name in parts), "")
    sku = parts.get("sku") or places.sku.get(parts.get("offer", ""), "")
    period = case.periods[parts["period"]] if "period" in parts else str(parts.get("year", ""))
    block = case.blocks[parts["block"]].name if "block" in parts else ""
    return key_name(key), family, place, sku, period, block, price, unit.replace("M$", case.cost_unit), label
