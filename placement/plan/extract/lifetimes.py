"""Chips that wait in stock, and chips that move."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd
import pyomo.environ as pyo

from placement.plan.extract.solution import NIL, Solution, table
from placement.units import USD_PER_MUSD


def stock(solution: Solution) -> pd.DataFrame:
    """Return units that have arrived and are not deployed, of the SKUs of ``inventory``."""
    deployed: dict[tuple[str, int], float] = defaultdict(float)
    for (_, k, t), units in solution.values("deployed"):
        deployed[k, t] += units
    owned = {i: sum(float(pyo.value(e)) for e in terms) for i, terms in solution.sides.supply.owned.items()}
    idle = [(k, t, owned.get((k, t), 0.0) - deployed[k, t]) for k in solution.case["inventory"]["sku"] for t in range(solution.case.n_periods)]
    return table("stock", [(k, solution.label[t], units) for k, t, units in idle if units > NIL])


def moves(solution: Solution) -> pd.DataFrame:
    """Return units that are moved, with what it costs."""
    usd = solution.case["relocation"].set_index("sku")["usd_per_unit"].to_dict()
    moved = [(k, t, units) for (k, t), units in solution.values("moved") if units > NIL]
    return table("moves", [(k, solution.label[t], units, units * usd[k] / USD_PER_MUSD) for k, t, units in moved])
