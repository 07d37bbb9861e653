"""Jobs that pause: which draw on power their training columns make in which hours, how long they take, and from when a site has enough power.

A deferrable job (``jobs.duty`` below 1) works in that share of a period's hours, at full power; which hours is for
``supply/shifting.py`` to say. A preemptible one does not work in the stress block. See models/README.md, sections 5b and 5c.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.columns import Columns, Floats, Ints, Keys, Triplets
from placement.rules import Scope

_TOL = 1e-9


def with_duty(scope: Scope, columns: Columns, resources: Keys, decisions: Keys) -> Columns:
    """Return the columns with deferrable jobs drawing their mean power in every block, and offering their full power to be shifted."""
    duty = _duty(scope, columns)
    use = columns.use
    draws = resources.holds("power", use.row) & (duty[use.col] < 1)
    col, value = use.col[draws], use.value.copy()
    value[draws] *= duty[col]
    parts = [Triplets(use.row, use.col, value)]
    if len(scope.case.blocks) > 1:  # in a single block there is nowhere to shift to
        site, period, block = resources.index("power", use.row[draws])
        once = block == scope.case.stress
        it_mw = (use.value[draws] / scope.pue[site, period, block])[once]
        level = np.searchsorted(scope.duties, duty[col[once]])
        parts.append(Triplets(resources.encode("deferrable", site[once], level, period[once]), col[once], -it_mw))
    return replace(columns, use=Triplets.join(parts))


def _duty(scope: Scope, columns: Columns) -> Floats:
    """Return the duty of the job of every column, 1 for other workloads, shape (n,)."""
    of = scope.case["jobs"]["duty"].to_numpy(float)
    parts = [of[frame["job"]] if kind == "training" else np.ones(len(frame)) for kind, _, frame in columns.blocks()]
    return np.concatenate([np.empty(0), *parts])


def slowdown(scope: Scope, jobs: pd.DataFrame) -> Floats:
    """Return by what each job's duration is multiplied, shape (rows,): preemptible ones make no progress in the stress block."""
    calm = 1 - scope.case.blocks[scope.case.stress].share
    return np.where(jobs["preemptible"], 1 / calm if calm > 0 else 1.0, 1.0)


def powered_from(scope: Scope, sku: Ints, jobs: pd.DataFrame, it_mw: Floats) -> Ints:
    """Return the first period in which the site of each domain can power each gang, shape (rows, F); T where it never can.

    Parameters
    ----------
    sku : ndarray, shape (rows,)
        SKU code.
    jobs
        The job of each row.
    it_mw : ndarray, shape (rows, F)
        IT power at full load.
    """
    site = scope.domain_site
    need_mw = it_mw * scope.pue_least[site][None, :]
    out: NDArray[np.int64] = (scope.site_mw[site][None] < need_mw[:, :, None]).sum(axis=2)
    share = np.array([b.share for b in scope.case.blocks])
    idle = scope.case["skus"]["idle_share"].to_numpy(float)[sku]
    stress, duty, paused = scope.case.stress, jobs["duty"].to_numpy(float), jobs["preemptible"].to_numpy(bool)
    for row in np.flatnonzero((duty < 1) | paused):
        full = need_mw[row][:, None]  # F, 1
        above_idle = scope.block_mw[site] - idle[row] * full[:, :, None]  # F, T, B
        mean = np.clip(above_idle, 0, (1 - idle[row]) * full[:, :, None]) @ share
        if paused[row]:
            above_idle[:, :, stress] += (1 - idle[row]) * full  # nothing to do then
            out[row] = (above_idle.min(axis=2) < (1 - idle[row]) * full).sum(axis=1)
            continue
        enough = (above_idle.min(axis=2) >= -_TOL) & (mean >= duty[row] * (1 - idle[row]) * full * (1 - _TOL))
        out[row] = (~enough).sum(axis=1)
    return out
