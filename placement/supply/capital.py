r"""Funds per period: own funds, debt within its headroom, tranches that progress releases; and the most that may be rented.

.. math:: capex_t + carried_t \le B_t + debt_t + \sum_n drawn_{nt} + carried_{t-1}

See models/README.md, section 8.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.errors import FormulationError
from placement.supply.supply import Block, Expr, Supply, amount
from placement.units import MONTHS_PER_YEAR


def build(supply: Supply) -> None:
    """Declare ``debt[t]`` and ``carried[t]``; state ``budget[t]`` and ``lease_cap[t]``. Must come after every block that spends."""
    case, m = supply.case, supply.model
    rows = case["budget"].set_index("period")
    limit, headroom, rent = (rows[c].dropna().to_dict() for c in ("capex_musd", "debt_musd", "lease_musd"))
    m.debt = pyo.Var([t for t in limit if headroom[t] > 0], bounds=lambda m, t: (0, headroom[t]))
    for t in m.debt:
        for paid in range(t + 1, case.n_periods + 1):  # a period's interest is paid at its end
            supply.pay("finance", paid, case.debt_rate * case.period_months / MONTHS_PER_YEAR * m.debt[t])
    funds: dict[int, list[Expr]] = {t: [limit[t], *supply.drawn.get(t, ())] + ([m.debt[t]] if t in m.debt else []) for t in limit}
    most = {t: sum(limit[u] + headroom[u] for u in limit if u <= t) + supply.most_drawn for t in limit}
    m.carried = pyo.Var([t for t in limit if case.budget_carries and t + 1 in limit], bounds=lambda m, t: (0, most[t]))
    for t in m.carried:
        funds[t].append(-m.carried[t])
        funds[t + 1].append(m.carried[t])
    spending = [t for t in limit if ("capex", t) in supply.cash or t in m.carried or t - 1 in m.carried]
    m.budget = pyo.Constraint(spending, rule=lambda m, t: amount(supply.cash.get(("capex", t), ())) <= amount(funds[t]))
    if rent and not any(("lease", t) in supply.cash for t in range(case.n_periods)):
        raise FormulationError("budget.lease_musd has no effect: nothing in the case can be rented; leave it blank")
    m.lease_cap = pyo.Constraint([t for t in rent if ("lease", t) in supply.cash], rule=lambda m, t: amount(supply.cash["lease", t]) <= rent[t])


BLOCK = Block("capital", build, tables=("budget",), needs=("sites", "grid", "contracts", "generation", "chips", "fibre", "tranches"))
