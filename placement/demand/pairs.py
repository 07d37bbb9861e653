r"""Columns of priced placements: one per (workload, site) pair; a job goes whole to one site, a service may be split.

.. math:: \sum_s x_{ws} = 1, \qquad x_{ws} \le open_s

See models/README.md, section 12. Written for a million pairs: no Python object per pair.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.columns import Columns, Floats, Keys, Triplets
from placement.errors import FormulationError
from placement.rules import Scope

_TOL = 1e-9  # a job that fills a site exactly fits


def build_pairs(scope: Scope, resources: Keys, decisions: Keys) -> tuple[Columns, pd.DataFrame]:
    """Return the columns of all pairs and a table of those excluded because a job does not fit.

    Raises
    ------
    FormulationError
        If a pair names what the case does not have, or uses capacity where there is none: a case read from a folder has been checked.
    """
    case, rows = scope.case, scope.case["pairs"]
    jobs, services = case["jobs"]["job"].to_numpy(), case["services"]["service"].to_numpy()
    workload = pd.Index(np.concatenate([jobs, services])).get_indexer(pd.Index(rows["workload"]))
    site, use, limit = scope.sites.get_indexer(pd.Index(rows["site"])), rows["use"].to_numpy(float), _limits(scope)
    _refuse(rows, (workload < 0) | (site < 0), "names a workload or site that the case does not have")
    _refuse(rows, (use > 0) & np.isinf(limit[site]), "uses capacity of a site that has no row in the table capacity")
    too_big = (workload < len(jobs)) & (use > limit[site] * (1 + _TOL))
    lost, kept = rows[too_big], ~too_big
    frame = pd.DataFrame({"workload": workload[kept], "site": site[kept], "use": use[kept]})
    exclusions = pd.DataFrame({"workload": lost["workload"], "place": lost["site"], "sku": "", "rule": "capacity", "n": 1})
    labels = [*(f"place_once[{j}]" for j in jobs), *(f"serve_all[{s}]" for s in services)]
    return _columns(scope, frame, rows["cost_musd"].to_numpy(float)[kept], labels, resources, decisions), exclusions


def _limits(scope: Scope) -> Floats:
    """Return the capacity of each site, ``inf`` where it has none, shape (S,)."""
    table = scope.case["capacity"]
    limit = np.full(len(scope.sites), np.inf)
    limit[scope.sites.get_indexer(pd.Index(table["site"]))] = table["capacity"]
    return limit


def _refuse(rows: pd.DataFrame, bad: NDArray[np.bool_], why: str) -> None:
    if bad.any():
        at = int(np.argmax(bad))
        raise FormulationError(f"pairs: {rows['workload'].iat[at]}/{rows['site'].iat[at]} {why} ({int(bad.sum())} rows)")


def _columns(scope: Scope, frame: pd.DataFrame, cost: Floats, labels: list[str], resources: Keys, decisions: Keys) -> Columns:
    """Write down cost, use, serve and requires rows of the pairs in the frame."""
    workload, site, use = (frame[c].to_numpy() for c in ("workload", "site", "use"))
    n_jobs = len(scope.case["jobs"])
    opened = np.zeros(len(scope.sites), bool)
    opened[scope.sites.get_indexer(pd.Index(scope.case["siting"]["site"]))] = True
    some, gated = np.flatnonzero(use > 0), np.flatnonzero(opened[site])
    return Columns(
        kinds=[("pairs", frame)],
        cost_musd={"placing": cost},
        paid=np.zeros(len(frame), np.int64),
        integer=workload < n_jobs,
        use=Triplets(resources.encode("capacity", site[some]), some, use[some]),
        serve=pd.DataFrame({"label": labels, "lower": 1.0, "upper": 1.0}),
        serve_row=workload,
        requires=Triplets(np.arange(len(gated)), gated, np.ones(len(gated))),
        requires_decision=decisions.encode("open", site[gated]),
    )
