"""The chips of each domain."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.extract.demand import training
from placement.plan.extract.orders import rented_units
from placement.plan.extract.solution import NIL, Solution, table
from placement.program import Floats


def chips(solution: Solution) -> pd.DataFrame:
    """Return chips by domain: installed, deployed (owned and rented), used by jobs, lent to inference."""
    scope, n = solution.scope, solution.case.n_periods
    f_of, k_of = {d: i for i, d in enumerate(scope.domains)}, {k: i for i, k in enumerate(scope.skus)}
    shape = (len(scope.domains), len(scope.skus), n)
    deployed, serving, used = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    for name, into in (("deployed", deployed), ("serving", serving)):
        for (f, k, t), value in solution.values(name):
            into[f_of[f], k_of[k], t] = value
    for (_, f, k, t), units in rented_units(solution):
        deployed[f_of[f], k_of[k], t] += units
    serving *= _lent_in_use(solution, serving)
    number = {label: t for t, label in enumerate(solution.case.periods)}
    jobs = solution.case["jobs"]
    runs = training(solution)
    for r in runs[~runs["job"].isin(list(jobs.loc[jobs["preemptible"], "job"]))].itertuples():  # preemptible ones use units of inference
        used[f_of[r.domain], k_of[r.sku], number[r.start] : number[r.end] + 1] += r.units
    there = scope.standing
    some = ((there + deployed + serving + used) > NIL).any(axis=2)
    rows = [
        (
            scope.sites[scope.domain_site[f]],
            scope.domains[f],
            scope.skus[k],
            solution.label[t],
            there[f, k, t],
            deployed[f, k, t],
            used[f, k, t],
            serving[f, k, t],
        )
        for f, k in np.argwhere(some)
        for t in range(n)
    ]
    return table("chips", rows)


def lent_units(solution: Solution) -> Floats:
    """Return units that all users of lent chips need together, shape (S, K, T): in the block that asks most, where they share."""
    scope, keys, use = solution.scope, solution.sides.demand.resources, solution.sides.columns.use
    out = np.zeros((len(scope.sites), len(scope.skus), solution.case.n_periods))
    for kind in ("serve", "pool"):
        some = keys.holds(kind, use.row)
        index = keys.index(kind, use.row[some])
        need = np.zeros(keys.shapes[kind])
        np.add.at(need, index, use.value[some] * solution.x[use.col[some]])
        out += need if kind == "serve" else need.max(axis=3)
    return out


def _lent_in_use(solution: Solution, lent: Floats) -> Floats:
    """Return the share of units lent to inference that it uses at its peak, shape (F, K, T): lending more costs nothing, so solvers do."""
    use = lent_units(solution)
    total = np.zeros_like(use)
    np.add.at(total, solution.scope.domain_site, lent)
    return np.where(total > use, use / np.maximum(total, NIL), 1.0)[solution.scope.domain_site]
