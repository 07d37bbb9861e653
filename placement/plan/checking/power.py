"""Power: grid tiers, contracts, generators, energy by block and its cost, firm power (models/README.md section 2)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.plan.checking.connection import check_peaks, curtailed
from placement.plan.checking.cooling import check_community, check_cooling
from placement.plan.checking.energy_policy import check_carbon, check_clean, check_mix
from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.generation import at_sites, capacities, check_output, exported
from placement.plan.checking.storage import Stored, firm_storage, given_at_sites, read_storage
from placement.plan.checking.verdict import ABSOLUTE, axes, rows
from placement.units import USD_PER_MUSD


@dataclass(frozen=True)
class Taken:
    """Energy taken, MW at the meter."""

    grid: Floats  # s, t, b
    ppa: Floats  # p, s, t, b
    generator: Floats  # g, t, b


def check_power(facts: Facts, draw: Floats, firm_units: dict[float, Floats]) -> None:
    """Check and pay all power; ``draw`` is what chips and workloads use (s,t,b), ``firm_units`` what jobs need by firmness (s,t), MW."""
    tiers_on, capacity, stored = _tiers(facts), capacities(facts), read_storage(facts)
    taken = _energy(facts)
    through = taken.grid + taken.ppa.sum(axis=0)
    given_up = curtailed(facts, tiers_on, through)
    limit = _grid_limit(facts, through, tiers_on, given_up)
    check_peaks(facts, through)
    _contracts(facts, taken)
    check_output(facts, taken.generator, capacity)
    sold = exported(facts, taken.generator, limit)
    total = through + at_sites(facts, taken.generator)
    stored_mw = given_at_sites(facts, stored)
    if facts.power_modelled:
        there = axes(("site", facts.site_ids), ("", facts.case.periods), ("block", facts.block_names))
        check_community(facts, total)
        check_cooling(facts, draw)
        facts.found.at_most("power", draw, total - at_sites(facts, sold) + stored_mw, there, "power drawn against power taken", "MW", scale=total)
        _firm(facts, tiers_on - given_up, capacity, stored, firm_units)
    check_carbon(facts, _energy_cost(facts, taken))
    kept = Taken(taken.grid, taken.ppa, taken.generator - sold)
    spilled = _spilled(facts, total - at_sites(facts, sold) + stored_mw - draw, capacity, total)
    check_clean(facts, total - at_sites(facts, sold) + stored_mw - spilled, _clean(facts, kept) + stored_mw - spilled)
    check_mix(facts, _by_tech(facts, kept))


def _spilled(facts: Facts, left: Floats, capacity: Floats, total: Floats) -> Floats:
    """Check what is left over (s,t,b), where taking it could pay, against what must run; return it, 0 elsewhere."""
    case, generators = facts.case, facts.case["generators"]
    counted = any(len(case[t]) for t in ("clean_targets", "mix_limits", "curtailment")) or bool((case["tariffs"]["energy_usd_per_mwh"] < 0).any())
    if not counted or not facts.power_modelled:
        return np.zeros_like(left)
    must = generators["min_load"].to_numpy(float)[:, None, None] * facts.profile(generators)[:, None, :] * capacity[:, :, None]
    here = ~facts.sites["power_included"].to_numpy(bool)[:, None, None]
    there = axes(("site", facts.site_ids), ("", case.periods), ("block", facts.block_names))
    facts.found.at_most(
        "spill_limit", np.where(here, left, 0.0), at_sites(facts, must), there, "power that nobody uses against what must run", "MW", scale=total
    )
    return np.asarray(np.where(here, np.maximum(left, 0.0), 0.0))


def _tiers(facts: Facts) -> Floats:
    """Return MW of every tier of the case by period (r, t), 0 before it is on; check dates and pay."""
    tiers, horizon, found = facts.case["grid"], facts.n_periods, facts.found
    key = ["site", "tier"]
    said = facts.plan["grid"].set_index(key)["in_service"].reindex(pd.MultiIndex.from_frame(tiers[key])).to_numpy(float)
    available = np.maximum(tiers["available"].to_numpy(int), 0)
    where = rows(tiers, "site {site} tier {tier}")
    until = np.minimum(tiers["until"].to_numpy(int), horizon - 1)
    capex, fee = tiers["capex_musd"].to_numpy(float), tiers["opex_musd_per_year"].to_numpy(float)
    free = (capex == 0) & (fee == 0)
    start = np.where(np.isnan(said), horizon, said).astype(int)
    found.at_most("tier_dates", np.where(start < horizon, available, 0), start, where, "first period possible against period of entry", "periods")
    found.at_most(
        "tier_dates", np.where(start < horizon, start, 0), np.where(start < horizon, until, 0), where, "period of entry against the last one", "periods"
    )
    found.never(
        "grid.in_service",
        free & (start != np.minimum(available, horizon)),
        where,
        "a tier that costs nothing is on from its first possible period",
    )
    start = np.where(free, np.minimum(available, horizon), start)
    paid = ~free & (start < horizon)
    facts.cash.invest(start[paid], capex[paid], tiers["life_years"].to_numpy(float)[paid], facts.case.period_months)
    on = (np.arange(horizon) >= start[:, None]) & (np.arange(horizon) <= until[:, None])
    facts.cash.pay("opex", np.arange(horizon), fee @ on * facts.case.period_months / 12)
    mw: Floats = on * tiers["mw"].to_numpy(float)[:, None]
    return mw


def _energy(facts: Facts) -> Taken:
    """Spread the energy table over arrays; check that every source reaches the site."""
    case, table = facts.case, facts.plan["energy"]
    shape = (len(facts.site_ids), facts.n_periods, facts.n_blocks)
    taken = Taken(np.zeros(shape), np.zeros((len(case["ppas"]), *shape)), np.zeros((len(case["generators"]), *shape[1:])))
    s, t, b = codes(facts.site_ids, table["site"]), table["period"].to_numpy(int), codes(pd.Index(facts.block_names), table["block"])
    source, mw = table["source"], table["mw"].to_numpy(float)
    where = rows(table.assign(period=[case.periods[i] for i in t]), "site {site} {period} block {block} source {source}")

    own = (source == "grid").to_numpy(bool)
    taken.grid[s[own], t[own], b[own]] = mw[own]
    p = codes("ppa:" + pd.Index(case["ppas"]["ppa"], dtype=object), source)
    taken.ppa[p[p >= 0], s[p >= 0], t[p >= 0], b[p >= 0]] = mw[p >= 0]
    g = codes("generator:" + pd.Index(case["generators"]["generator"], dtype=object), source)
    np.add.at(taken.generator, (g[g >= 0], t[g >= 0], b[g >= 0]), mw[g >= 0])

    site, zone = table["site"].to_numpy(object), facts.sites["zone"].to_numpy(object)[s]
    ppas, generators = case["ppas"], case["generators"]
    home = np.array([generators["site"].iloc[i] if i >= 0 else "" for i in g], dtype=object)
    facts.found.never("energy.source", (g >= 0) & (home != site), where, "the generator is at another site")
    sold = np.array([ppas["zone"].iloc[i] if i >= 0 else "" for i in p], dtype=object)
    facts.found.never("ppa_zone", (p >= 0) & (sold != zone), where, "the contract delivers to another zone")
    outside = ~_in_tenor(facts)
    facts.found.never("ppa_dates", [bool(i >= 0 and outside[i, j]) for i, j in zip(p, t, strict=True)], where, "outside the contract's tenor")
    return taken


def _in_tenor(facts: Facts) -> NDArray[np.bool_]:
    """Whether every contract delivers in every period (p, t)."""
    start, tenor = (facts.case["ppas"][c].to_numpy(int)[:, None] for c in ("start", "tenor_periods"))
    now = np.arange(facts.n_periods)
    inside: NDArray[np.bool_] = (start <= now) & (now < start + tenor)
    return inside


def _grid_limit(facts: Facts, through: Floats, tiers_mw: Floats, given_up: Floats) -> Floats:
    """Compare what goes ``through`` the connections (s,t,b) with their limits, less what is ``given_up`` (r,t); return the limits (s,t,b)."""
    tiers = facts.case["grid"]
    by_tier = np.repeat(tiers_mw[:, :, None], facts.n_blocks, axis=2)
    by_tier[tiers["interruptible"].to_numpy(bool), :, facts.case.stress] = 0.0
    by_tier[:, :, facts.case.stress] -= given_up
    limit = np.zeros_like(through)
    np.add.at(limit, codes(facts.site_ids, tiers["site"]), by_tier)
    there = axes(("site", facts.site_ids), ("", facts.case.periods), ("block", facts.block_names))
    facts.found.at_most("grid_limit", through, limit, there, "power through the grid against energised tiers", "MW")
    return limit


def _contracts(facts: Facts, taken: Taken) -> None:
    """Contract sizes, output, energy paid for."""
    ppas, case, found = facts.case["ppas"], facts.case, facts.found
    ids, said, paid = pd.Index(ppas["ppa"]), facts.plan["contracts"], facts.plan["paid"]
    size, mwh = np.zeros(len(ids)), np.zeros((len(ids), facts.n_periods))
    size[codes(ids, said["ppa"])] = said["mw"]
    mwh[codes(ids, paid["ppa"]), paid["period"].to_numpy(int)] = paid["mwh"]
    found.at_most("contract_max", size, ppas["max_mw"], rows(ppas, "contract {ppa}"), "size against the largest", "MW")
    output = facts.profile(ppas) * size[:, None]  # p, b
    blocks = axes(("contract", ids), ("", case.periods), ("block", facts.block_names))
    found.at_most("ppa_output", taken.ppa.sum(axis=1), np.repeat(output[:, None, :], facts.n_periods, axis=1), blocks, "taken against output", "MW")
    there, hours = axes(("contract", ids), ("", case.periods)), case.hours.sum()
    # MWh inherit the absolute tolerance of the MW that they are made of.
    absolute = 1e-6 * hours
    found.at_most("ppa_paid", taken.ppa.sum(axis=1) @ case.hours, mwh, there, "energy taken against energy paid for", "MWh", absolute)
    least = _in_tenor(facts) * (ppas["take_share"].to_numpy(float) * (output @ case.hours))[:, None]
    found.at_most("ppa_take", least, mwh, there, "energy to be paid for in any case against energy paid for", "MWh", absolute)
    found.at_most("ppa_dates", np.where(_in_tenor(facts), 0, mwh), 0, there, "energy paid for outside the tenor", "MWh", absolute)
    least_mw = np.where(size > ABSOLUTE, ppas["min_mw"], 0.0)
    found.at_most("ppa_min", least_mw, size, rows(ppas, "contract {ppa}"), "smallest size against the size signed", "MW")
    years = (np.arange(facts.n_periods) - ppas["start"].to_numpy(int)[:, None]) * case.period_months / 12
    price = ppas["price_usd_per_mwh"].to_numpy(float)[:, None] * (1 + ppas["escalation_per_year"].to_numpy(float)[:, None]) ** years
    facts.cash.pay("contracts", np.arange(facts.n_periods), (price * mwh).sum(axis=0) / USD_PER_MUSD)


def _firm(facts: Facts, tiers_mw: Floats, capacity: Floats, stored: Stored, firm_units: dict[float, Floats]) -> None:
    tiers, generators = facts.case["grid"], facts.case["generators"]
    steady = ~tiers["interruptible"].to_numpy(bool)
    in_stress = facts.profile(generators)[:, facts.case.stress, None] * capacity
    for phi, used in firm_units.items():
        there = firm_storage(facts, stored, phi)
        good = steady & (tiers["firmness"].to_numpy(float) >= phi)
        np.add.at(there, codes(facts.site_ids, tiers["site"])[good], tiers_mw[good])
        good = generators["firmness"].to_numpy(float) >= phi
        np.add.at(there, codes(facts.site_ids, generators["site"])[good], in_stress[good])
        where = axes(("site", facts.site_ids), ("", facts.case.periods))
        facts.found.at_most("firm", used, there, where, f"power of jobs that need firmness {phi:g} against such power", "MW")


def _energy_cost(facts: Facts, taken: Taken) -> Floats:
    """Pay for energy from the grid and generators, and for the carbon of all energy taken, which is returned by period, kg."""
    case, cash, now = facts.case, facts.cash, np.arange(facts.n_periods)
    grid_mwh = taken.grid * case.hours
    price, grid_kg, _ = _tariffs(facts)
    generators, ppas = case["generators"], case["ppas"]
    generator_mwh = taken.generator @ case.hours  # g, t
    fuel = (generators["energy_usd_per_mwh"].to_numpy(float)[:, None] * generator_mwh).sum(axis=0)
    cash.pay("energy", now, ((grid_mwh * price).sum(axis=(0, 2)) + fuel) / USD_PER_MUSD)
    kg = (grid_mwh * grid_kg).sum(axis=(0, 2))
    kg += (generators["co2_kg_per_mwh"].to_numpy(float)[:, None] * generator_mwh).sum(axis=0)
    kg += (ppas["co2_kg_per_mwh"].to_numpy(float)[:, None] * (taken.ppa.sum(axis=1) @ case.hours)).sum(axis=0)
    cash.emit(kg, case.carbon_price_usd_per_t)
    return kg


def _clean(facts: Facts, taken: Taken) -> Floats:
    """Return the clean part of what is taken, by site, period and block, MW."""
    ppas, generators = facts.case["ppas"], facts.case["generators"]
    bought = (ppas["clean"].to_numpy(float)[:, None, None, None] * taken.ppa).sum(axis=0)
    own = at_sites(facts, generators["clean"].to_numpy(float)[:, None, None] * taken.generator)
    clean: Floats = _tariffs(facts)[2] * taken.grid + bought + own
    return clean


def _by_tech(facts: Facts, taken: Taken) -> dict[str, Floats]:
    """Return what is taken by technology and period, GWh."""
    hours = facts.case.hours / 1e3
    out = {"grid": taken.grid.sum(axis=0) @ hours}
    for table, mw in (("ppas", taken.ppa.sum(axis=1)), ("generators", taken.generator)):
        for tech, gwh in zip(facts.case[table]["tech"], mw @ hours, strict=True):
            out[tech] = out.get(tech, 0.0) + gwh
    return out


def _tariffs(facts: Facts) -> tuple[Floats, Floats, Floats]:
    """Return price ($/MWh), carbon (kg/MWh) and clean share of grid energy by site, period and block; 0 for sites without a zone, which take none."""
    table, shape = facts.case["tariffs"], (len(facts.site_ids), facts.n_periods, facts.n_blocks)
    zones = pd.Index(facts.sites["zone"].unique())
    out = np.zeros((3, len(zones), *shape[1:]))
    z, b = codes(zones, table["zone"]), codes(pd.Index(facts.block_names), table["block"])
    used = z >= 0  # a zone without sites has tariffs that nobody pays
    at = (z[used], table["period"].to_numpy(int)[used], b[used])
    for i, column in enumerate(("energy_usd_per_mwh", "co2_kg_per_mwh", "clean_share")):
        out[i][at] = table[column].to_numpy(float)[used]
    at_site = codes(zones, facts.sites["zone"])
    return out[0][at_site], out[1][at_site], out[2][at_site]
