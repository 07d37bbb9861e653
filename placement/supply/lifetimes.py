r"""Chips that leave their place: bought ones at the end of their service, and those that are moved.

.. math:: leaving_{k,t} \mathrel{+}= \sum_{q:\, a_q + n_k = t} (order_q - \sum_{u<t} sold_{qu}), \qquad leaving_{kt} \mathrel{+}= moved_{kt}

See models/README.md, section 3. Both must come before ``supply.stock``, which closes the books.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.orders import OWNED
from placement.supply.supply import Supply
from placement.units import USD_PER_MUSD


def retire_chips(supply: Supply) -> None:
    """Take bought units out of ``supply.owned`` at the end of their service, less those sold before."""
    case, m = supply.case, supply.model
    service = case["skus"].set_index("sku")["service_periods"].to_dict()
    for q in case["offers"].itertuples():
        end = q.period + q.lead_periods + service[q.sku]
        if q.kind in OWNED and service[q.sku] and end < case.n_periods and q.offer in m.order:
            kept = m.order[q.offer] - pyo.quicksum(units for (p, _), units in m.sold.items() if p == q.offer)
            supply.leaving[q.sku, end].append(kept)
            for t in range(end, case.n_periods):
                supply.owned[q.sku, t].append(-kept)


def move_chips(supply: Supply) -> None:
    """Declare ``moved[k,t]``: units taken out at the start of ``t``, on the way in ``t``, in stock again after it."""
    case, m = supply.case, supply.model
    cost = case["relocation"].set_index("sku")["usd_per_unit"].to_dict()
    domains = {k: {f for f, j, _ in m.deployed if j == k} for k in cost}
    most: dict[tuple[str, int], float] = {}
    for f, k, t in m.deployed:
        if k in cost and len(domains[k]) > 1 and t + 2 < case.n_periods:  # it must be there before and be of use after
            most[k, t + 1] = most.get((k, t + 1), 0.0) + m.deployed[f, k, t].ub
    m.moved = pyo.Var(list(most), bounds=lambda m, k, t: (0, most[k, t]))
    for (k, t), units in m.moved.items():
        supply.pay("change", t, cost[k] / USD_PER_MUSD * units, owner=k)
        supply.leaving[k, t].append(units)
        supply.owned[k, t].append(-units)
