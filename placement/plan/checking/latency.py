"""What the plan says of round-trip times and of traffic of fresh weights, recomputed from its shares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.sites import EPSILON
from placement.plan.checking.verdict import axes, rows
from placement.units import DAYS_PER_MONTH

BITS_PER_BYTE, SECONDS_PER_HOUR = 8, 3600
_SLACK = 1e-6  # of the tokens: which round-trip time a quantile falls on may hang on the last digit of a share


def check_latency(facts: Facts, served: pd.DataFrame, rtt: Floats) -> None:
    """Compare the table ``latency`` with the round-trip times of all served tokens."""
    said, found = facts.plan["latency"], facts.found
    if said.attrs.get("missing"):
        return
    gtok = served["share"].to_numpy(float) * served["mtok_per_day"].to_numpy(float) * facts.case.period_months * DAYS_PER_MONTH / 1e3
    missing = served[gtok > _SLACK].loc[lambda d: ~d["service"].isin(list(said["service"])), ["service"]].drop_duplicates()
    found.never("latency.service", np.ones(len(missing), bool), rows(missing, "service {service}"), "serves tokens and has no row")
    for i in range(len(said)):
        row, name = said.iloc[[i]], said["service"].iloc[i]
        where = rows(row, "service {service}")
        own = (served["service"] == name).to_numpy(bool)
        found.equal("latency.gtok", row["gtok"], gtok[own].sum(), where, "tokens served", "Gtok")
        limit = facts.case["services"].set_index("service")["slo_rtt_ms"][name]
        found.equal("latency.slo_rtt_ms", row["slo_rtt_ms"], limit, where, "the service's limit", "ms")
        for q in (50, 95, 99):
            low, high = (_at(rtt[own], gtok[own], q / 100 + d) for d in (-_SLACK, _SLACK))
            found.at_most(f"latency.p{q}_ms", low, row[f"p{q}_ms"], where, f"percentile {q} against the plan's", "ms")
            found.at_most(f"latency.p{q}_ms", row[f"p{q}_ms"], high, where, f"the plan's percentile {q} against the tokens'", "ms")


def _at(values: Floats, weight: Floats, share: float) -> float:
    """Return the least value that a share of the weight does not exceed."""
    seen = 0.0
    for i in np.argsort(values, kind="stable"):
        seen += weight[i]
        if seen >= share * weight.sum():
            return float(values[i])
    return float(values.max(initial=0.0))


def weights_sent(served: pd.DataFrame) -> pd.DataFrame:
    """Return what every row causes of fresh weights from another site: by service, origin, site and period: gbps of a refresh, gb_per_year, and how routed."""
    moved = served[(served["weights_from"] != "") & (served["weights_from"] != served["site"])]
    per_replica = np.ceil(moved["replica_gb"] / moved["hbm_gb"] - EPSILON)
    gb = moved["used"] / per_replica * moved["weights_gb"]
    gbps = gb * BITS_PER_BYTE / (moved["refresh_hours"] * SECONDS_PER_HOUR)
    facts = moved[["service", "site", "period", "avoid_subsea", "survivable"]]
    return facts.assign(origin=moved["weights_from"], gbps=gbps, gb_per_year=gb * moved["refreshes_per_year"])


def check_refresh(facts: Facts, served: pd.DataFrame) -> None:
    """Compare the table ``refresh`` with the traffic that leaves the origins, by service and period."""
    sent = weights_sent(served)
    said, names = facts.plan["refresh"], pd.Index(facts.case["services"]["service"])
    if said.attrs.get("missing"):
        return
    claimed, actual = np.zeros((2, len(names), facts.n_periods))
    claimed[codes(names, said["service"]), said["period"].to_numpy(int)] = said["gbps"]
    np.add.at(actual, (codes(names, sent["service"]), sent["period"].to_numpy(int)), sent["gbps"].to_numpy(float))
    where = axes(("service", names), ("", facts.case.periods))
    facts.found.equal("refresh.gbps", claimed, actual, where, "traffic of fresh weights", "Gbit/s")
