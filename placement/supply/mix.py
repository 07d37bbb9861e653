r"""Limits on the share of a technology in the energy of a period.

.. math:: \sum_{i \in tech} E_{it} \le \bar\phi \sum_i E_{it}

See models/README.md, section 2.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply, amount
from placement.units import MWH_PER_GWH


def build(supply: Supply) -> None:
    """State ``mix_max[k,t]`` and ``mix_min[k,t]`` over all energy taken, what is sold left out."""
    case, m = supply.case, supply.model
    gwh: dict[int, list[tuple[str, Expr]]] = defaultdict(list)
    for s in supply.sources:
        if not s.stored:
            gwh[s.period].append((s.tech, float(case.hours[s.block]) / MWH_PER_GWH * s.mw))

    def over(tech: str, t: int, share: float) -> list[Expr]:
        """Terms of the energy of the technology above a share of all energy, GWh; none where every plan keeps the share."""
        return [(1 - share if k == tech else -share) * e for k, e in gwh[t] if (k == tech and share < 1) or (k != tech and share > 0)]

    rows = list(case["mix_limits"].itertuples())
    most = {(r.tech, r.period): over(r.tech, r.period, r.max_share) for r in rows if r.max_share == r.max_share}
    least = {(r.tech, r.period): over(r.tech, r.period, r.min_share) for r in rows if r.min_share > 0}
    m.mix_max = pyo.Constraint([i for i, terms in most.items() if terms], rule=lambda m, *i: amount(most[i]) <= 0)
    m.mix_min = pyo.Constraint([i for i, terms in least.items() if terms], rule=lambda m, *i: amount(least[i]) >= 0)


BLOCK = Block("mix", build, tables=("mix_limits",), needs=("grid", "contracts", "generation", "storage"))
