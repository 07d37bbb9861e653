r"""Chips that have arrived and wait in stock: what holding them costs, and how many there may be.

.. math:: stock_{kt} = owned_{kt} - \sum_f deployed_{fkt} \le B_k

See models/README.md, section 3.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Expr, Supply, amount
from placement.units import USD_PER_MUSD


def hold_stock(supply: Supply) -> None:
    """Charge what stands in stock, or is on the way, as ``opex`` and state ``stock_max[k,t]``."""
    case, m = supply.case, supply.model
    deployed: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for (_, k, t), units in m.deployed.items():
        deployed[k, t].append(units)
    on_the_way = dict(m.moved.items())
    stock, most = {}, {}
    for r in case["inventory"].itertuples():
        for t in range(case.n_periods):
            if (r.sku, t) in supply.owned:
                stock[r.sku, t], most[r.sku, t] = amount(supply.owned[r.sku, t]) - amount(deployed[r.sku, t]), r.max_units
                if r.holding_usd_per_unit_month > 0:  # on the way, too: a move must not be a cheap store
                    held = stock[r.sku, t] + on_the_way.get((r.sku, t), 0)
                    supply.pay("opex", t, r.holding_usd_per_unit_month * case.period_months / USD_PER_MUSD * held, owner=r.sku)
    m.stock_max = pyo.Constraint([i for i in stock if most[i] == most[i]], rule=lambda m, *i: stock[i] <= most[i])  # NaN: no limit
