"""Rules on jobs that start from the weights of another job."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule
from placement.case.training_rules import shortest_periods


def bases_sound(d: Draft) -> Problems:
    """A base is another job, no chain of bases is a circle, and a lag belongs to a base."""
    jobs = d["jobs"]
    itself = (jobs["base_job"] == jobs["job"]) & (jobs["base_job"] != "")
    yield from d.broken("jobs", "base_job", itself, "must be another job", "Name the job whose weights it starts from, or leave it blank.")
    base_of = dict(zip(jobs["job"], jobs["base_job"], strict=True))
    circle = np.array([_returns(str(j), base_of) for j in jobs["job"]], dtype=bool) & ~itself.to_numpy(dtype=bool)
    yield from d.broken("jobs", "base_job", circle, "must not lead back to the job itself", "Cut the circle.")
    alone = (jobs["base_lag_periods"] > 0) & (jobs["base_job"] == "")
    yield from d.broken("jobs", "base_lag_periods", alone, "has no effect without base_job", "Name the base, or leave it blank.")


def _returns(job: str, base_of: dict[str, str]) -> bool:
    """Whether the chain of bases leads back to the job."""
    at, seen = base_of[job], set[str]()
    while at in base_of and at not in seen:
        if at == job:
            return True
        seen.add(at)
        at = base_of[at]
    return False


def bases_end_in_time(d: Draft) -> Problems:
    """The base, on its fastest SKU, can be done before the last start of the job."""
    jobs, shortest = d["jobs"].set_index("job"), shortest_periods(d)
    base_of = jobs["base_job"].to_dict()
    if any(_returns(str(j), base_of) for j in base_of) or not set(jobs.index) <= set(shortest.index):
        return []  # reported elsewhere
    lag, earliest = jobs["base_lag_periods"].to_dict(), jobs["earliest"].to_dict()
    begin: dict[str, float] = {}

    def begins(job: str) -> float:
        if job not in begin:
            base = base_of[job]
            begin[job] = max(float(earliest[job]), begins(base) + shortest[base] + lag[job] if base else 0.0)
        return begin[job]

    last = np.minimum(jobs["latest"], d.case.n_periods - 1)
    late = [base_of[j] != "" and begins(str(j)) + shortest[j] - 1 > last[j] for j in jobs.index]
    rule = "must be able to end, with base_lag_periods, before the job's last start within its window and the horizon"
    return d.broken("jobs", "base_job", late, rule, "Widen the windows, or shorten the durations or the lag.")


RULES: tuple[Rule, ...] = (
    Rule(bases_sound, "jobs.job jobs.base_job jobs.base_lag_periods"),
    Rule(
        bases_end_in_time,
        "case.periods case.blocks jobs.preemptible jobs.job jobs.base_job jobs.base_lag_periods jobs.earliest jobs.latest jobs.goodput_by job_skus.job "
        "job_skus.units job_skus.duration_periods job_skus.max_units job_skus.scaling_exponent job_skus.maturity",
    ),
)
