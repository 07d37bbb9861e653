"""Great circles and windows of the map, also over the date line."""

from __future__ import annotations

import numpy as np
import pytest

from placement.plot.arcs import View, arc


def test_an_arc_is_the_great_circle():
    """Along the equator it is straight; between Tokyo and Los Angeles it climbs north and crosses the date line without a jump."""
    line = arc((0.0, 0.0), (40.0, 0.0), 4)
    assert line == pytest.approx(np.array([[0, 0], [10, 0], [20, 0], [30, 0], [40, 0]], dtype=float), abs=1e-9)
    line = arc((139.7, 35.7), (-118.2, 34.1))
    assert np.abs(np.diff(line[:, 0])).max() < 10
    assert line[:, 1].max() > 45
    assert line[-1] == pytest.approx([-118.2 + 360, 34.1])


def test_arcs_without_a_length_or_a_single_way_are_straight():
    """The same place twice, and opposite places."""
    assert arc((5.0, 5.0), (5.0, 5.0), 1) == pytest.approx(np.array([[5.0, 5.0], [5.0, 5.0]]))
    assert np.isfinite(arc((0.0, 0.0), (180.0, 0.0))).all()


def test_a_window_cuts_where_the_world_is_empty():
    """Atlantic cases look as usual; Pacific ones run over the date line; one place has room around it."""
    usual = View.around(np.array([-120.0, 0.0, 20.0]), np.array([40.0, 50.0, 45.0]))
    assert usual.west < -120 and 20 < usual.east < 60
    pacific = View.around(np.array([140.0, 175.0, -120.0]), np.array([35.0, -37.0, 40.0]))
    assert 120 < pacific.west < 140 and 240 < pacific.east < 260
    assert pacific.inside(np.array([-120.0, 140.0])).tolist() == [240.0, 140.0]
    one = View.around(np.array([179.0]), np.array([89.0]))
    assert one.east - one.west == pytest.approx(56.0) and one.south == pytest.approx(86.0) and one.north == 90.0
    upright = View.around(np.array([9.0, 14.0, 22.0]), np.array([50.0, 66.0, 65.0]))
    shrink = np.cos(np.radians((upright.south + upright.north) / 2))
    assert (upright.east - upright.west) * shrink == pytest.approx(1.4 * (upright.north - upright.south))  # no narrower than that


def test_the_whole_world_is_shown_once():
    """Places all around leave a window of at most 360 degrees."""
    view = View.around(np.arange(-180.0, 180.0, 5.0), np.zeros(72))
    assert view.east - view.west <= 360.0 + 1e-9


def test_a_line_over_the_edge_is_drawn_on_both_sides():
    """A line that leaves the window in the east comes in again in the west; one that is outside is not drawn."""
    view = View(-180.0, 180.0, -60.0, 80.0)
    line = np.array([[170.0, 0.0], [190.0, 0.0]])
    assert [copy[:, 0].tolist() for copy in view.copies(line)] == [[-190.0, -170.0], [170.0, 190.0]]
    assert View(0.0, 50.0, 0.0, 10.0).copies(np.array([[100.0, 0.0], [120.0, 0.0]])) == []
