"""Rules on the data that jobs train on."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule, among
from placement.case.findings import suggest
from placement.units import DAYS_PER_MONTH

_LEAST_TB = 1e-3  # less cannot be seen on any link


def datasets_lie_somewhere(d: Draft) -> Problems:
    """A dataset lies at a node of the fibre graph, and a job uses it."""
    data = d["datasets"]
    nodes = d.values("links", "a") | d.values("links", "b")
    lost = ~among(data["node"], nodes)
    yield from d.broken("datasets", "node", lost, "must be a node of links.csv", suggest(data["node"][lost], nodes) if lost.any() else "")
    idle = ~among(data["dataset"], d.values("jobs", "dataset"))
    yield from d.broken("datasets", "dataset", idle, "has no effect: no job uses it", "Name it in jobs.dataset, or remove the row.")


def datasets_move_or_stream(d: Draft) -> Problems:
    """What is copied has a size, what is streamed slows, and not the other way round."""
    data = d["datasets"]
    copied = (data["mode"] == "copy").to_numpy(dtype=bool)
    size, slow = data["size_tb"], data["slowdown_per_1000km"]
    rule = f"must be at least {_LEAST_TB:g} TB where the data are copied"
    yield from d.broken("datasets", "size_tb", copied & (size < _LEAST_TB), rule, "Give the size, or set mode to stream.")
    yield from d.broken("datasets", "size_tb", ~copied & (size > 0), "has no effect with mode stream", "Leave it blank, or set mode to copy.")
    rule = "must be above 0 where the data are streamed"
    yield from d.broken("datasets", "slowdown_per_1000km", ~copied & (slow == 0), rule, "Give the loss, or remove the dataset.")
    yield from d.broken("datasets", "slowdown_per_1000km", copied & (slow > 0), "has no effect with mode copy", "Leave it blank, or set mode to stream.")


def ingest_belongs(d: Draft) -> Problems:
    """When data are copied is said of jobs that copy data, and the days fit into the periods."""
    jobs, data = d["jobs"], d["datasets"]
    copies = among(jobs["dataset"], set(data.loc[data["mode"] == "copy", "dataset"]))
    for column in ("ingest_periods", "ingest_days"):
        yield from d.broken("jobs", column, d.filled("jobs", column) & ~copies, "has no effect: the job copies no dataset", "Leave it blank.")
    most = np.maximum(jobs["ingest_periods"], 1) * d.case.period_months * DAYS_PER_MONTH
    rule = "must not be more than the days of ingest_periods (of the first period, where that is 0)"
    yield from d.broken("jobs", "ingest_days", copies & (jobs["ingest_days"] > most).to_numpy(dtype=bool), rule, "Lower it, or raise ingest_periods.")


RULES: tuple[Rule, ...] = (
    Rule(datasets_lie_somewhere, "datasets.dataset datasets.node links.a links.b jobs.dataset"),
    Rule(datasets_move_or_stream, "datasets.mode datasets.size_tb datasets.slowdown_per_1000km"),
    Rule(ingest_belongs, "case.periods jobs.dataset jobs.ingest_periods jobs.ingest_days datasets.dataset datasets.mode"),
)
