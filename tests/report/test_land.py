"""The land of the maps: closed rings within the world, land where there is land, sea where there is sea."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from placement.report import land

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = Path(land.__file__).with_name("land.json")


def is_land(lon_deg: float, lat_deg: float) -> bool:
    """Whether a point lies in an odd number of rings."""
    inside = False
    for ring in land.rings():
        (x0, y0), (x1, y1) = ring[:-1].T, ring[1:].T
        spans = (y0 > lat_deg) != (y1 > lat_deg)
        crossing = x0[spans] + (lat_deg - y0[spans]) / (y1[spans] - y0[spans]) * (x1[spans] - x0[spans])
        inside ^= bool((crossing > lon_deg).sum() % 2)
    return inside


def test_rings_are_closed_and_within_the_world() -> None:
    """Every ring ends where it begins and stays in -180..180 and -90..90; nobody can change them."""
    found = land.rings()
    assert len(found) > 100 and found is not land.rings()
    for ring in found:
        assert ring.shape[0] >= 4 and (ring[0] == ring[-1]).all() and not ring.flags.writeable
        assert np.abs(ring[:, 0]).max() <= 180 and np.abs(ring[:, 1]).max() <= 90


def test_no_band_crosses_the_map() -> None:
    """No edge leaps over half the world, but for the one along the south pole."""
    for ring in land.rings():
        leaps = np.abs(np.diff(ring[:, 0])) > 180
        assert (ring[:-1][leaps][:, 1] == -90).all()


@pytest.mark.parametrize(
    "place",
    [(-99.7, 32.4), (2.3, 48.9), (37.6, 55.8), (179.0, 67.0), (-175.0, 66.5), (0.0, -85.0), (-179.9, -85.0), (133.0, -25.0), (-42.0, 72.0)],
)
def test_land_is_land(place: tuple[float, float]) -> None:
    """Abilene, Paris, Moscow, both sides of the date line in Chukotka, Antarctica, Australia, Greenland."""
    assert is_land(*place)


@pytest.mark.parametrize("place", [(-40.0, 35.0), (180.0, 0.0), (-179.0, 40.0), (51.0, 41.5), (5.0, 40.0), (-90.0, 25.0), (0.0, 89.0)])
def test_sea_is_sea(place: tuple[float, float]) -> None:
    """The Atlantic, the Pacific on and near the date line, the Caspian and the Mediterranean Sea, the Gulf, the north pole."""
    assert not is_land(*place)


def test_the_table_is_small_and_names_its_source() -> None:
    """It is part of every installation."""
    assert TABLE.stat().st_size < 60_000
    assert "Natural Earth" in land.source() and "public domain" in land.source()


def test_the_script_cuts_at_the_date_line_and_closes_along_the_pole(tmp_path: Path) -> None:
    """A square across the date line becomes two; a ring around the pole is closed along it."""
    arcs = [[[170, 0], [20, 0], [0, 10], [-20, 0], [0, -10]], [[-180, -70], [120, 0], [120, 0], [120, 0]]]
    topology = {
        "transform": {"scale": [1, 1], "translate": [0, 0]},
        "arcs": arcs,
        "objects": {"land": {"geometries": [{"arcs": [[[0]], [[1]]]}]}},
    }
    (tmp_path / "world.json").write_text(json.dumps(topology))
    command = [sys.executable, str(ROOT / "data" / "derive_land.py"), str(tmp_path / "world.json"), "--out", str(tmp_path / "land.json")]
    subprocess.run(command, check=True, capture_output=True)
    east, west, south = (np.cumsum(np.reshape(flat, (-1, 2)), axis=0) / 100 for flat in json.loads((tmp_path / "land.json").read_text())["rings"])
    assert (west[:, 0].min(), west[:, 0].max(), east[:, 0].min(), east[:, 0].max()) in ((170, 180, -180, -170), (-180, -170, 170, 180))
    assert south[:, 1].min() == -90 and np.ptp(south[:, 0]) == 360
