"""Fibre: shortest routes, round-trip times, refresh traffic on links and their modules (models/README.md section 4)."""

from __future__ import annotations

from itertools import pairwise

import networkx as nx
import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.verdict import axes, rows
from placement.units import FIBRE_GROUP_INDEX, LIGHT_SPEED_KM_PER_MS


class Network:
    """The fibre graph; of parallel fibres the shortest counts, of equally long ones the first in the table."""

    def __init__(self, case: Case) -> None:
        self._overhead_ms = case.rtt_overhead_ms
        self._km: dict[str, dict[str, float]] = {}
        self._graph: nx.Graph = nx.Graph()
        for i, (a, b, km) in enumerate(case["links"][["a", "b", "km"]].itertuples(index=False, name=None)):
            if not self._graph.has_edge(a, b) or km < self._graph[a][b]["km"]:
                self._graph.add_edge(a, b, km=km, row=i)

    def km(self, a: str, b: str) -> float:
        """Return the length of the shortest path between two nodes, km; infinite where no fibre leads there."""
        if a not in self._km:
            self._km[a] = self._lengths(a)
        return self._km[a].get(b, np.inf)

    def rtt_ms(self, metro: pd.Series, site: pd.Series) -> Floats:
        """Return the round-trip time of every pair, ms; infinite where no fibre leads there."""
        km = {m: self._lengths(m) for m in metro.unique()}
        paths = np.array([km[m].get(s, np.inf) for m, s in zip(metro, site, strict=True)], dtype=float)
        return 2 * paths * FIBRE_GROUP_INDEX / LIGHT_SPEED_KM_PER_MS + self._overhead_ms

    def _lengths(self, node: str) -> dict[str, float]:
        return nx.single_source_dijkstra_path_length(self._graph, node, weight="km") if node in self._graph else {node: 0.0}

    def routes(self, origin: str, sites: list[str]) -> dict[str, list[int] | None]:
        """Return the rows of the links on the shortest path from ``origin`` to each site; None where there is none."""
        paths = nx.single_source_dijkstra_path(self._graph, origin, weight="km") if origin in self._graph else {}
        found: dict[str, list[int] | None] = {}
        for site in sites:
            path = paths.get(site)
            found[site] = None if path is None else [self._graph[a][b]["row"] for a, b in pairwise(path)]
        return found


def check_fibre(facts: Facts, network: Network, traffic: pd.DataFrame) -> None:
    """Check modules and traffic of every link; pay modules."""
    links, said, horizon, found = facts.case["links"], facts.plan["fibre"], facts.n_periods, facts.found
    ids, periods = pd.Index(links["link"]), facts.case.periods
    e, t = codes(ids, said["link"]), said["period"].to_numpy(int)
    modules, claimed = np.zeros((2, len(links), horizon))
    modules[e, t], claimed[e, t] = said["modules"].round(), said["load_gbps"]
    there = axes(("link", ids), ("", periods))
    gbps, module_gbps = links["gbps"].to_numpy(float), links["module_gbps"].to_numpy(float)
    most = np.where(np.isnan(gbps) | np.isnan(module_gbps), 0, links["max_modules"].to_numpy(float))
    found.at_most("module_max", modules, most[:, None], there, "modules against the most possible", "modules")
    found.at_most("module_step", modules[:, :-1], modules[:, 1:], axes(("link", ids), ("", periods[1:])), "modules before against modules", "modules")
    early = np.arange(horizon) < links["lead_periods"].to_numpy(int)[:, None]
    found.at_most("module_dates", np.where(early, modules, 0), 0, there, "modules before the first can be lit", "modules")
    capacity = gbps[:, None] + np.nan_to_num(module_gbps)[:, None] * modules
    load = _loads(facts, network, traffic)
    limited = ~np.isnan(gbps)
    on_limited = axes(("link", ids[limited]), ("", periods))
    found.at_most("fibre", load[limited], capacity[limited], on_limited, "traffic against capacity", "Gbit/s")
    found.equal("fibre.load_gbps", claimed[limited], load[limited], on_limited, "traffic", "Gbit/s")
    label = rows(said.assign(label=[periods[i] for i in t]), "link {link} {label}")
    found.equal("fibre.capacity_gbps", said["capacity_gbps"], capacity[e, t], label, "capacity", "Gbit/s")
    cost = links["module_capex_musd"].to_numpy(float)[:, None] * np.diff(modules, axis=1, prepend=0.0)
    when = np.broadcast_to(np.arange(horizon), cost.shape)
    facts.cash.invest(when, cost, links["life_years"].to_numpy(float)[:, None], facts.case.period_months)


def _loads(facts: Facts, network: Network, traffic: pd.DataFrame) -> Floats:
    """Return refresh traffic by link and period, Gbit/s."""
    load = np.zeros((len(facts.case["links"]), facts.n_periods))
    for origin, flows in traffic.groupby("origin"):
        routes = network.routes(str(origin), flows["site"].unique().tolist())
        for site, flow in flows.groupby("site"):
            route = routes[str(site)]
            if route is None:
                if flow["gbps"].max() <= 0:  # nothing to send
                    continue
                facts.found.add("fibre", f"site {site}", f"no fibre leads there from {origin}", flow["gbps"].max(), "Gbit/s")
                continue
            for link in route:
                np.add.at(load[link], flow["period"].to_numpy(int), flow["gbps"].to_numpy(float))
    return load
