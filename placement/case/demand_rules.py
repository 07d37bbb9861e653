"""Rules on jobs and services."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, among


def skus_listed(d: Draft) -> Problems:
    """Every job and every service has a SKU that it can use."""
    for table, key, lists in (("jobs", "job", "job_skus"), ("services", "service", "service_skus")):
        if lists in d.case:
            bare = ~among(d[table][key], d.values(lists, key))
            yield from d.broken(
                table, key, bare, f"must have a row in {lists}", f"Add a row to {lists}.csv with a SKU that the {key} can use."
            )


def job_dates(d: Draft) -> Problems:
    """A job's window is not empty and not over when the horizon begins."""
    jobs = d["jobs"]
    over = jobs["latest"] < 0
    yield from d.broken(
        "jobs", "latest", over, f"must not lie before the first period {d.case.periods[0]}", "Remove the job, or correct the date."
    )
    swapped = (jobs["earliest"] > jobs["latest"]) & ~over & d.filled("jobs", "latest")
    yield from d.broken("jobs", "latest", swapped, "must not lie before earliest", "Swap or correct the dates.")


def mandatory_windows(d: Draft) -> Problems:
    """A mandatory job fits into its window on its fastest SKU."""
    jobs = d["jobs"]
    shortest = d["job_skus"].groupby("job")["duration_periods"].min().reindex(jobs["job"]).to_numpy(dtype=float)
    last = np.minimum(jobs["latest"], d.case.n_periods - 1)
    room = (last - jobs["earliest"] + 1).to_numpy()
    tight = jobs["mandatory"].to_numpy(dtype=bool) & (room < shortest) & (jobs["latest"] >= 0).to_numpy(dtype=bool)
    rule = "must leave a mandatory job, from earliest on and within the horizon, the periods of its shortest duration"
    return d.broken("jobs", "latest", tight, rule, "Widen the window, or shorten job_skus.duration_periods, or set mandatory to 0.")


def refresh_traffic(d: Draft) -> Problems:
    """Weights and the site that they come from are given together."""
    services = d["services"]
    weights, origin = services["weights_gb"] > 0, services["origin"] != ""
    yield from d.broken(
        "services",
        "weights_gb",
        weights & ~origin,
        "has no effect without origin",
        "Name the site that the weights come from, or leave it blank.",
    )
    yield from d.broken(
        "services", "origin", origin & ~weights, "has no effect without weights_gb", "Give weights_gb, or leave origin blank."
    )


def peaks_possible(d: Draft) -> Problems:
    """The stress block alone does not hold more than the whole demand."""
    most = 1 / d.case.blocks[d.case.stress].share
    high = d["services"]["peak_to_mean"] > most * (1 + 1e-9)
    rule = f"must be at most {most:.6g}: a higher peak over the stress block's share of hours is more than the whole demand"
    return d.broken("services", "peak_to_mean", high, rule, "Lower it, or give the stress block a smaller share.")
