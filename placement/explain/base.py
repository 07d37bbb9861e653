"""Where every question begins: a plan with the program that it solves, and what of it carries over to a changed case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

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

Ints = NDArray[np.int64]


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
        return carry(self.sides, self.program, self.x, self.plan.proof)


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


def carry(sides: Sides, program: Program, x: Floats, proof: Proof | None) -> Carried:
    """Return what of a point and its proof carries over to programs of cases that differ a little."""
    n, needed = program.n_supply, x != 0
    if proof is not None:
        needed[proof.column[proof.column >= 0]] = needed[proof.part] = True
    frames = [(kind, at, _keys(frame).assign(was=n + at + np.arange(len(frame)))) for kind, at, frame in sides.columns.blocks()]
    demand = tuple((kind, frame[needed[n + at :][: len(frame)]]) for kind, at, frame in frames)
    return Carried(_ids(sides.case), tuple(program.supply_names), demand, tuple(program.row_keys), x, proof)


@dataclass(frozen=True, eq=False)
class Carried:
    """A plan's values and proof by name, for programs of cases that differ a little."""

    ids: Mapping[str, tuple[Any, ...]]
    supply: tuple[str, ...]
    demand: tuple[tuple[str, pd.DataFrame], ...]  # keys of the columns that count, and their numbers
    rows: tuple[Key, ...]
    x: Floats
    proof: Proof | None

    def into(self, sides: Sides, program: Program) -> tuple[Floats, Proof]:
        """Return values to begin with and what may still prove a bound, for another program."""
        supply = {name: i for i, name in enumerate(program.supply_names)}
        column = np.full(len(self.x), -1)
        column[: len(self.supply)] = [supply.get(name, -1) for name in self.supply]
        if _ids(sides.case) == self.ids:
            was, now = self._demand(sides)
            column[was] = program.n_supply + now
        x, kept = np.zeros(len(program.cost)), column >= 0
        x[column[kept]] = self.x[kept]
        rows = {key: i for i, key in enumerate(program.row_keys)}
        proof = Proof.of_dual(np.zeros(len(self.rows))) if self.proof is None else self.proof
        return np.clip(x, program.lower, program.upper), proof.renumbered(column, np.array([rows.get(key, -1) for key in self.rows], np.int64), len(rows))

    def _demand(self, sides: Sides) -> tuple[Ints, Ints]:
        """Return old and new numbers of columns that mean the same, one block of columns after another of the same kind."""
        found, left = [np.empty((0, 2), np.int64)], [*self.demand]
        for kind, at, frame in sides.columns.blocks():
            keys = _keys(frame).assign(now=at + np.arange(len(frame)))
            names = [c for c in keys if c != "now"]
            for n in [n for n, (k, f) in enumerate(left) if k == kind and set(f.columns) == {*names, "was"}]:
                found.append(left[n][1].merge(keys, on=names, sort=False, validate="one_to_one")[["was", "now"]].to_numpy())
        was, now = np.concatenate(found).T
        return was, now
