"""Storage: capacity, energy over the representative day, firm power (models/README.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.verdict import axes, rows


@dataclass(frozen=True)
class Stored:
    """What storage takes and gives, and its capacity, MW."""

    charge: Floats  # n, t, b
    discharge: Floats  # n, t, b
    capacity: Floats  # n, t


def read_storage(facts: Facts) -> Stored:
    """Spread the storage table over arrays; check sizes, dates and the energy of a day, and pay."""
    case, table, said, found = facts.case, facts.case["storage"], facts.plan["storage"], facts.found
    shape = (len(table), facts.n_periods, facts.n_blocks)
    charge, discharge, capacity = np.zeros(shape), np.zeros(shape), np.zeros(shape[:2])
    n, t = codes(pd.Index(table["storage"]), said["storage"]), said["period"].to_numpy(int)
    b = codes(pd.Index(facts.block_names), said["block"])
    charge[n, t, b], discharge[n, t, b] = said["charge_mw"], said["discharge_mw"]
    np.maximum.at(capacity, (n, t), said["capacity_mw"].to_numpy(float))
    where = rows(said.assign(period=[case.periods[i] for i in t]), "storage {storage} {period} block {block}")
    found.equal("storage.capacity_mw", said["capacity_mw"], capacity[n, t], where, "capacity in this block against the other blocks", "MW")

    ids = table["storage"].tolist()
    there, later = axes(("storage", ids), ("", case.periods)), axes(("storage", ids), ("", case.periods[1:]))
    blocks = axes(("storage", ids), ("", case.periods), ("block", facts.block_names))
    found.at_most("storage_max", capacity, table["max_mw"].to_numpy(float)[:, None], there, "capacity against the largest", "MW")
    found.at_most("storage_step", capacity[:, :-1], capacity[:, 1:], later, "capacity before against capacity", "MW")
    early = np.arange(facts.n_periods) < table["available"].to_numpy(int)[:, None]
    found.at_most("storage_dates", np.where(early, capacity, 0), 0, there, "capacity before it can run", "MW")
    found.at_most("storage_power", charge + discharge, capacity[:, :, None], blocks, "charge and discharge against capacity", "MW")
    day = 24 * np.array([block.share for block in case.blocks])
    given, put = discharge * day, charge * day * table["efficiency"].to_numpy(float)[:, None, None]
    found.equal("storage_balance", given.sum(axis=2), put.sum(axis=2), there, "energy given back in a day against energy stored", "MWh", 24e-6)
    held = table["hours"].to_numpy(float)[:, None] * capacity
    cycles = table["cycles_per_day"].to_numpy(float)[:, None]
    found.at_most("storage_cycles", given.sum(axis=2), cycles * held, there, "energy given back in a day against the cycles of the store", "MWh", 24e-6)
    found.at_most("storage_energy", given, held[:, :, None], blocks, "energy given back in a block against the store", "MWh", 24e-6)
    _pay(facts, capacity)
    return Stored(charge, discharge, capacity)


def _pay(facts: Facts, capacity: Floats) -> None:
    table, now = facts.case["storage"], np.arange(facts.n_periods)
    price = (table["capex_musd_per_mw"] + table["hours"] * table["capex_musd_per_mwh"]).to_numpy(float)[:, None]
    added = np.diff(capacity, axis=1, prepend=0.0)
    life = table["life_years"].to_numpy(float)[:, None]
    facts.cash.invest(np.broadcast_to(now, added.shape), price * added, life, facts.case.period_months)
    facts.cash.pay("opex", now, table["opex_musd_per_mw_year"].to_numpy(float) @ capacity * facts.case.period_months / 12)


def given_at_sites(facts: Facts, stored: Stored) -> Floats:
    """Return what storage gives less what it takes, by site (s,t,b), MW."""
    out = np.zeros((len(facts.site_ids), facts.n_periods, facts.n_blocks))
    np.add.at(out, codes(facts.site_ids, facts.case["storage"]["site"]), stored.discharge - stored.charge)
    return out


def firm_storage(facts: Facts, stored: Stored, level: float) -> Floats:
    """Return power that storage of at least a firmness holds through the stress block, by site (s,t), MW."""
    table = facts.case["storage"]
    through = np.minimum(1.0, table["hours"].to_numpy(float) / (24 * facts.case.blocks[facts.case.stress].share))
    counts = (table["firmness"].to_numpy(float) >= level) * through
    out = np.zeros((len(facts.site_ids), facts.n_periods))
    np.add.at(out, codes(facts.site_ids, table["site"]), counts[:, None] * stored.capacity)
    return out
