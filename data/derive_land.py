"""Turn the land of Natural Earth into the small table that the maps of reports are drawn from.

    python data/derive_land.py LAND.json [--out placement/report/land.json]

``LAND.json`` is a TopoJSON file of Natural Earth's 1:110m land (public domain), for instance ``land-110m.json`` of the npm package
``world-atlas`` 2.0.2. Rings that cross the date line are cut there. The same file gives the same bytes.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ring = NDArray[np.float64]  # shape (n, 2): longitude and latitude in degrees, first point = last point

OUT = Path(__file__).parent.parent / "placement" / "report" / "land.json"
SOURCE = "Natural Earth 1:110m land, version 4.1, public domain; rings cut at the date line"


def rings_of(topology: dict[str, Any]) -> Iterator[Ring]:
    """Yield every ring of the object ``land``, longitudes continuous: one that crosses the date line leaves -180..180."""
    scale, origin = np.array(topology["transform"]["scale"]), np.array(topology["transform"]["translate"])
    arcs = [np.cumsum(arc, axis=0) * scale + origin for arc in topology["arcs"]]
    for shape in topology["objects"]["land"]["geometries"]:
        for polygon in shape["arcs"]:
            for ring in polygon:
                parts = [arcs[i] if i >= 0 else arcs[~i][::-1] for i in ring]
                points = np.concatenate([parts[0], *(p[1:] for p in parts[1:])])  # an arc begins where the one before it ends
                yield np.column_stack([np.unwrap(points[:, 0], period=360.0), points[:, 1]])


def closed(ring: Ring) -> Ring:
    """Return the ring closed; one that goes once around the south pole (Antarctica) is closed along it."""
    (first, _), (last, _) = ring[0], ring[-1]
    if abs(last - first) < 180.0:
        return ring
    return np.vstack([ring, [(last, -90.0), (first, -90.0)], ring[:1]])


def strips(ring: Ring) -> Iterator[Ring]:
    """Yield the parts of a ring between successive date lines, each moved into -180..180."""
    for turn in range(int(np.floor((ring[:, 0].min() + 180) / 360)), int(np.ceil((ring[:, 0].max() + 180) / 360))):
        west, east = 360.0 * turn - 180, 360.0 * turn + 180
        part = beyond(beyond(ring, west, 1.0), east, -1.0)
        if len(part) > 3:
            yield part - [360.0 * turn, 0.0]


def beyond(ring: Ring, meridian: float, sign: float) -> Ring:
    """Return the part of a closed ring east (``sign`` 1) or west (-1) of a meridian, closed along it (Sutherland and Hodgman, 1974)."""
    found: list[tuple[float, float]] = []
    for (lon_a, lat_a), (lon_b, lat_b) in pairwise(ring.tolist()):
        a, b = sign * (lon_a - meridian), sign * (lon_b - meridian)
        if a >= 0:
            found.append((lon_a, lat_a))
        if (a < 0) != (b < 0) and a and b:
            found.append((meridian, lat_a + (lat_b - lat_a) * a / (a - b)))
    return np.array([*found, found[0]]) if found else np.empty((0, 2))


def steps(ring: Ring) -> list[int]:
    """Return the ring as ``lon, lat, step, step, ...`` in hundredths of a degree: a first point, then differences, the last point left out."""
    points = np.rint(ring * 100).astype(int)
    moved = np.vstack([points[:1], np.diff(points, axis=0)])
    return [int(v) for point in moved[:-1][(moved[:-1] != 0).any(axis=1)] for v in point]


def main() -> None:
    """Write the table."""
    parser = argparse.ArgumentParser(prog="derive_land.py", description="Turn Natural Earth's land into the table of the maps.")
    parser.add_argument("land", type=Path, metavar="LAND.json", help="TopoJSON with an object 'land'")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    topology = json.loads(args.land.read_text(encoding="utf-8"))
    found = [steps(part) for ring in rings_of(topology) for part in strips(closed(ring))]
    lines = ",\n".join(json.dumps(ring, separators=(",", ":")) for ring in found)
    text = f'{{"source": {json.dumps(SOURCE)},\n"unit": "hundredths of a degree: longitude, latitude, then steps",\n"rings": [\n{lines}\n]}}\n'
    args.out.write_text(text, encoding="utf-8", newline="\n")
    print(f"{len(found)} rings, {len(text)} bytes: {args.out}")


if __name__ == "__main__":
    main()
