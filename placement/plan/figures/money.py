"""Figures of payments."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def money(case: Case, tables: Tables) -> dict[str, float]:
    """Return payments by term, and what is spent."""
    by_term = tables["cash"].groupby("term")["musd"].sum()
    spend = by_term.drop(["value", "unmet", "salvage"], errors="ignore").sum()
    chips = tables["orders"]["cost_musd"].sum()
    out = {f"{term}_musd": musd for term, musd in by_term.items()}
    return {**out, "spend_musd": spend, "capex_chips_musd": chips, "capex_other_musd": by_term.get("capex", 0.0) - chips}
