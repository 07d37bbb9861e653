r"""Anti-affinity: not too much of a metro's demand, and no two jobs of a group, in one failure domain.

.. math:: \sum_{s \in d,\,k} x_{imtsk} \le m_i, \qquad \sum_{\text{jobs of } g \text{ that run in } d,\,t} x \le 1

See models/README.md, sections 5 and 6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.columns import Ints, Keys, Triplets
from placement.rules import Scope


def share_per_domain(scope: Scope, resources: Keys, service: pd.Series, frame: pd.DataFrame) -> Triplets:
    """Return the use of ``spread`` by the serving columns of a service: its share, in the failure domain of the site; nothing without a limit."""
    if np.isnan(service["max_share_per_domain"]):
        return Triplets.join([])
    i, metro, t, site = (frame[c].to_numpy() for c in ("service", "metro", "period", "site"))
    return Triplets(resources.encode("spread", i, metro, scope.site_failure[site], t), np.arange(len(frame)), np.ones(len(frame)))


def groups_apart(scope: Scope, resources: Keys, job: Ints, site: Ints, t: Ints, col: Ints) -> Triplets:
    """Return the use of ``apart`` by training columns, given for every period in which one runs; nothing for jobs without a group."""
    group = np.asarray(scope.apart.get_indexer(pd.Index(scope.case["jobs"]["anti_affinity"])), np.int64)[job]
    some = group >= 0
    if not some.any():
        return Triplets.join([])
    return Triplets(resources.encode("apart", group[some], scope.site_failure[site[some]], t[some]), col[some], np.ones(int(some.sum())))
