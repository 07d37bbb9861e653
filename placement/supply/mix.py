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
    limits = {(r.tech, r.period): r for r in case["mix_limits"].itertuples() if gwh[r.period]}

    def over(tech: str, t: int, share: float) -> Expr:
        """Energy of the technology above a share of all energy, GWh."""
        return amount([(1 - share if k == tech else -share) * e for k, e in gwh[t] if (k == tech and share < 1) or (k != tech and share > 0)])

    capped = [i for i, r in limits.items() if r.max_share == r.max_share]
    m.mix_max = pyo.Constraint(capped, rule=lambda m, k, t: over(k, t, limits[k, t].max_share) <= 0)
    least = [i for i, r in limits.items() if r.min_share > 0]
    m.mix_min = pyo.Constraint(least, rule=lambda m, k, t: over(k, t, limits[k, t].min_share) >= 0)


BLOCK = Block("mix", build, tables=("mix_limits",), needs=("grid", "contracts", "generation", "storage"))
