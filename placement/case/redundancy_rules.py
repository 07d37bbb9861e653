"""Rules on failure domains: what keeps workloads apart, and what must survive the loss of one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.draft import Draft, Problems, Rule, among


def failure_domains_used(d: Draft) -> Problems:
    """A failure domain matters to something that is kept apart."""
    if "halls" not in d.case:
        return []  # nothing to place then, which is reported
    services = d["services"]
    asked = (services["redundancy"] != "").any() or services["max_share_per_domain"].notna().any() or (d["jobs"]["anti_affinity"] != "").any()
    idle = (d["sites"]["failure_domain"] != "").to_numpy(dtype=bool) & (not asked)
    rule = "has no effect: no service and no job asks for anything per failure domain"
    return d.broken("sites", "failure_domain", idle, rule, "Give services.redundancy, services.max_share_per_domain or jobs.anti_affinity, or leave it blank.")


def groups_of_several(d: Draft) -> Problems:
    """Two jobs at least are kept apart."""
    group = d["jobs"]["anti_affinity"]
    alone = (group != "") & ~group.duplicated(keep=False)
    return d.broken("jobs", "anti_affinity", alone, "has no effect: no other job is in the group", "Give the other jobs the same group, or leave it blank.")


def shares_possible(d: Draft) -> Problems:
    """A limit per failure domain limits something, and leaves room for demand that must be served."""
    services, n = d["services"], _n_domains(d)
    most = services["max_share_per_domain"]
    yield from d.broken("services", "max_share_per_domain", most == 1, "has no effect: no domain can serve more than all", "Leave it blank.")
    tight = services["unmet_usd_per_mtok"].isna() & (most * n < 1 - 1e-9)
    rule = f"must be at least 1/{n}: all demand must be served (unmet_usd_per_mtok is blank), from {n} failure domain(s) with halls"
    yield from d.broken("services", "max_share_per_domain", tight, rule, "Raise it, give unmet_usd_per_mtok, or correct sites.failure_domain.")


def spares_possible(d: Draft) -> Problems:
    """The loss of a failure domain needs another one, and hot standby needs spares and power."""
    services = d["services"]
    asked = (services["redundancy"] != "").to_numpy(dtype=bool)
    if "halls" in d.case:
        rule = "has no way to be kept: all halls are in one failure domain"
        yield from d.broken("services", "redundancy", asked & (_n_domains(d) < 2), rule, "Add halls elsewhere, or correct sites.failure_domain.")
    hot = services["spare_power"].to_numpy(dtype=bool)
    yield from d.broken("services", "spare_power", hot & ~asked, "has no effect without redundancy", "Give redundancy, or leave it blank.")
    if not d.present & {"grid", "generators"}:
        rule = "has no effect: power is not modelled without grid.csv or generators.csv"
        yield from d.broken("services", "spare_power", hot & asked, rule, "Add one of them, or leave it blank.")


def _n_domains(d: Draft) -> int:
    """Return the number of failure domains with halls."""
    sites = d["sites"]
    domain = pd.Series(np.where(sites["failure_domain"] == "", sites["site"], sites["failure_domain"]))
    return int(domain[among(sites["site"], d.values("halls", "site"))].nunique())


RULES: tuple[Rule, ...] = (
    Rule(failure_domains_used, "sites.failure_domain services.redundancy services.max_share_per_domain jobs.anti_affinity"),
    Rule(groups_of_several, "jobs.anti_affinity"),
    Rule(spares_possible, "sites.site sites.failure_domain halls.site services.redundancy services.spare_power"),
    Rule(shares_possible, "sites.site sites.failure_domain halls.site services.max_share_per_domain services.unmet_usd_per_mtok"),
)
