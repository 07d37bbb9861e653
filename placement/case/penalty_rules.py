"""Rules on penalties of jobs and on where workloads run today."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule, among


def penalties_felt(d: Draft) -> Problems:
    """Lateness needs a date before the last one possible, and a date a penalty; a mandatory job is never left out; risk weighs a value."""
    jobs = d["jobs"]
    last = np.minimum(jobs["latest"], d.case.n_periods - 1)
    early = (jobs["due"] < last).to_numpy(dtype=bool)
    dear = (jobs["late_musd_per_period"] > 0).to_numpy(dtype=bool)
    rule = "has no effect: late_musd_per_period is 0"
    yield from d.broken("jobs", "due", d.filled("jobs", "due") & ~dear, rule, "Give the penalty, or leave due blank.")
    rule = "has no effect: the job cannot end after `due`"
    yield from d.broken("jobs", "late_musd_per_period", dear & ~early, rule, "Set due before latest, or leave the penalty blank.")
    needless = (jobs["unplaced_musd"] > 0).to_numpy(dtype=bool) & jobs["mandatory"].to_numpy(dtype=bool)
    rule = "has no effect: the job is mandatory"
    yield from d.broken("jobs", "unplaced_musd", needless, rule, "Leave it blank, or set mandatory to 0.")
    riskless = (jobs["success_probability"] < 1).to_numpy(dtype=bool) & (jobs["value_musd"] == 0).to_numpy(dtype=bool)
    rule = "has no effect: value_musd is 0"
    yield from d.broken("jobs", "success_probability", riskless, rule, "Leave it blank, or give value_musd.")


def incumbents_known(d: Draft) -> Problems:
    """The workloads of today are jobs and services of the case, and no name means both."""
    rows = d["incumbent"]["workload"]
    jobs, services = among(rows, d.values("jobs", "job")), among(rows, d.values("services", "service"))
    rule = "must be a job of jobs.csv or a service of services.csv"
    yield from d.broken("incumbent", "workload", ~jobs & ~services, rule, "Correct the id, or remove the row.")
    yield from d.broken("incumbent", "workload", jobs & services, "is a job and a service", "Rename one of them.")
    demand = d["demand"]
    asked = set(demand.loc[demand["period"] == 0, "service"])
    rule = "has no effect: the service has no demand in the first period"
    yield from d.broken("incumbent", "move_musd", services & ~jobs & ~among(rows, asked), rule, "Add the demand, or remove the row.")


RULES = (
    Rule(
        penalties_felt, "case.periods jobs.latest jobs.due jobs.late_musd_per_period jobs.unplaced_musd jobs.mandatory jobs.success_probability jobs.value_musd"
    ),
    Rule(incumbents_known, "incumbent.workload jobs.job services.service demand.service demand.period"),
)
