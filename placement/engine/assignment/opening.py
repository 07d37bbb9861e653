"""Which sites to open: prices from site knapsacks, and the program with split workloads and a little less capacity.

Split workloads fill sites to the brim, whole ones cannot. With capacities scaled down by the share that whole workloads will leave
idle, the split program opens nearly the sites that a good whole plan opens, and over few promising sites it is solved in seconds
(kernel: G. Guastaroba, M. G. Speranza, A heuristic for BILP problems: the single source capacitated facility location problem,
*European J. Operational Research* 238, 2014, 438-450). Promising are sites whose knapsack, at the prices that prove the bound, is worth about
their opening cost: this separates sites far better than reduced costs of the linear program.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from placement.engine.assignment.decomposition import decompose
from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.root import Root
from placement.engine.assignment.sited import solve_sited
from placement.engine.assignment.structure import Assignment, Floats, Ints, rank_of_sites
from placement.engine.effort import Effort

_AIM = 0.01  # of the root's value: how far above the bound to aim with prices
_MORE_SITES, _FEW_SITES = 1.3, 25  # promising sites: as many times those that the root opens, at least this many more
_PAIRS = 12  # pairs per workload with split workloads
_CLOSE = 2e-4  # relative gap at which a choice of sites is good enough
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Guide:
    """What prices of the serve rows say about pairs and sites.

    Attributes
    ----------
    reduced
        Cost less price, ``inf`` where a pair is not allowed, shape (m, n).
    site
        What opening the site for its best set of workloads costs on balance: below 0 it pays, shape (m,).
    floor
        Bound that the prices prove if any number of sites may be open; the excess of a plan is counted from here.
    width
        About how many sites a plan opens.
    """

    reduced: Floats
    site: Floats
    floor: float
    width: int

    @classmethod
    def of_filled(cls, a: Assignment, filled: Filled, width: int) -> Guide:
        """Read the knapsacks at a price vector."""
        site = a.open_cost - filled.value
        reduced = np.where(a.allowed, a.cost - filled.u, np.inf)
        return cls(reduced, site, float(filled.u.sum() + np.minimum(site, 0.0).sum()), width)

    def promising(self, least: Mask | None = None) -> Mask:
        """Return the sites worth looking at, those of ``least`` among them."""
        chosen = np.zeros(len(self.site), bool)
        chosen[np.argsort(self.site, kind="stable")[: max(int(self.width * _MORE_SITES), self.width + _FEW_SITES)]] = True
        return chosen if least is None else chosen | least

    def excess(self, a: Assignment, site: Ints) -> Floats:
        """Return by how much each open site's set of workloads is dearer than its best one, shape (m,); 0 at closed sites."""
        is_open = np.bincount(site, minlength=a.m) > 0
        own = np.bincount(site, self.reduced[site, np.arange(a.n)], minlength=a.m) + a.open_cost - np.minimum(self.site, 0.0)
        return np.where(is_open, np.maximum(own, 0.0), 0.0)


def guide(a: Assignment, root: Root, knapsacks: Knapsacks, effort: Effort, seed: int) -> tuple[Guide, Filled]:
    """Improve the root's prices until site knapsacks prove the best bound they can, or effort is used up."""
    filled = decompose(knapsacks, root.u, effort, _AIM * abs(root.value), seed=seed).best
    return Guide.of_filled(a, filled, max(1, round(float(root.open.sum())))), filled


def choose_open(a: Assignment, prices: Guide, fill: float, effort: Effort, seed: int = 0) -> tuple[Mask, Ints] | None:
    """Return sites to open if whole workloads fill a share ``fill`` of the capacity, and a (perhaps overloaded) point on them; None if none was found."""
    sites = prices.promising()
    rank = rank_of_sites(np.where(sites[:, None], prices.reduced, np.inf))
    pairs = sites[:, None] & (rank < _PAIRS) & np.isfinite(prices.reduced)
    split = replace(a, whole=False, capacity=a.capacity * fill)
    fixed = np.where(sites, -1, 0).astype(np.int8)
    found = solve_sited(split, pairs, effort=effort, open_fixed=fixed, rel_gap=_CLOSE, seed=seed).placing
    if found is None:
        return None
    share = np.where(a.allowed & found.open[:, None], found.share, -1.0)
    share += np.where(share < 0, 0.0, 1e-9)  # an open site rather than a closed one for workloads only split on pairs that are not allowed
    start = np.asarray(share.argmax(axis=0), np.int64)
    return found.open, start
