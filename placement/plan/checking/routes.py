"""Two routes for services that must survive the loss of one: what the plan names is followed link by link (models/README.md section 6)."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts
from placement.plan.checking.network import Network
from placement.plan.checking.verdict import ABSOLUTE, RELATIVE

#: service, what for (users or refresh), from, to, period -> link rows of the main and of the alternate route
Pairs = dict[tuple[str, str, str, str, int], tuple[list[int], list[int]]]


def check_routes(facts: Facts, rows: pd.DataFrame, network: Network) -> Pairs:
    """Check that every site that serves, or stands by, has two routes to its users and to the origin; return the routes that the plan names."""
    named: Pairs = {}
    links = {link: i for i, link in enumerate(network.links["link"])}
    services = facts.case["services"].set_index("service")
    for r in facts.plan["routes"].to_dict("records"):
        key = (r["service"], r["use"], r["from"], r["to"], int(r["period"]))
        where = f"{r['use']} of {r['service']} {r['from']} to {r['to']} {facts.case.periods[key[4]]}"
        routes = [[x for x in str(r[c]).split(";") if x] for c in ("main", "alternate")]
        if not all(x in links for route in routes for x in route):
            facts.found.add("survivable", where, "names a link that is not there")
            continue
        named[key] = ([links[x] for x in routes[0]], [links[x] for x in routes[1]])
        _check_pair(facts, network, key, named[key], services.loc[key[0]], where)
        for column, route in zip(("main_km", "alternate_km"), named[key], strict=True):
            km = network.links["km"].to_numpy(float)[route].sum()
            if not abs(r[column] - km) <= ABSOLUTE + RELATIVE * km:
                facts.found.add(f"routes.{column}", where, f"the plan says {r[column]:.9g}, recomputed {km:.9g}", abs(r[column] - km), "km")
    guarded = rows[rows["survivable"].astype(bool)]
    for service, origin, site, metro, t in guarded[["service", "weights_from", "site", "metro", "period"]].drop_duplicates().itertuples(index=False):
        for use, a, b in (("users", site, metro), ("refresh", origin, site)):
            if a not in ("", b) and (service, use, a, b, int(t)) not in named:
                facts.found.add("survivable", f"{use} of {service} {a} to {b} {facts.case.periods[int(t)]}", "two routes are needed and the plan names none")
    return named


def _check_pair(facts: Facts, network: Network, key: tuple[str, str, str, str, int], pair: tuple[list[int], list[int]], service: Any, where: str) -> None:
    """Both lead there at that time, share nothing, and are short enough."""
    _, use, begin, end, t = key
    links, found = network.links, facts.found
    for route in pair:
        if not _leads(links, route, begin, end):
            found.add("survivable", where, "a route does not lead there")
        if (links["available"].to_numpy(int)[route] > t).any():
            found.add("survivable", where, "a link of a route does not exist yet")
        if service["avoid_subsea"] and (links["kind"].to_numpy(object)[route] == "subsea").any():
            found.add("subsea", where, "a route of a service that stays on land takes a subsea link")
    risks = [{g.strip() for i in route for g in str(links["srlg"].iloc[i]).split(";") if g.strip()} for route in pair]
    if set(pair[0]) & set(pair[1]) or risks[0] & risks[1]:
        found.add("survivable", where, "the two routes share a link or a risk group")
    if use == "users":
        promised = facts.case["service_metros"].set_index(["service", "metro"])["slo_rtt_ms"].to_dict()
        slo = promised.get((key[0], end), service["slo_rtt_ms"])
        limits = (slo, np.fmax(slo, service["survivable_slo_ms"]))  # blank: NaN
        for route, most in zip(pair, limits, strict=True):
            ms = float(network.time_ms(links["km"].to_numpy(float)[route].sum()))
            if not ms <= most * (1 + RELATIVE) + ABSOLUTE:
                found.add("survivable", where, f"round-trip time {ms:.9g} is more than {most:.9g} ms", ms - most, "ms")


def _leads(links: pd.DataFrame, route: list[int], begin: str, end: str) -> bool:
    """Whether links join up from one node to another."""
    at = begin
    for i in route:
        ends = (links["a"].iloc[i], links["b"].iloc[i])
        if at not in ends:
            return False
        at = ends[1] if at == ends[0] else ends[0]
    return bool(at == end)
