r"""Data that jobs train on: copied over fibre before the start, or streamed, which slows a job with distance.

.. math:: gbps = \frac{8000\, size\_tb}{86400\, days}, \qquad slowdown = slowdown\_per\_1000km \cdot km / 1000

See models/README.md, section 5d.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from placement.demand.columns import Floats, Ints, Keys, Triplets
from placement.demand.traffic import on_routes
from placement.fibre import Routing
from placement.rules import Scope
from placement.units import DAYS_PER_MONTH, SECONDS_PER_DAY

GBIT_PER_TB = 8000.0


@dataclass(frozen=True)
class Gravity:
    """The datasets of jobs; arrays per job (J,), or per job and site (J, S)."""

    dataset: Ints  # row of ``datasets``, -1 for none
    copied: pd.Series  # whether the data are copied
    residency: pd.Series  # residency class of the data
    streaming: Floats  # share of throughput that is left at the site, (J, S)
    first: Ints  # first start that leaves the data time to travel to the site, over links that exist by then (J, S)

    @classmethod
    def of(cls, scope: Scope) -> Gravity:
        """Return what the case says of its jobs' data."""
        jobs, data = scope.case["jobs"], scope.case["datasets"]
        dataset = np.asarray(pd.Index(data["dataset"]).get_indexer(pd.Index(jobs["dataset"])), np.int64)
        known = data.reindex(dataset).reset_index(drop=True)  # a job without data: NaN
        copied = (known["mode"] == "copy").astype(bool)
        shape = (len(jobs), len(scope.sites))
        if not len(data):
            return cls(dataset, copied, known["residency"].fillna(""), np.ones(shape), np.zeros(shape, np.int64))
        routing = Routing(scope.case["links"], scope.case.n_periods)
        km = routing.path_km(list(data["node"]), list(scope.sites))[0, dataset]  # streamed over what exists from the start: a later link is not counted on
        here = known["node"].to_numpy(object)[:, None] == scope.sites.to_numpy(object)[None, :]
        km = np.where(here, 0.0, km)  # at the data's own site even before its first link
        loss = known["slowdown_per_1000km"].fillna(0.0).to_numpy(float)[:, None]
        lost = np.multiply(loss, km / 1000, where=loss > 0, out=np.zeros(shape))  # 0 x no route is no loss
        away = copied.to_numpy()[:, None] & ~here
        linked = routing.linked_from(list(data["node"]), list(scope.sites))[dataset]
        first = np.where(away, jobs["ingest_periods"].to_numpy(np.int64)[:, None] + linked, 0)
        return cls(dataset, copied, known["residency"].fillna(""), 1 - lost, first)


def ingest(scope: Scope, frame: pd.DataFrame, resources: Keys) -> Triplets:
    """Return Gbit/s of copies of data on the routes to the sites of columns."""
    case, gravity = scope.case, Gravity.of(scope)
    if not gravity.copied.any():
        return Triplets.join([])
    jobs, data, routing = case["jobs"], case["datasets"], Routing(case["links"], case.n_periods)
    ahead, days = jobs["ingest_periods"].to_numpy(np.int64), jobs["ingest_days"].to_numpy(float)
    spread = np.maximum(ahead, 1) * case.period_months * DAYS_PER_MONTH
    size_tb = data["size_tb"].to_numpy(float)[gravity.dataset]
    gbps = size_tb * GBIT_PER_TB / (np.where(np.isnan(days), spread, days) * SECONDS_PER_DAY)
    job, start, site = (a.astype(np.int64) for a in (frame["job"].to_numpy(), frame["start"].to_numpy(), scope.domain_site[frame["domain"]]))
    parts = []
    for n, origin in enumerate(data["node"]):
        mine = np.flatnonzero((gravity.dataset[job] == n) & gravity.copied.to_numpy()[job])
        length = np.maximum(ahead[job[mine]], 1)
        col = np.repeat(mine, length)
        step = np.arange(len(col)) - np.repeat(length.cumsum() - length, length)
        ways = [routing.routes_from(e, str(origin)).get(s, []) for e in range(routing.n_epochs) for s in scope.sites]
        t = start[col] - ahead[job[col]] + step
        parts.append(on_routes(scope, resources, ways, routing.epoch[t] * len(scope.sites) + site[col], t, col, gbps[job[col]]))
    return Triplets.join(parts)
