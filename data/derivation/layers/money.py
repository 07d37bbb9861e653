# ruff: noqa: E501  # rows of figures are read across
"""Money: debt, funds that progress releases, and a limit on rent."""

from __future__ import annotations

import pandas as pd

from derivation.spec import Spec

DEBT_SHARE, DEBT_RATE = 0.10, 0.07  # scenario: headroom as a share of the quarter's own funds; interest per year
OWN_SHARE = 0.94  # scenario: own funds, of the capital; the rest comes from debt and tranches
TRANCHES = (("project bond A", 2_500.0, 9_000.0, "2027Q2"), ("project bond B", 3_500.0, 12_000.0, "2028Q1"))  # scenario: M$, MW of IT in service, first quarter
LEASE_MUSD = 600.0  # scenario: most rent per quarter

ENTRIES = {"tranches": ("none: scenario", "-", "Scenario: bonds that lenders release once so much IT power is in service.")}
NOTES = {
    "budget": f"Scenario: {OWN_SHARE:.0%} of it own funds, debt headroom {DEBT_SHARE:.0%} at {DEBT_RATE:.0%} a year, rent at most {LEASE_MUSD:,.0f} M$ a quarter."
}
SETTINGS = (f"debt_rate = {DEBT_RATE}", "budget_carries = true")


def extend(tables: dict[str, pd.DataFrame], spec: Spec) -> None:
    """Add what the module says."""
    budget = tables["budget"]
    budget["debt_musd"] = (DEBT_SHARE * budget["capex_musd"]).round()
    budget["capex_musd"] = (OWN_SHARE * budget["capex_musd"]).round()
    budget["lease_musd"] = LEASE_MUSD  # chips, see derivation.layers.chips
    rows = [
        {"tranche": name.replace(" ", "-").lower(), "amount_musd": musd, "needs_it_mw": mw, "available": when, "assumption": "scenario: terms of the lenders"}
        for name, musd, mw, when in TRANCHES
    ]
    tables["tranches"] = pd.DataFrame(rows)
