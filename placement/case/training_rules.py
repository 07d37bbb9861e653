"""Rules on how jobs run: fabric, lost work, software on a SKU, elastic width."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.draft import Draft, Problems, Rule, among, domains

#: Ways to say what an outage costs a job.
LOSSES = ("loss_hours_per_outage", "checkpoint_hours", "restart_hours")


def lost_hours(jobs: pd.DataFrame) -> pd.Series:
    """Return the hours of work that each job loses per outage."""
    return jobs["loss_hours_per_outage"] + jobs["checkpoint_hours"] / 2 + jobs["restart_hours"]


def shortest_periods(d: Draft) -> pd.Series:
    """Return the shortest duration of each job without outages, on its fastest SKU at its greatest width, periods; the index is the job."""
    rows, jobs = d["job_skus"], d["jobs"]
    longer, paused = (among(rows["job"], set(jobs.loc[mask, "job"])) for mask in (jobs["goodput_by"] == "duration", jobs["preemptible"]))
    calm = 1 - d.case.blocks[d.case.stress].share  # outside the stress block, in which a preemptible job does not run
    most = rows["max_units"].where((rows["max_units"] > 0) & rows["scaling_exponent"].notna(), rows["units"])
    periods = rows["duration_periods"] * (rows["units"] / most) ** rows["scaling_exponent"].fillna(1.0)
    pace = rows["maturity"].where(longer, 1.0) * np.where(paused & (calm > 0), calm, 1.0)
    periods = np.ceil(periods / pace - 1e-9)
    return periods.groupby(rows["job"]).min()


def fabric_given(d: Draft) -> Problems:
    """A network that jobs ask for is stated for halls, one that halls have is asked for, and a domain has one network."""
    halls, asked = d["halls"], d["jobs"]["min_fabric_gbps"] > 0
    given = (halls["fabric_gbps_per_unit"] > 0).to_numpy(dtype=bool)
    if not asked.any():
        rule, remedy = "has no effect: no job has min_fabric_gbps above 0", "Give jobs.min_fabric_gbps, or leave it blank."
        yield from d.broken("halls", "fabric_gbps_per_unit", given, rule, remedy)
        return
    if not given.any():
        rule, remedy = "leaves the job nowhere to run: no hall has fabric_gbps_per_unit", "Give halls.fabric_gbps_per_unit, or leave it blank."
        yield from d.broken("jobs", "min_fabric_gbps", asked, rule, remedy)
    partly = ~given & among(pd.Series(domains(halls)), set(domains(halls)[given]))
    rule = "must be given for every hall of a domain, or for none: the slowest hall decides"
    yield from d.broken("halls", "fabric_gbps_per_unit", partly, rule, "Give it, or put the hall into a domain of its own.")


def losses_said_once(d: Draft) -> Problems:
    """Lost work is stated as hours per outage, or by checkpoint interval and restart."""
    jobs = d["jobs"]
    both = (jobs["loss_hours_per_outage"] > 0) & ((jobs["checkpoint_hours"] > 0) | (jobs["restart_hours"] > 0))
    rule = "must be blank beside checkpoint_hours or restart_hours, which say the same"
    return d.broken("jobs", "loss_hours_per_outage", both, rule, "Leave one of the two blank.")


def slowed(d: Draft) -> NDArray[np.bool_]:
    """Return which jobs run below nominal throughput somewhere: they lose work, stream data, or their software is not mature on a SKU."""
    jobs, rows = d["jobs"], d["job_skus"]
    immature = among(jobs["job"], set(rows.loc[rows["maturity"] < 1, "job"]))
    streams = among(jobs["dataset"], set(d["datasets"].loc[d["datasets"]["mode"] == "stream", "dataset"]))
    return immature | streams | (lost_hours(jobs) > 0).to_numpy(dtype=bool)


def goodput_by_used(d: Draft) -> Problems:
    """A job that runs at nominal throughput everywhere has nothing to make up for."""
    idle = (d["jobs"]["goodput_by"] == "duration").to_numpy(dtype=bool) & ~slowed(d)
    rule = "has no effect: the job loses no work and streams no data, and its software is mature on each of its SKUs"
    return d.broken("jobs", "goodput_by", idle, rule, "Give checkpoint_hours or job_skus.maturity, or leave it blank.")


def elastic_widths(d: Draft) -> Problems:
    """Limits of the width and the curve between them are given together, around the nominal width."""
    rows = d["job_skus"]
    curve = rows["scaling_exponent"].notna().to_numpy(dtype=bool)
    low, high = (rows[c] > 0 for c in ("min_units", "max_units"))
    for column, given in (("min_units", low), ("max_units", high)):
        remedy = "Give scaling_exponent (1: perfect scaling), or leave it blank."
        yield from d.broken("job_skus", column, given & ~curve, "has no effect without scaling_exponent: the width is fixed", remedy)
    yield from d.broken("job_skus", "min_units", low & curve & (rows["min_units"] > rows["units"]), "must be at most units", "Correct one of the two.")
    yield from d.broken("job_skus", "max_units", high & curve & (rows["max_units"] < rows["units"]), "must be at least units", "Correct one of the two.")
    fixed = ~((low & (rows["min_units"] < rows["units"])) | (high & (rows["max_units"] > rows["units"])))
    rule = "has no effect: neither min_units nor max_units leaves a choice"
    yield from d.broken("job_skus", "scaling_exponent", curve & fixed, rule, "Give min_units below units or max_units above, or leave it blank.")


RULES: tuple[Rule, ...] = (
    Rule(fabric_given, "halls.site halls.domain halls.fabric_gbps_per_unit jobs.min_fabric_gbps"),
    Rule(losses_said_once, "jobs.loss_hours_per_outage jobs.checkpoint_hours jobs.restart_hours"),
    Rule(
        goodput_by_used,
        "jobs.job jobs.goodput_by jobs.loss_hours_per_outage jobs.checkpoint_hours jobs.restart_hours job_skus.job job_skus.maturity "
        "jobs.dataset datasets.dataset datasets.mode",
    ),
    Rule(elastic_widths, "job_skus.units job_skus.min_units job_skus.max_units job_skus.scaling_exponent"),
)
