"""What is ordered, where rented units stand, and what is sold on."""

from __future__ import annotations

from typing import Any

import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table
from placement.units import USD_PER_MUSD


def orders(solution: Solution) -> pd.DataFrame:
    """Return the chip orders, with all that is paid for them within the horizon."""
    units = {q: u for (q,), u in solution.values("order") if u > NIL}
    rows = [
        (q.offer, q.sku, solution.label[q.period], solution.label[q.period + q.lead_periods], units[q.offer], _paid(solution, q, units[q.offer]))
        for q in solution.case["offers"].itertuples()
        if q.offer in units
    ]
    return table("orders", rows)


def _paid(solution: Solution, q: Any, units: float) -> float:
    """Return what an order costs within the horizon, undiscounted, M$."""
    tiers = [u for (offer, _), u in solution.values("tier_units") if offer == q.offer]
    if tiers:
        table = solution.case["price_tiers"]
        prices = [q.unit_price_usd, *table[table["offer"] == q.offer].sort_values("from_units")["unit_price_usd"]]
        return sum(u * usd for u, usd in zip(tiers, prices, strict=True)) / USD_PER_MUSD
    price = q.unit_price_usd / USD_PER_MUSD if q.unit_price_usd > 0 else 0.0
    begin = q.period + q.lead_periods
    periods = min(q.term_periods, solution.case.n_periods - begin)  # 0 where the units are bought
    return units * (price + periods * _rent_musd(solution, q))


def _rent_musd(solution: Solution, q: Any) -> float:
    """Return the rent of a unit for one period, M$."""
    return float(q.rent_usd_per_unit_month) * solution.case.period_months / USD_PER_MUSD


def rented_units(solution: Solution) -> list[tuple[tuple[str, str, str, int], float]]:
    """Return ((offer, domain, SKU, period), units) of all units that are leased or taken on demand."""
    offers = {q.offer: q for q in solution.case["offers"].itertuples()}
    found = [((q, f, offers[q].sku, t), units) for (q, f, t), units in solution.values("rented") if units > NIL]
    for (q, f), units in solution.values("leased"):
        begin = offers[q].period + offers[q].lead_periods
        found += [((q, f, offers[q].sku, t), units) for t in range(begin, min(begin + offers[q].term_periods, solution.case.n_periods)) if units > NIL]
    return found


def rents(solution: Solution) -> pd.DataFrame:
    """Return where rented units stand: leased ones for their term, on-demand ones period by period."""
    usd = {q.offer: _rent_musd(solution, q) for q in solution.case["offers"].itertuples()}
    site = dict(zip(solution.scope.domains, solution.scope.sites[solution.scope.domain_site], strict=True))
    return table("rents", [(q, site[f], f, k, solution.label[t], units, units * usd[q]) for (q, f, k, t), units in rented_units(solution)])


def resales(solution: Solution) -> pd.DataFrame:
    """Return the chips that are sold on, with what they bring."""
    sku = dict(zip(solution.case["offers"]["offer"], solution.case["offers"]["sku"], strict=True))
    price = solution.case["resale"].set_index(["sku", "period"])["unit_price_usd"].to_dict()
    sold = [(q, sku[q], t, units) for (q, t), units in solution.values("sold") if units > NIL]
    return table("resales", [(q, k, solution.label[t], units, units * price[k, t] / USD_PER_MUSD) for q, k, t, units in sold])
