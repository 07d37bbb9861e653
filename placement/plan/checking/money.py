"""Money: the cash table, the objective and the claimed bound (models/README.md sections 8 and 9)."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts
from placement.plan.checking.tables import END, TERMS
from placement.plan.checking.verdict import ABSOLUTE, RELATIVE, Findings, axes

T_PER_KT = 1e3


def check_cash(facts: Facts) -> None:
    """Compare the cash table with the recomputed payments."""
    said, case = facts.plan["cash"], facts.case
    claimed = np.zeros((facts.n_periods + 1, len(TERMS)))
    claimed[said["period"].to_numpy(int), pd.Index(TERMS).get_indexer(pd.Index(said["term"]))] = said["musd"]
    actual = np.column_stack([facts.cash.paid[term] for term in TERMS])
    facts.found.equal("cash", claimed, actual, axes(("", [*case.periods, END]), ("term", TERMS)), "payments", case.cost_unit)


def discounted_terms(facts: Facts) -> dict[str, float]:
    """Return the discounted sum of every term, M$, without weights."""
    return {term: float(paid @ facts.case.discount) for term, paid in facts.cash.paid.items()}


def weighted_total(terms: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the objective, M$; a term without a weight is not part of it."""
    return math.fsum(weights.get(term, 0.0) * musd for term, musd in terms.items())


def check_objectives(facts: Facts, terms: Mapping[str, float], objective: float, most: Mapping[str, float]) -> None:
    """Check that the plan keeps what each objective reached; ``most`` is what their values may be at most, by name."""
    for one in facts.case.objectives:
        amounts = {**terms, "emissions_kt": float(facts.cash.emissions_t.sum()) / T_PER_KT}
        value = math.fsum(w * amounts[name] for name, w in one.weights.items()) if one.weights else objective
        limit = most.get(one.name, math.nan)
        facts.found.at_most("objective_kept", [value], [limit], axes(("objective", [one.name])), "value against what was left to it", "")


def check_claims(found: Findings, objective: float, claimed_objective: float | None, claimed_bound: float | None, unit: str) -> None:
    """Compare the claimed objective and bound with the recomputed objective."""
    tolerance = ABSOLUTE + RELATIVE * abs(objective)
    if not math.isfinite(objective):
        found.add("objective", "plan", f"the recomputed objective is {objective}", math.nan, unit)
    if claimed_objective is not None and not abs(claimed_objective - objective) <= tolerance:
        found.add("objective", "plan", f"claimed {claimed_objective:.9g}, recomputed {objective:.9g}", abs(claimed_objective - objective), unit)
    if claimed_bound is not None and not claimed_bound <= objective + tolerance:
        found.add(
            "bound",
            "plan",
            f"the claimed bound {claimed_bound:.9g} is above the objective {objective:.9g}",
            claimed_bound - objective,
            unit,
        )
