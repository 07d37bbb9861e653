"""Where every question begins: a plan with the program that it solves, and what of it carries over to a changed case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from placement.case import Case
from placement.certificate import Proof
from placement.engine import Progress
from placement.engine.search import arrays
from placement.engine.settle import Settled, settle
from placement.errors import OptionError
from placement.objectives import kept
from placement.plan.plan import Plan
from placement.program import Floats, Key, Program, Sides, assemble, build_sides

_IDS = ("jobs", "services", "sites", "metros", "skus", "halls")  # columns are told apart by the numbers of these rows
_SETTLE_S = 60.0


@dataclass(frozen=True, eq=False)
class Base:
    """A plan and its program.

    Attributes
    ----------
    x
        Values of all columns, shape (n_columns,).
    """

    plan: Plan
    sides: Sides
    program: Program
    variables: list[Any]
    x: Floats

    @classmethod
    def of(cls, plan: Plan) -> Base:
        """Build the program of a plan again.

        Raises
        ------
        OptionError
            If there is no plan to ask about, or it was written by a version that did not keep its point.
        """
        if not plan.tables:
            raise OptionError(f"{plan.case.name} has no plan to ask about: its status is {plan.status}")
        sides, program, variables = program_of(plan)
        if plan.point is None or plan.point.shape != program.cost.shape:
            raise OptionError(f"the run of {plan.case.name} does not hold the point of its plan; solve the case again")
        return cls(plan, sides, program, variables, plan.point)

    @property
    def case(self) -> Case:
        """The case."""
        return self.plan.case

    @cached_property
    def settled(self) -> Settled | None:
        """The plan with its integers fixed and all else at its exact optimum, with the local prices of every row."""
        p = self.program
        return settle(arrays(p), self.x, (self.x > p.lower) | (p.workload < 0), _SETTLE_S, Progress(_SETTLE_S))

    @cached_property
    def dual(self) -> Floats:
        """Row duals of the bound, shape (n_rows,): the root's, or the mean of a tree's leaves; zeros without a proof."""
        proof = self.plan.proof
        return np.zeros(len(self.program.row_lower)) if proof is None else proof.mean_dual()

    @cached_property
    def carried(self) -> Carried:
        """What carries over to a changed case; light enough to be sent to another process."""
        values = {name: v for name, v in zip(self.program.supply_names, self.x.tolist(), strict=False) if v != 0.0}
        frames = [(kind, _keys(frame).assign(value=self.x[self.program.n_supply + at :][: len(frame)])) for kind, at, frame in self.sides.columns.blocks()]
        used = [(kind, frame[frame["value"] != 0]) for kind, frame in frames]
        return Carried(_ids(self.case), values, tuple(used), tuple(self.program.row_keys), len(self.x), self.plan.proof, self.dual)


def program_of(plan: Plan) -> tuple[Sides, Program, list[Any]]:
    """Return the sides and the program that a plan's bound is about, with the rows of its objectives in turn, and the supply's variables."""
    sides = build_sides(plan.case)
    program, variables = assemble(sides)
    most = {str(s["name"]): float(s["most"]) for s in plan.summary.get("objectives") or ()}
    return sides, kept(program, sides, variables, most) if most else program, variables


def _ids(case: Case) -> Mapping[str, tuple[Any, ...]]:
    """Return the ids whose numbers tell columns apart."""
    return {"periods": tuple(case.periods), **{t: tuple(map(tuple, case[t][list(_key(t))].to_numpy())) for t in _IDS}}


def _key(table: str) -> tuple[str, ...]:
    return ("site", "hall") if table == "halls" else (table[:-1],)


def _keys(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of a frame that are numbers of things."""
    return frame[[c for c in frame if frame[c].dtype.kind in "iu"]]


@dataclass(frozen=True, eq=False)
class Carried:
    """A plan's values and proof by name, for programs of cases that differ a little."""

    ids: Mapping[str, tuple[Any, ...]]
    supply: Mapping[str, float]
    demand: tuple[tuple[str, pd.DataFrame], ...]
    rows: tuple[Key, ...]
    n_columns: int
    proof: Proof | None
    dual: Floats

    def into(self, sides: Sides, program: Program) -> tuple[Floats, Proof]:
        """Return values to begin with and what may still prove a bound, for another program."""
        x = np.zeros(len(program.cost))
        x[: program.n_supply] = [self.supply.get(name, 0.0) for name in program.supply_names]
        if _ids(sides.case) == self.ids:
            x[program.n_supply :] = self._demand(sides)
        rows = tuple(program.row_keys)
        if self.proof is not None and rows == self.rows and len(x) == self.n_columns:
            return np.clip(x, program.lower, program.upper), self.proof
        was = dict(zip(self.rows, self.dual.tolist(), strict=True))
        return np.clip(x, program.lower, program.upper), Proof.of_dual(np.array([was.get(key, 0.0) for key in rows]))

    def _demand(self, sides: Sides) -> Floats:
        """Return the values of columns that mean the same, one block of columns after another of the same kind."""
        out, left = np.zeros(len(sides.columns)), [*self.demand]
        for kind, at, frame in sides.columns.blocks():
            keys = _keys(frame)
            same = [n for n, (k, f) in enumerate(left) if k == kind and set(f.columns) == {*keys.columns, "value"}]
            for n in same:
                found = keys.merge(left[n][1], how="left", on=list(keys.columns), sort=False, validate="one_to_one")["value"].fillna(0.0)
                out[at : at + len(frame)] += found.to_numpy(float)
        return out
