r"""What traffic costs: tokens from sites to users, and fresh weights from the origin to the sites that serve.

.. math:: GB_{imt} (egress_s + \sum_{e \in route(s,m)} transit_e) \, x
          + n\, GB^{refresh} (egress_{origin} + \sum_{e \in route(origin, s)} transit_e) \, x

See models/README.md, section 6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.access import Access
from placement.demand.columns import Floats
from placement.demand.sizing import replica_units
from placement.fibre import Routing
from placement.rules import Scope
from placement.units import BYTES_PER_GB, DAYS_PER_MONTH, MONTHS_PER_YEAR, USD_PER_MUSD


def users_musd(scope: Scope, routing: Routing, service: pd.Series, frame: pd.DataFrame, demand: Floats) -> Floats:
    """Return the cost of traffic with users if a column takes its whole share, M$ per period, shape (n,)."""
    if not service["bytes_per_token"]:
        return np.zeros(len(frame))
    site, metro, t = (frame[c].to_numpy() for c in ("site", "metro", "period"))
    tokens = demand[metro, t] * 1e6 * scope.case.period_months * DAYS_PER_MONTH
    usd_per_gb = scope.case["sites"]["egress_usd_per_gb"].to_numpy(float)[site] + _transit_to_users(scope, routing, service)[routing.epoch[t], site, metro]
    return tokens * service["bytes_per_token"] / BYTES_PER_GB * usd_per_gb / USD_PER_MUSD


def refresh_musd(scope: Scope, routing: Routing, service: pd.Series, frame: pd.DataFrame, reach: Access) -> Floats:
    """Return the cost of fresh weights if a column takes its whole share, M$ per period, shape (n,)."""
    if not (service["origin"] and service["refreshes_per_year"]):
        return np.zeros(len(frame))
    site, k, t, units = (frame[c].to_numpy() for c in ("site", "sku", "period", "units"))
    origin = scope.sites.get_loc(service["origin"])
    leaving = np.where(np.arange(len(scope.sites)) == origin, 0.0, scope.case["sites"]["egress_usd_per_gb"].iloc[origin])
    price = _prices(scope)
    usd_per_gb = leaving + np.array([[sum(price[e] for e in route) for route in row] for row in reach.paid])
    gb = service["refreshes_per_year"] * scope.case.period_months / MONTHS_PER_YEAR * units / replica_units(scope, service, k) * service["weights_gb"]
    return gb * usd_per_gb[routing.epoch[t], site] / USD_PER_MUSD


def _prices(scope: Scope) -> dict[str, float]:
    links = scope.case["links"]
    return dict(zip(links["link"], links["transit_usd_per_gb"], strict=True))


def _transit_to_users(scope: Scope, routing: Routing, service: pd.Series) -> Floats:
    """Return the price of the links on the shortest route, $/GB, shape (E, S, M)."""
    metros, price = scope.case["metros"]["metro"].to_numpy(), _prices(scope)
    out = np.zeros((routing.n_epochs, len(scope.sites), len(metros)))
    if any(price.values()):
        for e in range(routing.n_epochs):
            for s, site in enumerate(scope.sites):
                routes = routing.routes_from(e, site, bool(service["avoid_subsea"]))
                out[e, s] = [sum(price[x] for x in routes.get(m, ())) for m in metros]
    return out
