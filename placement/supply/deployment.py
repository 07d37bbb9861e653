r"""How fast chips are put into service at a site.

.. math:: \sum_{f \in s,\,k} kw_k\, (deployed_{fkt} - deployed_{fk,t-1} + removed_{fkt}) \le D_s

See models/README.md, section 3.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Expr, Supply, amount
from placement.units import KW_PER_MW


def limit_deployment(supply: Supply) -> None:
    """State ``deploy_rate[s,t]``: IT power of the units that are added at a site in a period."""
    case, scope, m = supply.case, supply.scope, supply.model
    limit = case["sites"].set_index("site")["deploy_mw_per_period"].dropna().to_dict()
    site = {f: scope.sites[s] for f, s in zip(scope.domains, scope.domain_site, strict=True)}
    mw = dict(zip(scope.skus, scope.kw / KW_PER_MW, strict=True))
    deployed, removed = dict(m.deployed.items()), dict((m.component("removed") or {}).items())
    added: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for (f, k, t), units in deployed.items():
        if site[f] in limit:
            added[site[f], t].append(float(mw[k]) * (units - deployed.get((f, k, t - 1), 0) + removed.get((f, k, t), 0)))
    m.deploy_rate = pyo.Constraint(list(added), rule=lambda m, s, t: amount(added[s, t]) <= limit[s])
