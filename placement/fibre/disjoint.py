"""Two routes of which any failure of a link, or of links that share a risk, leaves one.

Finding two routes that share no risk group is NP-hard (Hu, *Networks* 42, 2003, 204-211), and so is keeping to a length on both (Itai, Perl
and Shiloach, *Networks* 12, 1982, 277-286). Fibre graphs are small and sparse: routes are tried as the main one from the shortest on
(Yen 1971), until the shortest route over what shares nothing with it is short enough. That is exact, but for a cap on the routes tried.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import islice

import networkx as nx

from placement.fibre.graph import FibreGraph

Pair = tuple[list[str], list[str]]  # link ids of the main and of the alternate route

MOST_ROUTES = 500  # main routes tried for one pair of nodes; beyond that the pair counts as having none


class RiskGroups:
    """Which links share a risk with which.

    Parameters
    ----------
    srlg
        Link -> its risk groups, separated by ``;``.
    """

    def __init__(self, srlg: Mapping[str, str]) -> None:
        self._of = {link: frozenset(g.strip() for g in text.split(";") if g.strip()) for link, text in srlg.items()}
        self.members: dict[str, set[str]] = {}
        for link, groups in self._of.items():
            for g in groups:
                self.members.setdefault(g, set()).add(link)

    def sharing(self, route: list[str]) -> set[str]:
        """Return the links of a route and all that share a risk with one of them."""
        return set(route).union(*(self.members[g] for link in route for g in self._of[link]))


def disjoint_pair(graph: FibreGraph, risks: RiskGroups, a: str, b: str, main_km: float, alternate_km: float) -> Pair | None:
    """Return the shortest main route that has an alternate, and its shortest alternate; ``None`` where there are no such two.

    Parameters
    ----------
    main_km, alternate_km
        Longest lengths, km; ``main_km <= alternate_km``.

    Examples
    --------
    >>> import pandas as pd
    >>> ring = FibreGraph(pd.DataFrame([("ab", "a", "b", 1.0), ("bc", "b", "c", 1.0), ("ca", "c", "a", 1.0)], columns=["link", "a", "b", "km"]))
    >>> disjoint_pair(ring, RiskGroups({"ab": "", "bc": "", "ca": ""}), "a", "b", 9.0, 9.0)
    (['ab'], ['ca', 'bc'])
    """
    if a == b:
        return [], []
    near = _near(graph, a, b, alternate_km)
    if near is None or not _two_ways(near, risks, a, b):
        return None
    for path in islice(nx.shortest_simple_paths(near, a, b, weight="km"), MOST_ROUTES):
        main = [x[1] for x in path if isinstance(x, tuple)]
        if nx.path_weight(near, path, "km") > main_km:
            return None
        rest = nx.restricted_view(near, [("link", x) for x in risks.sharing(main) if ("link", x) in near], [])
        try:
            km, other = nx.single_source_dijkstra(rest, a, b, weight="km")
        except nx.NetworkXNoPath:
            continue
        if km <= alternate_km:
            return main, [x[1] for x in other if isinstance(x, tuple)]
    return None


def _near(graph: FibreGraph, a: str, b: str, most_km: float) -> nx.Graph | None:
    """Return the links on walks of at most a length, each a node of its own between its ends (parallel links stay apart)."""
    if a not in graph.graph or b not in graph.graph:
        return None
    from_a, from_b = graph.lengths(a), graph.lengths(b)
    if b not in from_a:
        return None
    out = nx.Graph()
    for u, v, link, km in graph.graph.edges(keys=True, data="km"):
        if u != v and u in from_a and min(from_a[u] + km + from_b[v], from_a[v] + km + from_b[u]) <= most_km:
            nx.add_path(out, [u, ("link", link), v], km=km / 2)
    return out if a in out and b in out else None


def _two_ways(near: nx.Graph, risks: RiskGroups, a: str, b: str) -> bool:
    """Whether no single link and no single risk group holds all routes; without that there is nothing to search."""
    route = nx.bidirectional_shortest_path(near, a, b) if nx.has_path(near, a, b) else []
    links = [x[1] for x in route if isinstance(x, tuple)]
    holds = [{x} for x in links] + [members for members in risks.members.values() if members & set(links)]
    return bool(links) and all(nx.has_path(nx.restricted_view(near, [("link", x) for x in cut if ("link", x) in near], []), a, b) for cut in holds)
