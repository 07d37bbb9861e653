"""The plan of refresh and user traffic against minimum-cost flow.

One service, one metro, one period; weights come from one origin over a tree of links, so the choice of a site is the choice of a route, and serving a share
is sending that share of the flow. Links carry ``free`` units at no cost and ``most`` more at the price of a module each; serving from a site costs its traffic
with the users. All capacities are whole numbers of one unit of flow, so the flow's optimum is whole (a transportation matrix is totally unimodular), and whole
modules cost nothing extra. Therefore the two optima are equal.
"""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest

from tests.layers.small import small_case, solved

FLOW = 8  # units of flow in all
UNITS = 8640e6 / 86400 / 1000  # accelerators for all of the demand
GBPS = UNITS * 100 * 8 / 3600 / FLOW  # of one unit of flow
GB = 8640e6 * 91.3125 * 4 / 1e9  # with users in the period
#: link -> (from, to): a tree from the origin
TREE = {"trunk": ("origin", "hub"), "a": ("hub", "sa"), "b": ("hub", "sb"), "c": ("origin", "sc")}


def drawn(seed):
    """Return free units, most modules and thousands of $ per module, by link, and thousands of $ per unit of flow served, by site."""
    rng = np.random.default_rng(seed)
    links = {link: (int(rng.integers(1, 4)), int(rng.integers(2, 9)), int(rng.integers(10, 400))) for link in TREE}
    return links, {site: int(rng.integers(10, 300)) for site in ("sa", "sb", "sc")}


def flow_cost(links, sites):
    """Return the least cost of sending the flow through the tree, thousands of $; an exception where it does not fit."""
    graph = nx.MultiDiGraph()
    graph.add_node("origin", demand=-FLOW)
    graph.add_node("users", demand=FLOW)
    for link, (free, most, price) in links.items():
        graph.add_edge(*TREE[link], capacity=free, weight=0)
        graph.add_edge(*TREE[link], capacity=most, weight=price)
    for site, price in sites.items():
        graph.add_edge(site, "users", capacity=FLOW, weight=price)
    return nx.network_simplex(graph)[0]


def planned(folder, links, sites):
    """Return the plan of the same network."""
    place = {"country": "NO", "lat_deg": 60, "lon_deg": 10, "pue": 1.1}
    rows = [
        {"link": link, "a": TREE[link][0], "b": TREE[link][1], "km": 10, "gbps": free * GBPS, "module_gbps": GBPS, "max_modules": most,
         "module_capex_musd": price / 1e3}
        for link, (free, most, price) in links.items()
    ]  # fmt: skip
    case = small_case(
        folder, {"periods": 1, "discount_rate": 0.0}, grid=None, tariffs=None, offers=None, jobs=None, job_skus=None,
        sites=[{"site": "origin", **place}, *({"site": s, "egress_usd_per_gb": usd * FLOW * 1e3 / GB, **place} for s, usd in sites.items())],
        halls=[{"site": s, "hall": "h", "it_mw": 1, "existing": 1} for s in sites],
        skus=[{"sku": "old", "vendor": "v", "kw_per_unit": 1, "hbm_gb": 80}],
        installed=[{"domain": s, "sku": "old", "units": 2 * UNITS} for s in sites],
        metros=[{"metro": "users", **{k: v for k, v in place.items() if k != "pue"}}],
        services=[{"service": "chat", "slo_rtt_ms": 100, "hbm_gb": 60, "weights_gb": 100, "refresh_hours": 1, "origin": "origin", "bytes_per_token": 4}],
        service_skus=[{"service": "chat", "sku": "old", "tok_per_s": 1000}],
        demand=[{"service": "chat", "metro": "users", "period": "2027Q1", "mtok_per_day": 8640}],
        links=[*rows, *({"link": f"users-{s}", "a": s, "b": "users", "km": 500} for s in sites)],
    )  # fmt: skip
    return solved(case)


@pytest.mark.parametrize("seed", range(4))
def test_optimum_is_that_of_minimum_cost_flow(tmp_path, seed):
    """The objective is the least cost of the flow, of which modules and traffic are both a part."""
    links, sites = drawn(seed)
    plan = planned(tmp_path, links, sites)
    assert plan.objective * 1e3 == pytest.approx(flow_cost(links, sites), abs=1e-3)
    assert plan.tables["fibre"]["modules"].sum() > 0
