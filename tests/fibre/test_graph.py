"""Shortest routes and alternatives against networkx and against small graphs done by hand."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd
import pytest
from numpy.random import default_rng

from placement.fibre import FibreGraph

SEEDS = range(20)


def links(*rows: tuple[str, str, str, float]) -> pd.DataFrame:
    """Return a table of links."""
    return pd.DataFrame(rows, columns=["link", "a", "b", "km"])


def random_links(seed: int) -> pd.DataFrame:
    """Return a random graph with parallel fibres, zero lengths and several components."""
    rng = default_rng(seed)
    n, m = int(rng.integers(4, 15)), int(rng.integers(5, 35))
    ends = [rng.choice(n, 2, replace=False) for _ in range(m)]
    km = np.where(rng.random(m) < 0.1, 0.0, rng.uniform(1, 1000, m))
    return links(*((f"e{i}", f"n{a}", f"n{b}", float(x)) for i, ((a, b), x) in enumerate(zip(ends, km, strict=True))))


def reference(table: pd.DataFrame) -> nx.MultiGraph:
    """Return the graph built anew, without FibreGraph."""
    graph = nx.MultiGraph()
    graph.add_weighted_edges_from(((a, b, km) for _, a, b, km in table.itertuples(index=False)), weight="km")
    return graph


def nodes_along(table: pd.DataFrame, start: str, route: list[str]) -> list[str]:
    """Return the nodes that a route passes; fails where its links do not join up."""
    ends = table.set_index("link")[["a", "b"]]
    nodes = [start]
    for link in route:
        a, b = ends.loc[link]
        assert nodes[-1] in (a, b)
        nodes.append(b if nodes[-1] == a else a)
    return nodes


@pytest.mark.parametrize("seed", SEEDS)
def test_path_km_equals_networkx(seed: int) -> None:
    """Bulk lengths are those of networkx between all pairs of nodes, inf between components."""
    table = random_links(seed)
    graph = FibreGraph(table)
    lengths = dict(nx.all_pairs_dijkstra_path_length(reference(table), weight="km"))
    expected = [[lengths[a].get(b, np.inf) for b in graph.nodes] for a in graph.nodes]
    assert graph.path_km(graph.nodes, graph.nodes) == pytest.approx(np.array(expected), abs=1e-6)


@pytest.mark.parametrize("seed", SEEDS)
def test_routes_have_the_lengths_of_path_km(seed: int) -> None:
    """The links of ``route`` and ``routes_from`` join up from end to end and their lengths sum to ``path_km``."""
    table = random_links(seed)
    graph, km = FibreGraph(table), table.set_index("link")["km"]
    start = graph.nodes[0]
    routes = graph.routes_from(start)
    for node, length in zip(graph.nodes, graph.path_km([start], graph.nodes)[0], strict=True):
        assert (node in routes) == np.isfinite(length)
        if node not in routes:
            with pytest.raises(nx.NetworkXNoPath):
                graph.route(start, node)
            continue
        for route in (routes[node], graph.route(start, node)):
            assert km[route].sum() == pytest.approx(length, abs=1e-6)
            assert nodes_along(table, start, route)[-1] == node


@pytest.mark.parametrize("seed", SEEDS)
def test_k_routes_are_sorted_and_loop_free(seed: int) -> None:
    """Alternatives start with the shortest, never get shorter, pass no node twice, and differ from each other."""
    table = random_links(seed)
    graph, km = FibreGraph(table), table.set_index("link")["km"]
    reachable = [n for n in graph.routes_from(graph.nodes[0]) if n != graph.nodes[0]]
    routes = graph.k_routes(graph.nodes[0], reachable[-1], 6)
    lengths = [km[r].sum() for r in routes]
    assert lengths[0] == pytest.approx(graph.path_km([graph.nodes[0]], [reachable[-1]])[0, 0], abs=1e-6)
    assert all(later >= earlier - 1e-9 for earlier, later in pairwise(lengths))
    assert len({tuple(r) for r in routes}) == len(routes) <= 6
    for route in routes:
        nodes = nodes_along(table, graph.nodes[0], route)
        assert len(set(nodes)) == len(nodes)
        assert nodes[-1] == reachable[-1]


def test_k_routes_finds_all_there_are() -> None:
    """A square has two ways round; asking for more gives both."""
    square = links(("ab", "a", "b", 1), ("bc", "b", "c", 1), ("cd", "c", "d", 1), ("ad", "a", "d", 5))
    assert FibreGraph(square).k_routes("a", "c", 9) == [["ab", "bc"], ["ad", "cd"]]


def test_parallel_fibres_are_kept_and_the_shorter_is_used() -> None:
    """Two fibres between the same nodes are not added up or merged; routes take the shorter, whichever comes first."""
    for rows in ([("long", "a", "b", 30.0), ("short", "b", "a", 20.0)], [("short", "a", "b", 20.0), ("long", "a", "b", 30.0)]):
        graph = FibreGraph(links(*rows))
        assert graph.graph.number_of_edges("a", "b") == 2
        assert graph.path_km(["a"], ["b"])[0, 0] == 20.0
        assert graph.route("a", "b") == graph.k_routes("a", "b", 3)[0] == ["short"]


def test_zero_length_links_connect() -> None:
    """A patch of no length is a link, not a gap."""
    graph = FibreGraph(links(("patch", "a", "b", 0.0), ("e", "b", "c", 7.0)))
    assert graph.path_km(["a"], ["b", "c"])[0] == pytest.approx([0.0, 7.0], abs=1e-6)
    assert graph.route("a", "c") == ["patch", "e"]


def test_nodes_out_of_reach_and_out_of_the_graph() -> None:
    """No route and no such node are both infinitely far; a node is at no distance from itself."""
    graph = FibreGraph(links(("ab", "a", "b", 1.0), ("cd", "c", "d", 1.0)))
    assert graph.path_km(["a", "nowhere"], ["a", "b", "c", "nowhere"]).tolist() == [[0.0, 1.0, np.inf, np.inf], [np.inf] * 4]


def test_link_from_a_node_to_itself_changes_nothing() -> None:
    """A loop at one node is never part of a shortest route."""
    graph = FibreGraph(links(("loop", "a", "a", 3.0), ("ab", "a", "b", 4.0)))
    assert graph.path_km(["a"], ["a", "b"])[0].tolist() == [0.0, 4.0]
    assert graph.route("a", "b") == ["ab"]


def test_graph_without_links() -> None:
    """No links, no routes: everything is out of reach."""
    assert np.isinf(FibreGraph(links()).path_km(["a"], ["b"])).all()
