r"""Prices that change with quantity: units beyond a threshold cost another price than those before.

.. math:: order_q = \sum_n tier\_units_{qn}, \qquad
          w_{qn}\, tier\_reached_{q,n+1} \le tier\_units_{qn} \le w_{qn}\, tier\_reached_{qn}

See models/README.md, section 3.
"""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from placement.supply.supply import Expr, Supply, amount
from placement.units import USD_PER_MUSD


def by_tier(supply: Supply, offers: dict[str, Any]) -> dict[str, Expr]:
    """Declare ``tier_units[q,n]`` and ``tier_reached[q,n]``; return the price of the order, M$, of every offer with tiers."""
    m = supply.model
    table = supply.case["price_tiers"]
    steps = {q: [(0.0, float(offers[q].unit_price_usd))] for q in table["offer"] if q in offers}
    for r in table.sort_values("from_units").itertuples():
        if r.offer in steps:
            steps[r.offer].append((float(r.from_units), float(r.unit_price_usd)))
    ends = {q: [*(begin for begin, _ in tiers[1:]), float(offers[q].max_units)] for q, tiers in steps.items()}
    width = {(q, n): ends[q][n] - begin for q, tiers in steps.items() for n, (begin, _) in enumerate(tiers)}
    m.tier_units = pyo.Var(list(width), bounds=lambda m, *i: (0, width[i]))
    beyond = [i for i in width if i[1] > 0]
    m.tier_reached = pyo.Var(beyond, domain=pyo.Binary)
    m.tier_sum = pyo.Constraint(list(steps), rule=lambda m, q: m.order[q] == amount([m.tier_units[q, n] for n in range(len(steps[q]))]))
    m.tier_full = pyo.Constraint(beyond, rule=lambda m, q, n: width[q, n - 1] * m.tier_reached[q, n] <= m.tier_units[q, n - 1])
    m.tier_max = pyo.Constraint(beyond, rule=lambda m, q, n: m.tier_units[q, n] <= width[q, n] * m.tier_reached[q, n])
    return {q: amount([usd / USD_PER_MUSD * m.tier_units[q, n] for n, (_, usd) in enumerate(tiers)]) for q, tiers in steps.items()}
