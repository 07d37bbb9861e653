"""A published problem as dense arrays, and the judge of plans: cost and feasibility recomputed from the assignment alone.

It shares no code with ``placement`` on purpose: the same few lines judge the project's plans and those of its peers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

FEASIBILITY = 1e-6  # relative overshoot of a capacity that passes: the tolerance that all solvers here work with
DUST = 1e-7  # smaller shares are noise of a solver's tolerances and are dropped before the rest is judged


class Rejected(Exception):
    """A point that is no plan; the text says which rule it breaks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """``min sum open_cost y + sum cost x``: serve each of n workloads from m sites, ``sum_j use x <= capacity y``, ``x <= y``.

    Attributes
    ----------
    cost
        Cost of serving all of a workload from a site, ``inf`` where that is not allowed, shape (m, n).
    use
        What it uses of the site's capacity, shape (m, n).
    capacity
        ``inf`` without limit, shape (m,).
    open_cost
        Shape (m,); all 0 without siting.
    siting
        Whether sites are opened by decision; otherwise all are open.
    whole
        Whether a workload goes to one site; otherwise it may be split.
    sites, workloads
        Names, in the order of the arrays.
    """

    cost: Floats
    use: Floats
    capacity: Floats
    open_cost: Floats
    siting: bool
    whole: bool
    sites: tuple[str, ...] = ()
    workloads: tuple[str, ...] = ()

    @property
    def allowed(self) -> NDArray[np.bool_]:
        """Pairs that a plan may use, shape (m, n)."""
        fits = self.use <= self.capacity[:, None] if self.whole else True
        return np.isfinite(self.cost) & fits

    @property
    def limits(self) -> Floats:
        """Capacities with ``inf`` replaced by the largest possible load, shape (m,)."""
        return np.minimum(self.capacity, np.where(np.isfinite(self.cost), self.use, 0.0).sum(axis=1))

    @property
    def all_integer(self) -> bool:
        """Whether every plan's value is an integer, so that bounds may be rounded up."""
        costs = np.concatenate([self.cost[np.isfinite(self.cost)], self.open_cost])
        return self.whole and bool((costs == np.round(costs)).all())

    def lift(self, bound: float) -> float:
        """Return a bound rounded up where values are integers."""
        return math.ceil(bound - 1e-6 * max(1.0, abs(bound) * 1e-3)) if self.all_integer and math.isfinite(bound) else bound

    def named(self, sites: tuple[str, ...], workloads: tuple[str, ...]) -> Problem:
        """Return the same problem with names."""
        return replace(self, sites=sites, workloads=workloads)

    def save(self, path: Path) -> None:
        """Write the arrays as ``.npz``."""
        kind, sites, workloads = np.array([self.siting, self.whole]), np.array(self.sites, str), np.array(self.workloads, str)
        np.savez(path, cost=self.cost, use=self.use, capacity=self.capacity, open_cost=self.open_cost, kind=kind, sites=sites, workloads=workloads)

    @classmethod
    def load(cls, path: Path) -> Problem:
        """Read what :meth:`save` wrote."""
        with np.load(path) as f:
            siting, whole = (bool(v) for v in f["kind"])
            names = {k: tuple(str(v) for v in f[k]) for k in ("sites", "workloads")}
            return cls(cost=f["cost"], use=f["use"], capacity=f["capacity"], open_cost=f["open_cost"], siting=siting, whole=whole, **names)


def evaluate(problem: Problem, share: Floats) -> float:
    """Return what a plan costs: sites that serve anything are open and paid for.

    Parameters
    ----------
    share
        Part of each workload served from each site, shape (m, n).

    Raises
    ------
    Rejected
        If the point is no plan.
    """
    if share.shape != problem.cost.shape:
        raise Rejected(f"plan has shape {share.shape}, the problem {problem.cost.shape}")
    x = _whole(share) if problem.whole else _divided(share)
    used = x > 0
    if (used & ~np.isfinite(problem.cost)).any():
        raise Rejected(f"{int((used & ~np.isfinite(problem.cost)).sum())} forbidden pairs are used")
    load = (np.where(used, problem.use, 0.0) * x).sum(axis=1)
    over = load - problem.capacity
    worst = int(np.argmax(over))
    if over[worst] > FEASIBILITY * max(1.0, float(problem.capacity[worst])):
        raise Rejected(f"site {worst} carries {load[worst]:.9g} of {problem.capacity[worst]:.9g}")
    opening = float(problem.open_cost[used.any(axis=1)].sum()) if problem.siting else 0.0
    return opening + float((np.where(used, problem.cost, 0.0) * x).sum())


def _whole(share: Floats) -> Floats:
    """Return 0 and 1, exactly one site per workload."""
    if not np.isfinite(share).all():
        raise Rejected("plan holds NaN or infinity")
    x = np.round(share)
    if np.abs(share - x).max(initial=0.0) > 1e-4:
        raise Rejected(f"share {share.flat[int(np.abs(share - x).argmax())]:.6g} where workloads are whole")
    served = x.sum(axis=0)
    if (served != 1).any() or (x < 0).any():
        raise Rejected(f"{int((served != 1).sum())} workloads are not at exactly one site")
    return x


def _divided(share: Floats) -> Floats:
    """Return shares >= 0 that add up to exactly 1 per workload."""
    if not np.isfinite(share).all():
        raise Rejected("plan holds NaN or infinity")
    served = share.sum(axis=0)
    if np.abs(served - 1).max(initial=0.0) > 1e-5 or share.min(initial=0.0) < -1e-6:
        raise Rejected(f"shares of a workload add up to {served[int(np.abs(served - 1).argmax())]:.9g}, least share {share.min():.3g}")
    x = np.where(share > DUST, share, 0.0)
    return np.asarray(x / x.sum(axis=0))
