"""One solution of a program, read in the planner's words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from placement.plan.checking.tables import PLAN_TABLES
from placement.program import Floats, Sides

NIL = 1e-9  # amounts below are noise of the solver


class Solution:
    """The values of supply's variables and of the demand columns.

    Parameters
    ----------
    variables
        The Pyomo variable of each supply column.
    x : ndarray, shape (n_columns,)
        A point of the program.
    """

    def __init__(self, sides: Sides, variables: Sequence[Any], x: Floats) -> None:
        self.sides, self.case, self.scope = sides, sides.case, sides.scope
        self.x = x[len(variables) :]
        self.label = np.array(sides.case.periods)
        self._chosen: dict[tuple[str, float], pd.DataFrame] = {}  # several tables ask for the same
        self.number = {label: t for t, label in enumerate(sides.case.periods)}
        for v in sides.supply.model.component_data_objects(pyo.Var):
            v.set_value(0 if v.lb is None else v.lb, skip_validation=True)  # a variable that no row needs stands at its bound
        for v, value in zip(variables, x, strict=False):
            v.set_value(float(value), skip_validation=True)

    def chosen(self, kind: str, above: float) -> pd.DataFrame:
        """Return the frames of one kind of columns, only rows in use, with their values as ``x``."""
        if (kind, above) not in self._chosen:
            self._chosen[kind, above] = self._in_use(kind, above)
        return self._chosen[kind, above].copy(deep=False)

    def _in_use(self, kind: str, above: float) -> pd.DataFrame:
        parts = [f.assign(x=self.x[at : at + len(f)]) for k, at, f in self.sides.columns.blocks() if k == kind]
        found = [f[f["x"] > above] for f in parts]
        return pd.concat(found, ignore_index=True) if found else pd.DataFrame()

    def values(self, name: str) -> list[tuple[tuple[Any, ...], float]]:
        """Return (index, value) of a Pyomo variable, in order; empty where the block is absent."""
        var = self.sides.supply.model.component(name)
        if var is None:
            return []
        return [(i if isinstance(i, tuple) else (i,), float(pyo.value(v))) for i, v in var.items()]

    def starts(self, name: str) -> dict[tuple[Any, ...], int]:
        """Return key -> first period in which a step is taken."""
        first: dict[tuple[Any, ...], int] = {}
        for i, value in self.values(name):
            if value > 0.5:
                first.setdefault(i[:-1], i[-1])
        return first


def table(name: str, rows: Iterable[Sequence[Any]]) -> pd.DataFrame:
    """Return a plan table from its rows."""
    found = list(rows)
    return pd.DataFrame(found, columns=list(PLAN_TABLES[name].columns)) if found else _empty(name).copy(deep=False)


@cache
def _empty(name: str) -> pd.DataFrame:
    """Return a plan table without rows, as most are in most plans."""
    return pd.DataFrame([], columns=list(PLAN_TABLES[name].columns))
