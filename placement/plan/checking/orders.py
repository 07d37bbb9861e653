"""What is bought and sold: orders, resale, and the share of one vendor (models/README.md section 3)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placement.plan.checking.facts import Facts, Floats, Ints, codes, joined
from placement.plan.checking.verdict import UNITS, axes, rows
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
    price = orders["unit_price_usd"].to_numpy(float) / USD_PER_MUSD
    found.equal("orders.cost_musd", orders["cost_musd"], price * units, where, "cost", "M$")

    sku = codes(facts.sku_ids, orders["sku"])
    life = facts.skus["life_years"].to_numpy(float)[sku]
    facts.cash.invest(orders["period"].to_numpy(int), price * units, life, case.period_months, service=arrival)
    _vendor_cap(facts, sku, price * units)
    arrived = np.zeros((len(facts.sku_ids), horizon + 1))
    np.add.at(arrived, (sku, np.minimum(arrival, horizon)), units)
    leaving = _resales(facts)
    return Stock((arrived[:, :horizon] - leaving).cumsum(axis=1), leaving)


def _vendor_cap(facts: Facts, sku: Ints, spend: Floats) -> None:
    caps, vendor = facts.case["vendor_caps"], facts.skus["vendor"].to_numpy(object)[sku]
    on_vendor = np.array([spend[vendor == v].sum() for v in caps["vendor"]])
    limit = caps["max_spend_share"].to_numpy(float) * spend.sum()
    facts.found.at_most("vendor_cap", on_vendor, limit, rows(caps, "vendor {vendor}"), "spend against its share of all spend", "M$")


def _resales(facts: Facts) -> Floats:
    """Check what is sold on and book it; return units sold by SKU and period."""
    case, found, offers = facts.case, facts.found, facts.case["offers"]
    sold = joined(facts.plan["resales"].rename(columns={"sku": "said_sku"}), offers[["offer", "sku", "period", "lead_periods", "unit_price_usd"]], ["offer"])
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
    leaving, most = np.zeros((2, len(facts.sku_ids), facts.n_periods))
    np.add.at(leaving, (k, when), units)
    market = case["resale"]
    most[codes(facts.sku_ids, market["sku"]), market["period"].to_numpy(int)] = market["max_units"]
    there = axes(("SKU", facts.sku_ids), ("", case.periods))
    found.at_most("resale_max", leaving, most, there, "units sold against what the market takes", "units", UNITS)
    return leaving
