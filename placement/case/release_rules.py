"""Rules on releases of models: each can be out, matters to somebody, and is not asked for before it is there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from placement.case.draft import Draft, Problems, Rule, among
from placement.case.training_rules import shortest_periods


def reachable(d: Draft) -> Problems:
    """A release can be out before the horizon ends."""
    late = _earliest(d) >= d.case.n_periods
    rule = f"has no effect: the release cannot be out by the last period {d.case.periods[-1]} (the job's first period, its shortest duration, and the lag)"
    return d.broken("releases", "job", late, rule, "Shorten job_skus.duration_periods, jobs.earliest or lag_periods, or remove the release.")


def wanted(d: Draft) -> Problems:
    """A release is worth something or is served."""
    table = d["releases"]
    idle = (table["value_musd_per_period"] == 0).to_numpy(dtype=bool) & ~among(table["release"], d.values("services", "release"))
    rule = "has no effect: the release has no value and no service serves it"
    return d.broken("releases", "value_musd_per_period", idle, rule, "Give value_musd_per_period, or name the release in services.release.")


def may_wait(d: Draft) -> Problems:
    """Demand before the earliest possible release can stay unserved, else there is no plan."""
    services = d["services"]
    out = dict(zip(d["releases"]["release"], _earliest(d), strict=True))
    first = d["demand"].groupby("service")["period"].min().reindex(services["service"]).to_numpy(dtype=float)
    earliest = np.array([out.get(r, 0) for r in services["release"]], dtype=float)
    stuck = services["unmet_usd_per_mtok"].isna().to_numpy(dtype=bool) & (first < earliest)
    rule = "must not be blank where there is demand before the release can be out: all of it would have to be served"
    return d.broken("services", "unmet_usd_per_mtok", stuck, rule, "Give unmet_usd_per_mtok, or remove the demand rows of earlier periods.")


def _earliest(d: Draft) -> NDArray[np.float64]:
    """Return the first period in which each release could be out, by window, duration and lag alone."""
    table, jobs = d["releases"], d["jobs"].set_index("job")
    shortest = shortest_periods(d).reindex(table["job"]).to_numpy(dtype=float)
    begin = np.maximum(jobs["earliest"].reindex(table["job"]).to_numpy(dtype=float), 0)
    return np.asarray(begin + shortest + table["lag_periods"].to_numpy(dtype=float))


_DATES = (
    "case.periods case.blocks jobs.preemptible releases.job releases.lag_periods jobs.job jobs.earliest jobs.goodput_by job_skus.job "
    "job_skus.duration_periods job_skus.units job_skus.max_units job_skus.scaling_exponent job_skus.maturity"
)

RULES: tuple[Rule, ...] = (
    Rule(reachable, _DATES),
    Rule(wanted, "releases.release releases.value_musd_per_period services.release"),
    Rule(may_wait, f"{_DATES} releases.release services.service services.release services.unmet_usd_per_mtok demand.service demand.period"),
)
