"""Chips: stock, deployment, halls and export limits (models/README.md sections 1 and 3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.orders import Stock
from placement.plan.checking.rules import Export
from placement.plan.checking.verdict import ABSOLUTE, RELATIVE, UNITS, axes, rows


def installed_units(facts: Facts) -> Floats:
    """Return units that run from the start by domain, SKU and period, until they retire."""
    table, out = facts.case["installed"], np.zeros((len(facts.domain_ids), len(facts.sku_ids), facts.n_periods))
    stays = np.arange(facts.n_periods) < table["retires"].to_numpy(int)[:, None]
    np.add.at(out, (codes(facts.domain_ids, table["domain"]), codes(facts.sku_ids, table["sku"])), stays * table["units"].to_numpy(float)[:, None])
    return out


def check_chips(facts: Facts, stock: Stock, rented: Floats, hall_mw: Floats, liquid_mw: Floats, training: Floats) -> tuple[Floats, Floats]:
    """Check the chips table against stock, rents, halls, rules and the ``training`` use (f,k,t); return (units there, serving) by f,k,t."""
    table, found, horizon = facts.plan["chips"], facts.found, facts.n_periods
    f, k, t = codes(facts.domain_ids, table["domain"]), codes(facts.sku_ids, table["sku"]), table["period"].to_numpy(int)
    installed = installed_units(facts)
    shape = (len(facts.domain_ids), len(facts.sku_ids), horizon)
    deployed, serving, said_training = np.zeros((3, *shape))
    deployed[f, k, t], serving[f, k, t], said_training[f, k, t] = table["deployed"], table["serving"], table["training"]
    here = rows(table.assign(period=[facts.case.periods[i] for i in t]), "domain {domain} SKU {sku} {period}")
    there = axes(("domain", facts.domain_ids), ("SKU", facts.sku_ids), ("", facts.case.periods))
    found.never("chips.site", table["site"].to_numpy(object) != facts.domain_site_ids[f], here, "the domain is at another site")
    found.equal("chips.installed", table["installed"], installed[f, k, t], here, "installed", "units", UNITS)
    found.equal("chips.training", said_training, training, there, "units used by jobs", "units", UNITS)

    units = installed + deployed
    later = axes(("domain", facts.domain_ids), ("SKU", facts.sku_ids), ("", facts.case.periods[1:]))
    found.at_most("rents.units", rented, deployed, there, "rented units against units deployed", "units", UNITS)
    owned = deployed - rented
    provider = np.where(facts.power_included[facts.domain_site][:, None, None], owned, 0.0)
    found.at_most("power_included", provider, 0, there, "owned units where only rented ones stand", "units", UNITS)
    before, after = owned[:, :, :-1], owned[:, :, 1:]
    stays = np.where((stock.leaving[:, 1:] > 0)[None], 0.0, before)  # where units leave, how many is the next comparison
    found.at_most("deployed_step", stays, after, later, "deployed before against deployed", "units", UNITS)
    removed, of_sku = np.maximum(before - after, 0).sum(axis=0), axes(("SKU", facts.sku_ids), ("", facts.case.periods[1:]))
    limit = np.where(stock.leaving[:, 1:] > 0, stock.leaving[:, 1:], np.inf)
    found.at_most("removed_units", removed, limit, of_sku, "units taken away against units that leave", "units", UNITS)
    every = axes(("SKU", facts.sku_ids), ("", facts.case.periods))
    found.at_most("chip_stock", owned.sum(axis=0), stock.owned, every, "owned units deployed against arrived and not sold", "units", UNITS)
    found.at_most("serving_split", -serving, 0, there, "units lent to inference below zero", "units", UNITS)
    found.at_most("serving_split", serving, units, there, "units lent to inference against units there", "units", UNITS)
    found.at_most("compute", training, units - serving, there, "units of jobs against units not lent to inference", "units", UNITS, scale=units)
    _in_halls(facts, units, hall_mw, liquid_mw)
    _deploy_rate(facts, owned)
    _where_allowed(facts, deployed)
    _export_cap(facts, units)
    return units, serving


def _in_halls(facts: Facts, units: Floats, hall_mw: Floats, liquid_mw: Floats) -> None:
    mw = units * facts.unit_mw[None, :, None]
    there = axes(("domain", facts.domain_ids), ("", facts.case.periods))
    facts.found.at_most("hall_it_mw", mw.sum(axis=1), hall_mw, there, "IT power of the chips against halls in service", "MW")
    mixed = facts.has_liquid & facts.has_air
    limit = np.where(mixed[:, None], liquid_mw, np.inf)
    facts.found.at_most("hall_liquid_mw", mw[:, facts.liquid_sku].sum(axis=1), limit, there, "IT power of liquid-cooled chips against liquid halls", "MW")


def _deploy_rate(facts: Facts, owned: Floats) -> None:
    """Compare the IT power of owned units that a site puts into service in a period with what it can."""
    limit = facts.sites["deploy_mw_per_period"].fillna(np.inf).to_numpy(float)[:, None]
    added = np.maximum(np.diff(owned, axis=2, prepend=0.0), 0.0) * facts.unit_mw[None, :, None]
    there, mw = axes(("site", facts.site_ids), ("", facts.case.periods)), facts.per_site(added.sum(axis=1))
    facts.found.at_most("deploy_rate", mw, np.broadcast_to(limit, mw.shape), there, "IT power put into service against what the site can", "MW", UNITS)


def _where_allowed(facts: Facts, deployed: Floats) -> None:
    """Chips may only be put where cooling and export rules allow."""
    export, most = Export(facts.case), deployed.max(axis=2, initial=0.0)
    country = facts.sites["country"].to_numpy(object)[facts.domain_site]
    for f, k in np.argwhere(most > UNITS):
        where = f"domain {facts.domain_ids[f]} SKU {facts.sku_ids[k]}"
        if rule := export.denied(facts.skus["export_class"].iloc[k], country[f]):
            facts.found.add("export", f"{where} (rule {rule})", "the export rules forbid these chips there", most[f, k], "units")
        if facts.liquid_sku[k] and not facts.has_liquid[f]:
            facts.found.add("cooling", where, "liquid-cooled chips need a liquid hall", most[f, k], "units")


def _export_cap(facts: Facts, units: Floats) -> None:
    """Compare what stands in a country, at its most, with what the licence allows: in units, or in processing performance."""
    export = Export(facts.case)
    country, sku_class = facts.sites["country"].to_numpy(object)[facts.domain_site], facts.skus["export_class"].to_numpy(object)
    tpp = facts.skus["tpp"].fillna(0.0).to_numpy(float) / 1e6
    kinds = {
        "cap": ("export_cap", np.ones(len(tpp)), "cap_units", "units"),
        "cap_performance": ("export_performance", tpp, "cap_tpp_million", "million TPP"),
    }
    for row in (r for r in export.rows if r["rule"] in kinds):
        name, weight, column, unit = kinds[row["rule"]]
        own = export.countries(row["export_class"])
        inside = np.array([c not in own if row["country"] == "*" else c == row["country"] for c in country], dtype=bool)
        of_class = sku_class == row["export_class"]
        count, cap = float((units[np.ix_(inside, of_class)] * weight[of_class, None]).sum(axis=(0, 1)).max()), float(row[column])
        if not count - cap <= UNITS * max(1.0, weight.max()) + RELATIVE * cap + ABSOLUTE:
            where = f"class {row['export_class']} country {row['country']} (rule {row['rule_id']})"
            facts.found.add(name, where, f"{count:.9g} {unit} where {cap:.9g} are allowed", count - cap, unit)


def check_serving(facts: Facts, serving: Floats, inference: Floats) -> None:
    """Check that units lent to inference at a site cover what the services use there (s,k,t)."""
    there = axes(("site", facts.site_ids), ("SKU", facts.sku_ids), ("", facts.case.periods))
    lent, pooled = facts.per_site(serving), _pooled(facts)
    facts.found.at_most("serve", np.where(pooled, 0, inference), lent, there, "units of services against units lent to inference", "units", UNITS)
    facts.found.at_most("pool", np.where(pooled, inference, 0), lent, there, "units that services need together against those lent", "units", UNITS)


def _pooled(facts: Facts) -> NDArray[np.bool_]:
    """Return where a service that shares is served (s,k,t)."""
    table, services = facts.plan["inference"], facts.case["services"]
    table = table[table["service"].isin(list(services.loc[services["shared"], "service"]))]
    out = np.zeros((len(facts.site_ids), len(facts.sku_ids), facts.n_periods), bool)
    out[codes(facts.site_ids, table["site"]), codes(facts.sku_ids, table["sku"]), table["period"].to_numpy(int)] = True
    return out
