"""Several objectives in turn: each one as a cost vector, and the rows that keep what earlier ones reached.

See models/README.md, section 8.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pyomo.environ as pyo
from pyomo.repn import generate_standard_repn
from scipy.sparse import csc_array, vstack

from placement.case.case import Objective
from placement.errors import FormulationError
from placement.program import SMALLEST, Floats, Program, Sides
from placement.units import T_PER_KT

_NOISE = 1e-13  # of the largest cost that one column can have: rounding


def cost_of(sides: Sides, variables: Sequence[Any], one: Objective) -> tuple[Floats, float]:
    """Return each one as cost of every column, shape (n_columns,), and a constant.

    Raises
    ------
    FormulationError
        If nothing in the case has a cost that it weighs: it would have no effect.
    """
    supply, weights = sides.supply, one.weights
    parts = [weights[t] * pyo.quicksum(e) for t, e in supply.cost.items() if t in weights]
    if "emissions_kt" in weights:
        parts += [weights["emissions_kt"] / T_PER_KT * pyo.quicksum(e) for e in supply.emissions.values()]
    own, constant = linear(pyo.quicksum(parts), variables)
    cost = np.concatenate([own, sides.column_cost(weights)])
    if not cost.any():
        raise FormulationError(f"objective '{one.name}' has no effect: nothing in the case costs {', '.join(weights)}; remove it or correct its weights")
    return cost, constant


def linear(expression: Any, variables: Sequence[Any]) -> tuple[Floats, float]:
    """Return the coefficients of an expression of supply variables by supply column, shape (len(variables),), and its constant."""
    out = np.zeros(len(variables))
    if isinstance(expression, (int, float)):
        return out, float(expression)
    form = generate_standard_repn(expression)
    column = {id(v): j for j, v in enumerate(variables)}
    for v, c in zip(form.linear_vars, form.linear_coefs, strict=True):
        if id(v) in column:
            out[column[id(v)]] += c
        elif c < 0 or v.lb != 0:  # in no row and without cost: it stands at its lower bound, where only what does not pay may stand
            raise FormulationError(f"variable {v.name} is in no row of the program")
    return out, float(form.constant)


def minimising(program: Program, cost: Floats, constant: float) -> Program:
    """Return the program with another objective."""
    return replace(program, cost=cost, offset=constant)


def keeping(program: Program, name: str, cost: Floats, most: float) -> Program:
    """Return the program with a row more, the first: ``cost @ x <= most``, scaled so that no coefficient is tiny.

    Payments that cancel leave rounding errors; scaling by these would make the others huge, so they are left out.
    """
    reach = np.abs(cost) * np.maximum(np.abs(program.lower), np.abs(program.upper))
    cost = np.where(reach > _NOISE * reach.max(), cost, 0.0)
    size = np.abs(cost[cost != 0])
    scale = max(1.0, SMALLEST / float(size.min()))
    row = csc_array(scale * cost[None, :])
    return replace(
        program,
        matrix=csc_array(vstack([row, program.matrix])),
        row_lower=np.concatenate([[-np.inf], program.row_lower]),
        row_upper=np.concatenate([[scale * most], program.row_upper]),
        row_keys=program.row_keys.led_by(("objective", name)),
    )


def kept(program: Program, sides: Sides, variables: Sequence[Any], limits: Mapping[str, float]) -> Program:
    """Return the program of the case's own objective with the rows of the objectives before it, from the values they may have at most."""
    for one in sides.case.objectives:
        if not one.weights:
            break
        cost, constant = cost_of(sides, variables, one)
        program = keeping(program, one.name, cost, limits[one.name] - constant)
    return program
