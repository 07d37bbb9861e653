"""Traffic of columns on the links of a route."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from placement.demand.columns import Floats, Ints, Keys, Triplets
from placement.rules import Scope


def on_routes(scope: Scope, resources: Keys, routes: Sequence[Sequence[str]], way: Ints, t: Ints, col: Ints, gbps: Floats) -> Triplets:
    """Return Gbit/s on every capacitated link of each entry's route.

    Parameters
    ----------
    routes
        Link ids of every route.
    way, t, col, gbps : ndarray, shape (n,)
        Number of the route, period, column and traffic of each entry.
    """
    limited = {link: e for e, (link, cap) in enumerate(zip(scope.case["links"]["link"], scope.case["links"]["gbps"], strict=True)) if cap == cap}
    links = [[limited[e] for e in route if e in limited] for route in routes]
    length = np.array([len(x) for x in links])
    flat = np.array([e for x in links for e in x], dtype=np.int64)
    begin = np.concatenate([[0], length.cumsum()[:-1]])
    n = length[way]
    at = np.repeat(np.arange(len(way)), n)
    step = np.arange(n.sum()) - np.repeat(n.cumsum() - n, n)
    return Triplets(resources.encode("fibre", flat[begin[way[at]] + step], t[at]), col[at], gbps[at])
