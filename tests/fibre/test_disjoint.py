"""Pairs of routes against trying all of them."""

from __future__ import annotations

from itertools import pairwise, permutations, product

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from placement.fibre import FibreGraph
from placement.fibre.disjoint import Pair, RiskGroups, disjoint_pair


def random_links(seed: int) -> tuple[pd.DataFrame, dict[str, str]]:
    """Return links with parallel ones, and their risk groups: none, one or two."""
    rng = default_rng(seed)
    n, m = int(rng.integers(3, 7)), int(rng.integers(3, 11))
    rows = []
    for i in range(m):
        a, b = rng.choice(n, 2, replace=False)
        rows.append((f"e{i}", f"n{a}", f"n{b}", float(rng.integers(1, 100)) + i / 1000))
    table = pd.DataFrame(rows, columns=["link", "a", "b", "km"])
    groups = {row[0]: ";".join(sorted({f"g{g}" for g in rng.integers(0, 6, int(rng.integers(0, 3)))})) for row in rows}
    return table, groups


def all_routes(table: pd.DataFrame, a: str, b: str) -> list[tuple[float, list[str]]]:
    """Return every route without a node twice, with its length, the shortest first."""
    found = []
    nodes = sorted({*table["a"], *table["b"]} - {a, b})
    between: dict[frozenset[str], list[tuple[str, float]]] = {}
    for link, u, v, km in table.itertuples(index=False):
        between.setdefault(frozenset((u, v)), []).append((link, km))
    for k in range(len(nodes) + 1):
        for inner in permutations(nodes, k):
            path = [a, *inner, b]
            hops = [between.get(frozenset(hop), []) for hop in pairwise(path)]
            found += [(sum(km for _, km in way), [link for link, _ in way]) for way in product(*hops)]
    return sorted(found)


def best_pair(table: pd.DataFrame, groups: dict[str, str], a: str, b: str, main_km: float, alternate_km: float) -> Pair | None:
    """Return the pair by looking at all routes in turn."""
    routes = all_routes(table, a, b)
    risk = {link: {link, *(g for g in text.split(";") if g)} for link, text in groups.items()}
    for km, main in routes:
        if km <= main_km:
            taken = set().union(*(risk[x] for x in main))
            for longer, other in routes:
                if longer <= alternate_km and not taken & set().union(*(risk[x] for x in other)):
                    return main, other
    return None


@pytest.mark.parametrize("seed", range(60))
def test_pairs_equal_enumeration(seed: int) -> None:
    """The main route is the shortest that has an alternate within its limit, and the alternate the shortest; or there is none."""
    table, groups = random_links(seed)
    graph, risks = FibreGraph(table), RiskGroups(groups)
    nodes = list(graph.nodes)
    for limits in ((np.inf, np.inf), (80.0, 150.0)):
        assert disjoint_pair(graph, risks, nodes[0], nodes[-1], *limits) == best_pair(table, groups, nodes[0], nodes[-1], *limits)


def test_enumeration_sees_both_outcomes() -> None:
    """The random graphs hold pairs, pairs whose main route is not the shortest, and no pairs."""
    seen = set()
    for seed in range(60):
        table, groups = random_links(seed)
        nodes = list(FibreGraph(table).nodes)
        pair, routes = best_pair(table, groups, nodes[0], nodes[-1], np.inf, np.inf), all_routes(table, nodes[0], nodes[-1])
        seen.add("none" if pair is None else "shortest" if pair[0] == routes[0][1] else "other")
    assert seen == {"none", "shortest", "other"}


def test_the_shortest_route_may_block_all_alternates() -> None:
    """The trap of removing the shortest route first: a-x-y-b blocks, though a-x-b and a-y-b are disjoint (Bhandari 1999)."""
    rows = [("ax", "a", "x", 1.0), ("xy", "x", "y", 1.0), ("yb", "y", "b", 1.0), ("xb", "x", "b", 8.0), ("ay", "a", "y", 9.0)]
    table = pd.DataFrame(rows, columns=["link", "a", "b", "km"])
    assert disjoint_pair(FibreGraph(table), RiskGroups(dict.fromkeys(table["link"], "")), "a", "b", np.inf, np.inf) == (["ax", "xb"], ["ay", "yb"])


@pytest.mark.parametrize("seed", range(20))
def test_a_pair_exists_where_maximum_flow_says_so(seed: int) -> None:
    """Without risk groups and limits, two routes without a common link exist if and only if the maximum flow is two (Menger)."""
    table, _ = random_links(seed)
    graph = FibreGraph(table)
    flow = nx.DiGraph()
    for link, u, v, _km in table.itertuples(index=False):
        for tail, head in ((u, v), (v, u)):
            flow.add_edge(tail, (link, tail), capacity=1)
            flow.add_edge((link, tail), head, capacity=1)
    a, b = graph.nodes[0], graph.nodes[-1]
    pair = disjoint_pair(graph, RiskGroups(dict.fromkeys(table["link"], "")), a, b, np.inf, np.inf)
    assert (pair is not None) == (nx.maximum_flow_value(flow, a, b) >= 2)
