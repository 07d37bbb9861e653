r"""Room for dense racks: chips stand only in halls whose cooling and floor take them.

.. math:: \sum_{k:\,H_{fk} \subseteq U} kw_k (installed_{fk} + deployed_{fkt}) \le \sum_{h \in U} P_h\, built_{sht}

See models/README.md, section 1. With :math:`H_{fk}` the halls of the domain that can take the SKU, the rows over all unions :math:`U` of such sets say
exactly that the chips can be spread over the halls (Hall's condition for a transport problem).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

import numpy as np
import pyomo.environ as pyo

from placement.supply.supply import Expr, Supply, amount
from placement.units import KW_PER_MW

Rows = frozenset[int]  # of scope.halls


def limit_density(supply: Supply, here: dict[tuple[int, int, int], Expr]) -> None:
    """State ``hall_density_mw[f,halls,t]`` where halls of a domain differ in the racks that they take; ``here``: units added by (f, k, t)."""
    scope, m = supply.scope, supply.model
    if supply.case["skus"]["kw_per_rack"].isna().all():
        return
    mw, names, wet = scope.kw / KW_PER_MW, scope.halls["hall"].to_numpy(), set(np.flatnonzero(scope.halls["cooling"] == "liquid").tolist())
    rows: dict[tuple[str, str, int], Expr] = {}
    dates: dict[tuple[int, int], set[int]] = defaultdict(set)  # (f, k) -> periods in which units may be added
    for f, k, t in here:
        dates[f, k].add(t)
    for f, domain in enumerate(scope.domains):
        halls = frozenset(np.flatnonzero(scope.hall_domain == f).tolist())
        present = [k for k in range(len(scope.skus)) if scope.housable[f, k] and (scope.standing[f, k].any() or dates[f, k])]
        takes = {k: frozenset(h for h in halls if scope.housed[h, k]) for k in present}
        for union in unions(takes.values()) - {halls}:
            inside = [k for k in present if takes[k] <= union]
            if union == halls & wet and inside == [k for k in present if scope.liquid[k]]:
                continue  # hall_liquid_mw says so
            for t in set().union(*(dates[f, k] for k in inside)):
                load = amount([float(mw[k]) * (float(scope.standing[f, k, t]) + here.get((f, k, t), 0)) for k in inside])
                room = amount([float(scope.halls["it_mw"].iloc[h]) * supply.hall_on[h, t] for h in sorted(union)])
                rows[str(domain), "+".join(names[sorted(union)]), t] = load <= room
    m.hall_density_mw = pyo.Constraint(sorted(rows), rule=lambda m, *i: rows[i])


def unions(sets: Iterable[Rows]) -> set[Rows]:
    """Return every union of some of the sets.

    Examples
    --------
    >>> sorted(map(sorted, unions([frozenset({1}), frozenset({2}), frozenset({1, 3})])))
    [[1], [1, 2], [1, 2, 3], [1, 3], [2]]
    """
    found: set[Rows] = set()
    for one in sets:
        found |= {one} | {one | other for other in found}
    return found
