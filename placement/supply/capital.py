"""Budget per period: undiscounted capex paid in a period stays within it. See models/README.md, section 8."""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply, amount


def build(supply: Supply) -> None:
    """State ``budget[t]``; must come after every block that spends."""
    limit = supply.case["budget"].set_index("period")["capex_musd"].to_dict()
    spending = {t: supply.cash["capex", t] for t in limit if ("capex", t) in supply.cash}
    supply.model.budget = pyo.Constraint(list(spending), rule=lambda m, t: amount(spending[t]) <= limit[t])


BLOCK = Block("capital", build, tables=("budget",), needs=("sites", "grid", "contracts", "generation", "chips", "fibre"))
