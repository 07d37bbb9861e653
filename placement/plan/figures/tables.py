"""What key figures are made from."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case

#: Plan table by name.
Tables = Mapping[str, pd.DataFrame]


def at_rows(figure: NDArray[np.float64], case: Case, energy: pd.DataFrame) -> pd.Series:
    """Return a figure by site, period and block, shape (S, T, B), at the rows of a plan table that has these columns."""
    where = (pd.Index(case["sites"]["site"]), pd.Index(case.periods), pd.Index([b.name for b in case.blocks]))
    s, t, b = (ids.get_indexer(pd.Index(energy[name])) for ids, name in zip(where, ("site", "period", "block"), strict=True))
    return pd.Series(figure[s, t, b], index=energy.index)
