"""What a grid connection is charged and credited for: the peak of a period, power given up (models/README.md section 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes, joined
from placement.plan.checking.verdict import ABSOLUTE, axes
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


def curtailed(facts: Facts, tiers_mw: Floats, through: Floats) -> Floats:
    """Return what is committed of every tier by period (r,t), MW; check it against the tier and the baseline, and book the credit."""
    case, said, tiers = facts.case, facts.plan["curtailment"], facts.case["grid"]
    key = ["site", "tier"]
    out = np.zeros((len(tiers), facts.n_periods))
    if said.empty:
        return out
    out[codes(pd.MultiIndex.from_frame(tiers[key]), pd.MultiIndex.from_frame(said[key])), said["period"].to_numpy(int)] = said["mw"]
    terms = joined(tiers[key], case["curtailment"], key).fillna({"max_share": 0.0, "usd_per_mw_year": 0.0, "usd_per_mwh": 0.0})
    names = [f"{s}/{r}" for s, r in zip(tiers["site"], tiers["tier"], strict=True)]
    where = axes(("tier", names), ("", case.periods))
    most = terms["max_share"].to_numpy(float)[:, None] * tiers_mw
    facts.found.at_most("curtail_tier", out, most, where, "power committed against the share of the tier", "MW")
    by_site = np.zeros((len(facts.site_ids), facts.n_periods))
    np.add.at(by_site, codes(facts.site_ids, tiers["site"]), out)
    others = np.arange(facts.n_blocks) != case.stress
    usual = through[:, :, others] @ case.hours[others] / case.hours[others].sum() if others.any() else np.zeros_like(by_site)
    drawn = np.where(by_site > ABSOLUTE, by_site + through[:, :, case.stress], 0)
    at_sites = axes(("site", facts.site_ids), ("", case.periods))
    facts.found.at_most("curtail_baseline", drawn, usual, at_sites, "power committed and drawn in the stress block against the mean of the others", "MW")
    usd = terms["usd_per_mw_year"].to_numpy(float) * case.period_months / 12 + terms["usd_per_mwh"].to_numpy(float) * case.hours[case.stress]
    facts.cash.pay("energy", np.arange(facts.n_periods), -(usd @ out) / USD_PER_MUSD)
    return out
