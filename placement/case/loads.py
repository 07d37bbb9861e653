"""Load of services by block of hours, from ``service_loads`` or from the ratio of peak to mean demand."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.case import Case


def peaks(services: pd.DataFrame, service_loads: pd.DataFrame) -> NDArray[np.float64]:
    """Return the largest demand of any block / mean demand of each service, shape (n_services,)."""
    told = service_loads.groupby("service")["load"].max()
    return services["service"].map(told).astype(float).fillna(services["peak_to_mean"]).to_numpy(float)


def loads(case: Case) -> NDArray[np.float64]:
    """Return demand in each block / demand of the service's largest block, shape (n_services, n_blocks).

    A service without rows in ``service_loads`` has its peak in the stress block and a level in the others that keeps the mean.
    """
    peak, stress = peaks(case["services"], case["service_loads"]), case.stress
    sigma, two_level = case.blocks[stress].share, case["services"]["peak_to_mean"].to_numpy(float)
    rest = np.maximum(0.0, (1 / two_level - sigma) / (1 - sigma)) if sigma < 1 else np.ones(len(peak))
    out = np.repeat(rest[:, None], len(case.blocks), axis=1)
    out[:, stress] = 1.0
    row = {s: i for i, s in enumerate(case["services"]["service"])}
    column = {b.name: i for i, b in enumerate(case.blocks)}
    for r in case["service_loads"].itertuples():
        if r.service in row and r.block in column:  # else reported by validation
            out[row[r.service], column[r.block]] = r.load / peak[row[r.service]] if peak[row[r.service]] > 0 else 0.0
    return out
