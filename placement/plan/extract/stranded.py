"""Capacity of fabric domains that no further gang can use, because what is left is too small."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.gangs import least_gangs
from placement.plan.extract.chips import chips
from placement.plan.extract.sites import halls
from placement.plan.extract.solution import NIL, Solution, table
from placement.units import KW_PER_MW

_UNITS = 1e-3  # noise of a solver


def stranded(solution: Solution) -> pd.DataFrame:
    """Return nominal, usable and stranded capacity of domains with some that is stranded, by period (models/README.md, section 11)."""
    scope, case = solution.scope, solution.case
    if not len(case["jobs"]):
        return table("stranded", [])
    least = least_gangs(scope)
    number, shape = {label: t for t, label in enumerate(case.periods)}, (len(scope.domains), len(scope.skus), case.n_periods)
    domain_of = dict(zip(zip(scope.halls["site"], scope.halls["hall"], strict=True), scope.hall_domain, strict=True))
    it_mw, there, used = np.zeros((shape[0], shape[2])), np.zeros(shape), np.zeros(shape)
    for h in halls(solution).itertuples():
        it_mw[domain_of[h.site, h.hall], number[h.in_service] :] += h.it_mw
    rows = chips(solution)
    at = scope.domains.get_indexer(pd.Index(rows["domain"])), scope.skus.get_indexer(pd.Index(rows["sku"])), rows["period"].map(number).to_numpy(int)
    there[at], used[at] = rows["installed"] + rows["deployed"], rows["training"] + rows["serving"]

    unit_mw = (scope.kw / KW_PER_MW)[None, :, None]
    idle, empty_mw = there - used, np.maximum(it_mw - (there * unit_mw).sum(axis=1), 0)
    room = idle + empty_mw[:, None, :] / unit_mw
    fits = (room >= least[:, :, None] - _UNITS).any(axis=1)
    free_mw = it_mw - (used * unit_mw).sum(axis=1)
    some = np.asarray(np.isfinite(least).any(axis=1)).reshape(-1, 1)
    lost = ~fits & (free_mw > NIL) & some
    return table(
        "stranded",
        [
            (
                scope.sites[scope.domain_site[f]],
                scope.domains[f],
                solution.label[t],
                it_mw[f, t],
                it_mw[f, t] - free_mw[f, t],
                free_mw[f, t],
                max(idle[f, :, t].sum(), 0.0),
            )
            for f, t in np.argwhere(lost)
        ],
    )
