"""Payments by term and period, and costs by layer and owner."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from placement.plan.extract.solution import Solution, table


def cash(solution: Solution) -> pd.DataFrame:
    """Return undiscounted payments by term and period."""
    total: dict[tuple[str, int], float] = {}
    for (term, t), terms in solution.sides.supply.cash.items():
        total[term, t] = sum(float(pyo.value(e)) for e in terms)
    paid = solution.sides.columns.paid
    for term, musd in solution.sides.columns.cost_musd.items():
        for t, amount in enumerate(np.bincount(paid, weights=musd * solution.x, minlength=solution.case.n_periods)):
            total[term, t] = total.get((term, t), 0.0) + float(amount)
    labels = [*solution.case.periods, "end"]
    return table("cash", [(labels[t], term, musd) for (term, t), musd in sorted(total.items(), key=lambda i: (i[0][1], i[0][0])) if musd])


def costs(solution: Solution) -> pd.DataFrame:
    """Return undiscounted M$ by term, layer and owner (the site or SKU that it is for, or blank)."""
    rows = [(*key, sum(float(pyo.value(e)) for e in terms)) for key, terms in solution.sides.supply.by_owner.items()]
    return pd.DataFrame(rows, columns=["term", "layer", "owner", "musd"])
