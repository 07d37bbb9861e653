"""The whole model as ordinary Pyomo: the reference for the arrays of :mod:`placement.program`, from the same two sides."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyomo.environ as pyo
from numpy.typing import NDArray

from placement.cards import Card
from placement.case import Case
from placement.program import build_sides, resource_name
from placement.supply.supply import amount


def to_pyomo(case: Case, model: Card | None = None) -> pyo.ConcreteModel:
    """Return the whole model as ordinary Pyomo: supply blocks, ``x``, ``resource``, ``serve`` and ``requires``.

    The reference that tests compare with the arrays, and the door for own constraints and other solvers. The blocks of supply have the names of
    models/README.md: ``m.built[site, hall, t]``, ``m.grid_mw[site, t, block]`` (period and block by index); what a case does not need is not there. The
    columns of demand are ``m.x[0], m.x[1], ...`` in the order of ``build_sides(case).columns.blocks()``: the share of a demand that a column serves, or 1 for
    the placement of a job that is chosen. Which column is what::

        from placement.program import build_sides
        for kind, first, frame in build_sides(case).columns.blocks():  # "training", "inference", "unserved", ...
            ...  # m.x[first + i] is row i of frame; its codes number sites, domains, SKUs, jobs in table order

    There is no way back from a solved Pyomo model to a :class:`placement.Plan`, its report or its check: these belong to the model as written, and know
    nothing of constraints of your own. Read the values from the model, or make the constraint a layer (README.md, "Add a constraint").
    """
    sides = build_sides(case, model)
    columns, m, n = sides.columns, sides.supply.model, len(sides.columns)
    m.x = pyo.Var(range(n), bounds=(0, 1), domain=lambda m, j: pyo.Binary if columns.integer[j] else pyo.Reals)
    cost = sides.column_cost()
    m.cost.expr = m.cost.expr + pyo.quicksum(float(cost[j]) * m.x[j] for j in range(n))

    def by_row(triplets: Any, row: NDArray[np.int64], size: int) -> list[list[Any]]:
        out: list[list[Any]] = [[] for _ in range(size)]
        for i, j, value in zip(row, triplets.col, triplets.value, strict=True):
            out[int(i)].append(float(value) * m.x[int(j)])
        return out

    used = by_row(columns.use, np.searchsorted(sides.resources, columns.use.row), len(sides.resources))
    keys = {resource_name(sides, int(c)): i for i, c in enumerate(sides.resources)}
    amounts = {i: amount(sides.supply.available[sides.demand.resources.decode(int(c))]) for i, c in enumerate(sides.resources)}
    m.nothing = pyo.Var(bounds=(0, 0))  # stands in rows that no column meets, which Pyomo would take for a truth value
    exact = {resource_name(sides, int(c)) for c in sides.resources if sides.demand.resources.decode(int(c)) in sides.supply.exact}
    m.resource = pyo.Constraint(list(keys), rule=lambda m, key: (0 if key in exact else None, _body(m, used[keys[key]], amounts[keys[key]]), 0))
    members: list[list[Any]] = [[] for _ in range(len(columns.serve))]
    for j, i in enumerate(columns.serve_row):
        members[int(i)].append(m.x[j])
    rows = {r.label: (i, r.lower, r.upper) for i, r in enumerate(columns.serve.itertuples())}
    m.serve = pyo.Constraint(list(rows), rule=lambda m, label: _serve(m, rows[label], members))
    needs = by_row(columns.requires, columns.requires.row, len(columns.requires_decision))
    gates = [sides.supply.decisions[sides.demand.decisions.decode(int(c))] for c in columns.requires_decision]
    m.requires = pyo.Constraint(range(len(gates)), rule=lambda m, i: amount(needs[i]) <= gates[i])
    return m


def _body(m: Any, used: list[Any], available: Any) -> Any:
    body = amount(used) - available
    return body if used or not isinstance(body, (int, float)) else m.nothing + body


def _serve(m: Any, row: tuple[int, float, float], members: list[list[Any]]) -> Any:
    i, lower, upper = row
    if not members[i]:
        return m.nothing == lower if lower > 0 else pyo.Constraint.Skip
    return amount(members[i]) == upper if lower == upper else pyo.inequality(None, amount(members[i]), upper)
