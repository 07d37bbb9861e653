"""Rules on magnitudes: numbers within the schema's range that only a wrong unit explains."""

from __future__ import annotations

from dataclasses import dataclass

from placement.case.draft import Draft, Problems


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
    Ceiling("generators", "capex_musd_per_mw", 100.0, "M$ per MW"),
    Ceiling("jobs", "value_musd", 1e6, "M$"),
    Ceiling("links", "module_capex_musd", 1e4, "M$"),
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
