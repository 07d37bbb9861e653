"""Decisions that a plan takes and does not need: it stands without them as it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

import numpy as np

from placement.explain.base import Base
from placement.explain.decisions import ONCE, STEPS
from placement.program import Floats, component_key

_TOLERANCE = 1e-6  # relative: of a row that holds

Decision = tuple[str, str]  # kind and id, as in the table of :class:`placement.explain.decisions.Decisions`


def columns_of(base: Base) -> Mapping[Decision, np.ndarray]:
    """Return the columns of each decision of supply, those of all its periods."""
    found: dict[Decision, list[int]] = defaultdict(list)
    for j, variable in enumerate(base.variables):
        family, *ids = component_key(variable)
        kind = STEPS.get(family) or ONCE.get(family)
        if kind is not None:
            found[kind, " ".join(map(str, ids[:-1] if family in STEPS else ids))].append(j)
    return {decision: np.array(columns, np.int64) for decision, columns in found.items()}


def unused(base: Base, x: Floats, decisions: Iterable[Decision], columns: Mapping[Decision, np.ndarray]) -> set[Decision]:
    """Return those of some decisions that a point of the program takes for nothing.

    Such a decision can be left out while everything else, other decisions and all amounts, stays as it is, and every row of the program still holds: a
    hall in which nothing stands, a grid tier whose power nobody draws, a site without halls, an offer of which nothing is ordered.
    """
    p, x, left, found = base.program, x.copy(), list(decisions), set[Decision]()
    activity = p.matrix @ x
    slack = _TOLERANCE * (1 + np.abs(activity))
    while True:
        dropped = [decision for decision in left if _without(p.matrix, p.row_lower - slack, p.row_upper + slack, p.lower, x, activity, columns[decision])]
        if not dropped:
            return found
        found.update(dropped)
        left = [decision for decision in left if decision not in found]


def _without(matrix: object, lower: Floats, upper: Floats, least: Floats, x: Floats, activity: Floats, columns: np.ndarray) -> bool:
    """Take some columns to their least values if every row still holds; return whether they are there now. Changes ``x`` and ``activity``."""
    after = activity + matrix[:, columns] @ (least[columns] - x[columns])  # type: ignore[index]
    if ((after < lower) | (after > upper)).any():
        return False
    x[columns], activity[:] = least[columns], after
    return True
