"""The fibre graph: a networkx multigraph (parallel fibres kept) with bulk shortest paths by scipy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice, pairwise

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import dijkstra

_ZERO_KM = 1e-9  # scipy takes an explicit 0 for "no edge"; a nanometre-scale length keeps a zero-length patch in the graph


class FibreGraph:
    """Routes over a table of links.

    Parameters
    ----------
    links : DataFrame
        Columns ``link, a, b, km`` at least; each row is one fibre, parallel rows are kept apart.
    """

    def __init__(self, links: pd.DataFrame) -> None:
        self.graph = nx.MultiGraph()
        for row in links[["link", "a", "b", "km"]].itertuples(index=False):
            self.graph.add_edge(row.a, row.b, key=row.link, km=float(row.km))  # type: ignore[arg-type]
        self.nodes: tuple[str, ...] = tuple(self.graph.nodes)
        self._code = {node: i for i, node in enumerate(self.nodes)}
        self._lengths: dict[str, dict[str, float]] = {}
        self._matrix = self._shortest_parallel(links)

    def _shortest_parallel(self, links: pd.DataFrame) -> csr_array:
        a, b = links["a"].map(self._code).to_numpy(), links["b"].map(self._code).to_numpy()
        pair = pd.DataFrame({"lo": np.minimum(a, b), "hi": np.maximum(a, b), "km": np.maximum(links["km"].to_numpy(float), _ZERO_KM)})
        best = pair.groupby(["lo", "hi"], as_index=False)["km"].min()  # a sparse matrix would add parallel fibres up
        n = len(self.nodes)
        return csr_array(coo_array((best["km"], (best["lo"], best["hi"])), shape=(n, n)))

    def path_km(self, sources: Sequence[str], targets: Sequence[str]) -> NDArray[np.float64]:
        """Return shortest lengths, km, shape (n_sources, n_targets); ``inf`` where there is no path or no such node."""
        out = np.full((len(sources), len(targets)), np.inf)
        rows = [i for i, s in enumerate(sources) if s in self._code]
        cols = [j for j, t in enumerate(targets) if t in self._code]
        if rows and cols:
            km = dijkstra(self._matrix, directed=False, indices=[self._code[sources[i]] for i in rows])
            out[np.ix_(rows, cols)] = km[:, [self._code[targets[j]] for j in cols]]
        return out

    def lengths(self, a: str) -> dict[str, float]:
        """Return the shortest length from one node to every node that it reaches, km."""
        if a not in self._lengths:
            self._lengths[a] = nx.single_source_dijkstra_path_length(self.graph, a, weight="km")
        return self._lengths[a]

    def route(self, a: str, b: str) -> list[str]:
        """Return the link ids of the shortest route by km; ``networkx.NetworkXNoPath`` where there is none."""
        return self._links(nx.dijkstra_path(self.graph, a, b, weight="km"))

    def routes_from(self, a: str) -> dict[str, list[str]]:
        """Return the shortest route from one node to every node that it reaches, as lists of link ids."""
        paths: dict[str, list[str]] = nx.single_source_dijkstra_path(self.graph, a, weight="km")
        return {node: self._links(path) for node, path in paths.items()}

    def k_routes(self, a: str, b: str, k: int) -> list[list[str]]:
        """Return up to ``k`` loop-free routes from the shortest on (Yen's algorithm), over the shortest of parallel fibres."""
        simple = nx.Graph()
        for u, v, km in self.graph.edges(data="km"):
            simple.add_edge(u, v, km=min(km, simple.get_edge_data(u, v, {"km": km})["km"]))
        found: Iterator[list[str]] = nx.shortest_simple_paths(simple, a, b, weight="km")
        return [self._links(path) for path in islice(found, k)]

    def _links(self, path: Sequence[str]) -> list[str]:
        return [min(self.graph[u][v].items(), key=lambda item: item[1]["km"])[0] for u, v in pairwise(path)]
