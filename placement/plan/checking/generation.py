"""On-site generation: capacity, modules, output, fuel, sale (models/README.md section 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.verdict import ABSOLUTE, axes, rows
from placement.units import USD_PER_MUSD


def capacities(facts: Facts) -> Floats:
    """Return the capacity of every generator by period (g, t), MW; check and pay."""
    table, said, horizon, found = facts.case["generators"], facts.plan["generators"], facts.n_periods, facts.found
    capacity = np.zeros((len(table), horizon))
    capacity[codes(pd.Index(table["generator"]), said["generator"]), said["period"].to_numpy(int)] = said["mw"]
    there = axes(("generator", table["generator"].tolist()), ("", facts.case.periods))
    later = axes(("generator", table["generator"].tolist()), ("", facts.case.periods[1:]))
    found.at_most("generator_max", capacity, table["max_mw"].to_numpy(float)[:, None], there, "capacity against the largest", "MW")
    found.at_most("generator_step", capacity[:, :-1], capacity[:, 1:], later, "capacity before against capacity", "MW")
    early = np.arange(horizon) < table["available"].to_numpy(int)[:, None]
    found.at_most("generator_dates", np.where(early, capacity, 0), 0, there, "capacity before it can run", "MW")
    unit = table["unit_mw"].to_numpy(float)[:, None]
    whole = np.where(np.isnan(unit), capacity, np.round(capacity / unit) * unit)
    found.equal("generator_modules", capacity, whole, there, "capacity against whole modules", "MW")
    least = np.where(capacity > ABSOLUTE, table["min_mw"].to_numpy(float)[:, None], 0.0)
    found.at_most("generator_least", least, capacity, there, "smallest plant against capacity", "MW")
    added = np.diff(capacity, axis=1, prepend=0.0)
    cost, life = table["capex_musd_per_mw"].to_numpy(float)[:, None] * added, table["life_years"].to_numpy(float)[:, None]
    when = np.broadcast_to(np.arange(horizon), added.shape)
    facts.cash.invest(when, cost, life, facts.case.period_months)
    facts.cash.pay("opex", np.arange(horizon), table["opex_musd_per_mw_year"].to_numpy(float) @ capacity * facts.case.period_months / 12)
    return capacity


def check_output(facts: Facts, output: Floats, capacity: Floats) -> None:
    """Compare output (g,t,b), MW, with what the capacity gives, must give, and may give in a year."""
    table, case = facts.case["generators"], facts.case
    limit = facts.profile(table)[:, None, :] * capacity[:, :, None]
    there = axes(("generator", table["generator"].tolist()), ("", case.periods), ("block", facts.block_names))
    facts.found.at_most("generator_out", output, limit, there, "output against what the capacity gives", "MW")
    least = table["min_load"].to_numpy(float)[:, None, None] * limit
    facts.found.at_most("generator_min_load", least, output, there, "least output of what is in service against output", "MW")
    most = table["max_gwh_per_year"].fillna(np.inf).to_numpy(float)[:, None] * case.period_months / 12
    by_period = axes(("generator", table["generator"].tolist()), ("", case.periods))
    gwh = output @ case.hours / 1e3
    facts.found.at_most("generator_fuel", gwh, np.broadcast_to(most, gwh.shape), by_period, "energy against fuel or permit", "GWh")


def exported(facts: Facts, output: Floats, limit_mw: Floats) -> Floats:
    """Return what generators sell (g,t,b), MW; check it against output (g,t,b) and connections (s,t,b), and book what it earns."""
    table, said, case = facts.case["generators"], facts.plan["exports"], facts.case
    g, t, b = codes(pd.Index(table["generator"]), said["generator"]), said["period"].to_numpy(int), codes(pd.Index(facts.block_names), said["block"])
    sold = np.zeros((len(table), facts.n_periods, facts.n_blocks))
    sold[g, t, b] = said["mw"]
    price = table["export_usd_per_mwh"].to_numpy(float)
    where = rows(said.assign(period=[case.periods[i] for i in t]), "generator {generator} {period} block {block}")
    facts.found.never("exports.mw", np.isnan(price[g]), where, "output of this generator cannot be sold")
    there = axes(("generator", table["generator"].tolist()), ("", case.periods), ("block", facts.block_names))
    facts.found.at_most("generator_export", sold, output, there, "output sold against output", "MW")
    by_site = at_sites(facts, sold)
    places = axes(("site", facts.site_ids), ("", case.periods), ("block", facts.block_names))
    facts.found.at_most("export_limit", by_site, limit_mw, places, "output sold against energised tiers", "MW")
    earned = np.nan_to_num(price) @ (sold @ case.hours)
    facts.cash.pay("energy", np.arange(facts.n_periods), -earned / USD_PER_MUSD)
    return sold


def at_sites(facts: Facts, by_generator: Floats) -> Floats:
    """Sum an array whose first axis is the generator to sites."""
    out = np.zeros((len(facts.site_ids), *by_generator.shape[1:]))
    np.add.at(out, codes(facts.site_ids, facts.case["generators"]["site"]), by_generator)
    return out
