"""Load and modules of fibre links."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table


def fibre(solution: Solution) -> pd.DataFrame:
    """Return load and capacity of links in use."""
    use, keys = solution.sides.columns.use, solution.sides.demand.resources
    load: dict[tuple[int, int], float] = {}
    for code in solution.sides.resources:
        key: tuple[Any, ...] = keys.decode(int(code))
        if key[0] == "fibre":
            load[key[1], key[2]] = float(np.dot(use.value[use.row == code], solution.x[use.col[use.row == code]]))
    lit = {(e, t): value for (e, t), value in solution.values("modules")}
    rows = []
    for e, r in enumerate(solution.case["links"].itertuples()):
        for t in range(solution.case.n_periods):
            modules = round(lit.get((r.link, t), 0.0))
            gbps = load.get((e, t), 0.0)
            if modules or gbps > NIL:
                rows.append((r.link, solution.label[t], modules, r.gbps + (modules * r.module_gbps if modules else 0.0), gbps))
    return table("fibre", rows)
