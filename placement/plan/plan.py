"""A plan: tables, key figures, prices, and how good it is proven to be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.plan.checker import Verdict

if TYPE_CHECKING:  # the engine loads the solver, which reading and checking a plan must not need
    from placement.certificate import Proof
    from placement.engine import Status


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The answer to a case.

    Attributes
    ----------
    objective, bound, verified_bound
        Discounted weighted cost, M$ or the case's ``cost_unit`` (negative: more value than cost); the best bound claimed by the solver; the bound
        recomputed without a solver from ``proof``. ``inf``/``-inf`` where there is none.
    tables
        The plan tables of models/README.md, section 10; empty without a plan.
    prices
        Value of one more unit of each scarce thing, M$.
    verdict
        What the independent checker says; ``None`` without a plan.
    proof
        Branching tree with duals that proves ``verified_bound`` (:mod:`placement.certificate`).
    point
        Values of all columns of the program, shape (n_columns,): where a changed case is solved from. ``None`` without a plan.
    """

    case: Case
    status: Status
    objective: float
    bound: float
    verified_bound: float
    gap: float
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    kpis: pd.Series = field(default_factory=lambda: pd.Series(dtype=float))
    prices: pd.DataFrame = field(default_factory=pd.DataFrame)
    exclusions: pd.DataFrame = field(default_factory=pd.DataFrame)
    verdict: Verdict | None = None
    proof: Proof | None = None
    point: NDArray[np.float64] | None = None
    interrupted: bool = False
    summary: dict[str, Any] = field(default_factory=dict)
    progress: tuple[Mapping[str, Any], ...] = ()

    @property
    def verified_gap(self) -> float:
        """``|objective - verified_bound| / |objective|``, which trusts no solver; ``inf`` without a plan or a bound."""
        gap = self.summary.get("verified_gap")
        return math.inf if gap is None else float(gap)

    def compare(self, other: Plan, **options: Any) -> Any:
        """Return what differs between this plan and another one, see :func:`placement.compare`."""
        import placement

        return placement.compare(self, other, **options)

    def tornado(self, inputs: Sequence[str] | None = None, **options: Any) -> pd.DataFrame:
        """Return what the value does when single inputs are lower and higher, see :func:`placement.tornado`."""
        import placement

        return placement.tornado(self, inputs, **options)

    def pareto(self, *terms: str, **options: Any) -> pd.DataFrame:
        """Return the front of the best plans by two terms, see :func:`placement.pareto`."""
        import placement

        return placement.pareto(self, terms or ("cost", "emissions_kt"), **options)

    def __getattr__(self, name: str) -> pd.DataFrame:
        # plan.training, plan.inference, plan.halls, ...: every plan table is an attribute
        if not name.startswith("_") and name in self.__dict__.get("tables", {}):
            return self.tables[name]
        raise AttributeError(f"plan has no '{name}'; tables: {', '.join(self.__dict__.get('tables', {})) or 'none (no plan)'}")

    def __repr__(self) -> str:
        unit = self.case.cost_unit
        return f"Plan({self.case.name!r}, {self.status}, objective {self.objective:,.3f} {unit}, bound {self.bound:,.3f} {unit}, gap {self.gap:.2%})"
