"""Chip orders: what is bought or leased, when it arrives, what it costs, and from whom. See models/README.md, section 3."""

from __future__ import annotations

from typing import Any

import pyomo.environ as pyo

from placement.supply.price_tiers import by_tier
from placement.supply.rents import in_term, per_period
from placement.supply.resale import sell_chips
from placement.supply.supply import Expr, Supply, amount
from placement.units import USD_PER_MUSD

OWNED = ("buy", "take_or_pay")


def order_chips(supply: Supply) -> dict[str, Expr]:
    """Orders within supply, smallest orders, whole packs, resale; return what is paid for each when it is placed, M$.

    Purchases add to ``supply.owned``.
    """
    case, m = supply.case, supply.model
    offers = _offers(supply)
    m.order = pyo.Var(list(offers), bounds=lambda m, q: (0, offers[q].max_units))
    _smallest(supply, offers)
    packed = [q for q, r in offers.items() if r.pack_units > 0]
    m.packs = pyo.Var(packed, domain=pyo.NonNegativeIntegers, bounds=lambda m, q: (0, int(offers[q].max_units / offers[q].pack_units + 1e-9)))
    m.whole_packs = pyo.Constraint(packed, rule=lambda m, q: m.order[q] == offers[q].pack_units * m.packs[q])
    price = _pay(supply, offers)
    for q, r in offers.items():
        for t in range(r.period + r.lead_periods, case.n_periods) if r.kind in OWNED else ():
            supply.owned[r.sku, t].append(m.order[q])
    sell_chips(supply)
    return price


def _offers(supply: Supply) -> dict[str, Any]:
    """Return the offers by which units are ordered that arrive within the horizon."""
    case = supply.case
    return {q.offer: q for q in case["offers"].itertuples() if q.kind != "on_demand" and q.period + q.lead_periods < case.n_periods}


def _smallest(supply: Supply, offers: dict[str, Any]) -> None:
    """If anything is ordered at all, at least so much."""
    m = supply.model
    share = [q for q, r in offers.items() if r.take_share > 0]
    least = [q for q, r in offers.items() if r.min_units > 0]
    m.signed = pyo.Var(share + least, domain=pyo.Binary)
    m.take_or_pay_min = pyo.Constraint(share, rule=lambda m, q: offers[q].take_share * offers[q].max_units * m.signed[q] <= m.order[q])
    m.take_or_pay_max = pyo.Constraint(share, rule=lambda m, q: m.order[q] <= offers[q].max_units * m.signed[q])
    m.order_min = pyo.Constraint(least, rule=lambda m, q: offers[q].min_units * m.signed[q] <= m.order[q])
    m.order_max = pyo.Constraint(least, rule=lambda m, q: m.order[q] <= offers[q].max_units * m.signed[q])


def _pay(supply: Supply, offers: dict[str, Any]) -> dict[str, Expr]:
    """Charge what is paid when an order is placed; return it by offer, M$."""
    m = supply.model
    life = supply.case["skus"].set_index("sku")["life_years"].to_dict()
    tiers = by_tier(supply, offers)
    price: dict[str, Expr] = {}
    for q, r in offers.items():
        if r.kind in OWNED:
            price[q] = tiers[q] if q in tiers else r.unit_price_usd / USD_PER_MUSD * m.order[q]
            supply.invest(r.period, price[q], life[r.sku], owner=r.sku, in_service=r.period + r.lead_periods)
            if r.unit_price_usd > 0 or q in tiers:
                supply.purchase_musd[q] = price[q]
        elif r.unit_price_usd > 0:  # False for NaN
            price[q] = r.unit_price_usd / USD_PER_MUSD * m.order[q]
            supply.pay("lease", r.period, price[q], owner=r.sku)
    return price


def cap_vendors(supply: Supply, price: dict[str, Expr]) -> None:
    """Spend on a vendor, rents included, within its share of all spend: spend_v - share * spend <= 0, in M$.

    ``price``: what is paid for each offer when its order is placed, M$.
    """
    case, m, offers = supply.case, supply.model, _offers(supply)
    vendor = case["skus"].set_index("sku")["vendor"].to_dict()
    cap = case["vendor_caps"].set_index("vendor")["max_spend_share"].to_dict()
    spend: list[tuple[str, Expr]] = [(vendor[offers[q].sku], musd) for q, musd in price.items() if q in supply.purchase_musd or offers[q].kind == "lease"]
    spend += [(vendor[r.sku], len(in_term(supply, r)) * per_period(supply, r) * m.order[q]) for q, r in offers.items() if r.kind == "lease"]
    rents = {q.offer: q for q in case["offers"].itertuples() if q.kind == "on_demand"}
    spend += [(vendor[rents[i[0]].sku], per_period(supply, rents[i[0]]) * m.rented[i]) for i in m.rented]
    m.vendor_cap = pyo.Constraint(
        [v for v in cap if any(name == v for name, _ in spend)],
        rule=lambda m, v: amount([((name == v) - cap[v]) * musd for name, musd in spend]) <= 0,
    )
