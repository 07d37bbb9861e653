"""Data that jobs train on: residency, distance where they are streamed, copies before the start (models/README.md section 5d)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, joined
from placement.plan.checking.network import Network
from placement.plan.checking.rules import Residency
from placement.plan.checking.verdict import rows
from placement.units import DAYS_PER_MONTH, SECONDS_PER_DAY

GBIT_PER_TB = 8000.0


def streaming_share(facts: Facts, network: Network, table: pd.DataFrame) -> Floats:
    """Return the share of throughput that distance from streamed data leaves each row (``dataset``, ``site``)."""
    data = facts.case["datasets"].set_index("dataset")
    share = np.ones(len(table))
    for i, (name, site) in enumerate(zip(table["dataset"], table["site"], strict=True)):
        if name and data.at[name, "mode"] == "stream":
            share[i] -= float(data.at[name, "slowdown_per_1000km"]) * network.km(str(data.at[name, "node"]), str(site)) / 1000.0
    return share


def check_data(facts: Facts, jobs: pd.DataFrame) -> None:
    """Check that data may be where each job runs, and have time to get there."""
    with_data = jobs[jobs["dataset"] != ""]
    if with_data.empty:
        return
    used = joined(with_data.reset_index(drop=True), facts.case["datasets"].rename(columns={"residency": "of_data"}), ["dataset"])
    where, rules = rows(used, "job {job} with data {dataset} at {site}"), Residency(facts.case)
    denied = [rules.denied(c, "", country) != "" for c, country in zip(used["of_data"], used["country"], strict=True)]
    facts.found.never("residency", denied, where, "the residency rules forbid its data there")
    ahead = np.where((used["mode"] == "copy") & (used["node"] != used["site"]), used["ingest_periods"], 0)
    facts.found.at_most("ingest", ahead, used["start"], where, "periods of copying against start", "periods")


def ingest_traffic(facts: Facts, jobs: pd.DataFrame) -> pd.DataFrame:
    """Return copies of data with the columns of ``traffic.refresh_traffic``; they cost nothing (gb is 0)."""
    with_data = jobs[jobs["dataset"] != ""]
    used = joined(with_data.reset_index(drop=True), facts.case["datasets"], ["dataset"]) if len(with_data) else with_data
    flows = list[tuple[str, str, int, float]]()
    for r in used[(used["mode"] == "copy") & (used["node"] != used["site"])].to_dict("records") if len(used) else ():
        periods = max(int(r["ingest_periods"]), 1)
        days = periods * facts.case.period_months * DAYS_PER_MONTH if np.isnan(r["ingest_days"]) else float(r["ingest_days"])
        begin = int(r["start"]) - int(r["ingest_periods"])
        gbps = float(r["size_tb"]) * GBIT_PER_TB / (days * SECONDS_PER_DAY)
        flows += [(str(r["node"]), str(r["site"]), t, gbps) for t in range(begin, begin + periods) if 0 <= t < facts.n_periods]
    table = pd.DataFrame(flows, columns=["origin", "site", "period", "gbps"])
    return table.assign(service="", avoid_subsea=False, survivable=False, gb=0.0)
