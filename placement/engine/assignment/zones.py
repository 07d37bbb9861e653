"""Parts of a plan that can be improved at the same time: sites cut into zones, each with the workloads placed there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from placement.engine.assignment.structure import Assignment, Floats, Ints


@dataclass(frozen=True, slots=True)
class Zone:
    """Sites and the workloads placed at them, in order, and how many sites are open elsewhere."""

    sites: Ints
    workloads: Ints
    open_elsewhere: int


def whole(a: Assignment) -> Zone:
    """Return the zone of everything."""
    return Zone(np.arange(a.m), np.arange(a.n), 0)


def halves(a: Assignment, site: Ints, random: np.random.Generator) -> list[Zone]:
    """Cut a plan in two between two random sites far from each other, so that both halves have as many open sites.

    Sites are near if they serve workloads at similar cost (correlation of their costs): where costs come from a map, so do the halves.
    """
    nearness = _nearness(a)
    opened = np.unique(site)
    first = int(random.choice(opened))
    far = opened[np.argsort(nearness[first, opened], kind="stable")]
    second = int(random.choice(far[: max(1, len(far) // 3)]))
    side = nearness[first] - nearness[second]
    is_first = side > np.median(side[opened])
    return [_zone(a, site, is_first), _zone(a, site, ~is_first)]


def _zone(a: Assignment, site: Ints, inside: np.ndarray) -> Zone:
    sites = np.flatnonzero(inside)
    opened = np.unique(site)
    return Zone(sites, np.flatnonzero(inside[site]), int((~inside[opened]).sum()))


def _nearness(a: Assignment) -> Floats:
    """Correlation of the sites' costs over workloads, per unit of use, shape (m, m)."""
    cost = np.where(a.allowed, a.cost, np.nan)
    unit = cost / np.where(a.use > 0, a.use, 1.0)
    worst = np.nanmax(unit, axis=0, initial=0.0)
    unit = np.where(np.isnan(unit), worst, unit)
    unit = unit - unit.mean(axis=1, keepdims=True)
    unit /= np.maximum(np.sqrt((unit**2).sum(axis=1, keepdims=True)), 1e-12)
    return np.asarray(unit @ unit.T)
