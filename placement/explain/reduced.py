"""What a way to run a workload earns and costs at the plan's prices, and which resources are not free for it."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.explain.base import Base
from placement.plan.prices import FAMILIES
from placement.program import Floats, Key, key_name

COLUMNS = ("what", "place", "sku", "period", "block", "unit", "use", "free", "price_musd", "cost_musd", "root_price_musd", "root_cost_musd")
_NIL = 1e-9


def reduced_costs(base: Base, columns: np.ndarray, dual: Floats) -> Floats:
    """Return what each column costs, M$ (gains are negative), at row duals of a minimisation, shape (n,)."""
    return np.asarray(base.program.cost[columns] - base.program.matrix[:, columns].T @ dual)


def decomposed(base: Base, column: int) -> pd.DataFrame:
    """Return what a column costs in itself and what it uses of each resource at its price, the dearest first.

    Returns
    -------
    DataFrame
        ``use`` of a resource by the whole column in ``unit``; ``free``: of it in the plan; ``price_musd`` per unit and ``cost_musd`` = price x use, by
        the local duals with decisions fixed; ``root_price_musd``, ``root_cost_musd``: by the duals of the bound. Sums are the reduced costs.
    """
    p = base.program
    local, root = base.settled.price if base.settled is not None else np.zeros(len(p.row_lower)), base.dual
    start, end = p.matrix.indptr[column], p.matrix.indptr[column + 1]
    rows, use = p.matrix.indices[start:end], p.matrix.data[start:end]
    activity = p.rows[rows] @ base.x
    free = np.where(use > 0, p.row_upper[rows] - activity, activity - p.row_lower[rows])
    free = np.where(np.abs(free) < _NIL * (1 + np.abs(activity)), 0.0, free)
    out = [_own(base, term, musd) for term, musd in _terms(base, column).items() if abs(musd) > _NIL]
    for i, amount, left in zip(rows.tolist(), use.tolist(), free.tolist(), strict=True):
        says = _named(base, tuple(p.row_keys[i]), i)
        out.append((*says, amount, left, -local[i], -local[i] * amount, -root[i], -root[i] * amount))
    return pd.DataFrame(out, columns=list(COLUMNS)).sort_values("cost_musd", ascending=False, kind="stable", ignore_index=True)


def _own(base: Base, term: str, musd: float) -> tuple[object, ...]:
    return (f"its own {term}", "", "", "", "", base.case.cost_unit, np.nan, np.nan, np.nan, musd, np.nan, musd)


def _terms(base: Base, column: int) -> dict[str, float]:
    """Return the weighted, discounted cost of a demand column by term, M$."""
    sides, j = base.sides, column - base.program.n_supply
    columns, weights = sides.columns, sides.weights
    return {t: float(weights[t] * musd[j] * base.case.discount[columns.when(t)[j]]) for t, musd in columns.cost_musd.items()}


def _named(base: Base, key: Key, row: int) -> tuple[str, str, str, str, str, str]:
    """Return what, place, SKU, period, block and unit of a row, in the planner's words."""
    family, *ids = key
    case, sides = base.case, base.sides
    if family == "requires":
        kind, *index = sides.demand.decisions.decode(int(sides.columns.requires_decision[ids[0]]))
        return _decision(base, str(kind), [int(str(i)) for i in index])
    if family not in FAMILIES:
        named = str(family).partition("[")[2].removesuffix("]").split(",") if not ids else [""]  # no id holds a comma
        if not named[0]:
            return key_name(key), "", "", "", "", ""
        metro, when = named[1:] if len(named) == 3 else ("", "")
        return f"the rest of {named[0]}", metro, "", when, "", "share"
    unit, names = FAMILIES[family]
    parts = dict(zip(names, ids, strict=True))
    period = case.periods[parts["period"]] if "period" in parts else ""
    block = case.blocks[parts["block"]].name if "block" in parts else ""
    rest = [str(i) for name, i in parts.items() if name not in ("place", "sku", "period", "block")]
    return " ".join([family, *rest]), str(parts.get("place", "")), str(parts.get("sku", "")), period, block, unit.partition("/")[2].strip("()")


def _decision(base: Base, kind: str, index: list[int]) -> tuple[str, str, str, str, str, str]:
    scope, case = base.sides.scope, base.case
    if kind == "built":
        hall = scope.halls.iloc[index[0]]
        return f"hall {hall['hall']} built", str(hall["site"]), "", case.periods[index[1]], "", "yes/no"
    if kind == "open":
        return "site open", str(scope.sites[index[0]]), "", "", "", "yes/no"
    return f"release {case['releases']['release'].iat[index[0]]} out", "", "", case.periods[index[1]], "", "yes/no"
