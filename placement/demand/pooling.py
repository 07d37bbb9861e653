r"""Services that share accelerators: what counts is the sum of their loads hour by hour, not the sum of their peaks.

.. math:: \sum_x level_{i(x),b}\, u_x\, x \le \sum_f serving_{fkt} \quad \forall b

See models/README.md, section 6b. Where a shared service may run, the row ``serve`` becomes one row ``pool`` per block, for all that use it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from placement.case.loads import loads
from placement.demand.columns import Columns, Floats, Ints, Keys, Triplets
from placement.rules import Scope


def with_pools(scope: Scope, columns: Columns, resources: Keys, decisions: Keys) -> Columns:
    """Return the columns with ``pool`` in place of ``serve`` where a shared service may run; must come after all else that uses ``serve``."""
    use, levels, blocks = columns.use, _levels(scope, columns), _binding(scope)
    serves = resources.holds("serve", use.row)
    some = (levels[use.col] < 1).any(axis=1) & serves
    pooled = serves & np.isin(use.row, np.unique(use.row[some]))
    site, sku, period = resources.index("serve", use.row[pooled])
    col, value = use.col[pooled], use.value[pooled]
    parts = [Triplets(use.row[~pooled], use.col[~pooled], use.value[~pooled])]
    for b in blocks:
        part = Triplets(resources.encode("pool", site, sku, period, b), col, value * levels[col, b])
        parts.append(Triplets(part.row[part.value > 0], part.col[part.value > 0], part.value[part.value > 0]))
    return replace(columns, use=Triplets.join(parts))


def _levels(scope: Scope, columns: Columns) -> Floats:
    """Return what each column uses of its units in each block: the load of a shared service, all of them otherwise, shape (n, B)."""
    shared = scope.case["services"]["shared"].to_numpy(bool)
    level = np.where(shared[:, None], loads(scope.case), 1.0)
    parts = [level[frame["service"]] if kind == "inference" else np.ones((len(frame), level.shape[1])) for kind, _, frame in columns.blocks()]
    return np.concatenate([np.empty((0, level.shape[1])), *parts])


def _binding(scope: Scope) -> Ints:
    """Return the blocks in which no other block asks at least as much of every shared service: the rest cannot bind alone."""
    level = loads(scope.case)[scope.case["services"]["shared"].to_numpy(bool)]
    blocks = range(level.shape[1])

    def covers(a: int, b: int) -> bool:
        return bool((level[:, a] >= level[:, b]).all()) and (a < b or bool((level[:, a] > level[:, b]).any()))

    return np.array([b for b in blocks if not any(covers(a, b) for a in blocks if a != b)], np.int64)
