"""Deferrable jobs: their mean power, and what of it is moved between blocks (models/README.md section 5b)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.verdict import axes


def deferred_power(facts: Facts, jobs: pd.DataFrame) -> Floats:
    """Return how much more (less: negative) deferrable jobs draw than full power all the time, by site, period and block, MW at the meter; check shifts."""
    out = np.zeros((len(facts.site_ids), facts.n_periods, facts.n_blocks))
    share = np.array([b.share for b in facts.case.blocks])
    levels = np.unique(facts.case["jobs"]["duty"].to_numpy(float))
    said, there = facts.plan["shifts"], axes(("site", facts.site_ids), ("", facts.case.periods), ("block", facts.block_names))
    strange = ~np.isin(said["duty"].to_numpy(float), levels[levels < 1])
    facts.found.never("shifts.duty", strange, lambda at: f"site {said['site'].iloc[at[0]]}", "no job has this duty")
    for duty in levels[levels < 1]:
        full = _running_mw(facts, jobs[jobs["duty"] == duty])[:, :, None]
        shift = _shifted(facts, said[said["duty"] == duty])
        facts.found.at_most("shift_up", shift, (1 - duty) * full, there, f"power moved here, jobs of duty {duty:g}", "MW")
        facts.found.at_most("shift_down", -shift, duty * full, there, f"power moved away, jobs of duty {duty:g}", "MW")
        facts.found.equal("shift_energy", shift @ share, 0.0, axes(*_site_period(facts)), f"energy moved over a period, jobs of duty {duty:g}", "MW")
        out += shift - (1 - duty) * full
    return out * facts.pue


def _site_period(facts: Facts) -> tuple[tuple[str, pd.Index], tuple[str, tuple[str, ...]]]:
    return ("site", facts.site_ids), ("", facts.case.periods)


def _running_mw(facts: Facts, jobs: pd.DataFrame) -> Floats:
    """IT power above idle of some jobs at full load, by site and period, MW."""
    s, k, start = (jobs[c].to_numpy(int) for c in ("s", "k", "start"))
    now = np.arange(facts.n_periods)
    runs = (start[:, None] <= now) & (now < start[:, None] + jobs["periods"].to_numpy(int)[:, None])
    mw = facts.unit_mw[k] * (1 - facts.idle[k]) * jobs["gang"].to_numpy(float)
    out = np.zeros((len(facts.site_ids), facts.n_periods))
    np.add.at(out, s, runs * mw[:, None])
    return out


def _shifted(facts: Facts, said: pd.DataFrame) -> Floats:
    out = np.zeros((len(facts.site_ids), facts.n_periods, facts.n_blocks))
    at = codes(facts.site_ids, said["site"]), said["period"].to_numpy(int), codes(pd.Index(facts.block_names), said["block"])
    np.add.at(out, at, said["mw"].to_numpy(float))
    return out
