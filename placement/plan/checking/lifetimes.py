"""Chips that reach the end of their service, that move, or that wait in stock (models/README.md section 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes, joined
from placement.plan.checking.orders import Stock
from placement.plan.checking.verdict import UNITS, axes, rows
from placement.units import USD_PER_MUSD


def after_service(facts: Facts, stock: Stock) -> Stock:
    """Return what is owned, and what leaves, with the ends of service and the moves."""
    leaving, away = stock.leaving.copy(), _moves(facts)
    gone = _retired(facts)
    return Stock(stock.owned - gone.cumsum(axis=1) - away, leaving + gone + away)


def _retired(facts: Facts) -> Floats:
    """Return bought units that reach the end of their service, by SKU and period; none of them may be sold after it."""
    case = facts.case
    out = np.zeros((len(facts.sku_ids), facts.n_periods))
    if not (facts.skus["service_periods"] > 0).any():
        return out
    orders = joined(facts.plan["orders"][["offer", "units"]], case["offers"][["offer", "sku", "kind", "period", "lead_periods"]], ["offer"])
    orders = joined(orders[orders["kind"] != "lease"], facts.skus[["sku", "service_periods"]], ["sku"])
    sold = facts.plan["resales"]
    for r in orders[orders["service_periods"] > 0].itertuples():
        end = int(r.period + r.lead_periods + r.service_periods)
        mine = sold[sold["offer"] == r.offer]
        late = mine["period"] >= end
        facts.found.never("resale_dates", late, rows(mine, f"offer {r.offer}"), "sold after the end of its service")
        if end < facts.n_periods:
            out[codes(facts.sku_ids, pd.Series([r.sku]))[0], end] += r.units - mine.loc[~late, "units"].sum()
    return out


def _moves(facts: Facts) -> Floats:
    """Check and pay the moves; return units on the way by SKU and period."""
    out = np.zeros((len(facts.sku_ids), facts.n_periods))
    if facts.plan["moves"].empty:
        return out
    table = joined(facts.plan["moves"], facts.case["relocation"], ["sku"])
    where = rows(table.assign(label=[facts.case.periods[t] for t in table["period"]]), "SKU {sku} {label}")
    facts.found.never("moves.sku", table["usd_per_unit"].isna(), where, "the SKU stays where it was put")
    facts.found.never("moves.period", table["period"] < 1, where, "nothing is there before the first period")
    units, cost = table["units"].to_numpy(float), table["usd_per_unit"].fillna(0.0).to_numpy(float) / USD_PER_MUSD
    facts.found.equal("moves.cost_musd", table["cost_musd"], cost * units, where, "cost", "M$")
    facts.cash.pay("change", table["period"].to_numpy(int), cost * units)
    np.add.at(out, (codes(facts.sku_ids, table["sku"]), table["period"].to_numpy(int)), units)
    return out


def check_inventory(facts: Facts, stock: Stock) -> None:
    """Check and pay what has arrived and is not deployed; units on the way cost as much."""
    case, chips = facts.case, facts.plan["chips"]
    limits = case["inventory"]
    k = codes(facts.sku_ids, limits["sku"])
    deployed = np.zeros_like(stock.owned)
    np.add.at(deployed, (codes(facts.sku_ids, chips["sku"]), chips["period"].to_numpy(int)), chips["deployed"].to_numpy(float))
    rents = facts.plan["rents"]  # part of what is deployed, and not owned
    np.subtract.at(deployed, (codes(facts.sku_ids, rents["sku"]), rents["period"].to_numpy(int)), rents["units"].to_numpy(float))
    idle = (stock.owned - deployed)[k]
    said = np.zeros_like(stock.owned)
    table = facts.plan["stock"]
    said[codes(facts.sku_ids, table["sku"]), table["period"].to_numpy(int)] = table["units"]
    there = axes(("SKU", limits["sku"].tolist()), ("", case.periods))
    facts.found.equal("stock.units", said[k], idle, there, "arrived and not deployed", "units", UNITS)
    limit = np.broadcast_to(limits["max_units"].fillna(np.inf).to_numpy(float)[:, None], idle.shape)
    facts.found.at_most("stock_max", idle, limit, there, "units in stock against the largest", "units", UNITS)
    usd = limits["holding_usd_per_unit_month"].to_numpy(float)[:, None] * case.period_months
    on_the_way, moves = np.zeros_like(stock.owned), facts.plan["moves"]
    np.add.at(on_the_way, (codes(facts.sku_ids, moves["sku"]), moves["period"].to_numpy(int)), moves["units"].to_numpy(float))
    facts.cash.pay("opex", np.arange(facts.n_periods), (usd * (idle + on_the_way[k])).sum(axis=0) / USD_PER_MUSD)
