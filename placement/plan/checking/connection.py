"""What a grid connection is charged and credited for: the peak of a period (models/README.md section 2)."""

from __future__ import annotations

import numpy as np

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.verdict import axes
from placement.units import USD_PER_MUSD


def check_peaks(facts: Facts, through: Floats) -> None:
    """Compare the billed peaks with the power ``through`` each connection (s,t,b), MW, and pay for them."""
    case, said = facts.case, facts.plan["peaks"]
    price = np.zeros((len(facts.site_ids), facts.n_periods))
    zone = facts.sites["zone"].to_numpy(object)
    for row in case["demand_charges"].itertuples():
        price[zone == row.zone, row.period] = row.usd_per_mw_month
    peak = np.zeros_like(price)
    peak[codes(facts.site_ids, said["site"]), said["period"].to_numpy(int)] = said["mw"]
    charged = price > 0
    where = axes(("site", facts.site_ids), ("", case.periods))
    facts.found.at_most(
        "demand_peak", np.where(charged, through.max(axis=2), 0), peak, where, "highest power through the connection against the billed peak", "MW"
    )
    facts.found.at_most("peaks.mw", np.where(charged, 0, peak), 0, where, "a peak where none is billed", "MW")
    facts.cash.pay("energy", np.arange(facts.n_periods), (price * peak).sum(axis=0) * case.period_months / USD_PER_MUSD)
