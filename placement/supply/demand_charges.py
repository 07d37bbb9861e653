r"""Demand charges: the highest power through a site's grid connection in a period has a price.

.. math:: peak_{st} \ge g_{stb} + \sum_p c_{pstb} \quad \forall b

See models/README.md, section 2.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply, amount
from placement.units import USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``peak_mw[s,t]`` where the site's zone has a charge, above all that goes through the connection."""
    case, m = supply.case, supply.model
    price = case["demand_charges"].set_index(["zone", "period"])["usd_per_mw_month"].to_dict()
    zone = dict(zip(case["sites"]["site"], case["sites"]["zone"], strict=True))
    most_mw = case["grid"].groupby("site")["mw"].sum().to_dict()
    flows = [(s, t, b) for s, t, b in supply.through_grid if (zone[s], t) in price]
    m.peak_mw = pyo.Var(sorted({(s, t) for s, t, _ in flows}), bounds=lambda m, s, t: (0, most_mw[s]))
    m.demand_peak = pyo.Constraint(flows, rule=lambda m, s, t, b: amount(supply.through_grid[s, t, b]) <= m.peak_mw[s, t])
    for s, t in m.peak_mw:
        supply.pay("energy", t, price[zone[s], t] * case.period_months / USD_PER_MUSD * m.peak_mw[s, t], s)


BLOCK = Block("demand_charges", build, tables=("demand_charges",), needs=("grid", "contracts"))
