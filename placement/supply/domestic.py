r"""Chips made at home: a least share of the spend on all orders.

.. math:: \sum_{q:\, o_{k(q)} \in O_n} c_q\, order_q \ge \theta_n \sum_q c_q\, order_q

See models/README.md, section 3.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply, amount


def build(supply: Supply) -> None:
    """State ``domestic_share[n]`` for every programme: spend in M$, undiscounted, over the whole horizon."""
    case, m = supply.case, supply.model
    programmes = {r.programme: r for r in case["domestic_shares"].itertuples()}
    home = {n: {o.strip() for o in r.origins.split(";")} for n, r in programmes.items()}
    made_in = case["skus"].set_index("sku")["origin_country"].to_dict()
    sku = case["offers"].set_index("offer")["sku"].to_dict()
    spend = {q: (made_in[sku[q]], musd) for q, musd in supply.purchase_musd.items()}
    m.domestic_share = pyo.Constraint(
        [n for n in programmes if spend],
        rule=lambda m, n: amount([((origin in home[n]) - programmes[n].min_spend_share) * musd for origin, musd in spend.values()]) >= 0,
    )


BLOCK = Block("domestic", build, tables=("domestic_shares",), needs=("chips",))
