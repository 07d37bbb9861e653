"""Rules on the fibre graph: modules, connection, lengths."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.draft import Draft, Problems, among
from placement.case.findings import suggest

_EARTH_RADIUS_KM = 6371.0  # mean radius
_SLACK_KM = 50.0  # a metro's or campus's coordinates stand for a whole area


def link_modules(d: Draft) -> Problems:
    """A link joins two nodes; its module columns are given together."""
    links = d["links"]
    yield from d.broken("links", "b", links["a"] == links["b"], "must differ from a", "A link joins two nodes.")
    sized, many = links["module_gbps"].notna(), links["max_modules"] > 0
    yield from d.broken("links", "module_gbps", many & ~sized, "must be given where max_modules is above 0", "Give the capacity of one module.")
    yield from d.broken(
        "links",
        "max_modules",
        sized & ~many,
        "must be at least 1 where module_gbps is given",
        "Give the most modules, or leave both blank.",
    )
    rule = "must be given where module_gbps is: modules add to a limited capacity"
    yield from d.broken("links", "gbps", sized & many & links["gbps"].isna(), rule, "Give the capacity before the first module.")
    for column in ("module_capex_musd", "lead_periods", "life_years"):
        idle = (links[column] > 0) & ~sized & ~many
        yield from d.broken("links", column, idle, "has no effect on a link without modules", "Give module_gbps and max_modules, or leave it blank.")


def waves_needed(d: Draft) -> Problems:
    """A wave adds to a limited capacity, on a link that exists."""
    links, waves = d["links"].set_index("link"), d["waves"]
    begins = waves["link"].map(links["available"][~links.index.duplicated()])
    rule = "must not lie before the link exists (links.available)"
    yield from d.broken("waves", "start", waves["start"] < begins, rule, "Correct one of the two dates.")
    free = set(d["links"].loc[d["links"]["gbps"].isna(), "link"])
    rule = "has no effect: the link's capacity is not limited (links.gbps is blank)"
    yield from d.broken("waves", "link", among(d["waves"]["link"], free), rule, "Give the link's gbps, or remove the rows.")


def fibre_connects(d: Draft) -> Problems:
    """Every site and metro is a node of the fibre graph, and all are in one piece."""
    if not {"services", "datasets"} & set(d.case.tables) or "links" not in d.case:
        return
    import networkx as nx  # slow to import, and only cases with fibre need it

    graph = nx.Graph(zip(d["links"]["a"], d["links"]["b"], strict=True))
    largest = max(nx.connected_components(graph), key=len)
    for table, key in (("sites", "site"), ("metros", "metro")):
        ids = d[table][key]
        absent = ~among(ids, graph.nodes)
        yield from d.broken(table, key, absent, "must be a node of links.csv", suggest(ids[absent], set(graph.nodes) - {""}) if absent.any() else "")
        cut_off = ~absent & ~among(ids, largest)
        yield from d.broken(table, key, cut_off, "must be connected with all others in links.csv, and is cut off", "Add the missing links.")


def link_lengths(d: Draft) -> Problems:
    """No fibre is shorter than the straight line, and a site and a metro of one id are one place."""
    sites, metros, links = d["sites"], d["metros"], d["links"]
    places = pd.concat([sites.set_index("site")[["lat_deg", "lon_deg"]], metros.set_index("metro")[["lat_deg", "lon_deg"]]])
    unique = places[~places.index.duplicated()]
    a, b = unique.reindex(links["a"]).to_numpy(), unique.reindex(links["b"]).to_numpy()
    straight = great_circle_km(a, b)
    short = links["km"].to_numpy() < 0.9 * straight - _SLACK_KM  # NaN (another node) compares false
    rule = "must not be shorter than the straight line between the two places"
    yield from d.broken("links", "km", short, rule, "Check that km are kilometres, and the coordinates of both ends.")
    both = metros[among(metros["metro"], set(sites["site"]))]
    far = great_circle_km(both[["lat_deg", "lon_deg"]].to_numpy(), sites.set_index("site")[["lat_deg", "lon_deg"]].reindex(both["metro"]).to_numpy())
    clash = among(metros["metro"], both["metro"][far > _SLACK_KM])
    yield from d.broken("metros", "metro", clash, "is also a site's id, but lies elsewhere, and one id is one node", "Rename one of them.")


def great_circle_km(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return distances between points of shape (n, 2), latitude and longitude in degrees, km (haversine)."""
    (lat_a, lon_a), (lat_b, lon_b) = np.radians(a).T, np.radians(b).T
    h = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))
