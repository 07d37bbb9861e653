"""Figures of sites that change with the season and the hour (models/README.md section 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.case import Case


def seasonal(case: Case, column: str) -> NDArray[np.float64]:
    """Return ``pue`` or ``wue_l_per_kwh`` by site, period and block: the row of `cooling` for the hour, else the figure of `sites`."""
    rows = case["cooling"][case["cooling"][column].notna()]
    told = {(r["site"], r["quarter"], r["block"]): r[column] for r in rows.to_dict("records")}
    out = np.zeros((len(case["sites"]), case.n_periods, len(case.blocks)))
    for s, site in enumerate(pd.Index(case["sites"]["site"])):
        for t, b in np.ndindex(out.shape[1:]):
            quarter = 1 + (case.start + t) * case.period_months % 12 // 3
            block = case.blocks[b].name
            keys = ((site, quarter, block), (site, quarter, ""), (site, 0, block), (site, 0, ""))
            out[s, t, b] = next((told[k] for k in keys if k in told), case["sites"][column].iloc[s])
    return out
