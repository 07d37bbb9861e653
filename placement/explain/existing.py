"""Optimise before expanding: what the sites, power and fibre that are there can do, and what building buys beyond it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from placement.errors import OptionError
from placement.explain.again import Effort, solve_edited
from placement.explain.base import Base
from placement.explain.edits import without
from placement.plan.extract import Solution, costs, extract
from placement.plan.kpis import kpis
from placement.plan.plan import Plan
from placement.program import Floats, Program

#: Families of decisions to build: what is there already is no decision.
BUILDS = ("opened", "built", "tier_on", "modules", "generator_cap", "generator_units", "generator_built", "storage_cap")
_NIL = 1e-9


@dataclass(frozen=True, eq=False)
class Expansion:
    """The plan beside the best one found without building.

    Attributes
    ----------
    value_musd, at_least_musd, at_most_musd
        What building is worth, discounted M$: the difference of the two plans, and the interval in which it lies by the bounds of both; infinite where
        nothing can serve what must be served without building.
    kpis : DataFrame
        ``kpi, existing, plan, change``, what changes relatively most first; ``existing`` is without building.
    jobs : DataFrame
        ``job, existing, plan``: where each job runs (``site``, blank if not placed), for jobs that differ.
    """

    value_musd: float
    at_least_musd: float
    at_most_musd: float
    kpis: pd.DataFrame
    jobs: pd.DataFrame


def expansion(plan: Plan, *, effort: Effort | None = None) -> Expansion:
    """Compare a plan with the best one found if nothing may be built: no site, hall, grid tier, generator, storage or fibre module.

    Parameters
    ----------
    effort
        Seconds and gap for the plan without building; default: :class:`Effort`.

    Raises
    ------
    OptionError
        If there is no plan, or the case has nothing to build.
    """
    base = Base.of(plan)
    program = without_builds(base.program)
    found = solve_edited(program, base.x, plan.proof, effort or Effort())
    bound = max(plan.bound, plan.verified_bound)
    if found.x is None:
        lost = pd.DataFrame(columns=["kpi", "existing", "plan", "change"]), pd.DataFrame(columns=["job", "existing", "plan"])
        at_least = max(0.0, found.bound - plan.objective) if math.isfinite(found.bound) else math.inf if found.bound > 0 else 0.0
        return Expansion(math.inf if found.bound == math.inf else math.nan, at_least, math.inf, *lost)
    at_least = max(0.0, found.bound - plan.objective)
    tables, figures = _read(base, found.x)
    return Expansion(
        found.objective - plan.objective, at_least, found.objective - bound, _changes(figures, plan.kpis), _moved(tables["training"], plan.tables["training"])
    )


def without_builds(program: Program) -> Program:
    """Return the program in which nothing is built.

    Raises
    ------
    OptionError
        If there is nothing to build.
    """
    family = [name.partition("[")[0] for name in program.supply_names]
    builds = np.flatnonzero(np.isin(family, BUILDS) & (program.lower[: program.n_supply] <= 0))
    if not len(builds):
        raise OptionError("the case has nothing to build: no site, hall, grid tier, generator, storage or fibre module is a decision")
    return without(program, builds)


def _read(base: Base, x: Floats) -> tuple[dict[str, pd.DataFrame], pd.Series]:
    solution = Solution(base.sides, base.variables, x)
    tables = extract(solution)
    return dict(tables), pd.Series(kpis(base.case, tables, costs(solution)), dtype=float)


def _changes(a: pd.Series, b: pd.Series) -> pd.DataFrame:
    names = list(dict.fromkeys([*a.index, *b.index]))
    table = pd.DataFrame({"kpi": names, "existing": a.reindex(names).to_numpy(), "plan": b.reindex(names).to_numpy()})
    table["change"] = table["plan"].fillna(0.0) - table["existing"].fillna(0.0)
    size = table["change"].abs() / table[["existing", "plan"]].abs().max(axis=1)
    return table.assign(size=size)[size > _NIL].sort_values("size", ascending=False, kind="stable", ignore_index=True).drop(columns="size")


def _moved(a: pd.DataFrame, b: pd.DataFrame) -> pd.DataFrame:
    both = pd.merge(a[["job", "site"]], b[["job", "site"]], on="job", how="outer", suffixes=("_a", "_b")).fillna("")
    differ = both[both["site_a"] != both["site_b"]]
    return differ.rename(columns={"site_a": "existing", "site_b": "plan"}).reset_index(drop=True)
