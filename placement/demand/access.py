"""Which sites reach which metros in time, over which routes, and by which routes fresh weights come. See models/README.md, sections 4 and 6."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.columns import Floats
from placement.fibre import Routing, reach_km, round_trip_ms
from placement.rules import Scope

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Access:
    """What routes allow a service. E epochs, S sites, M metros.

    Attributes
    ----------
    near
        Whether a site may serve a metro, shape (E, S, M).
    rule
        Rule that keeps a site from a metro in every epoch, "" if none, shape (S, M).
    rtt_ms
        Round-trip time on the shortest route, ms, shape (E, S, M).
    refresh
        Links that carry fresh weights from the origin, per epoch and site: one route after the other.
    paid
        The links of ``refresh`` over which traffic is paid: those of the main route.
    """

    near: Mask
    rule: NDArray[np.object_]
    rtt_ms: Floats
    refresh: Sequence[Sequence[list[str]]]
    paid: Sequence[Sequence[list[str]]]


def slo_rtt_ms(scope: Scope, service: pd.Series) -> Floats:
    """Return the largest round-trip time that users of each metro are promised, ms, shape (M,)."""
    own = scope.case["service_metros"]
    own = own[own["service"] == service["service"]].set_index("metro")["slo_rtt_ms"]
    return scope.case["metros"]["metro"].map(own).astype(float).fillna(service["slo_rtt_ms"]).to_numpy(float)


def access(scope: Scope, routing: Routing, service: pd.Series) -> Access:
    """Return what routes allow a service: over land only where it asks for that, over two routes where it must survive the loss of one."""
    land, sites, metros = bool(service["avoid_subsea"]), list(scope.sites), list(scope.case["metros"]["metro"])
    overhead, slo = scope.case.rtt_overhead_ms, slo_rtt_ms(scope, service)
    rtt = round_trip_ms(routing.path_km(sites, metros, land), overhead)
    near: Mask = np.asarray(rtt <= slo)
    rule = np.where(near.any(axis=0), "", "latency").astype(object)
    if land:
        wet = round_trip_ms(routing.path_km(sites, metros), overhead)
        rule[(rule == "latency") & (wet <= slo).any(axis=0)] = "subsea"
    if service["survivable"]:
        near &= _survivable(scope, routing, service, near)
        rule[(rule == "") & ~near.any(axis=0)] = "survivable"
    routes = [[_routes(routing, e, service, s) for s in sites] for e in range(routing.n_epochs)]
    near &= np.array([[r is not None for r in row] for row in routes])[:, :, None]
    rule[(rule == "") & ~near.any(axis=0)] = "refresh"
    found = [[r or ([], []) for r in row] for row in routes]
    return Access(near, rule, rtt, [[main + other for main, other in row] for row in found], [[main for main, _ in row] for row in found])


def limits_km(scope: Scope, service: pd.Series) -> list[tuple[float, float]]:
    """Return the longest main and alternate route of a survivable service to each metro, km, length M."""
    overhead, longer = scope.case.rtt_overhead_ms, service["survivable_slo_ms"]
    return [(reach_km(slo, overhead), reach_km(slo if np.isnan(longer) else max(slo, longer), overhead)) for slo in slo_rtt_ms(scope, service)]


def _survivable(scope: Scope, routing: Routing, service: pd.Series, near: Mask) -> Mask:
    """Return which near pairs have two routes within their limits, shape (E, S, M)."""
    metros, out = scope.case["metros"]["metro"].to_numpy(), np.zeros(near.shape, bool)
    asking = np.unique(scope.case["demand"].loc[scope.case["demand"]["service"] == service["service"], "metro"].to_numpy(object))
    km = limits_km(scope, service)
    for e, s, m in np.argwhere(near & np.isin(metros, asking)):
        out[e, s, m] = routing.pair(int(e), scope.sites[s], metros[m], bool(service["avoid_subsea"]), *km[m]) is not None
    return out


def _routes(routing: Routing, epoch: int, service: pd.Series, site: str) -> tuple[list[str], list[str]] | None:
    """Return the route of fresh weights to a site, with the alternate where the service must survive; ``None`` where there is none."""
    origin, land = service["origin"], bool(service["avoid_subsea"])
    if not origin:
        return [], []
    if service["survivable"]:
        return routing.pair(epoch, origin, site, land)
    route = routing.routes_from(epoch, origin, land).get(site)
    return None if route is None else (route, [])
