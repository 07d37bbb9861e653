"""Training jobs: placed once, where and when they may run, what they use (models/README.md section 5)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.plan.checking.datasets import check_data
from placement.plan.checking.facts import Facts, Floats, Ints, codes, joined
from placement.plan.checking.gangs import check_bases, check_fabric, with_gangs
from placement.plan.checking.network import Network
from placement.plan.checking.rules import check_placement_rules
from placement.plan.checking.sites import EPSILON
from placement.plan.checking.verdict import UNITS, rows


def placed_jobs(facts: Facts, network: Network) -> pd.DataFrame:
    """Return the training rows with the facts of job, SKU and domain and the recomputed ``gang`` (units_eff).

    The domain decides about the site. Rows whose (job, SKU) is not in the case are reported and left out.
    """
    case, said = facts.case, facts.plan["training"]
    table = said.rename(columns={"site": "said_site", "units": "said_units", "value_musd": "said_value", "goodput": "said_goodput"})
    table["f"] = codes(facts.domain_ids, table["domain"])
    table["s"] = facts.domain_site[table["f"].to_numpy(int)]
    table["site"] = facts.domain_site_ids[table["f"].to_numpy(int)]
    table["k"] = codes(facts.sku_ids, table["sku"])
    facts.found.never("training.site", table["said_site"] != table["site"], rows(table, "job {job} domain {domain}"), "the domain is at another site")
    table = joined(table, case["job_skus"].drop(columns=["source", "assumption", "note"], errors="ignore"), ["job", "sku"])
    unknown = table["units"].isna().to_numpy(bool)
    facts.found.never("eligibility", unknown, rows(table, "job {job}"), "the job cannot use this SKU")
    table = joined(table[~unknown].reset_index(drop=True), case["jobs"].drop(columns="name"), ["job"])
    table = joined(table, case["skus"][["sku", "hbm_gb", "export_class"]], ["sku"])
    table = joined(table, case["sites"][["site", "country", "outages_per_year"]], ["site"])
    return with_gangs(facts, network, table)


def check_jobs(facts: Facts, jobs: pd.DataFrame) -> None:
    """Check serve rows, eligibility, windows and the columns of the table; book the values."""
    found = facts.found
    where = rows(jobs, "job {job} at {domain} on {sku}")
    _placed_once(facts)
    check_placement_rules(facts.case, jobs.assign(origin=""), found, "job {job}")
    wet = facts.liquid_sku[jobs["k"].to_numpy(int)] & ~facts.has_liquid[jobs["f"].to_numpy(int)]
    found.never("cooling", wet, where, "a liquid-cooled SKU needs a liquid hall")
    found.at_most("memory", jobs["min_hbm_gb"], jobs["hbm_gb"], where, "memory needed against memory per accelerator", "GB")
    s = jobs["s"].to_numpy(int)
    needed = np.where(facts.power_included[s], jobs["min_firmness"], 0.0)
    found.at_most("firmness", needed, facts.sites["included_firmness"].to_numpy(float)[s], where, "firmness needed against that of power in the rent", "share")
    found.equal("units_eff", jobs["said_units"], jobs["gang"], where, "effective gang", "units", UNITS)
    found.equal("training.value_musd", jobs["said_value"], jobs["value_musd"], where, "value", "M$")
    start, end = jobs["start"].to_numpy(int), jobs["end"].to_numpy(int)
    found.at_most("job_window", jobs["earliest"], start, where, "earliest period against start", "periods")
    found.at_most("job_window", end, jobs["latest"], where, "end against latest period", "periods")
    found.equal("job_window", end - start + 1, jobs["periods"], where, "duration", "periods")
    check_fabric(facts, jobs)
    check_bases(facts, jobs)
    check_data(facts, jobs)
    facts.cash.pay("change", start, jobs["porting_cost_musd"].to_numpy(float))
    facts.cash.pay("value", end, -(jobs["value_musd"] * jobs["success_probability"]).to_numpy(float))
    _penalties(facts, jobs)


def _penalties(facts: Facts, jobs: pd.DataFrame) -> None:
    """Pay for lateness, for moving away from today's site, and for jobs that are not placed."""
    start, end = jobs["start"].to_numpy(int), jobs["end"].to_numpy(int)
    facts.cash.pay("unmet", end, (jobs["late_musd_per_period"] * np.maximum(0, end - jobs["due"])).to_numpy(float))
    if "incumbent" in facts.case:
        moved = joined(jobs[["job", "site"]].rename(columns={"job": "workload"}), facts.case["incumbent"].rename(columns={"site": "now"}), ["workload"])
        facts.cash.pay("change", start, np.where(moved["now"] == moved["site"], 0.0, moved["move_musd"].fillna(0.0)))
    out = facts.case["jobs"][~facts.case["jobs"]["job"].isin(list(facts.plan["training"]["job"]))]
    facts.cash.pay("unmet", np.minimum(out["latest"].to_numpy(int), facts.n_periods - 1), out["unplaced_musd"].to_numpy(float))


def _placed_once(facts: Facts) -> None:
    jobs, found = facts.case["jobs"], facts.found
    placed, left = (facts.plan[name]["job"].value_counts().reindex(jobs["job"]).fillna(0).to_numpy(int) for name in ("training", "unplaced"))
    where = rows(jobs, "job {job}")
    found.never("placed_once", placed + left == 0, where, "neither placed nor listed as unplaced")
    found.never("placed_once", placed > 1, where, "placed more than once")
    found.never("placed_once", (placed > 0) & (left > 0), where, "placed and listed as unplaced")
    found.never("mandatory", jobs["mandatory"].to_numpy(bool) & (placed == 0), where, "a mandatory job is not placed")
    said = joined(facts.plan["unplaced"].rename(columns={"value_musd": "said"}), jobs[["job", "value_musd"]], ["job"])
    found.equal("unplaced.value_musd", said["said"], said["value_musd"], rows(said, "job {job}"), "value", "M$")


def check_requires(facts: Facts, jobs: pd.DataFrame, start_of_hall: Ints) -> None:
    """Check that the halls that make the domain large enough for a gang are there when it starts, and that they exist at all."""
    halls = facts.halls.assign(start=start_of_hall)
    by_domain = dict(iter(halls.groupby("f", sort=False)))
    mw = jobs["gang"].to_numpy(float) * facts.unit_mw[jobs["k"].to_numpy(int)]
    for i, (f, need, start) in enumerate(zip(jobs["f"], mw, jobs["start"], strict=True)):
        line = by_domain[f].iloc[np.argsort(~by_domain[f]["existing"].to_numpy(bool), kind="stable")]
        enough = line["it_mw"].cumsum().to_numpy(float) * (1 + EPSILON) >= need
        where = f"job {jobs['job'].iloc[i]} at {jobs['domain'].iloc[i]} {facts.case.periods[start]}"
        if not enough.any():
            facts.found.add("size", where, "the gang needs more IT power than all halls of the domain", need - line["it_mw"].sum(), "MW")
        elif line["start"].iloc[int(enough.argmax())] > start:
            facts.found.add("requires", where, f"hall {line['hall'].iloc[int(enough.argmax())]} is not in service when the job starts")


def gang_units(facts: Facts, jobs: pd.DataFrame) -> Floats:
    """Return units used by jobs, by domain, SKU and period."""
    units = np.zeros((len(facts.domain_ids), len(facts.sku_ids), facts.n_periods))
    runs = _running(facts, jobs)
    np.add.at(units, (jobs["f"].to_numpy(int), jobs["k"].to_numpy(int)), runs * jobs["gang"].to_numpy(float)[:, None])
    return units


def firm_power(facts: Facts, jobs: pd.DataFrame) -> dict[float, Floats]:
    """Return for every firmness that jobs ask for the power of jobs that need at least that, by site and period, MW."""
    s, k = jobs["s"].to_numpy(int), jobs["k"].to_numpy(int)
    mw = _running(facts, jobs) * facts.pue.max(axis=2)[s] * (facts.unit_mw[k] * jobs["gang"].to_numpy(float))[:, None]
    needs, out = jobs["min_firmness"].to_numpy(float), {}
    for phi in sorted({float(x) for x in facts.case["jobs"]["min_firmness"] if x > 0}):
        out[phi] = np.zeros((len(facts.site_ids), facts.n_periods))
        np.add.at(out[phi], s[needs >= phi], mw[needs >= phi])
    return out


def _running(facts: Facts, jobs: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether a job holds its gang in a period (row, t): its duration from the start, whatever end the table says."""
    now, start = np.arange(facts.n_periods), jobs["start"].to_numpy(int)[:, None]
    runs: NDArray[np.bool_] = (start <= now) & (now < start + jobs["periods"].to_numpy(int)[:, None])
    return runs
