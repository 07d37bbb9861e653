"""Rules on cases that say what each placement costs (``pairs``): what belongs there, what has no effect, what must fit together."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from placement.case.case import Block
from placement.case.columns import NAN, Column, says_pairs
from placement.case.draft import Draft, Problems, among
from placement.case.files import SETTINGS
from placement.case.findings import suggest
from placement.case.schema import TABLES
from placement.errors import Problem

_BESIDE = ("sites", "jobs", "services", "pairs", "capacity", "siting")
_COLUMNS = {"sites": ("site", "name"), "jobs": ("job", "name", "mandatory"), "services": ("service", "name")}
_TERMS = {"placing": "pairs", "opening": "siting"}  # cost terms of priced placements, and the tables that they are of
_WORKLOADS = (("jobs", "job"), ("services", "service"))


def belongs(d: Draft) -> list[Problem]:
    """What has no place beside pairs; it is spoiled, so that no other rule speaks of it again."""
    found = [*_tables_beside(d), *_columns_beside(d), *_jobs_compulsory(d)]
    d.findings.spoiled.update(f"{p.table}.{p.column}" if p.column else p.table for p in found)
    return found


def _tables_beside(d: Draft) -> Problems:
    """Halls, chips, power, fibre and rules say nothing of workloads whose placements are priced one by one."""
    if "pairs" in d.present:
        for name in (n for n in TABLES if n in d.present and n not in _BESIDE):
            yield Problem(name, "", "has no effect beside pairs.csv", f"Remove {name}.csv, or pairs.csv with capacity.csv and siting.csv.")


def _columns_beside(d: Draft) -> Problems:
    """Of sites and workloads only ids and names count, and that jobs must be placed."""
    if says_pairs(d.present):
        for name, useful in _COLUMNS.items():
            for column in (c for c in TABLES[name] if c.name not in useful):
                yield from d.broken(name, column.name, _told(d, name, column), "has no effect beside pairs.csv", "Leave it blank.")


def _told(d: Draft, table: str, column: Column) -> NDArray[np.bool_]:
    """Return which rows have a cell that says something other than a blank one would."""
    filled = d.filled(table, column.name)
    if column.required:
        return filled
    blank = column.blank_value(d.case.n_periods)
    values = d[table][column.name]
    return filled & ~np.asarray(values.isna() if blank is NAN else values == blank, dtype=bool)


def _jobs_compulsory(d: Draft) -> Problems:
    """A job in a case with pairs must be placed."""
    if not says_pairs(d.present) or not d.findings.trusts("jobs.mandatory"):
        return []
    free = ~d["jobs"]["mandatory"].to_numpy(dtype=bool)
    return d.broken("jobs", "mandatory", free, "must be 1 where pairs.csv is present: every workload is served", "Write 1.")


def settings_beside(d: Draft) -> Problems:
    """One period without discounting; the number of open sites needs sites to open; unit and cost terms are those of what is there."""
    case = d.case
    if "pairs" in d.present:
        yield from _settings_without_effect(d)
    elif case.cost_unit != "M$":
        yield Problem(SETTINGS, "cost_unit", "has no effect without pairs.csv: all money is M$", "Remove the key.")
    costs = [term for term, table in _TERMS.items() if table in d.present]
    for term in (t for t in case.weights if ("pairs" in d.present or t in _TERMS) and t not in costs):
        yield Problem(SETTINGS, f"weights.{term}", f"has no effect: no table has costs of '{term}'", "Remove the line.")
    if case.open_sites and "siting" not in d.present:
        yield Problem(SETTINGS, "open_sites", "has no effect without siting.csv", "Add the table, or remove the key.")
    elif case.open_sites > len(d["siting"]):
        rule = f"must be at most the number of sites in siting.csv ({len(d['siting'])}), not {case.open_sites}"
        yield Problem(SETTINGS, "open_sites", rule, "Lower it, or add sites to siting.csv.")


def _settings_without_effect(d: Draft) -> Iterator[Problem]:
    case = d.case
    idle = {
        "periods": case.n_periods != 1, "discount_rate": case.discount_rate != 0, "blocks": case.blocks != (Block("all", 1.0, True),),
        "rtt_overhead_ms": case.rtt_overhead_ms != 8.0 and "services" in d.present,  # else reported as without services
    }  # fmt: skip
    for key in (k for k, given in idle.items() if given):
        remedy = "Write periods = 1." if key == "periods" else "Remove it."
        yield Problem(SETTINGS, key, "has no effect beside pairs.csv, whose costs are paid once, at the start", remedy)


def workloads_known(d: Draft) -> Problems:
    """A pair names one job or one service, and each of these has a pair."""
    if "pairs" not in d.case:
        return
    rows, jobs, services = d["pairs"]["workload"], d.values("jobs", "job"), d.values("services", "service")
    unknown = ~among(rows, jobs | services)
    if unknown.any():
        remedy = suggest(rows[unknown], jobs | services)
        yield from d.broken("pairs", "workload", unknown, "must be a job of jobs.csv or a service of services.csv", remedy)
    both = among(d["services"]["service"], jobs)
    yield from d.broken("services", "service", both, "must not be the id of a job too where pairs.csv is present", "Rename one of the two.")
    paired = d.values("pairs", "workload")
    for table, key in _WORKLOADS:
        bare = ~among(d[table][key], paired)
        yield from d.broken(table, key, bare, "must have a row in pairs", f"Add a row to pairs.csv with a site where the {key} can be placed.")


def sites_paired(d: Draft) -> Problems:
    """Something can be placed at every site."""
    if "pairs" not in d.case or not says_pairs(d.present):
        return []
    idle = ~among(d["sites"]["site"], d.values("pairs", "site"))
    return d.broken("sites", "site", idle, "has no effect: no row of pairs.csv has the site", "Add its pairs, or remove the site and its rows.")


def capacity_used(d: Draft) -> Problems:
    """Use needs a capacity to be taken from, and a capacity needs something that uses it."""
    if "pairs" not in d.case:
        return
    pairs, some = d["pairs"], (d["pairs"]["use"] > 0).to_numpy(dtype=bool)
    lost = some & ~among(pairs["site"], d.values("capacity", "site"))
    what = "the site has no row in capacity.csv" if "capacity" in d.case else "there is no capacity.csv"
    yield from d.broken("pairs", "use", lost, f"has no effect: {what}", "Add the site's capacity, or leave it blank.")
    idle = ~among(d["capacity"]["site"], set(pairs["site"][some]))
    yield from d.broken("capacity", "site", idle, "has no effect: no row of pairs.csv uses the site's capacity", "Give pairs.use, or remove the row.")
