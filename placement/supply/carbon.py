r"""Cap on carbon emissions of a period, with offsets where they may be bought.

.. math:: \sum kg_{b} H_b P_{b} / 10^6 - offset_t \le cap_t

See models/README.md, section 2.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply, amount
from placement.units import T_PER_KT, USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``offset_kt[t]`` where offsets have a price; cap what ``supply.emit`` has measured."""
    m = supply.model
    caps = {r.period: r for r in supply.case["carbon_caps"].itertuples()}
    m.offset_kt = pyo.Var([t for t, r in caps.items() if r.max_offset_kt > 0], bounds=lambda m, t: (0, caps[t].max_offset_kt))
    for t in m.offset_kt:
        supply.pay("carbon", t, caps[t].offset_usd_per_t * T_PER_KT / USD_PER_MUSD * m.offset_kt[t])

    offset = {t: m.offset_kt[t] for t in m.offset_kt}
    tonnes = {t: amount(supply.emissions[t]) for t in caps if supply.emissions[t]}  # the row is in t: in kt the stress block's few hours would be tiny numbers
    m.carbon_cap = pyo.Constraint(list(tonnes), rule=lambda m, t: tonnes[t] <= T_PER_KT * (caps[t].kt + offset.get(t, 0)))


BLOCK = Block("carbon", build, tables=("carbon_caps",), needs=("grid", "contracts", "generation"))
