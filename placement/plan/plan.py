"""A plan: tables, key figures, prices, and how good it is proven to be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import placement
from placement.case import Case
from placement.plan.checker import Verdict

if TYPE_CHECKING:  # the engine loads the solver, which reading and checking a plan must not need
    from placement.certificate import Proof
    from placement.engine import Status
    from placement.explain import Alternatives, BlocksRelease, Expansion, WhyNot
    from placement.plot import PlanPlots


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The answer to a case.

    Attributes
    ----------
    objective, bound, verified_bound
        Discounted weighted cost, M$ or the case's ``cost_unit`` (negative: more value than cost); the best bound claimed by the solver; the bound
        recomputed without a solver from ``proof``. ``inf``/``-inf`` where there is none.
    tables
        The plan tables of models/README.md, section 10; empty without a plan. Each is an attribute, too: ``plan.training``.
    prices
        Value of one more unit of each scarce thing, M$.
    prices_note
        Why ``prices`` has no rows although nothing is known of the limits, such as ``"prices were not computed (time limit)"``; blank where they were computed.
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
    prices_note: str = ""
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

    @property
    def plot(self) -> PlanPlots:
        """Figures of the plan: ``plan.plot.map()``, ``.gantt()``, ``.power()`` and more; see :class:`placement.PlanPlots`."""
        return placement.PlanPlots(self)

    def bottlenecks(self, layers: Sequence[str] | None = None, **options: Any) -> pd.DataFrame:
        """Say which missing layer limits the whole, and what relief is worth; see :func:`placement.bottlenecks`."""
        return placement.bottlenecks(self, layers, **options)

    def alternatives(self, slack: float = 0.01, n_plans: int = 5, **options: Any) -> Alternatives:
        """Say what all nearly best plans share, and find those that differ most; see :func:`placement.alternatives`."""
        return placement.alternatives(self, slack, n_plans, **options)

    def expansion(self, **options: Any) -> Expansion:
        """Say what building buys beyond what is there; see :func:`placement.expansion`."""
        return placement.expansion(self, **options)

    def why_not(self, workload: str, site: str | None = None, **options: Any) -> WhyNot:
        """Say why the plan does not run a job or service at a site, or at any; see :func:`placement.why_not`."""
        return placement.why_not(self, workload, site, **options)

    def why_here(self, workload: str, **options: Any) -> WhyNot:
        """Say why the plan runs a job or service where it does; see :func:`placement.why_here`."""
        return placement.why_here(self, workload, **options)

    def blocks_release(self, release: str, **options: Any) -> BlocksRelease:
        """Say what a release waits for; see :func:`placement.blocks_release`."""
        return placement.blocks_release(self, release, **options)

    def verified_prices(self, n: int = 10, **options: Any) -> pd.DataFrame:
        """Verify the dearest prices by solving again; see :func:`placement.verified_prices`."""
        return placement.verified_prices(self, n, **options)

    def compare(self, other: Plan, **options: Any) -> Any:
        """Return what differs between this plan and another one, see :func:`placement.compare`."""
        return placement.compare(self, other, **options)

    def tornado(self, inputs: Sequence[str] | None = None, **options: Any) -> pd.DataFrame:
        """Return what the value does when single inputs are lower and higher, see :func:`placement.tornado`."""
        return placement.tornado(self, inputs, **options)

    def pareto(self, *terms: str, **options: Any) -> pd.DataFrame:
        """Return the front of the best plans by two terms, see :func:`placement.pareto`."""
        return placement.pareto(self, terms or ("cost", "emissions_kt"), **options)

    def __getattr__(self, name: str) -> pd.DataFrame:
        # plan.training, plan.inference, plan.halls, ...: every plan table is an attribute
        if not name.startswith("_") and name in self.__dict__.get("tables", {}):
            return self.tables[name]
        raise AttributeError(f"plan has no '{name}'; tables: {', '.join(self.__dict__.get('tables', {})) or 'none (no plan)'}")

    def __dir__(self) -> list[str]:
        # for completion: the plan tables beside what every plan has
        return sorted({*super().__dir__(), *self.__dict__.get("tables", {})})

    def __repr__(self) -> str:
        unit = self.case.cost_unit
        return f"Plan({self.case.name!r}, {self.status}, objective {self.objective:,.3f} {unit}, bound {self.bound:,.3f} {unit}, gap {self.gap:.2%})"

    def _repr_html_(self) -> str:
        return placement.plan_html(self)
