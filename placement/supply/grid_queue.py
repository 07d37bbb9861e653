r"""The queue for grid connections: what the operator of a zone can energise.

.. math:: \sum_{s \in z,\,r} P_r\, tier\_on_{srt} \le \sum_{\tau \le t} Q_{z\tau}

See models/README.md, section 2.
"""

from __future__ import annotations

from itertools import accumulate

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply, amount


def build(supply: Supply) -> None:
    """State ``grid_queue[zone,t]`` over the tiers that are decided on."""
    case, m = supply.case, supply.model
    zone = dict(zip(case["sites"]["site"], case["sites"]["zone"], strict=True))
    added = {(r.zone, r.period): r.mw for r in case["grid_queue"].itertuples()}
    zones = list(dict.fromkeys(case["grid_queue"]["zone"]))
    room = {z: list(accumulate(added.get((z, t), 0.0) for t in range(case.n_periods))) for z in zones}
    new: dict[tuple[str, int], list[Expr]] = {(z, t): [] for z in zones for t in range(case.n_periods)}
    for r in case["grid"].itertuples():
        for t in range(case.n_periods):
            on = supply.step["tier_on"]((r.site, r.tier), t) if r.capex_musd > 0 else 0
            if (zone[r.site], t) in new and not isinstance(on, int):
                new[zone[r.site], t].append(r.mw * on)
    m.grid_queue = pyo.Constraint([i for i in new if new[i]], rule=lambda m, z, t: amount(new[z, t]) <= room[z][t])


BLOCK = Block("grid_queue", build, tables=("grid_queue",), needs=("grid",))
