"""Preemptible jobs on idle units of inference, outside the stress block (models/README.md section 5c)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats
from placement.plan.checking.load import relative_loads
from placement.plan.checking.verdict import UNITS, axes


def paused_factor(facts: Facts, preemptible: pd.Series) -> Floats:
    """Return by how much longer each job takes for running outside the stress block only."""
    calm = 1 - facts.case.blocks[facts.case.stress].share
    return np.where(preemptible.to_numpy(bool) & (facts.n_blocks > 1), 1 / calm if calm > 0 else 1.0, 1.0)


def check_fillers(facts: Facts, filler: Floats, training: Floats, units: Floats, served: pd.DataFrame) -> None:
    """Check that there are units for the fillers (f,k,t) beside other jobs, and beside the services' units in their busiest calm block."""
    free = units - training
    there = axes(("domain", facts.domain_ids), ("SKU", facts.sku_ids), ("", facts.case.periods))
    facts.found.at_most("filler", filler, free, there, "units of preemptible jobs against units that no other job uses", "units", UNITS, scale=units)
    calm = np.zeros((len(facts.site_ids), len(facts.sku_ids), facts.n_periods))
    if facts.n_blocks > 1 and filler.any():
        share = np.delete(relative_loads(facts.case, served), facts.case.stress, axis=1).max(axis=1)
        np.add.at(calm, tuple(served[c].to_numpy(int) for c in ("s", "k", "period")), share * served["used"].to_numpy(float))
        here = axes(("site", facts.site_ids), ("SKU", facts.sku_ids), ("", facts.case.periods))
        left = facts.per_site(free - filler)
        wanted = facts.per_site(filler) > 0
        facts.found.at_most("lull", np.where(wanted, calm, 0), left, here, "units that services use in calm hours against units left by others", "units", UNITS)


def filler_power(facts: Facts, filler: Floats) -> Floats:
    """Return power above idle of preemptible jobs, by site, period and block, MW; none in the stress block."""
    it_mw = facts.per_site(((facts.unit_mw * (1 - facts.idle))[None, :, None] * filler).sum(axis=1))
    calm = np.arange(facts.n_blocks) != facts.case.stress
    return it_mw[:, :, None] * facts.pue * calm
