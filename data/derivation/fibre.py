"""Table ``links`` and round-trip times over it."""

from __future__ import annotations

import networkx as nx
import pandas as pd

from derivation.facts import Facts
from derivation.spec import Spec

MS_PER_KM = 2 * 1.468 / 299.792458  # round trip in G.652 fibre
OVERHEAD_MS = 8.0  # 95th percentile, chosen on the measured Azure pairs
LONG_HAUL_KM = 1500.0  # scenario: from this length a terrestrial link has a capacity
# Scenario: Gbit/s for weight refresh, of a module, M$ per module (fixed part and per 1000 km), quarters, most modules.
CAPACITY = {"submarine": (300.0, 200.0, 6.0, 3.0, 1, 8), "terrestrial": (500.0, 400.0, 2.0, 2.0, 1, 8)}
FIBRE_LIFE_YEARS = 15


def link_table(facts: Facts, spec: Spec, metros: list[str]) -> pd.DataFrame:
    """Return table ``links``: the whole graph of points of presence, and the access of the case's sites and metros."""
    edges = facts["edges"].query("measured_paths_avoid == 0")  # measured RTTs show that no provider routes over the others
    rows = [_edge(e) for _, e in edges.iterrows()]
    access = facts["attachments"].set_index("node_id")
    for node in [*spec.sites, *metros]:
        a = access.loc[node]
        rows.append(
            {
                "link": f"access-{node}",
                "a": node,
                "b": a["pop_id"],
                "km": a["access_km"],
                "source": "nearest point of presence",
                "assumption": "at least 5 km; capacity not limited",
            }
        )
    columns = ["link", "a", "b", "km", "gbps", "module_gbps", "module_capex_musd", "max_modules", "lead_periods", "life_years", "source", "assumption"]
    return pd.DataFrame(rows)[columns]


def _edge(edge: pd.Series) -> dict[str, object]:
    kind, km = edge["kind"], float(edge["length_km"])
    row: dict[str, object] = {"link": edge["edge_id"], "a": edge["pop_a"], "b": edge["pop_b"], "km": km}
    note = f"length = great circle x {edge['slack']:g}"
    source = f"{kind}: {edge['systems_or_rule']}".replace(",", ";")
    if kind == "terrestrial" and km < LONG_HAUL_KM:
        return {**row, "source": source, "assumption": note + "; capacity not limited"}
    gbps, module, fixed, per_1000_km, lead, most = CAPACITY[kind]
    return {
        **row,
        "gbps": gbps,
        "module_gbps": module,
        "module_capex_musd": round(fixed + per_1000_km * km / 1000, 1),
        "max_modules": most,
        "lead_periods": lead,
        "life_years": FIBRE_LIFE_YEARS,
        "source": source,
        "assumption": note + "; scenario: capacity, modules, cost",
    }


def rtt_table(links: pd.DataFrame, sites: list[str], metros: list[str]) -> pd.DataFrame:
    """Return the 95th percentile of the round-trip time in ms, sites in rows, metros in columns."""
    graph = nx.Graph()
    for a, b, km in zip(links["a"], links["b"], links["km"], strict=True):
        if not graph.has_edge(a, b) or graph[a][b]["km"] > km:
            graph.add_edge(a, b, km=km)
    rows = {}
    for site in sites:
        km = nx.single_source_dijkstra_path_length(graph, site, weight="km")
        rows[site] = {m: km[m] * MS_PER_KM + OVERHEAD_MS for m in metros}
    return pd.DataFrame.from_dict(rows, orient="index")


def azure_rtt(facts: Facts) -> pd.DataFrame:
    """Return measured region pairs by the points of presence that the regions attach to; pairs inside one are left out."""
    pop = facts["attachments"].set_index("node_id")["pop_id"]
    rtt = facts["rtt_azure"]
    pairs = pd.DataFrame({"a": rtt["site_a"].map(pop), "b": rtt["site_b"].map(pop), "measured_rtt_p95_ms": rtt["measured_rtt_p95_ms"]})
    return pairs[pairs["a"] != pairs["b"]].dropna()
