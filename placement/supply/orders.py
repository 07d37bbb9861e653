"""Chip orders: what is bought, when it arrives, and from whom. See models/README.md, section 3."""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.resale import sell_chips
from placement.supply.supply import Supply, amount
from placement.units import USD_PER_MUSD


def order_chips(supply: Supply) -> None:
    """Orders within quarterly supply, their cost, the units they add to ``supply.owned`` and the share of one vendor."""
    case, m = supply.case, supply.model
    offers = {q.offer: q for q in case["offers"].itertuples() if q.period + q.lead_periods < case.n_periods}
    arrives = {q: r.period + r.lead_periods for q, r in offers.items()}
    life = case["skus"].set_index("sku")["life_years"].to_dict()
    vendor = case["skus"].set_index("sku")["vendor"].to_dict()
    m.order = pyo.Var(list(offers), bounds=lambda m, q: (0, offers[q].max_units))
    least = [q for q, r in offers.items() if r.take_share > 0]
    m.signed = pyo.Var(least, domain=pyo.Binary)
    m.take_or_pay_min = pyo.Constraint(least, rule=lambda m, q: offers[q].take_share * offers[q].max_units * m.signed[q] <= m.order[q])
    m.take_or_pay_max = pyo.Constraint(least, rule=lambda m, q: m.order[q] <= offers[q].max_units * m.signed[q])
    for q, r in offers.items():
        supply.invest(r.period, r.unit_price_usd / USD_PER_MUSD * m.order[q], life[r.sku], owner=r.sku, in_service=arrives[q])
        for t in range(arrives[q], case.n_periods):
            supply.owned[r.sku, t].append(m.order[q])
    sell_chips(supply)

    cap = case["vendor_caps"].set_index("vendor")["max_spend_share"].to_dict()
    # spend in M$: spend_v - share * spend <= 0
    spend = {q: r.unit_price_usd / USD_PER_MUSD for q, r in offers.items() if r.unit_price_usd > 0}
    m.vendor_cap = pyo.Constraint(
        [v for v in cap if any(vendor[offers[q].sku] == v for q in spend)],
        rule=lambda m, v: amount([((vendor[offers[q].sku] == v) - cap[v]) * usd * m.order[q] for q, usd in spend.items()]) <= 0,
    )
