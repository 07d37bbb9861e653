"""Prices put to the test: the local dual of a row against what one unit more, and one less, really changes.

With decisions fixed the cost of a plan is a convex, piecewise linear function of a row's right-hand side. Where it has a kink at the plan, the
dual is one of many and says nothing certain; where a step up and the same step down change the cost alike, it has none, and the dual is a price.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from placement.engine import Progress
from placement.engine.highs import Basis
from placement.engine.search import arrays
from placement.engine.settle import Rest, Settled
from placement.errors import OptionError
from placement.explain.again import Again, Effort, solve_edited
from placement.explain.base import Base
from placement.explain.difference import EXACT, better, difference
from placement.explain.edits import shifted
from placement.explain.ways import known
from placement.parallel import Pool
from placement.plan.bounds import SWITCHED
from placement.plan.plan import Plan
from placement.program import Floats

AGREES = 0.05  # relative difference of a dual and a finite difference that agree
STEPS = (1.0, 0.1, 0.01)  # units; the largest in which there is no kink is taken
_KINK = 0.01  # relative difference of the values of a step up and a step down
_WORTH_S = 60.0  # for a step with decisions fixed
_NIL = 1e-9  # M$ per unit: as good as nothing

_ABOUT = ["resource", "kind", "place", "sku", "period", "block", "unit", "price"]


def verified_prices(plan: Plan, n: int = 10, effort: Effort = EXACT, *, resources: Sequence[str] | None = None, resolve: bool = True) -> pd.DataFrame:
    """Verify the dearest prices of a plan by solving again with the unit added.

    Parameters
    ----------
    n
        How many, the dearest first.
    resources
        Names of the resources to verify instead (column ``resource`` of ``plan.prices``).
    effort
        Time limit and gap of each program that is solved again with decisions free.
    resolve
        Whether to solve with decisions free at all; finite differences with decisions fixed take little time.

    Returns
    -------
    DataFrame
        One row per price, all values in ``unit`` and gains of one more unit positive: ``price`` (the plan's local dual, decisions fixed), ``root_dual``
        (of the bound), ``one_more`` and ``one_less`` (finite differences with decisions fixed over ``step`` units up and down; NaN where there is no
        plan), ``valid`` (both differ by 1 % at most, so that the dual is a price), ``off_by`` (relative, of price and finite difference), ``agrees``
        (``off_by`` is 5 % at most), ``resolved`` (decisions free, one unit more) with ``resolved_low`` and ``resolved_high`` by the solver's bounds,
        ``resolved_agrees``, and ``note``.

    Raises
    ------
    OptionError
        If there is no plan, no price, or a resource has none.
    """
    base = Base.of(plan)
    rows = {name: i for i, name in enumerate(base.program.row_names)}
    chosen, settled = _chosen(plan, n, resources, rows), base.settled
    if settled is None:
        raise OptionError(f"the decisions of {plan.case.name} could not be fixed to measure prices; solve the case again")
    at = [rows[name] for name in chosen["resource"]]
    measure = _Measure.of(base, settled, at)
    tests = [measure.tested(i, float(price)) for i, price in zip(at, chosen["price"], strict=True)]
    table = chosen.assign(root_dual=[-float(base.dual[i]) for i in at], **pd.DataFrame([t.record() for t in tests], index=chosen.index))
    return _resolved(base, table, at, effort) if resolve and len(at) else table


def _chosen(plan: Plan, n: int, resources: Sequence[str] | None, rows: Collection[str]) -> pd.DataFrame:
    if n < 1:
        raise OptionError(f"{n} prices to verify; give 1 or more")
    if not len(plan.prices):
        raise OptionError(f"the plan of {plan.case.name} has no prices: its decisions leave nothing to settle")
    # a limit behind several bounds and switches (``offers.max_units``) is no row whose right-hand side could be moved
    held = plan.prices["resource"].isin(rows) & ~plan.prices["kind"].isin(SWITCHED)
    if resources is None:
        return plan.prices.loc[held, _ABOUT].head(n).reset_index(drop=True)
    for name in resources:
        known(name, list(plan.prices["resource"]), "price of a resource", plan.case.name)
    several = sorted(set(resources) - set(plan.prices.loc[held, "resource"]))
    if several:
        raise OptionError(f"{several[0]} stands behind several bounds and cannot be measured by one unit of a row; relax it in the case (plan.tornado)")
    return plan.prices.set_index("resource").loc[list(resources)].reset_index()[_ABOUT]


@dataclass(frozen=True, slots=True)
class _Test:
    """One price against the finite differences around it."""

    price: float
    step: float
    one_more: float
    one_less: float

    @property
    def valid(self) -> bool:
        """Whether a step up and a step down are worth the same: no kink, and room on both sides."""
        return abs(self.one_more - self.one_less) <= _KINK * max(abs(self.one_more), abs(self.one_less)) + _NIL

    def record(self) -> dict[str, object]:
        off = _off(self.price, (self.one_more + self.one_less) / 2)
        if self.valid:
            note = "" if self.step == 1 else f"price of up to {self.step:g} units"
        elif math.isnan(self.one_more) or math.isnan(self.one_less):
            note = (
                "no valid dual: no room to measure on one side" if not (math.isnan(self.one_more) and math.isnan(self.one_less)) else "no valid dual: no room"
            )
        else:
            note = "no valid dual: one more and one less differ"
        agrees = off <= AGREES if self.valid else None
        return {"step": self.step, "one_more": self.one_more, "one_less": self.one_less, "valid": self.valid, "off_by": off, "agrees": agrees, "note": note}


def _off(one: float, other: float) -> float:
    size = max(abs(one), abs(other))
    return abs(one - other) / size if size > _NIL else 0.0


@dataclass(frozen=True)
class _Measure:
    """The plan with its decisions fixed, kept by the solver, to be asked what a step of a row is worth."""

    cost: Floats
    settled: Settled
    rest: Rest
    basis: Basis

    @classmethod
    def of(cls, base: Base, settled: Settled, rows: list[int]) -> _Measure:
        p = arrays(base.program)
        rest = Rest(p, np.where(p.integer, settled.x, p.lower), settled.keep & ~p.integer, p.upper, rows)
        rest.settled(_WORTH_S, Progress(_WORTH_S))
        return cls(p.cost, settled, rest, rest.basis)

    def tested(self, row: int, price: float) -> _Test:
        """Measure a price with the largest step that meets no kink; with the smallest if all do."""
        for step in STEPS:
            more, less = (self.worth(row, sign * step) for sign in (1.0, -1.0))
            test = _Test(price, step, more, less)
            if test.valid:
                break
        return test

    def worth(self, row: int, step: float) -> float:
        """Return what a unit of a row is worth, measured by a step with decisions fixed; NaN where no plan is left."""
        found = self.rest.shifted(row, step, self.basis, _WORTH_S)
        return math.nan if found is None else float(self.cost @ (self.settled.x - found.x)) / step


def _resolved(base: Base, table: pd.DataFrame, at: list[int], effort: Effort) -> pd.DataFrame:
    """Add what one unit more is worth with decisions free."""
    one = replace(effort, workers=1)
    programs = [base.program, *(shifted(base.program, i, 1.0) for i in at)]
    with Pool(min(effort.workers, len(programs))) as pool:
        first, *found = pool.run(solve_edited, [(p, base.x, base.plan.proof, one) for p in programs])
    before = better(base, first)
    gains = [_gain(before, after) for after in found]
    out = table.assign(**{name: [g[k] for g in gains] for k, name in enumerate(("resolved", "resolved_low", "resolved_high"))})
    near = [_off(p, v) <= AGREES for p, v in zip(out["price"], out["resolved"], strict=True)]
    return out.assign(resolved_agrees=near)


def _gain(before: Again, after: Again) -> tuple[float, float, float]:
    """Return what a change gains, and the interval of it, M$."""
    change = difference(before, after)
    return (-change.estimate, -change.high, -change.low) if np.isfinite(change.estimate) else (math.nan, math.nan, math.nan)


def agreement(table: pd.DataFrame) -> str:
    """Return in a sentence or two how many of the verified prices that hold for a step agree with what was measured."""
    valid = table[table["valid"]]
    told = f"{int(valid['agrees'].sum())} of {len(valid)} valid local duals agree with the finite difference within {AGREES:.0%}."
    if "resolved_agrees" in table:
        told += f" With decisions free, {int(valid['resolved_agrees'].sum())} of {len(valid)} agree."
    return told
