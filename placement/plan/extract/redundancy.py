"""Spare units for the loss of a failure domain."""

from __future__ import annotations

import pandas as pd

from placement.plan.extract.demand import shares
from placement.plan.extract.solution import Solution


def spares(solution: Solution) -> pd.DataFrame:
    """Return what each site holds in reserve for each demand."""
    return shares(solution, "spare", "spares")
