"""Routes at every date: between two dates at which links come into service the graph is the same (an epoch)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.fibre.disjoint import Pair, RiskGroups, disjoint_pair
from placement.fibre.graph import FibreGraph


class Routing:
    """The graphs of all epochs, over all links or over land only.

    Parameters
    ----------
    links : DataFrame
        Columns ``link, a, b, km, kind, available, srlg`` of the table ``links``; ``available`` is a period index.
    n_periods
        Length of the horizon.

    Attributes
    ----------
    epoch : ndarray, shape (n_periods,)
        Epoch of each period.
    """

    def __init__(self, links: pd.DataFrame, n_periods: int) -> None:
        self.links = links
        self._begins = np.unique(np.concatenate([[0], links["available"].to_numpy(np.int64)]))
        self._begins = self._begins[self._begins < n_periods]
        self.epoch: NDArray[np.int64] = np.searchsorted(self._begins, np.arange(n_periods), side="right") - 1
        self.n_epochs = len(self._begins)
        self._graphs: dict[tuple[int, bool], FibreGraph] = {}
        self._risks = RiskGroups(dict(zip(links["link"], links["srlg"], strict=True)))
        self._routes: dict[tuple[int, str, bool], dict[str, list[str]]] = {}
        self._pairs: dict[tuple[object, ...], Pair | None] = {}

    def graph(self, epoch: int, land: bool = False) -> FibreGraph:
        """Return the graph of an epoch."""
        if (epoch, land) not in self._graphs:
            there = (self.links["available"] <= self._begins[epoch]) & ((self.links["kind"] == "land") | (not land))
            self._graphs[epoch, land] = FibreGraph(self.links[there])
        return self._graphs[epoch, land]

    def path_km(self, sources: Sequence[str], targets: Sequence[str], land: bool = False) -> NDArray[np.float64]:
        """Return shortest lengths, km, shape (n_epochs, n_sources, n_targets); ``inf`` where there is no path."""
        return np.stack([self.graph(e, land).path_km(sources, targets) for e in range(self.n_epochs)])

    def linked_from(self, sources: Sequence[str], targets: Sequence[str]) -> NDArray[np.int64]:
        """Return the first period in which there is a path, the number of periods where there is none, shape (n_sources, n_targets)."""
        there = np.isfinite(self.path_km(sources, targets))
        never = len(self.epoch)
        begins = np.where(there, self._begins[:, None, None], never)
        return np.asarray(begins.min(axis=0), np.int64)

    def routes_from(self, epoch: int, a: str, land: bool = False) -> dict[str, list[str]]:
        """Return the shortest route to every node that can be reached, as lists of link ids; a node without links reaches itself."""
        if (epoch, a, land) not in self._routes:
            graph = self.graph(epoch, land)
            self._routes[epoch, a, land] = graph.routes_from(a) if a in graph.nodes else {a: []}
        return self._routes[epoch, a, land]

    def pair(self, epoch: int, a: str, b: str, land: bool, main_km: float = np.inf, alternate_km: float = np.inf) -> Pair | None:
        """Return two routes that share no link and no risk group, see :func:`placement.fibre.disjoint.disjoint_pair`."""
        key = (epoch, a, b, land, main_km, alternate_km)
        if key not in self._pairs:
            self._pairs[key] = disjoint_pair(self.graph(epoch, land), self._risks, a, b, main_km, alternate_km)
        return self._pairs[key]
