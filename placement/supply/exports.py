"""Export limits: units, or processing performance, of a class in a country. See models/README.md, sections 3 and 7."""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from placement.supply.supply import Expr, Supply, amount

_MILLION = 1e6

Limit = tuple[str, str, int]  # class, country or *, period


def cap_exports(supply: Supply, here: dict[tuple[int, int, int], Expr]) -> None:
    """Units of a class in a country, or in all countries without a row of their own, within the licence; or what they can do together."""
    case, scope, m = supply.case, supply.scope, supply.model
    rows = case["export"]
    own = rows.groupby("export_class")["country"].agg(set).to_dict()
    country = case["sites"]["country"].to_numpy()[scope.domain_site]
    classes = case["skus"]["export_class"].to_numpy()
    dates = _most(supply)

    def held(limit: Limit, weight: NDArray[np.float64]) -> tuple[list[Expr], float]:
        """The deployed units that count, and what the installed ones come to."""
        c, place, t = limit
        inside = [f for f in range(len(country)) if country[f] == place or (place == "*" and country[f] not in own[c])]
        pairs = [(f, k) for f in inside for k in range(len(classes)) if classes[k] == c]
        deployed = [float(weight[k]) * here[f, k, t] for f, k in pairs if (f, k, t) in here]
        return deployed, sum(float(weight[k] * scope.standing[f, k, t]) for f, k in pairs)

    def caps(rule: str, column: str) -> dict[Limit, float]:
        chosen = rows[rows["rule"] == rule]
        return {(r.export_class, r.country, t): float(getattr(r, column)) for r in chosen.itertuples() for t in dates}

    units, performance = caps("cap", "cap_units"), caps("cap_performance", "cap_tpp_million")
    one, tpp = np.ones(len(classes)), case["skus"]["tpp"].to_numpy(float) / _MILLION
    m.export_cap = pyo.Constraint([i for i in units if held(i, one)[0]], rule=lambda m, *i: amount(held(i, one)[0]) + held(i, one)[1] <= units[i])
    m.export_performance = pyo.Constraint(
        [i for i in performance if held(i, tpp)[0]], rule=lambda m, *i: amount(held(i, tpp)[0]) + held(i, tpp)[1] <= performance[i]
    )


def _most(supply: Supply) -> list[int]:
    """Return the periods in which most units can be there: the last one, and those after which some retire or leave."""
    last = supply.case.n_periods - 1
    if supply.scope.rented.any():
        return list(range(last + 1))  # rented units come and go
    retiring = np.any(np.diff(supply.scope.standing, axis=2) < 0, axis=(0, 1)).tolist()
    leaving = {t for _, t in supply.leaving}  # not only where `removed` is decided: all of a SKU may leave at once
    return [t for t in range(last) if retiring[t] or t + 1 in leaving] + [last]
