"""The land of the world for maps: Natural Earth 1:110m, public domain, in ``land.json`` beside this file.

The table is made by ``data/derive_land.py``.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


@cache
def _table() -> dict[str, Any]:
    return dict(json.loads((Path(__file__).parent / "land.json").read_text(encoding="utf-8")))


def source() -> str:
    """Return where the coastlines come from, with their licence."""
    return str(_table()["source"])


@cache
def _rings() -> tuple[NDArray[np.float64], ...]:
    found = []
    for flat in _table()["rings"]:
        points = np.cumsum(np.array(flat).reshape(-1, 2), axis=0) / 100.0
        ring = np.vstack([points, points[:1]])
        ring.setflags(write=False)
        found.append(ring)
    return tuple(found)


def rings() -> list[NDArray[np.float64]]:
    """Return the coastlines as closed rings.

    Returns
    -------
    list of ndarray, shape (n_points, 2)
        Longitude -180..180 and latitude -90..90, degrees; the first point is the last one too. No ring crosses the date line: land
        that does comes in two rings. A hole (the Caspian Sea) is a ring of its own, so fill all rings as one shape by the even-odd rule.
        The arrays are read-only, and shared by all callers.

    Examples
    --------
    >>> len(rings()), rings()[0].shape[1]
    (128, 2)
    """
    return list(_rings())
