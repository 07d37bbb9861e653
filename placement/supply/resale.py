r"""Resale: chips bought earlier are sold on, and their residual value at the end of the horizon is given up.

.. math:: \sum_q sold_{qt} \le max\_units_{kt}, \qquad \sum_t sold_{qt} \le order_q

See models/README.md, section 3.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Supply, amount
from placement.units import USD_PER_MUSD


def sell_chips(supply: Supply) -> None:
    """Declare ``sold[q,t]``; take it from ``supply.owned``; book the proceeds, and the residual value that is given up."""
    case, m = supply.case, supply.model
    market = {(r.sku, r.period): r for r in case["resale"].itertuples()}
    offers = {q.offer: q for q in case["offers"].itertuples() if q.kind in ("buy", "take_or_pay") and q.offer in m.order}
    life = case["skus"].set_index("sku")["life_years"].to_dict()
    service = case["skus"].set_index("sku")["service_periods"].to_dict()
    arrives = {q: r.period + r.lead_periods for q, r in offers.items()}
    ends = {q: min(arrives[q] + service[r.sku], case.n_periods) if service[r.sku] else case.n_periods for q, r in offers.items()}
    index = [(q, t) for q, r in offers.items() for t in range(arrives[q] + 1, ends[q]) if (r.sku, t) in market]
    m.sold = pyo.Var(index, bounds=lambda m, q, t: (0, min(offers[q].max_units, market[offers[q].sku, t].max_units)))
    for q, t in index:
        r = offers[q]
        supply.pay("salvage", t, -market[r.sku, t].unit_price_usd / USD_PER_MUSD * m.sold[q, t], owner=r.sku)
        supply.forgo(r.unit_price_usd / USD_PER_MUSD * m.sold[q, t], life[r.sku], owner=r.sku, in_service=arrives[q])
        supply.leaving[r.sku, t].append(m.sold[q, t])
        for later in range(t, case.n_periods):
            supply.owned[r.sku, later].append(-m.sold[q, t])
    m.resale_max = pyo.Constraint(
        [i for i in market if any(offers[q].sku == i[0] and t == i[1] for q, t in index)],
        rule=lambda m, k, t: amount([m.sold[q, u] for q, u in index if u == t and offers[q].sku == k]) <= market[k, t].max_units,
    )
    m.resale_held = pyo.Constraint(list(dict.fromkeys(q for q, _ in index)), rule=lambda m, q: amount([m.sold[p, t] for p, t in index if p == q]) <= m.order[q])
