"""Releases of models: when they are out, what is served of them, what they are worth (models/README.md section 5a)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Ints, codes
from placement.plan.checking.verdict import rows

NEVER = -1  # blank period


def check_releases(facts: Facts, jobs: pd.DataFrame, served: pd.DataFrame) -> None:
    """Check the table of releases and that nothing is served before its release is out; book what releases are worth."""
    table = facts.case["releases"]
    if table.empty:
        return
    trained = _trained(facts, jobs)
    out = np.where(trained == NEVER, facts.n_periods, trained + 1 + table["lag_periods"].to_numpy(int))
    _said(facts, trained, out)
    at = codes(pd.Index(table["release"]), served["release"])
    date = np.where(at < 0, 0, out[at])
    where = rows(served, "service {service} metro {metro} {label} site {site} release {release}")
    early = served["period"].to_numpy(int) < date
    facts.found.at_most("release", np.where(early, served["share"], 0), 0, where, "share served before the release is out", "share")
    for worth, first in zip(table["value_musd_per_period"], out, strict=True):
        periods = np.arange(first, facts.n_periods)
        facts.cash.pay("value", periods, np.full(len(periods), -float(worth)))


def _trained(facts: Facts, jobs: pd.DataFrame) -> Ints:
    """Return the last period of every release's training, ``NEVER`` where its job is not placed: the duration counts, not the end that the table says."""
    last = (jobs["start"] + jobs["periods"] - 1).groupby(jobs["job"]).max()
    return last.reindex(facts.case["releases"]["job"]).fillna(NEVER).to_numpy(int)


def _said(facts: Facts, trained: Ints, out: Ints) -> None:
    table, said = facts.case["releases"], facts.plan["releases"].set_index("release").reindex(facts.case["releases"]["release"])
    where = rows(table, "release {release}")
    facts.found.never("releases.release", said["job"].isna().to_numpy(bool), where, "the release has no row")
    facts.found.never("releases.job", (said["job"].fillna(table["job"].set_axis(said.index)) != table["job"].to_numpy(object)), where, "another job makes it")
    there = said["job"].notna().to_numpy(bool)
    for column, real in (("trained", np.where(trained >= facts.n_periods, NEVER, trained)), ("released", np.where(out >= facts.n_periods, NEVER, out))):
        wrong = there & (said[column].fillna(NEVER).to_numpy(int) != real)
        facts.found.never(f"releases.{column}", wrong, where, "the training table gives another period")
