"""Traffic of columns on the links of a route."""

from __future__ import annotations

import numpy as np

from placement.demand.columns import Floats, Ints, Keys, Triplets
from placement.fibre import FibreGraph
from placement.rules import Scope


def on_routes(scope: Scope, resources: Keys, origin: str, graph: FibreGraph, site: Ints, t: Ints, col: Ints, gbps: Floats) -> Triplets:
    """Return Gbit/s on every capacitated link of the shortest route from ``origin`` to each entry's site, in its period."""
    limited = {link: e for e, (link, cap) in enumerate(zip(scope.case["links"]["link"], scope.case["links"]["gbps"], strict=True)) if cap == cap}
    routes = graph.routes_from(origin)
    links = [[limited[e] for e in routes.get(s, []) if e in limited] for s in scope.sites]
    length = np.array([len(x) for x in links])
    flat = np.array([e for x in links for e in x], dtype=np.int64)
    begin = np.concatenate([[0], length.cumsum()[:-1]])
    n = length[site]
    at = np.repeat(np.arange(len(site)), n)
    step = np.arange(n.sum()) - np.repeat(n.cumsum() - n, n)
    return Triplets(resources.encode("fibre", flat[begin[site[at]] + step], t[at]), col[at], gbps[at])
