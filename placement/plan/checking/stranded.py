"""Capacity of fabric domains that no further gang can use (models/README.md section 11)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.density import hall_takes
from placement.plan.checking.facts import Facts, Floats, codes, joined
from placement.plan.checking.gangs import LEAST_GOODPUT, goodput_of
from placement.plan.checking.network import Network
from placement.plan.checking.rules import Export, Residency
from placement.plan.checking.sites import EPSILON
from placement.plan.checking.verdict import UNITS, axes

NOTHING_MW = 1e-9


def check_stranded(facts: Facts, network: Network, it_mw: Floats, units: Floats, used: Floats) -> None:
    """Compare the table with what halls (f,t), chips there and chips used (f,k,t) leave for the smallest gang that may run in each domain."""
    said, found = facts.plan["stranded"], facts.found
    least = _least_gangs(facts, network)
    unit_mw = facts.unit_mw[None, :, None]
    empty_mw = np.maximum(it_mw - (units * unit_mw).sum(axis=1), 0.0)
    room = units - used + empty_mw[:, None, :] / unit_mw - least[:, :, None]
    free_mw = it_mw - (used * unit_mw).sum(axis=1)
    some = np.asarray(np.isfinite(least).any(axis=1)).reshape(-1, 1)
    free = (free_mw > NOTHING_MW) & some
    lost, perhaps = ~(room >= -UNITS).any(axis=1) & free, ~(room >= 2 * UNITS).any(axis=1) & free  # a gang that fits to a hair may be told either way
    real = {"stranded_mw": free_mw, "stranded_units": np.maximum((units - used).sum(axis=1), 0.0), "it_mw": it_mw, "usable_mw": it_mw - free_mw}
    where = axes(("domain", facts.domain_ids), ("", facts.case.periods))
    f, t = codes(facts.domain_ids, said["domain"]), said["period"].to_numpy(int)
    told = np.zeros(lost.shape, bool)
    told[f, t] = True
    for column, values in real.items():
        claimed = np.zeros_like(values)
        claimed[f, t] = said[column]
        unit = "MW" if column.endswith("mw") else "units"
        found.equal(f"stranded.{column}", claimed, np.where(lost | (perhaps & told), values, 0.0), where, column, unit, UNITS)


def _least_gangs(facts: Facts, network: Network) -> Floats:
    """Return the fewest units of any gang that the rules allow per domain and SKU; infinite where there is none (f,k)."""
    case, halls = facts.case, facts.halls
    fabric = halls.groupby("f")["fabric_gbps_per_unit"].min().to_numpy(float)
    jobs = joined(case["job_skus"].drop(columns="note", errors="ignore"), case["jobs"].drop(columns=["name", "note"], errors="ignore"), ["job"])
    skus = case["skus"][["sku", "hbm_gb", "export_class"]].assign(k=np.arange(len(case["skus"])))
    table = joined(jobs, skus, ["sku"]).merge(case["sites"][["site", "country", "outages_per_year"]], how="cross")
    of_data = dict(zip(case["datasets"]["dataset"], case["datasets"]["residency"], strict=True))
    table["of_data"] = pd.Series([of_data.get(name, "") for name in table["dataset"]], table.index, dtype=object)
    goodput = goodput_of(facts, network, table)
    residency, export = Residency(case), Export(case)
    allowed = ~table["preemptible"].to_numpy(bool) & (goodput > LEAST_GOODPUT) & (table["hbm_gb"] >= table["min_hbm_gb"]).to_numpy(bool)
    for column in ("residency", "of_data"):
        allowed &= np.array([residency.denied(c, "", country) == "" for c, country in zip(table[column], table["country"], strict=True)], dtype=bool)
    allowed &= np.array([export.denied(c, country) == "" for c, country in zip(table["export_class"], table["country"], strict=True)], dtype=bool)

    table, goodput = table[allowed], goodput[allowed]
    progress = goodput * table["maturity"].to_numpy(float)
    longer = (table["goodput_by"] == "duration").to_numpy(bool)
    exponent = table["scaling_exponent"].fillna(1.0).to_numpy(float)
    fixed, nominal = table["scaling_exponent"].isna().to_numpy(bool), table["units"].to_numpy(float)
    narrow = np.where(fixed | (table["min_units"] == 0), nominal, table["min_units"])
    wide = np.where(fixed | (table["max_units"] == 0), nominal, table["max_units"])
    work = table["duration_periods"].to_numpy(float) / np.where(longer, progress, 1.0)
    in_time = np.ceil(nominal * (work / facts.n_periods) ** (1 / exponent) - EPSILON)  # narrower ones end after the horizon
    width = np.clip(in_time, narrow, wide)
    gang = np.ceil(np.where(longer, width, width / progress) - EPSILON)

    takes = hall_takes(facts)
    out = np.full((len(facts.domain_ids), len(facts.sku_ids)), np.inf)
    for f, site in enumerate(facts.domain_site_ids):
        here = (table["site"] == site).to_numpy(bool) & (table["min_fabric_gbps"] <= fabric[f]).to_numpy(bool)
        k = table["k"].to_numpy(int)[here]
        fits = takes[halls["f"].to_numpy(int) == f].any(axis=0)[k]
        np.minimum.at(out[f], k[fits], gang[here][fits])
    return out
