r"""Stages of manufacture that chips of all vendors share: wafers, advanced packaging, memory, test, network kit.

.. math:: \sum_{q:\, a_q - l_{ku} = t} w_{ku}\, order_q \le W_{ut}

See models/README.md, section 3.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply, amount


def build(supply: Supply) -> None:
    """State ``stage_capacity[u,t]``: what the orders take of a stage in the period in which they pass it."""
    case, m = supply.case, supply.model
    capacity = case["stages"].set_index(["stage", "period"])["capacity"].to_dict()
    of_sku = {k: list(rows.itertuples()) for k, rows in case["sku_stages"].groupby("sku")}
    taken: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for q in case["offers"].itertuples():
        for r in of_sku.get(q.sku, ()):
            at = (r.stage, q.period + q.lead_periods - r.lead_periods)
            if at in capacity and q.offer in m.order and q.kind != "lease":  # what is rented has been made
                taken[at].append(r.use_per_unit * m.order[q.offer])
    m.stage_capacity = pyo.Constraint(list(taken), rule=lambda m, u, t: amount(taken[u, t]) <= capacity[u, t])


BLOCK = Block("stages", build, tables=("stages",), needs=("chips",))
