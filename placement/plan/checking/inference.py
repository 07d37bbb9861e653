"""Inference services: shares of demand, eligibility, units, refresh traffic (models/README.md section 6)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes, joined
from placement.plan.checking.latency import check_latency
from placement.plan.checking.load import relative_loads, whole_demand
from placement.plan.checking.network import Network
from placement.plan.checking.rules import check_placement_rules
from placement.plan.checking.verdict import RELATIVE, UNITS, rows
from placement.units import DAYS_PER_MONTH, USD_PER_MUSD


def served_rows(facts: Facts, name: str = "inference") -> pd.DataFrame:
    """Return the rows of ``inference``, or of another table like it, with the facts of service, SKU, site and metro and the recomputed ``used`` units.

    Rows whose (service, SKU) or whose demand is not in the case are reported and left out.
    """
    case, said = facts.case, facts.plan[name]
    table = said.rename(columns={"units": "said_units", "rtt_ms": "said_rtt"})
    table = joined(table, case["service_skus"][["service", "sku", "tok_per_s"]], ["service", "sku"])
    table = joined(table, case["demand"][["service", "metro", "period", "mtok_per_day"]], ["service", "metro", "period"])
    where = rows(table, "service {service} metro {metro} site {site} SKU {sku}")
    strange, idle = table["tok_per_s"].isna(), ~(table["mtok_per_day"] > 0)
    facts.found.never("eligibility", strange, where, "the service cannot use this SKU")
    facts.found.never("demand_met", idle, where, "there is no such demand")
    table = table[~(strange | idle).to_numpy(bool)].reset_index(drop=True)
    services = case["services"].drop(columns="name").rename(columns={"hbm_gb": "replica_gb"})
    table = joined(table, services, ["service"])
    table = joined(table, case["skus"][["sku", "hbm_gb", "node_units", "export_class"]], ["sku"])
    table = joined(table, case["sites"][["site", "country", "kind"]], ["site"])
    table = joined(table, case["service_metros"][["service", "metro", "slo_rtt_ms"]].rename(columns={"slo_rtt_ms": "promised"}), ["service", "metro"])
    metros = case["metros"][["metro", "country"]].rename(columns={"country": "users_in"})
    table = joined(table, metros, ["metro"]).rename(columns={"origin": "weights_from"}).rename(columns={"users_in": "origin"})
    table["limit_ms"] = table["promised"].astype(float).fillna(table["slo_rtt_ms"])
    at_work, held = whole_demand(case, table)
    table["at_work"], table["used"] = at_work * table["share"], held * table["share"]
    table["s"], table["k"] = codes(facts.site_ids, table["site"]), codes(facts.sku_ids, table["sku"])
    table["label"] = [case.periods[t] for t in table["period"]]
    return table


def check_services(facts: Facts, served: pd.DataFrame, network: Network) -> None:
    """Check shares, eligibility and the columns of the table; book revenue and penalties."""
    check_eligible(facts, served, network, "inference")
    check_latency(facts, served, network.rtt_ms(served, served["avoid_subsea"]))
    _demand_met(facts, served)
    mtok = served["share"] * served["mtok_per_day"] * _days(facts)
    facts.cash.pay("value", served["period"], -served["price_usd_per_mtok"] * mtok / USD_PER_MUSD)
    _moves(facts, served)


def check_eligible(facts: Facts, served: pd.DataFrame, network: Network, name: str) -> None:
    """Check that every row may be where it is, and the columns of its table."""
    if served.empty:
        return
    found = facts.found
    where = rows(served, "service {service} metro {metro} {label} site {site} SKU {sku}")
    check_placement_rules(facts.case, served, found, "service {service} metro {metro} {label}")
    site_liquid = np.zeros(len(facts.site_ids), bool)
    site_liquid[facts.domain_site[facts.has_liquid]] = True
    s, k = served["s"].to_numpy(int), served["k"].to_numpy(int)
    found.never("cooling", facts.liquid_sku[k] & ~site_liquid[s], where, "a liquid-cooled SKU needs a liquid hall")
    found.at_most("memory", served["replica_gb"], served["hbm_gb"] * served["node_units"], where, "replica against memory of a node", "GB")
    dry = served["avoid_subsea"].to_numpy(bool)
    rtt, slo = network.rtt_ms(served, dry), served["limit_ms"].to_numpy(float)
    over_land = dry & (rtt > slo * (1 + RELATIVE)) & (network.rtt_ms(served, np.zeros(len(served), bool)) <= slo)
    found.never("subsea", over_land, where, "on land the round-trip time is over the service's limit, and it may not take subsea cables")
    edge, tier = (served["kind"] == "edge").to_numpy(bool), served["tier"].to_numpy(object)
    found.never("tier", ((tier == "edge") & ~edge) | ((tier == "core") & edge), where, "the service may not run at sites of this kind")
    found.at_most("latency", np.where(over_land, slo, rtt), slo, where, "round-trip time against the service's limit", "ms")
    found.equal(f"{name}.rtt_ms", served["said_rtt"], np.where(np.isinf(rtt), served["said_rtt"], rtt), where, "round-trip time", "ms")
    found.equal(f"{name}.units", served["said_units"], served["used"], where, "units for the share", "units", UNITS)
    found.at_most("share", served["share"], 1, where, "share of the demand", "")
    found.at_most("share", -served["share"], 0, where, "share of the demand below zero", "")


def _moves(facts: Facts, served: pd.DataFrame) -> None:
    """Pay for demand of the first period that is served away from where the service is today."""
    if "incumbent" not in facts.case:
        return
    now = facts.case["incumbent"].rename(columns={"workload": "service", "site": "today"})
    demand = facts.case["demand"]
    first = demand[demand["period"] == 0].groupby("service")["mtok_per_day"].sum()
    table = joined(served[served["period"] == 0][["service", "site", "share", "mtok_per_day"]], now, ["service"])
    away = table[table["move_musd"].notna() & (table["site"] != table["today"])]
    musd = away["move_musd"] * away["share"] * away["mtok_per_day"] / away["service"].map(first)
    facts.cash.pay("change", 0, musd.to_numpy(float))


def _days(facts: Facts) -> float:
    return DAYS_PER_MONTH * facts.case.period_months


def _demand_met(facts: Facts, served: pd.DataFrame) -> None:
    """Shares and the unserved rest add up to one; only what has a penalty may stay unserved."""
    key, found, case = ["service", "metro", "period"], facts.found, facts.case
    demand = case["demand"][case["demand"]["mtok_per_day"] > 0].reset_index(drop=True)
    demand = joined(demand, case["services"][["service", "unmet_usd_per_mtok"]], ["service"])
    demand["label"] = [case.periods[t] for t in demand["period"]]
    index = pd.MultiIndex.from_frame(demand[key])
    left = facts.plan["unserved"]
    at = codes(index, pd.MultiIndex.from_frame(left[key])) if len(left) else np.zeros(0, int)
    found.never("demand_met", at < 0, rows(left, "unserved service {service} metro {metro}"), "there is no such demand")
    rest, said = np.zeros(len(demand)), np.zeros(len(demand))
    rest[at[at >= 0]], said[at[at >= 0]] = left["share"].to_numpy(float)[at >= 0], left["mtok_per_day"].to_numpy(float)[at >= 0]
    given = served.groupby(key)["share"].sum().reindex(index).fillna(0.0).to_numpy(float)
    where = rows(demand, "service {service} metro {metro} {label}")
    found.equal("demand_met", given + rest, 1.0, where, "shares served and unserved together", "share")
    penalty, mtok = demand["unmet_usd_per_mtok"].to_numpy(float), demand["mtok_per_day"].to_numpy(float) * rest
    found.at_most("demand_met", np.where(np.isnan(penalty), rest, 0), 0, where, "unserved where all must be served", "share")
    found.equal("unserved.mtok_per_day", said, mtok, where, "demand not served", "Mtok/day")
    facts.cash.pay("unmet", demand["period"], np.nan_to_num(penalty) * mtok * _days(facts) / USD_PER_MUSD)


def service_units(facts: Facts, served: pd.DataFrame) -> Floats:
    """Return units that services use, each at its own peak, by site, SKU and period."""
    units = np.zeros((len(facts.site_ids), len(facts.sku_ids), facts.n_periods))
    np.add.at(units, (served["s"].to_numpy(int), served["k"].to_numpy(int), served["period"].to_numpy(int)), served["used"].to_numpy(float))
    return units


def service_power(facts: Facts, served: pd.DataFrame) -> Floats:
    """Return power above idle that services draw, by site, period and block, MW: all of it at the largest load, less at others."""
    s, k, t = (served[c].to_numpy(int) for c in ("s", "k", "period"))
    full = (1 - facts.idle[k]) * facts.unit_mw[k] * served["at_work"].to_numpy(float)
    level = relative_loads(facts.case, served)
    power = np.zeros((len(facts.site_ids), facts.n_periods, facts.n_blocks))
    for b in range(facts.n_blocks):
        np.add.at(power[:, :, b], (s, t), facts.pue[s, t, b] * full * level[:, b])
    return power
