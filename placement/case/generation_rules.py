"""Rules on what makes and stores power at a site: sizes, connections, and what would have no effect."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule, among
from placement.units import HOURS_PER_YEAR, MWH_PER_GWH

_NO_LIFE = "Leave it blank."


def plant_sizes(d: Draft) -> Problems:
    """A module or a smallest plant fits into the largest, and a module needs no smallest plant."""
    rows = d["generators"]
    modular = rows["unit_mw"].notna()
    yield from d.broken("generators", "unit_mw", modular & (rows["unit_mw"] > rows["max_mw"]), "must not be above max_mw", "Correct one of the two.")
    yield from d.broken("generators", "min_mw", rows["min_mw"] > rows["max_mw"], "must not be above max_mw", "Correct one of the two.")
    both = modular & (rows["min_mw"] > 0)
    yield from d.broken("generators", "min_mw", both, "must be blank beside unit_mw: the least is one module", "Leave one of them blank.")


def fuel_limits(d: Draft) -> Problems:
    """A limit on energy is below what the plant could make at all hours."""
    rows = d["generators"]
    most = rows["max_mw"] * HOURS_PER_YEAR / MWH_PER_GWH
    rule = "has no effect: the plant cannot make more in a year"
    return d.broken("generators", "max_gwh_per_year", rows["max_gwh_per_year"] >= most, rule, "Check the unit, GWh, or leave it blank.")


def sales_connected(d: Draft) -> Problems:
    """Output is sold through the site's grid connection."""
    rows = d["generators"]
    alone = rows["export_usd_per_mwh"].notna() & ~among(rows["site"], d.values("grid", "site"))
    rule = "has no effect: the site has no grid connection to sell through"
    return d.broken("generators", "export_usd_per_mwh", alone, rule, "Add the site to grid.csv, or leave it blank.")


def storage_used(d: Draft) -> Problems:
    """Storage needs power to store, and hours to move it to."""
    if "storage" not in d.case:
        return
    rows = d["storage"]
    every = np.ones(len(rows), dtype=bool)
    if not d.present & {"grid", "generators"}:
        rule = "has no effect: power is not modelled without grid.csv or generators.csv"
        yield from d.broken("storage", "site", every, rule, "Add one of them, or remove storage.csv.")
    idle = (rows["firmness"] == 0) & (len(d.case.blocks) < 2)
    rule = "has no effect in one block of hours, unless it is firm"
    yield from d.broken("storage", "storage", idle, rule, "Divide the hours into blocks in case.toml, give firmness, or remove the rows.")
    free = (rows["capex_musd_per_mw"] == 0) & (rows["capex_musd_per_mwh"] == 0) & rows["life_years"].notna()
    yield from d.broken("storage", "life_years", free, "has no effect where both costs are 0", _NO_LIFE)


RULES: tuple[Rule, ...] = (
    Rule(plant_sizes, "generators.unit_mw generators.min_mw generators.max_mw"),
    Rule(fuel_limits, "generators.max_gwh_per_year generators.max_mw"),
    Rule(sales_connected, "generators.site generators.export_usd_per_mwh grid.site"),
    Rule(storage_used, "case.blocks storage.storage storage.firmness storage.capex_musd_per_mw storage.capex_musd_per_mwh storage.life_years"),
)
