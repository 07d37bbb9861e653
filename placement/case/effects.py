"""Rules that refuse input without effect: what somebody took the trouble to write must reach the model."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, among
from placement.case.files import SETTINGS
from placement.case.findings import did_you_mean
from placement.case.schema import TABLES
from placement.errors import Problem

_USED_BY = {
    "profiles": ("ppas", "generators"),
    "tariffs": ("grid",),
    "links": ("services", "datasets"),
    "metros": ("services",),
    "residency": ("jobs", "services"),
}


def missing_tables(present: frozenset[str]) -> dict[str, tuple[str, ...]]:
    """Return the tables that are not there although others need them, and these others."""
    needing = {t: tuple(n for n in TABLES if n in present and t in TABLES[n].needs_beside(present)) for t in TABLES if t not in present}
    return {table: users for table, users in needing.items() if users or table == "sites"}


def needed_tables(d: Draft) -> Problems:
    """Every table comes with the tables that it cannot do without, and a case with sites."""
    for name, users in missing_tables(d.present).items():
        if name in d.findings.misnamed:
            continue
        rule = "is not in the folder" + (" and is needed by the tables" if users else ", and every case needs places")
        yield Problem(name, "", rule, f"Add {name}.csv{', or remove the tables that need it' if users else ''}.", users)


def work_to_place(d: Draft) -> Problems:
    """Without jobs and services nothing else matters."""
    if not (d.present | set(missing_tables(d.present))) & {"jobs", "services"}:
        without = tuple(n for n in TABLES if n in d.present)
        yield Problem("jobs", "", "and services are both missing, so no table has an effect", "Add jobs.csv or services.csv.", without)


def tables_have_effect(d: Draft) -> Problems:
    """A table that only others use comes with one of them."""
    there = d.present | set(missing_tables(d.present))  # a missing table is reported once
    if not there & {"jobs", "services"}:
        return
    for name in (n for n in _USED_BY if n in d.present and not there & set(_USED_BY[n])):
        users = " or ".join(f"{u}.csv" for u in _USED_BY[name])
        yield Problem(name, "", f"has no effect without {users}", f"Add {users}, or remove {name}.csv.")


def settings_have_effect(d: Draft) -> Problems:
    """A carbon price needs emissions, a lead percentile milestones, a delay services."""
    case = d.case
    emitting = [t for t in ("tariffs", "ppas", "generators") if t in case]
    if case.carbon_price_usd_per_t > 0 and not any((d[t]["co2_kg_per_mwh"] > 0).any() for t in emitting):
        yield Problem(
            SETTINGS,
            "carbon_price_usd_per_t",
            "has no effect: every co2_kg_per_mwh is blank or 0",
            "Fill in co2_kg_per_mwh, or remove the price.",
        )
    if case.lead_percentile != 50 and "milestones" not in d.present:
        yield Problem(SETTINGS, "lead_percentile", "has no effect without milestones.csv", "Add the table, or remove the key.")
    if case.rtt_overhead_ms != 8.0 and "services" not in d.present:
        yield Problem(SETTINGS, "rtt_overhead_ms", "has no effect without services.csv", "Add the table, or remove the key.")


def sites_used(d: Draft) -> Problems:
    """A site has halls, or is where the weights of a service or the data of a job come from."""
    if "halls" not in d.case:
        return []  # nothing to place then, which is reported
    idle = ~among(d["sites"]["site"], d.values("halls", "site") | d.values("services", "origin") | d.values("datasets", "node"))
    return d.broken("sites", "site", idle, "has no effect: the site has no hall", "Add its halls, or remove the site and its rows.")


def zones_used(d: Draft) -> Problems:
    """A tariff zone has a site."""
    idle = ~among(d["tariffs"]["zone"], d.values("sites", "zone"))
    return d.broken("tariffs", "zone", idle, "has no effect: no site is in the zone", "Correct sites.zone, or remove the rows.")


def profiles_used(d: Draft) -> Problems:
    """A profile belongs to a contract or a generator."""
    idle = ~among(d["profiles"]["profile"], d.values("ppas", "profile") | d.values("generators", "profile"))
    if not d.present & {"ppas", "generators"}:
        return []  # the whole table is reported
    return d.broken("profiles", "profile", idle, "has no effect: no contract or generator uses it", "Name it in ppas or generators, or remove its rows.")


def skus_used(d: Draft) -> Problems:
    """A SKU can run some workload, or is installed; an offered one can run some workload."""
    if not d.present & {"jobs", "services"}:
        return
    useful = d.values("job_skus", "sku") | d.values("service_skus", "sku")
    idle = ~among(d["skus"]["sku"], useful | d.values("installed", "sku"))
    rule, remedy = "has no effect: no job or service can use it", "Add it to job_skus or service_skus, or remove the rows."
    yield from d.broken("skus", "sku", idle, rule, remedy)
    yield from d.broken("offers", "sku", ~among(d["offers"]["sku"], useful), rule, remedy)


def vendors_used(d: Draft) -> Problems:
    """A capped vendor sells something."""
    skus, offered = d["skus"], d.values("offers", "sku")
    selling = set(skus.loc[among(skus["sku"], offered), "vendor"])
    idle = ~among(d["vendor_caps"]["vendor"], selling)
    return d.broken("vendor_caps", "vendor", idle, "has no effect: no offer is from this vendor", "Add its offers, or remove the row.")


def residency_used(d: Draft) -> Problems:
    """A residency class has workloads; a row with an origin has services and metros of that country."""
    rows = d["residency"]
    by_services = d.values("services", "residency")
    known = by_services | d.values("jobs", "residency") | d.values("datasets", "residency")
    idle = ~among(rows["class"], known)
    if d.present & {"jobs", "services"}:
        yield from d.broken("residency", "class", idle, "has no effect: no job or service is of the class", did_you_mean("", known) + " Or remove the rows.")
    origin = (rows["origin"] != "").to_numpy(dtype=bool) & ~idle
    unused = origin & ~among(rows["class"], by_services)
    yield from d.broken("residency", "origin", unused, "has no effect: only jobs are of the class, and they have no origin", "Leave origin blank.")
    nowhere = origin & ~unused & ~among(rows["origin"], d.values("metros", "country"))
    yield from d.broken("residency", "origin", nowhere, "has no effect: no metro is in that country", "Correct origin or metros.country, or remove the row.")


def power_settings_used(d: Draft) -> Problems:
    """Limits on power need a model of power."""
    if d.present & {"grid", "generators"}:
        return
    why, remedy = "has no effect: power is not modelled without grid.csv or generators.csv", "Add one of them, or leave the cells blank."
    yield from d.broken("sites", "community_mw", d["sites"]["community_mw"].notna(), why, remedy)
    yield from d.broken("cooling", "pue", d["cooling"]["pue"].notna(), why, remedy)
    yield from d.broken("jobs", "duty", d["jobs"]["duty"] < 1, why, remedy)
    if not d["sites"]["power_included"].any():
        yield from d.broken("jobs", "min_firmness", d["jobs"]["min_firmness"] > 0, why, remedy)


def opening_cost_used(d: Draft) -> Problems:
    """A site with an existing hall is open already."""
    sites, halls = d["sites"], d["halls"]
    paid = among(sites["site"], halls.loc[halls["existing"], "site"]) & (sites["opening_cost_musd"] > 0).to_numpy(dtype=bool)
    rule = "has no effect: the site has an existing hall and is open already"
    return d.broken("sites", "opening_cost_musd", paid, rule, "Leave it blank, or put the cost into the halls.")


def link_capacity_used(d: Draft) -> Problems:
    """Fibre capacity only limits refresh traffic and copies of data."""
    if not d.present & {"services", "datasets"} or (d["services"]["origin"] != "").any() or (d["datasets"]["mode"] == "copy").any():
        return []
    limited = d["links"]["gbps"].notna()
    rule = "has no effect: no service has an origin, so there is no refresh traffic"
    return d.broken("links", "gbps", limited, rule, "Give services.origin and weights_gb, or leave gbps and the module columns blank.")


def metros_used(d: Draft) -> Problems:
    """A metro has demand, and so has a service."""
    if not {"demand", "services"} <= set(d.case.tables):
        return
    remedy = "Add demand rows, or remove it."
    for table, key in (("metros", "metro"), ("services", "service")):
        idle = ~among(d[table][key], d.values("demand", key))
        yield from d.broken(table, key, idle, f"has no effect: the {key} has no demand", remedy)


def worth_doing(d: Draft) -> Problems:
    """A workload that is neither compulsory nor worth anything would never be placed."""
    jobs, services = d["jobs"], d["services"]
    idle_job = ~jobs["mandatory"].to_numpy(dtype=bool) & (jobs["value_musd"] == 0).to_numpy(dtype=bool)
    idle_job &= (jobs["unplaced_musd"] == 0).to_numpy(dtype=bool)
    idle_job &= ~among(jobs["job"], d.values("releases", "job"))  # worth what its release is
    idle_job &= ~among(jobs["job"], d.values("jobs", "base_job"))  # what starts from it may be worth something
    rule, remedy = "has no effect: the job is not mandatory and worth nothing", "Give value_musd, or set mandatory to 1."
    yield from d.broken("jobs", "value_musd", idle_job, rule, remedy)
    idle = np.asarray((services["price_usd_per_mtok"] == 0) & (services["unmet_usd_per_mtok"] == 0), dtype=bool)
    rule, remedy = "has no effect: serving earns nothing and not serving costs nothing", "Give a price, or leave unmet_usd_per_mtok blank."
    yield from d.broken("services", "price_usd_per_mtok", idle, rule, remedy)
