"""Priced placements: every workload served once, within the capacity of open sites, at the cost of its pairs (models/README.md section 12)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, Ints, codes
from placement.plan.checking.verdict import rows

_TABLES = ("training", "inference", "openings", "cash")  # what such a plan consists of


def check_pairs(facts: Facts) -> None:
    """Check placements, capacities and openings; book what they cost."""
    found, n = facts.found, facts.n_periods
    for name, table in facts.plan.items():
        if name not in _TABLES and len(table):
            found.add("pairs", f"plan/{name}.csv", f"has {len(table)} rows; a case with pairs has no such decisions, and every workload is served")
    jobs, services = facts.plan["training"], facts.plan["inference"]
    when = [jobs["start"] != 0, jobs["end"] != n - 1]
    found.never("training.period", np.logical_or(*when), rows(jobs, "job {job}"), "a placement lasts from the first period to the last")
    found.never("inference.period", services["period"] != 0, rows(services, "service {service}"), "a placement is decided in the first period")
    placed = pd.concat(
        [
            pd.DataFrame({"workload": jobs["job"], "site": jobs["site"], "share": 1.0, "units": jobs["units"]}),
            pd.DataFrame({"workload": services["service"], "site": services["site"], "share": services["share"], "units": services["units"]}),
        ],
        ignore_index=True,
    )
    _check_served(facts, placed)
    placed = _with_pairs(facts, placed)
    where = rows(placed, "workload {workload} at {site}")
    used = placed["use"].to_numpy(float) * placed["share"].to_numpy(float)
    found.equal("pairs.use", placed["units"], used, where, "use of capacity", "units")
    facts.cash.pay("placing", 0, placed["cost_musd"].to_numpy(float) * placed["share"].to_numpy(float))
    _check_capacity(facts, codes(facts.site_ids, placed["site"]), used)
    _check_openings(facts, placed[placed["share"] > 0].reset_index(drop=True))


def _check_served(facts: Facts, placed: pd.DataFrame) -> None:
    """A job is placed once, whole; the shares of a service are between 0 and 1 and add up to 1."""
    found, jobs, services = facts.found, facts.case["jobs"], facts.case["services"]
    count = placed["workload"].value_counts().reindex(jobs["job"]).fillna(0).to_numpy(int)
    found.never("placed_once", count == 0, rows(jobs, "job {job}"), "the job is not placed")
    found.never("placed_once", count > 1, rows(jobs, "job {job}"), "the job is placed more than once")
    where = rows(placed, "workload {workload} at {site}")
    found.at_most("share", placed["share"], 1, where, "share of the workload", "")
    found.at_most("share", -placed["share"], 0, where, "share of the workload below zero", "")
    share = placed.groupby("workload")["share"].sum().reindex(services["service"]).fillna(0.0)
    found.equal("serve_all", share.to_numpy(float), 1.0, rows(services, "service {service}"), "shares together", "share")


def _with_pairs(facts: Facts, placed: pd.DataFrame) -> pd.DataFrame:
    """Return the placements with cost and use of their pairs; those that are no pair of the case are reported and left out."""
    pairs, case = facts.case["pairs"], facts.case
    workloads = pd.Index(np.concatenate([case["jobs"]["job"].to_numpy(object), case["services"]["service"].to_numpy(object)]))

    def numbers(table: pd.DataFrame) -> Ints:  # one number per pair: a million pairs of texts would take long to join
        return codes(workloads, table["workload"]) * len(facts.site_ids) + codes(facts.site_ids, table["site"])

    at = pd.Index(numbers(pairs)).get_indexer(pd.Index(numbers(placed)))
    facts.found.never("eligibility", at < 0, rows(placed, "workload {workload} at {site}"), "the case has no such pair")
    known = placed[at >= 0].reset_index(drop=True)
    return known.assign(**{c: pairs[c].to_numpy(float)[at[at >= 0]] for c in ("cost_musd", "use")})


def _check_capacity(facts: Facts, site: Ints, used: Floats) -> None:
    load = np.zeros(len(facts.site_ids))
    np.add.at(load, site, used)
    table = facts.case["capacity"]
    at = codes(facts.site_ids, table["site"])
    facts.found.at_most("capacity", load[at], table["capacity"], rows(table, "site {site}"), "use against capacity", "units")


def _check_openings(facts: Facts, placed: pd.DataFrame) -> None:
    """Every site of ``siting`` is said to be open or not, what is used is open, and the number is right; book the costs."""
    found, siting, said = facts.found, facts.case["siting"], facts.plan["openings"]
    at = codes(pd.Index(said["site"]), siting["site"])
    found.never("openings", at < 0, rows(siting, "site {site}"), "the plan does not say whether it is open")
    found.never("openings", codes(pd.Index(siting["site"]), said["site"]) < 0, rows(said, "site {site}"), "the site is not one to be opened")
    is_open = np.zeros(len(siting), bool)
    is_open[at >= 0] = said["open"].to_numpy(float)[at[at >= 0]] > 0.5
    closed = placed["site"].isin(siting["site"][~is_open].tolist())
    found.never("requires", closed, rows(placed, "workload {workload} at {site}"), "the site is not open")
    wanted = facts.case.open_sites
    if wanted and is_open.sum() != wanted:
        found.add("open_sites", "plan/openings.csv", f"{is_open.sum()} sites are open, the case says {wanted}", abs(int(is_open.sum()) - wanted), "sites")
    facts.cash.pay("opening", 0, siting["opening_cost_musd"].to_numpy(float)[is_open])
