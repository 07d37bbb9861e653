r"""Least share of clean energy: in every block (matched by the hour), or over a period (matched by the year's certificates).

.. math:: \sum_i (c_i - \phi) P_{itb} + (1 - \phi) (discharge - charge - spilled)_{tb} \ge 0

Storage counts as clean when it gives and takes clean energy when it is charged, as in Riepin and Brown (2023), "System-level impacts of
24/7 carbon-free electricity procurement". See models/README.md, section 2.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply, amount

EVERYWHERE = "all"  # how a target for all zones is named


def build(supply: Supply) -> None:
    """State ``clean_match[z,t,b]`` and ``clean_energy[z,t]`` over all that sites of the zone take."""
    case, m = supply.case, supply.model
    zone = dict(zip(case["sites"]["site"], case["sites"]["zone"], strict=True))
    mw: dict[tuple[str, int, int], list[tuple[float, Expr]]] = defaultdict(list)  # (zone, t, b) -> (clean share, MW)
    for source in supply.sources:
        for place in (zone[source.site], EVERYWHERE):
            mw[place, source.period, source.block].append((source.clean, source.mw))
    for (s, t, b), lost in supply.spilled_mw.items():  # what is spilled counts as clean energy lost
        for place in (zone[s], EVERYWHERE):
            mw[place, t, b].append((1.0, -lost))
    share = {(r.matching, r.zone or EVERYWHERE, r.period): r.share for r in case["clean_targets"].itertuples()}
    blocks = range(len(case.blocks))

    def over(z: str, t: int, b: int, target: float) -> Expr:
        """Clean power above the target's share of all power, MW."""
        return amount([(clean - target) * p for clean, p in mw[z, t, b] if clean != target])

    def felt(z: str, t: int, b: int, target: float) -> bool:
        """Whether any power there has another share than the target: else it is met whatever is taken."""
        return any(clean != target for clean, _ in mw[z, t, b])

    hourly = [(z, t, b) for (how, z, t), target in share.items() if how == "block" for b in blocks if felt(z, t, b, target)]
    m.clean_match = pyo.Constraint(hourly, rule=lambda m, z, t, b: over(z, t, b, share["block", z, t]) >= 0)
    yearly = [(z, t) for (how, z, t), target in share.items() if how == "period" and any(felt(z, t, b, target) for b in blocks)]
    m.clean_energy = pyo.Constraint(yearly, rule=lambda m, z, t: amount([float(case.hours[b]) * over(z, t, b, share["period", z, t]) for b in blocks]) >= 0)


BLOCK = Block("clean", build, tables=("clean_targets",), needs=("grid", "contracts", "generation", "storage", "spill"))
