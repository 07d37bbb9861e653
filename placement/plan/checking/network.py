"""The fibre graph at every date: shortest routes, their length and price (models/README.md section 4)."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.plan.checking.facts import Floats
from placement.units import FIBRE_GROUP_INDEX, LIGHT_SPEED_KM_PER_MS

Tree = tuple[dict[str, float], dict[str, list[str]]]


class Network:
    """The links that exist in a period, all or those on land; of parallel fibres the shortest counts, of equally long ones the first in the table."""

    def __init__(self, case: Case) -> None:
        self.links = case["links"]
        self._overhead_ms = case.rtt_overhead_ms
        self._dates = sorted({int(d) for d in self.links["available"]})
        self._graphs: dict[tuple[int, bool], nx.Graph] = {}
        self._trees: dict[tuple[int, bool, str], Tree] = {}

    def graph(self, period: int, land: bool) -> nx.Graph:
        """Return the graph of a period; the edge's ``row`` is the link's row in the table."""
        key = (sum(date <= period for date in self._dates), land)
        if key not in self._graphs:
            graph = self._graphs[key] = nx.Graph()
            cells = self.links[["a", "b", "km", "available", "kind"]]
            for i, (a, b, km, available, kind) in enumerate(cells.itertuples(index=False, name=None)):
                if available <= period and (kind == "land" or not land) and (not graph.has_edge(a, b) or km < graph[a][b]["km"]):
                    graph.add_edge(a, b, km=km, row=i)
        return self._graphs[key]

    def _tree(self, period: int, land: bool, node: str) -> Tree:
        graph = self.graph(period, land)
        key = (sum(date <= period for date in self._dates), land, node)
        if key not in self._trees:
            self._trees[key] = nx.single_source_dijkstra(graph, node, weight="km") if node in graph else ({node: 0.0}, {node: [node]})
        return self._trees[key]

    def km(self, a: str, b: str) -> float:
        """Return the length of the shortest path between two nodes over links that exist from the start, km; infinite where none leads there."""
        return self._tree(0, False, a)[0].get(b, np.inf)

    def rtt_ms(self, table: pd.DataFrame, land: Iterable[bool]) -> Floats:
        """Return the round-trip time of every row's metro and site in its period, ms; infinite where no fibre leads there."""
        keys = zip(table["period"], land, table["metro"], table["site"], strict=True)
        return self.time_ms(np.array([self._tree(int(t), bool(dry), m)[0].get(s, np.inf) for t, dry, m, s in keys], dtype=float))

    def time_ms(self, km: Floats) -> Floats:
        """Return the round-trip time over a length, ms."""
        return 2 * km * FIBRE_GROUP_INDEX / LIGHT_SPEED_KM_PER_MS + self._overhead_ms

    def route(self, period: int, land: bool, begin: str, end: str) -> list[int] | None:
        """Return the rows of the links on the shortest path; None where there is none."""
        path = self._tree(period, land, begin)[1].get(end)
        graph = self.graph(period, land)
        return None if path is None else [graph[a][b]["row"] for a, b in pairwise(path)]
