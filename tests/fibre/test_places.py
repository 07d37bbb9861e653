"""Nodes without coordinates are drawn between their neighbours; nodes with them stay where they are."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from placement.case.case import Case, frame
from placement.fibre.places import node_places


def case_of(*links: tuple[str, str, float], sites: tuple[tuple[str, float, float], ...] = (("a", 0.0, 0.0), ("b", 40.0, 0.0))) -> Case:
    """A case of sites (id, longitude, latitude) and links (node, node, km)."""
    rows = [{"link": f"l{i}", "a": a, "b": b, "km": km} for i, (a, b, km) in enumerate(links)]
    places = [{"site": s, "name": s, "country": "US", "lon_deg": lon, "lat_deg": lat, "pue": 1.2} for s, lon, lat in sites]
    return Case(name="x", n_periods=1, tables={"sites": frame("sites", places, 1), "links": frame("links", rows, 1)})


def test_a_node_half_way_is_half_way():
    """Equal lengths to both sides: the middle of the great circle; a quarter of the length: nearer by that."""
    found = node_places(case_of(("a", "m", 100), ("m", "b", 100)))
    assert found.loc["m", ["lon_deg", "lat_deg"]].tolist() == pytest.approx([20.0, 0.0], abs=1e-9)
    assert found["given"].to_dict() == {"a": True, "b": True, "m": False}
    assert node_places(case_of(("a", "m", 100), ("m", "b", 300))).loc["m", "lon_deg"] == pytest.approx(10.0, abs=0.5)


def test_a_node_next_to_a_site_is_there():
    """Five kilometres of fibre to a site against thousands elsewhere: at the site; a dead end is where it begins."""
    found = node_places(case_of(("a", "pop", 5), ("pop", "b", 4000), ("pop", "end", 900)))
    assert found.loc["pop", "lon_deg"] == pytest.approx(0.0, abs=0.1)
    assert found.loc["end", "lon_deg"] == pytest.approx(found.loc["pop", "lon_deg"])


def test_the_date_line_is_no_border():
    """Between 170 E and 170 W lies 180, not Greenwich."""
    found = node_places(case_of(("a", "m", 100), ("m", "b", 100), sites=(("a", 170.0, 10.0), ("b", -170.0, 10.0))))
    assert abs(found.loc["m", "lon_deg"]) == pytest.approx(180.0)


def test_what_is_joined_to_nothing_has_no_place():
    """An island of nodes without coordinates is left out; so is one held by two opposite ends of the earth. Loops and no length do no harm."""
    found = node_places(case_of(("a", "a", 0), ("a", "m", 0), ("p", "q", 10)))
    assert set(found.index) == {"a", "b", "m"}
    assert found.loc["m", "lon_deg"] == pytest.approx(0.0)
    assert set(node_places(case_of(("a", "m", 9), ("m", "b", 9), sites=(("a", 0.0, 0.0), ("b", 180.0, 0.0)))).index) == {"a", "b"}


def test_without_links_only_the_places_of_the_case():
    """No fibre layer: sites and metros alone; coordinates that are blank are no place."""
    found = node_places(case_of(sites=(("a", 1.0, 2.0), ("b", np.nan, np.nan))))
    pd.testing.assert_frame_equal(found.reset_index(drop=True), pd.DataFrame({"lon_deg": [1.0], "lat_deg": [2.0], "given": [True]}))
