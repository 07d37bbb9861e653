r"""Units lent to inference that preemptible jobs use while inference does not.

.. math:: lull_{fkt} \le serving_{fkt}

See models/README.md, section 5c. A site's services leave ``serving - lull`` of its units for their busiest calm block.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Declare ``lull[f,k,t]`` where a preemptible job may run; provide ``filler``; provide ``lull`` less what fillers take of it."""
    scope, m = supply.scope, supply.model
    keys = sorted(key[1:] for key in supply.wanted if key[0] == "filler")
    if not keys:
        return
    domains, skus = list(scope.domains), list(scope.skus)
    named = {(domains[f], skus[k], t): (f, k, t) for f, k, t in keys}
    m.lull = pyo.Var(list(named), bounds=lambda m, *i: (0, float(scope.units[named[i]])))
    m.lull_split = pyo.Constraint(list(named), rule=lambda m, *i: m.lull[i] <= m.serving[i])
    for i, (f, k, t) in named.items():
        supply.provide(("filler", f, k, t), m.lull[i])
        supply.draw(("lull", int(scope.domain_site[f]), k, t), m.lull[i])
    code = {name: f for f, name in enumerate(domains)}
    number = {name: k for k, name in enumerate(skus)}
    for (f, k, t), lent in m.serving.items():
        supply.provide(("lull", int(scope.domain_site[code[f]]), number[k], t), lent)


BLOCK = Block("filler", build, tables=("skus",), needs=("chips",))
