r"""How many units a service needs: for the largest block load, with room for bursts, at a utilisation that keeps the latency target.

.. math:: busy = d \cdot 10^6 / 86400 \cdot peak / tok\_per\_s, \qquad units = busy \cdot (1 + burst) / \rho

See models/README.md, section 6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.loads import peaks
from placement.demand.columns import Floats
from placement.rules import Scope
from placement.units import SECONDS_PER_DAY

TOLERANCE = 1e-9  # a replica that fills its units exactly: 2.1 / 0.7 is a hair above 3


def sizes(scope: Scope, i: int, mtok_per_day: Floats, tok_per_s: Floats, sku: NDArray[np.int64]) -> tuple[Floats, Floats]:
    """Return units at work at the largest block load, and units to be held for it, of whole demands of service ``i``, shape (n,)."""
    service = scope.case["services"].iloc[i]
    peak = float(peaks(scope.case["services"].iloc[[i]], scope.case["service_loads"])[0])
    busy = mtok_per_day * 1e6 / SECONDS_PER_DAY * peak / tok_per_s
    burst = busy * (1 + service["burst_share"])
    return busy, burst / utilisation(scope, service, burst / replica_units(scope, service, sku))


def replica_units(scope: Scope, service: pd.Series, sku: NDArray[np.int64]) -> Floats:
    """Return units of one replica on each SKU, shape (n,)."""
    return np.ceil(service["hbm_gb"] / scope.case["skus"]["hbm_gb"].to_numpy(float)[sku] - TOLERANCE)


def utilisation(scope: Scope, service: pd.Series, work: Floats) -> Floats:
    """Return the largest utilisation of pools with ``work`` replicas at work, shape (n,).

    The curve gives utilisation by servers; work = servers x utilisation, so it is read at the work and held constant beyond its ends.
    """
    cap = np.full(len(work), float(service["utilisation_cap"]))
    if not service["queue_curve"]:
        return cap
    curve = scope.case["utilisation_curves"]
    curve = curve[curve["curve"] == service["queue_curve"]].sort_values("servers")
    most = curve["max_utilisation"].to_numpy(float)
    return np.minimum(cap, np.interp(work, curve["servers"].to_numpy(float) * most, most))
