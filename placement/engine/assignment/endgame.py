"""Exact end game of whole workloads with site choice: what reduced costs of site knapsacks leave goes to branch and bound.

A pair not in the best filling of its site's knapsack costs at least what the filling loses when the pair is forced in (Lagrangian
probing: e.g. J. E. Beasley, *European J. Operational Research* 65, 1993, 383-399). Pairs and sites for which that is more than the best plan
leaves open are in no better plan.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.opening import Guide
from placement.engine.assignment.sited import solve_sited
from placement.engine.assignment.structure import Assignment, Ints, Placing
from placement.engine.effort import Effort
from placement.parallel import stopped


@dataclass(frozen=True, slots=True)
class Survivors:
    """Pairs that a better plan may use, shape (m, n), and sites: 1 open, 0 closed in every better plan, -1 undecided, shape (m,)."""

    pairs: NDArray[np.bool_]
    open_fixed: NDArray[np.int8]


@dataclass(frozen=True, slots=True)
class Proven:
    """A plan, if one was found, and a bound on every plan better than the one known before."""

    site: Ints | None
    bound: float


def survivors(a: Assignment, knapsacks: Knapsacks, filled: Filled, prices: Guide, value: float) -> Survivors:
    """Return what plans better than ``value`` may use."""
    step = a.step * (1 - 1e-6)
    room = (value - step - prices.floor) * (1 + 1e-9) + 1e-9
    dear = np.maximum(prices.site, 0.0)
    loss = np.where(filled.taken.astype(bool), 0.0, knapsacks.losses(filled, max(room, 0.0)))
    pairs = a.allowed & (dear[:, None] + loss <= room)
    fixed = np.full(a.m, -1, np.int8)
    fixed[dear > room] = 0
    fixed[prices.site < -room] = 1
    return Survivors(pairs & (fixed != 0)[:, None], fixed)


def prove(a: Assignment, left: Survivors, site: Ints, effort: Effort, rel_gap: float, seed: int) -> Proven:
    """Run branch and bound on the survivors, from a plan known."""
    found = solve_sited(a, left.pairs, effort=effort, open_fixed=left.open_fixed, start=Placing.of_sites(a, site), rel_gap=rel_gap, seed=seed,
                        watch=lambda *_: stopped())  # fmt: skip
    better = None if found.placing is None else found.placing.sites
    return Proven(better, found.bound)
