"""Rules on magnitudes: numbers within the schema's range that only a wrong unit explains, or that no solver can tell from 0."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placement.case.draft import Draft, Problems
from placement.units import KW_PER_MW, USD_PER_MUSD


@dataclass(frozen=True, slots=True)
class Ceiling:
    """The most that a column, or its ratio to another column of the row, can plausibly be."""

    table: str
    column: str
    most: float
    unit: str
    per: str = ""


#: Ceilings are some ten times what has ever been paid or planned, and far below the same number in dollars.
CEILINGS = (
    Ceiling("sites", "opening_cost_musd", 1e5, "M$"),
    Ceiling("halls", "capex_musd", 200.0, "M$ per MW", "it_mw"),
    Ceiling("halls", "opex_musd_per_year", 50.0, "M$ per MW and year", "it_mw"),
    Ceiling("milestones", "cost_musd", 1e5, "M$"),
    Ceiling("grid", "capex_musd", 100.0, "M$ per MW", "mw"),
    Ceiling("grid", "opex_musd_per_year", 10.0, "M$ per MW and year", "mw"),
    Ceiling("generators", "capex_musd_per_mw", 100.0, "M$ per MW"),
    Ceiling("generators", "opex_musd_per_mw_year", 10.0, "M$ per MW and year"),
    Ceiling("storage", "capex_musd_per_mw", 100.0, "M$ per MW"),
    Ceiling("storage", "capex_musd_per_mwh", 10.0, "M$ per MWh"),
    Ceiling("storage", "opex_musd_per_mw_year", 10.0, "M$ per MW and year"),
    Ceiling("jobs", "value_musd", 1e6, "M$"),
    Ceiling("job_skus", "porting_cost_musd", 1e5, "M$"),
    Ceiling("links", "module_capex_musd", 1e4, "M$"),
    Ceiling("waves", "lease_musd_per_year", 1e3, "M$"),
    Ceiling("demand", "mtok_per_day", 1e9, "million tokens per day"),
)


def plausible(d: Draft) -> Problems:
    """Money in dollars instead of M$, or tokens instead of millions of tokens, is refused."""
    for c in CEILINGS:
        if not all(d.findings.trusts(f"{c.table}.{name}") for name in (c.column, c.per) if name):
            continue
        table = d[c.table]
        size = table[c.column] / table[c.per] if c.per else table[c.column]
        rule = f"must be at most {c.most:,.0f} {c.unit}; more is not plausible"
        yield from d.broken(c.table, c.column, size > c.most, rule, f"Check that the number is in {c.unit.split(' per ')[0]}.")


@dataclass(frozen=True, slots=True)
class Floor:
    """The least that a column may be where it is not 0."""

    table: str
    column: str
    least: float
    unit: str


SOLVABLE = 1e-9  # a solver takes smaller coefficients for 0; program.guard refuses them

#: Far below anything that matters, and large enough for a solver to see after the model's own factors (hours, periods, M$).
FLOORS = (
    Floor("sites", "opening_cost_musd", 1e-5, "M$"),
    Floor("halls", "capex_musd", 1e-5, "M$"),
    Floor("milestones", "cost_musd", 1e-5, "M$"),
    Floor("grid", "capex_musd", 1e-5, "M$"),
    Floor("grid", "opex_musd_per_year", 1e-5, "M$"),
    Floor("generators", "capex_musd_per_mw", 1e-5, "M$"),
    Floor("ppas", "min_mw", 1e-3, "MW"),
    Floor("generators", "opex_musd_per_mw_year", 1e-6, "M$ per MW and year"),
    Floor("generators", "min_mw", 1e-3, "MW"),
    Floor("tariffs", "clean_share", 1e-3, "of the energy"),
    Floor("curtailment", "usd_per_mw_year", 1.0, "$ per MW and year"),
    Floor("curtailment", "usd_per_mwh", 0.01, "$ per MWh"),
    Floor("carbon_caps", "max_offset_kt", 1e-6, "kt"),
    Floor("mix_limits", "min_share", 1e-3, "of the energy"),
    Floor("mix_limits", "max_share", 1e-3, "of the energy"),
    Floor("generators", "min_load", 1e-3, "of what the capacity gives"),
    Floor("storage", "capex_musd_per_mw", 1e-5, "M$ per MW"),
    Floor("storage", "capex_musd_per_mwh", 1e-5, "M$ per MWh"),
    Floor("storage", "opex_musd_per_mw_year", 1e-6, "M$ per MW and year"),
    Floor("links", "module_capex_musd", 1e-5, "M$"),
    Floor("waves", "lease_musd_per_year", 1e-5, "M$"),
    Floor("offers", "unit_price_usd", 0.01, "$"),
    Floor("offers", "take_share", 1e-3, "of max_units"),
    Floor("ppas", "take_share", 1e-3, "of the output"),
    Floor("profiles", "factor", 1e-5, "MW/MW"),
    Floor("services", "min_units", 1e-3, "accelerators"),
    Floor("services", "presence_cost_musd_per_year", 1e-5, "M$"),
    Floor("pairs", "use", 1e-6, "units"),
)


def not_tiny(d: Draft) -> Problems:
    """A number that is meant to be 0 is 0."""
    for f in FLOORS:
        if d.findings.trusts(f"{f.table}.{f.column}"):
            size = d[f.table][f.column]
            rule = f"must be 0 or at least {f.least:g} {f.unit}; less cannot be told from 0"
            yield from d.broken(f.table, f.column, (size > 0) & (size < f.least), rule, "Give 0, or check the unit.")


def idle_draw(d: Draft) -> Problems:
    """What a chip draws idle, and what it draws more when it works, is nothing or enough to be seen."""
    skus = d["skus"]
    idle = skus["idle_share"] * skus["kw_per_unit"] / KW_PER_MW
    more = (1 - skus["idle_share"]) * skus["kw_per_unit"] / KW_PER_MW
    tiny = ((idle > 0) & (idle <= SOLVABLE)) | ((more > 0) & (more <= SOLVABLE))
    return d.broken("skus", "idle_share", tiny, "must be 0, 1 or clearly between: less than a milliwatt cannot be told from 0", "Round it.")


def spend_shares(d: Draft) -> Problems:
    """A share of the spend is 0, 1 or clearly between, seen from the cheapest chip."""
    price = d["offers"]["unit_price_usd"]
    rule = "must be 0, 1 or clearly between: a solver cannot tell so small a share of the cheapest chip from 0"
    for table, column in (("vendor_caps", "max_spend_share"), ("domestic_shares", "min_spend_share")):
        share = d[table][column]
        off = np.minimum(share.where(share > 0, 1.0), (1 - share).where(share < 1, 1.0)) * price[price > 0].min() / USD_PER_MUSD
        if found := d.broken(table, column, off <= SOLVABLE, rule, "Round it, or check unit_price_usd."):
            return found  # one wrong price would tell on both
    return []
