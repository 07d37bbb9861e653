"""What is ordered, and what is sold on."""

from __future__ import annotations

import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table
from placement.units import USD_PER_MUSD


def orders(solution: Solution) -> pd.DataFrame:
    """Return the chip orders."""
    units = {q: u for (q,), u in solution.values("order") if u > NIL}
    rows = [
        (q.offer, q.sku, solution.label[q.period], solution.label[q.period + q.lead_periods], units[q.offer], units[q.offer] * q.unit_price_usd / USD_PER_MUSD)
        for q in solution.case["offers"].itertuples()
        if q.offer in units
    ]
    return table("orders", rows)


def resales(solution: Solution) -> pd.DataFrame:
    """Return the chips that are sold on, with what they bring."""
    sku = dict(zip(solution.case["offers"]["offer"], solution.case["offers"]["sku"], strict=True))
    price = solution.case["resale"].set_index(["sku", "period"])["unit_price_usd"].to_dict()
    sold = [(q, sku[q], t, units) for (q, t), units in solution.values("sold") if units > NIL]
    return table("resales", [(q, k, solution.label[t], units, units * price[k, t] / USD_PER_MUSD) for q, k, t, units in sold])
