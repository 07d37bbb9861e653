"""Export licences: units of a class in a country. See models/README.md, sections 3 and 7."""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Expr, Supply, amount


def cap_exports(supply: Supply, here: dict[tuple[int, int, int], Expr]) -> None:
    """Units of a class in a country, or in all countries without a row of their own, within the licence."""
    case, scope, m = supply.case, supply.scope, supply.model
    rows = case["export"]
    own = rows.groupby("export_class")["country"].agg(set).to_dict()
    country = case["sites"]["country"].to_numpy()[scope.domain_site]
    classes = case["skus"]["export_class"].to_numpy()
    caps = {(c, place): cap for c, place, rule, cap in rows[["export_class", "country", "rule", "cap_units"]].itertuples(index=False) if rule == "cap"}
    end = case.n_periods - 1

    def held(c: str, place: str) -> tuple[list[Expr], float]:
        inside = [f for f in range(len(country)) if country[f] == place or (place == "*" and country[f] not in own[c])]
        pairs = [(f, k) for f in inside for k in range(len(classes)) if classes[k] == c]
        return [here[f, k, end] for f, k in pairs if (f, k, end) in here], sum(float(scope.installed[p]) for p in pairs)

    m.export_cap = pyo.Constraint([i for i in caps if held(*i)[0]], rule=lambda m, c, place: amount(held(c, place)[0]) + held(c, place)[1] <= caps[c, place])
