"""What cooling takes by site, period and block: PUE and water, from the yearly figures of ``sites`` and the table ``cooling``."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.units import MONTHS_PER_QUARTER, MONTHS_PER_YEAR


def quarters(case: Case) -> NDArray[np.int64]:
    """Return the quarter of the year (1..4) in which each period begins, shape (T,)."""
    month = (case.start + np.arange(case.n_periods)) * case.period_months % MONTHS_PER_YEAR
    return month // MONTHS_PER_QUARTER + 1


def by_block(case: Case, column: str) -> NDArray[np.float64]:
    """Return a figure by site, period and block, shape (S, T, B): that of ``sites`` where ``cooling`` says nothing.

    Parameters
    ----------
    column
        ``pue`` or ``wue_l_per_kwh``: it stands in both tables.
    """
    sites, blocks = pd.Index(case["sites"]["site"]), [b.name for b in case.blocks]
    yearly = case["sites"][column].to_numpy(float)
    out = np.tile(yearly[:, None, None], (1, case.n_periods, len(blocks)))
    quarter = quarters(case)
    for site, q, block, value in case["cooling"][["site", "quarter", "block", column]].dropna().itertuples(index=False):
        when = (quarter == q) | (q == 0)
        where = np.array([block in ("", name) for name in blocks])
        out[sites.get_loc(site)][np.outer(when, where)] = value
    return out
