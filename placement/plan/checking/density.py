"""Dense racks stand in halls that take them (models/README.md section 1)."""

from __future__ import annotations

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from placement.plan.checking.facts import Facts, Floats, Ints
from placement.plan.checking.verdict import UNITS, axes


def check_density(facts: Facts, units: Floats, start: Ints) -> None:
    """Check that the chips of every domain can be spread over its halls in service: the largest flow from chips to halls carries them all.

    ``units`` there by domain, SKU and period; ``start``: period in which each hall enters service.
    """
    asked = facts.skus["kw_per_rack"]
    if asked.isna().all():
        return
    halls, found = facts.halls, facts.found
    cooled, takes = cools(facts), hall_takes(facts)
    mw = units * facts.unit_mw[None, :, None]
    room = np.zeros((len(facts.domain_ids), facts.n_periods))
    for f, domain in enumerate(facts.domain_ids):
        mine = halls["f"].to_numpy(int) == f
        for k in np.flatnonzero((units[f].max(axis=1) > UNITS) & ~takes[mine].any(axis=0) & cooled[mine].any(axis=0)):
            found.add("density", f"domain {domain} SKU {facts.sku_ids[k]}", "no hall takes racks so dense", units[f, k].max(), "units")
        for t in range(facts.n_periods):
            room[f, t] = _placed_mw(mw[f, :, t], takes, halls["it_mw"].to_numpy(float) * (mine & (start <= t)))
    there = axes(("domain", facts.domain_ids), ("", facts.case.periods))
    found.at_most("hall_density_mw", mw.sum(axis=1), room, there, "IT power of the chips against what finds a hall for its racks", "MW")


def cools(facts: Facts) -> NDArray[np.bool_]:
    """Return whether each hall cools each SKU, by row of the halls."""
    return np.asarray((facts.halls["cooling"] == "liquid").to_numpy(bool)[:, None] | ~facts.liquid_sku[None])


def hall_takes(facts: Facts) -> NDArray[np.bool_]:
    """Return whether each hall cools each SKU and takes racks as dense as its, by row of the halls."""
    dense = facts.halls["max_kw_per_rack"].fillna(np.inf).to_numpy(float)[:, None] >= facts.skus["kw_per_rack"].fillna(0).to_numpy(float)[None]
    return cools(facts) & dense


def _placed_mw(mw: Floats, takes: NDArray[np.bool_], room: Floats) -> float:
    """Return the most MW of chips (by SKU) that fit into halls with so much room each."""
    graph = nx.DiGraph()
    graph.add_nodes_from(("chips", "halls"))
    for k in np.flatnonzero(mw > 0):
        graph.add_edge("chips", ("k", k), capacity=float(mw[k]))
        graph.add_edges_from((("k", k), ("h", h)) for h in np.flatnonzero(takes[:, k] & (room > 0)))
    graph.add_edges_from((("h", h), "halls", {"capacity": float(room[h])}) for h in np.flatnonzero(room > 0))
    return float(nx.maximum_flow_value(graph, "chips", "halls"))
