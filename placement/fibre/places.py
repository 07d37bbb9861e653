"""Where the nodes of the fibre graph are on the map: sites and metros as the case says, other nodes between their neighbours."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from placement.case import Case

_LEAST_KM = 1.0  # a shorter link pulls no harder


def node_places(case: Case) -> pd.DataFrame:
    """Return longitude and latitude of sites, metros and nodes of ``links``.

    A node that is neither a site nor a metro has no coordinates in a case. It is put where springs along its links, the stiffer the shorter the link, would
    hold it: near its site where it is next to one, between its neighbours else. That is for drawing; no delay or cost is computed from it.

    Returns
    -------
    DataFrame
        Index: node id. Columns ``lon_deg`` (-180..180), ``lat_deg``, both degrees, and ``given``: whether the case gives the coordinates. Nodes that no
        link joins to a place are left out.
    """
    both = [case[table].rename(columns={key: "node"})[["node", "lon_deg", "lat_deg"]] for table, key in (("metros", "metro"), ("sites", "site"))]
    known = pd.concat(both).dropna().drop_duplicates("node", keep="last").set_index("node").astype(float)
    links = case["links"].loc[lambda d: d["a"] != d["b"]]
    loose = pd.Index(pd.unique(pd.concat([links["a"], links["b"]]))).difference(known.index, sort=False)
    if not len(loose) or known.empty:
        return known.assign(given=True)
    nodes = pd.Index([*known.index, *loose])
    xyz = _between(nodes, len(known), links, unit_vectors(known["lon_deg"].to_numpy(), known["lat_deg"].to_numpy()))
    lat, lon = np.degrees(np.arcsin(np.clip(xyz[:, 2], -1, 1))), np.degrees(np.arctan2(xyz[:, 1], xyz[:, 0]))
    found = pd.DataFrame({"lon_deg": lon, "lat_deg": lat}, index=loose).dropna()
    return pd.concat([known.assign(given=True), found.assign(given=False)])


def unit_vectors(lon_deg: NDArray[np.float64], lat_deg: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return places as points of the unit sphere, shape (n, 3)."""
    lon, lat = np.radians(lon_deg), np.radians(lat_deg)
    return np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])


def _between(nodes: pd.Index, n_known: int, links: pd.DataFrame, known: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the places of the nodes from ``n_known`` on, shape (n_loose, 3); NaN where none of the known ones is joined to them."""
    n, a, b = len(nodes), nodes.get_indexer(links["a"]), nodes.get_indexer(links["b"])
    stiff = 1.0 / np.maximum(links["km"].to_numpy(float), _LEAST_KM)
    pull = coo_array((np.r_[stiff, stiff], (np.r_[a, b], np.r_[b, a])), shape=(n, n)).tocsr()
    part = connected_components(pull, directed=False)[1]
    free = np.flatnonzero(np.isin(part, part[:n_known]) & (np.arange(n) >= n_known))
    out = np.full((n - n_known, 3), np.nan)
    inner = np.diag(pull.sum(axis=1)[free]) - pull[free][:, free].toarray()  # positive definite: every part holds a known node
    held = np.linalg.solve(inner, pull[free][:, :n_known] @ known)
    size = np.linalg.norm(held, axis=1, keepdims=True)
    out[free - n_known] = held / np.where(size > 1e-9, size, np.nan)  # pulled to the centre of the earth: nowhere
    return out
