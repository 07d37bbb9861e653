r"""Sites that must be opened to be used.

.. math:: \sum_s open_s = p \ (\text{where the case says how many})

See models/README.md, section 12.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Declare ``open[s]`` with its cost, and ``open_sites``; columns may require ``open``."""
    case, m, rows = supply.case, supply.model, supply.case["siting"]
    m.open = pyo.Var(list(rows["site"]), domain=pyo.Binary)
    code = {s: i for i, s in enumerate(supply.scope.sites)}
    for s, cost in zip(rows["site"], rows["opening_cost_musd"], strict=True):
        supply.decisions["open", code[s]] = m.open[s]
        supply.pay("opening", 0, cost * m.open[s], s)
    if case.open_sites:
        m.open_sites = pyo.Constraint(expr=pyo.quicksum(m.open.values()) == case.open_sites)


BLOCK = Block("siting", build, tables=("siting",))
