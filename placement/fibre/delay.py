"""Propagation delay over fibre."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from placement.units import FIBRE_GROUP_INDEX, LIGHT_SPEED_KM_PER_MS


def round_trip_ms(path_km: ArrayLike, overhead_ms: float = 8.0) -> NDArray[np.float64]:
    """Return the round-trip time over a fibre path.

    Parameters
    ----------
    path_km : array_like
        Laid length of the path, km; ``inf`` where there is no path.
    overhead_ms
        Access, switching and queueing, ms. The default gives the 95th percentile: it was fitted on 903 pairs of
        cloud regions with measured P95 times (``data/frontier/SOURCES.md``); 4 ms gives the mean.

    Raises
    ------
    ValueError
        If a length is negative or missing.

    Examples
    --------
    >>> round_trip_ms([0.0, 1000.0]).round(2)
    array([ 8.  , 17.79])
    """
    km = np.asarray(path_km, dtype=float)
    if not (km >= 0).all():  # also catches NaN
        raise ValueError(f"path_km must be >= 0 and not NaN, got {km[~(km >= 0)][:5]}")
    return 2 * km * FIBRE_GROUP_INDEX / LIGHT_SPEED_KM_PER_MS + overhead_ms


def reach_km(rtt_ms: float, overhead_ms: float = 8.0) -> float:
    """Return the length of the longest path with at most this round-trip time, km; negative where even none is too long.

    Examples
    --------
    >>> round(reach_km(17.79), 0)
    1000.0
    """
    return (rtt_ms - overhead_ms) * LIGHT_SPEED_KM_PER_MS / FIBRE_GROUP_INDEX / 2
