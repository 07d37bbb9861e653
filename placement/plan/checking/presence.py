"""Presence of services at sites, their units on standby, and pools, from sections 6a and 6b of models/README.md."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes, joined
from placement.plan.checking.inference import service_units
from placement.plan.checking.load import relative_loads
from placement.plan.checking.verdict import UNITS, axes, rows
from placement.units import MONTHS_PER_YEAR


def check_presence(facts: Facts, served: pd.DataFrame, spares: pd.DataFrame) -> None:
    """Check that what is served, or kept as a spare, is present, that a presence has its least units, and pay for it."""
    served = pd.concat([served, spares], ignore_index=True) if len(spares) else served
    services, said, found, periods = facts.case["services"], facts.plan["presence"], facts.found, facts.case.periods
    names = pd.Index(services["service"])
    least, yearly = services["min_units"].to_numpy(float), services["presence_cost_musd_per_year"].to_numpy(float)
    there = np.zeros((len(names), len(facts.site_ids), facts.n_periods))
    at = codes(names, said["service"]), codes(facts.site_ids, said["site"]), said["period"].to_numpy(int)
    there[at] = 1.0
    cost = yearly * facts.case.period_months / MONTHS_PER_YEAR
    where = rows(said.assign(label=[periods[t] for t in said["period"]]), "service {service} site {site} {label}")
    found.never("presence.service", (least + yearly)[at[0]] <= 0, where, "the service decides on no presence")
    found.equal("presence.cost_musd", said["cost_musd"], cost[at[0]], where, "running cost", "M$")
    facts.cash.pay("opex", said["period"], cost[at[0]])

    asking = served[((least + yearly) > 0)[codes(names, served["service"])]]
    shares = asking.groupby(["service", "metro", "site", "period"], as_index=False)["share"].sum()
    i, s, t = codes(names, shares["service"]), codes(facts.site_ids, shares["site"]), shares["period"].to_numpy(int)
    where = rows(shares.assign(label=[periods[j] for j in t]), "service {service} metro {metro} site {site} {label}")
    found.at_most("presence", shares["share"], there[i, s, t], where, "share served against presence", "share")

    held = np.zeros_like(there)
    np.add.at(held, (codes(names, served["service"]), served["s"].to_numpy(int), served["period"].to_numpy(int)), served["used"].to_numpy(float))
    waiting = facts.plan["standby"]
    np.add.at(held, (codes(names, waiting["service"]), codes(facts.site_ids, waiting["site"]), waiting["period"].to_numpy(int)), waiting["units"])
    placed = axes(("service", names), ("site", facts.site_ids), ("", periods))
    found.at_most("least_units", least[:, None, None] * there, held, placed, "least units of a presence against units held", "units", UNITS)
    _check_standby(facts)


def _check_standby(facts: Facts) -> None:
    """Units on standby are of a kind that could serve."""
    waiting, case = facts.plan["standby"], facts.case
    if waiting.empty:
        return
    table = joined(waiting, case["service_skus"][["service", "sku", "tok_per_s"]], ["service", "sku"])
    table = joined(table, case["skus"][["sku", "hbm_gb", "node_units"]], ["sku"])
    table = joined(table, case["services"][["service", "hbm_gb", "min_units"]].rename(columns={"hbm_gb": "replica_gb"}), ["service"])
    where = rows(table, "standby of service {service} site {site} SKU {sku}")
    facts.found.never("standby", table["tok_per_s"].isna() | (table["replica_gb"] > table["hbm_gb"] * table["node_units"]), where, "cannot serve")
    total = table.groupby(["service", "site", "period"], as_index=False).agg({"units": "sum", "min_units": "first"})
    where = rows(total, "standby of service {service} site {site}")
    facts.found.at_most("standby", total["units"], total["min_units"], where, "units on standby against the least units", "units", UNITS)


def units_needed(facts: Facts, served: pd.DataFrame, spares: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return units that services need at a site and, of them, peaks added up, by site, SKU and period.

    A service that does not share needs its peak throughout, and so do spares and what stands by; of the others, the hour with the largest sum counts.
    """
    shared = served["service"].map(facts.case["services"].set_index("service")["shared"]).to_numpy(bool)
    level = np.where(shared[:, None], relative_loads(facts.case, served), 1.0)
    place = served["s"].to_numpy(int), served["k"].to_numpy(int), served["period"].to_numpy(int)
    need = np.zeros((facts.n_blocks, len(facts.site_ids), len(facts.sku_ids), facts.n_periods))
    peaks = np.zeros(need.shape[1:])
    waiting = facts.plan["standby"]
    aside = codes(facts.site_ids, waiting["site"]), codes(facts.sku_ids, waiting["sku"]), waiting["period"].to_numpy(int)
    for b in range(facts.n_blocks):
        np.add.at(need[b], place, level[:, b] * served["used"].to_numpy(float))
    np.add.at(peaks, place, served["used"].to_numpy(float))
    kept = service_units(facts, spares)
    np.add.at(kept, aside, waiting["units"].to_numpy(float))
    return need.max(axis=0) + kept, peaks + kept


def check_pools(facts: Facts, served: pd.DataFrame, spares: pd.DataFrame) -> None:
    """Compare the table ``pools`` with what the services need together."""
    said, found = facts.plan["pools"], facts.found
    if said.attrs.get("missing"):
        return
    need, peaks = units_needed(facts, served, spares)
    at = codes(facts.site_ids, said["site"]), codes(facts.sku_ids, said["sku"]), said["period"].to_numpy(int)
    where = rows(said, "site {site} SKU {sku}")
    found.equal("pools.units", said["units"], need[at], where, "units that the services need together", "units", UNITS)
    found.equal("pools.own_peaks_units", said["own_peaks_units"], peaks[at], where, "their peaks added up", "units", UNITS)
