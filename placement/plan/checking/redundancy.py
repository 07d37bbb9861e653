"""Failure domains: shares of demand and jobs kept apart (models/README.md sections 5 and 6)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, joined
from placement.plan.checking.inference import service_power
from placement.plan.checking.verdict import rows


def failure_domains(facts: Facts) -> pd.Series:
    """Return the failure domain of every site, by site id: the site itself where the cell is blank."""
    named = facts.sites.set_index("site")["failure_domain"]
    return named.where(named != "", named.index.to_series())


def check_spread(facts: Facts, served: pd.DataFrame) -> None:
    """Check that no failure domain serves more of a metro's demand than the service allows."""
    limited = served[served["max_share_per_domain"].notna()]
    if limited.empty:
        return
    limited = limited.assign(domain=limited["site"].map(failure_domains(facts)))
    key = ["service", "metro", "period", "label", "domain"]
    total = limited.groupby(key, as_index=False).agg({"share": "sum", "max_share_per_domain": "first"})
    where = rows(total, "service {service} metro {metro} {label} failure domain {domain}")
    facts.found.at_most("spread", total["share"], total["max_share_per_domain"], where, "share served from one failure domain against the most", "share")


def check_cover(facts: Facts, served: pd.DataFrame, spares: pd.DataFrame) -> None:
    """Check that what a failure domain serves of a metro's demand can be served from spares outside, where the service asks for it."""
    facts.found.never("cover", spares["redundancy"] == "", rows(spares, "spare of {service} at {site}"), "the service asks for no spares")
    guarded = served[served["redundancy"] == "n_minus_1"]
    if guarded.empty:
        return
    domain, key = failure_domains(facts), ["service", "metro", "period"]
    lost = guarded.assign(domain=guarded["site"].map(domain)).groupby([*key, "domain"], as_index=False)["share"].sum()
    spare = spares.assign(domain=spares["site"].map(domain)).groupby([*key, "domain"], as_index=False)["share"].sum()
    everywhere = spare.groupby(key, as_index=False)["share"].sum().rename(columns={"share": "everywhere"})
    both = joined(joined(lost, everywhere, key), spare.rename(columns={"share": "inside"}), [*key, "domain"]).fillna({"everywhere": 0.0, "inside": 0.0})
    where = rows(both.assign(label=[facts.case.periods[t] for t in both["period"]]), "service {service} metro {metro} {label} failure domain {domain}")
    facts.found.at_most("cover", both["share"], both["everywhere"] - both["inside"], where, "share served there against spares outside", "share")


def standby_power(facts: Facts, spares: pd.DataFrame) -> Floats:
    """Return power above idle of hot standby, by site, period and block, MW: full in the stress block."""
    power = service_power(facts, spares[spares["spare_power"].to_numpy(bool)])
    power[:, :, np.arange(facts.n_blocks) != facts.case.stress] = 0
    return power


def check_apart(facts: Facts, jobs: pd.DataFrame) -> None:
    """Check that no two jobs of a group run in one failure domain at a time."""
    grouped = jobs[jobs["anti_affinity"] != ""]
    if grouped.empty:
        return
    domain = grouped["site"].map(failure_domains(facts))
    running = [
        (group, where, facts.case.periods[t])
        for group, where, start, length in zip(grouped["anti_affinity"], domain, grouped["start"], grouped["periods"], strict=True)
        for t in range(int(start), min(int(start + length), facts.n_periods))
    ]
    count = pd.DataFrame(running, columns=["group", "domain", "label"]).value_counts().reset_index(name="n")
    where = rows(count, "group {group} failure domain {domain} {label}")
    facts.found.at_most("apart", count["n"], 1, where, "jobs of a group in one failure domain at a time", "jobs")
