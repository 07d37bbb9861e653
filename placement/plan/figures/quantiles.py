"""Quantiles of round-trip times by the tokens that see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

QUANTILES = (0.5, 0.95, 0.99)


def quantile(values: NDArray[np.float64], weight: NDArray[np.float64], q: float) -> float:
    """Return the least value that at least a share ``q`` of the weight does not exceed.

    Examples
    --------
    >>> quantile(np.array([30.0, 10.0]), np.array([1.0, 1.0]), 0.5)
    10.0
    """
    order = np.argsort(values, kind="stable")
    below = weight[order].cumsum() / weight.sum()
    return float(values[order][min(int(np.searchsorted(below, q * (1 - 1e-9))), len(values) - 1)])
