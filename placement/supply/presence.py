r"""Presence of services at sites: weights and caches kept there, staff, and a least number of units.

.. math:: present_{ist} \in \{0, 1\}

See models/README.md, section 6a. A presence is decided anew in every period; serving columns ask for it, and for the units that it takes.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply
from placement.units import MONTHS_PER_YEAR


def build(supply: Supply) -> None:
    """Declare ``present[i,s,t]`` where a column asks for it; provide ``presence``, draw ``least_units``, pay the running cost."""
    case, m, services = supply.case, supply.model, supply.case["services"]
    names, sites = services["service"].to_numpy(), supply.scope.sites
    least, cost = services["min_units"].to_numpy(float), services["presence_cost_musd_per_year"].to_numpy(float)
    asked = sorted(key[1:] for key in supply.wanted if key[0] == "presence")
    if not asked:
        return
    named = {(i, s, t): (names[i], sites[s], t) for i, s, _, t in asked}
    m.present = pyo.Var(list(named.values()), domain=pyo.Binary)
    for i, s, metro, t in asked:
        supply.provide(("presence", i, s, metro, t), m.present[named[i, s, t]])
    for (i, s, t), key in named.items():
        supply.draw(("least_units", i, s, t), float(least[i]) * m.present[key])
        if cost[i] > 0:
            supply.pay("opex", t, float(cost[i]) * case.period_months / MONTHS_PER_YEAR * m.present[key], sites[s])


BLOCK = Block("presence", build, tables=("service_skus",), needs=("chips",))
