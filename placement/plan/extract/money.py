"""Payments by term and period, and costs by layer and owner."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from placement.case.settings import TERMS
from placement.plan.extract.solution import NIL, Solution, table
from placement.units import MONTHS_PER_YEAR

RUNNING = ("opex", "energy", "contracts", "network", "carbon", "change")  # what a period costs besides rent and capital; penalties are paid to nobody


def cash(solution: Solution) -> pd.DataFrame:
    """Return undiscounted payments by term and period."""
    total: dict[tuple[str, int], float] = {}
    for (term, t), terms in solution.sides.supply.cash.items():
        total[term, t] = sum(float(pyo.value(e)) for e in terms)
    columns = solution.sides.columns
    for term, musd in columns.cost_musd.items():
        for t, amount in enumerate(np.bincount(columns.when(term), weights=musd * solution.x, minlength=solution.case.n_periods)):
            total[term, t] = total.get((term, t), 0.0) + float(amount)
    labels = [*solution.case.periods, "end"]
    return table("cash", [(labels[t], term, musd) for (term, t), musd in sorted(total.items(), key=lambda i: (i[0][1], i[0][0])) if musd])


def debt(solution: Solution) -> pd.DataFrame:
    """Return debt drawn by period."""
    return table("debt", [(solution.label[t], musd) for (t,), musd in solution.values("debt") if musd > NIL])


def tranches(solution: Solution) -> pd.DataFrame:
    """Return when each tranche is released."""
    return table("tranches", [(n, solution.label[t]) for (n,), t in solution.starts("tranche").items()])


def draws(solution: Solution) -> pd.DataFrame:
    """Return what is drawn of tranches by period."""
    return table("draws", [(n, solution.label[t], musd) for (n, t), musd in solution.values("drawn") if musd > NIL])


def income(solution: Solution) -> pd.DataFrame:
    """Return revenue, costs and earnings by period; assets with a life are written off in equal parts from service on."""
    n, case = solution.case.n_periods, solution.case
    paid = cash(solution)
    by = paid[paid["period"] != "end"].pivot_table(index="period", columns="term", values="musd", aggfunc="sum", fill_value=0.0)
    by = by.reindex(index=case.periods, columns=TERMS, fill_value=0.0)
    depreciation, lasting = np.zeros((2, n))
    for when, begun, life_years, expression in solution.sides.supply.assets:
        if life_years == life_years and (musd := float(pyo.value(expression))):
            lasting[when] += musd
            age, part = np.arange(n) - begun, case.period_months / MONTHS_PER_YEAR / life_years
            depreciation += musd * np.where(age >= 0, np.clip(1 - age * part, 0, part), 0.0)
    revenue, running = -by["value"].to_numpy(), by[list(RUNNING)].sum(axis=1).to_numpy()
    lease, expensed = by["lease"].to_numpy(), by["capex"].to_numpy() - lasting
    columns = (revenue, running, lease, depreciation, expensed, revenue - running - lease - depreciation - expensed, by["finance"].to_numpy())
    return table("income", zip(case.periods, *columns, strict=True))


def costs(solution: Solution) -> pd.DataFrame:
    """Return undiscounted M$ by term, layer and owner (the site or SKU that it is for, or blank)."""
    rows = [(*key, sum(float(pyo.value(e)) for e in terms)) for key, terms in solution.sides.supply.by_owner.items()]
    return pd.DataFrame(rows, columns=["term", "layer", "owner", "musd"])
