"""Fibre on a map: links between the places nearest to their ends, those between the same two as one corridor."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.fibre.graph import FibreGraph
from placement.report.globe import Place
from placement.report.tables import records


def spots(case: Case) -> dict[str, Place]:
    """Return latitude and longitude of metros and sites by id, degrees; of those that have any."""
    both = [*records(case["metros"].rename(columns={"metro": "place"})), *records(case["sites"].rename(columns={"site": "place"}))]
    return {r.place: (r.lat_deg, r.lon_deg) for r in both if r.lat_deg == r.lat_deg and r.lon_deg == r.lon_deg}


def ends_of(case: Case, links: pd.DataFrame) -> pd.DataFrame:
    """Return links with ``from`` and ``to``: for each end the place on the map that is nearest on the fibre graph, blank where none is joined to it.

    Junctions have no coordinates in a case, so a link is drawn between the places that it leads to. Both ends of a link may be nearest to the same place.
    """
    places, nodes = list(spots(case)), list(dict.fromkeys([*links["a"], *links["b"]]))
    if not nodes or not places:
        return links.assign(**{"from": "", "to": ""})
    km = FibreGraph(case["links"]).path_km(places, nodes)
    near = {node: places[i] if np.isfinite(km[i, j]) else "" for j, (node, i) in enumerate(zip(nodes, km.argmin(axis=0), strict=True))}
    ends = np.sort(np.array([[near[a], near[b]] for a, b in zip(links["a"], links["b"], strict=True)], dtype=object).reshape(-1, 2), axis=1)
    return links.assign(**{"from": ends[:, 0], "to": ends[:, 1]})


def between_places(case: Case, links: pd.DataFrame) -> pd.DataFrame:
    """Return those of :func:`ends_of` that join two different places."""
    df = ends_of(case, links)
    return df.loc[(df["from"] != df["to"]) & (df["from"] != "") & (df["to"] != "")]
