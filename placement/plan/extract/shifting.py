"""Work of deferrable jobs moved between blocks."""

from __future__ import annotations

import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table


def shifts(solution: Solution) -> pd.DataFrame:
    """Return the IT power that deferrable jobs draw above or below their mean."""
    names = [b.name for b in solution.case.blocks]
    return table("shifts", [(s, solution.label[t], names[b], mw, duty) for (s, duty, t, b), mw in solution.values("shift_mw") if abs(mw) > NIL])
