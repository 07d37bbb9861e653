"""What the orders take of the stages of manufacture."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table


def stages(solution: Solution) -> pd.DataFrame:
    """Return use and capacity of each stage in each limited period in which it is used."""
    if "stages" not in solution.case:
        return table("stages", [])
    units = {q: u for (q,), u in solution.values("order")}
    used: dict[tuple[str, int], float] = defaultdict(float)
    passing = solution.case["offers"].query("kind != 'lease'").merge(solution.case["sku_stages"], on="sku", suffixes=("", "_stage"))
    for r in passing.itertuples():
        used[r.stage, r.period + r.lead_periods - r.lead_periods_stage] += r.use_per_unit * units.get(r.offer, 0.0)
    limited = ((r.stage, r.period, used[r.stage, r.period], r.capacity) for r in solution.case["stages"].itertuples())
    return table("stages", [(u, solution.label[t], taken, capacity) for u, t, taken, capacity in limited if taken > NIL])
