"""What is bought and sold: orders, resale, and the share of one vendor (models/README.md section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, Ints, codes, joined
from placement.plan.checking.verdict import UNITS, Where, axes, rows
from placement.units import USD_PER_MUSD


@dataclass(frozen=True)
class Stock:
    """Owned units by SKU and period: those that have arrived and not left, and those that leave at its start."""

    owned: Floats
    leaving: Floats


def check_orders(facts: Facts) -> Stock:
    """Check and pay the orders and what is sold on; return what is owned."""
    case, found, horizon = facts.case, facts.found, facts.n_periods
    orders = joined(facts.plan["orders"], case["offers"], ["offer"])
    orders = orders.rename(columns={"sku_x": "said_sku", "period_x": "said_period", "sku_y": "sku", "period_y": "period"})
    where = rows(orders, "offer {offer} of {sku}")
    found.never("orders.sku", orders["said_sku"] != orders["sku"], where, "the offer is of another SKU")
    found.never("orders.period", orders["said_period"] != orders["period"], where, "the offer is made in another period")
    arrival = (orders["period"] + orders["lead_periods"]).to_numpy(int)
    found.never("orders.arrives", orders["arrives"].to_numpy(int) != arrival, where, "period and lead give another arrival")
    found.never("order_dates", arrival >= horizon, where, "it would arrive after the horizon")
    units, largest = orders["units"].to_numpy(float), orders["max_units"].to_numpy(float)
    found.at_most("order_max", units, largest, where, "order against the largest", "units", UNITS)
    found.never("orders.offer", orders["kind"] == "on_demand", where, "units on demand are not ordered; table rents has them")
    _smallest(facts, orders, where)
    bound = (orders["kind"] == "take_or_pay").to_numpy(bool) & (units > UNITS)
    found.at_most(
        "take_or_pay",
        np.where(bound, orders["take_share"] * largest, 0),
        units,
        where,
        "smallest order once signed against the order",
        "units",
        UNITS,
    )
    sku, owned = codes(facts.sku_ids, orders["sku"]), orders["kind"].isin(["buy", "take_or_pay"]).to_numpy(bool)
    price, rent = _price(facts, orders), _rent(facts, orders, arrival)
    found.equal("orders.cost_musd", orders["cost_musd"], price + rent.sum(axis=1), where, "cost within the horizon", "M$")
    life, when = facts.skus["life_years"].to_numpy(float)[sku], orders["period"].to_numpy(int)
    facts.cash.invest(when[owned], price[owned], life[owned], case.period_months, service=arrival[owned])
    facts.cash.pay("lease", when[~owned], price[~owned])
    facts.cash.pay("lease", np.arange(horizon), rent.sum(axis=0))
    on_demand = facts.plan["rents"].merge(case["offers"].loc[case["offers"]["kind"] == "on_demand", ["offer"]], on="offer")
    _vendor_cap(facts, np.concatenate([sku, codes(facts.sku_ids, on_demand["sku"])]), np.concatenate([price + rent.sum(axis=1), on_demand["cost_musd"]]))
    arrived = np.zeros((len(facts.sku_ids), horizon + 1))
    np.add.at(arrived, (sku[owned], np.minimum(arrival, horizon)[owned]), units[owned])
    leaving = _resales(facts)
    return Stock((arrived[:, :horizon] - leaving).cumsum(axis=1), leaving)


def _smallest(facts: Facts, orders: pd.DataFrame, where: Where) -> None:
    """An order is of whole packs and not below the smallest one."""
    units, pack = orders["units"].to_numpy(float), orders["pack_units"].to_numpy(float)
    facts.found.at_most("order_min", orders["min_units"], units, where, "smallest order against the order", "units", UNITS)
    packs = np.round(units / np.where(pack > 0, pack, 1)) * pack
    facts.found.equal("whole_packs", np.where(pack > 0, units, 0), packs, where, "units in whole packs", "units", UNITS)


def _price(facts: Facts, orders: pd.DataFrame) -> Floats:
    """Return what is paid for every order when it is placed, M$: each unit at the price of the tier that it falls into."""
    units, usd = orders["units"].to_numpy(float), orders["unit_price_usd"].fillna(0.0).to_numpy(float)
    total = usd * units
    for offer, tiers in facts.case["price_tiers"].sort_values("from_units").groupby("offer"):
        mine = (orders["offer"] == offer).to_numpy(bool)
        before = np.concatenate([usd[mine][:1], tiers["unit_price_usd"].to_numpy(float)[:-1]])
        for begin, change in zip(tiers["from_units"], tiers["unit_price_usd"].to_numpy(float)[: len(before)] - before, strict=False):
            total[mine] += change * np.maximum(0.0, units[mine] - begin)
    return total / USD_PER_MUSD


def _rent(facts: Facts, orders: pd.DataFrame, arrival: Ints) -> Floats:
    """Return the rent of every lease by period (order, t), M$."""
    now, begin = np.arange(facts.n_periods), arrival[:, None]
    there = (begin <= now) & (now < begin + orders["term_periods"].to_numpy(int)[:, None])
    musd = orders["rent_usd_per_unit_month"].to_numpy(float) * facts.case.period_months * orders["units"].to_numpy(float) / USD_PER_MUSD
    out: Floats = there * musd[:, None]
    return out


def _vendor_cap(facts: Facts, sku: Ints, spend: Floats) -> None:
    caps, vendor = facts.case["vendor_caps"], facts.skus["vendor"].to_numpy(object)[sku]
    on_vendor = np.array([spend[vendor == v].sum() for v in caps["vendor"]])
    limit = caps["max_spend_share"].to_numpy(float) * spend.sum()
    facts.found.at_most("vendor_cap", on_vendor, limit, rows(caps, "vendor {vendor}"), "spend against its share of all spend", "M$")


def _resales(facts: Facts) -> Floats:
    """Check what is sold on and book it; return units sold by SKU and period."""
    case, found, offers = facts.case, facts.found, facts.case["offers"]
    if facts.plan["resales"].empty:
        return np.zeros((len(facts.sku_ids), facts.n_periods))
    sold = joined(
        facts.plan["resales"].rename(columns={"sku": "said_sku"}), offers[["offer", "sku", "period", "kind", "lead_periods", "unit_price_usd"]], ["offer"]
    )
    sold = sold.rename(columns={"period_x": "period", "period_y": "ordered", "unit_price_usd": "paid_usd"})
    sold = joined(sold, case["resale"], ["sku", "period"])
    where = rows(sold.assign(label=[case.periods[t] for t in sold["period"]]), "offer {offer} {label}")
    found.never("resales.sku", sold["said_sku"] != sold["sku"], where, "the offer is of another SKU")
    arrival, when = (sold["ordered"] + sold["lead_periods"]).to_numpy(int), sold["period"].to_numpy(int)
    found.never("resale_dates", when <= arrival, where, "sold before it has been there for a period")
    found.never("resale_max", sold["unit_price_usd"].isna(), where, "nobody buys this SKU in that period")
    units, usd = sold["units"].to_numpy(float), sold["unit_price_usd"].fillna(0.0).to_numpy(float)
    found.equal("resales.musd", sold["musd"], usd * units / USD_PER_MUSD, where, "proceeds", "M$")
    facts.cash.pay("salvage", when, -usd * units / USD_PER_MUSD)
    k = codes(facts.sku_ids, sold["sku"])
    life = facts.skus["life_years"].to_numpy(float)[k]
    facts.cash.forgo(sold["paid_usd"].to_numpy(float) * units / USD_PER_MUSD, life, case.period_months, arrival)

    held = facts.plan["orders"].groupby("offer")["units"].sum().reindex(offers["offer"]).fillna(0.0).to_numpy(float)
    gone = sold.groupby("offer")["units"].sum().reindex(offers["offer"]).fillna(0.0).to_numpy(float)
    found.at_most("resale_held", gone, held, rows(offers, "offer {offer}"), "units sold against units ordered", "units", UNITS)
    found.never("resales.offer", ~sold["kind"].isin(["buy", "take_or_pay"]), where, "the units are not owned")
    leaving, most = np.zeros((2, len(facts.sku_ids), facts.n_periods))
    np.add.at(leaving, (k, when), units)
    market = case["resale"]
    most[codes(facts.sku_ids, market["sku"]), market["period"].to_numpy(int)] = market["max_units"]
    there = axes(("SKU", facts.sku_ids), ("", case.periods))
    found.at_most("resale_max", leaving, most, there, "units sold against what the market takes", "units", UNITS)
    return leaving
