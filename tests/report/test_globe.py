"""Great circles and windows of the map, also over the date line."""

from __future__ import annotations

import numpy as np
import pytest

from placement.report.globe import Window, arc


def test_an_arc_is_the_great_circle() -> None:
    """Along the equator it is straight; between Tokyo and Los Angeles it climbs north and crosses the date line without a jump."""
    line = arc((0.0, 0.0), (0.0, 40.0), 10.0)
    assert line == pytest.approx(np.array([[0, 0], [10, 0], [20, 0], [30, 0], [40, 0]], dtype=float), abs=1e-9)
    line = arc((35.7, 139.7), (34.1, -118.2))
    assert np.abs(np.diff(line[:, 0])).max() < 10 and line[:, 1].max() > 45
    assert line[-1] == pytest.approx([-118.2 + 360, 34.1])


def test_arcs_without_a_length_or_a_single_way_are_straight() -> None:
    """The same place twice, and opposite places."""
    assert arc((5.0, 6.0), (5.0, 6.0)) == pytest.approx(np.array([[6.0, 5.0], [6.0, 5.0]]))
    assert np.isfinite(arc((0.0, 0.0), (0.0, 180.0))).all()


def test_a_window_cuts_where_the_world_is_empty() -> None:
    """Atlantic cases look as usual; Pacific ones run over the date line; one place has room around it; places all around are shown once."""
    usual = Window.around([40.0, 50.0, 45.0], [-120.0, 0.0, 20.0])
    assert usual.west < -120 and 20 < usual.east < 60
    pacific = Window.around([35.0, -37.0, 40.0], [140.0, 175.0, -120.0])
    assert pacific.west < 140 and pacific.east > 240
    assert pacific.inside(-120.0) == pytest.approx(240.0) and pacific.inside(140.0) == pytest.approx(140.0)
    one = Window.around([89.0], [179.0])
    assert one.east - one.west >= 8.0 and one.north <= 88.0
    assert Window.around([0.0] * 72, list(np.arange(-180.0, 180.0, 5.0))).east <= 180.0 + 360.0


def test_a_line_over_the_edge_is_drawn_on_both_sides() -> None:
    """A line that leaves in the east comes in again in the west, each piece cut at the edge; one that is outside is not drawn; one inside is whole."""
    world = Window(-180.0, 180.0, -60.0, 80.0)
    west, east = world.pieces(np.array([[170.0, 0.0], [190.0, 10.0]]))
    assert west.points == pytest.approx(np.array([[-180.0, 5.0], [-170.0, 10.0]])) and (west.whole_start, west.whole_end) == (False, True)
    assert east.points == pytest.approx(np.array([[170.0, 0.0], [180.0, 5.0]])) and (east.whole_start, east.whole_end) == (True, False)
    small = Window(0.0, 50.0, 0.0, 10.0)
    assert small.pieces(np.array([[100.0, 0.0], [120.0, 0.0]])) == []
    (whole,) = small.pieces(np.array([[10.0, 1.0], [20.0, 2.0], [30.0, 3.0]]))
    assert len(whole.points) == 3 and whole.whole_start and whole.whole_end


def test_a_line_that_leaves_and_returns_is_two_pieces() -> None:
    """Over the northern edge and back: what lies beyond is cut away, and both cuts are told."""
    found = Window(0.0, 50.0, 0.0, 10.0).pieces(np.array([[10.0, 5.0], [20.0, 15.0], [30.0, 5.0]]))
    assert [p.points.tolist() for p in found] == [[[10.0, 5.0], [15.0, 10.0]], [[25.0, 10.0], [30.0, 5.0]]]
    assert [(p.whole_start, p.whole_end) for p in found] == [(True, False), (False, True)]


def test_fibre_over_the_pole_stays_on_the_map() -> None:
    """The great circle from Dallas to Mumbai runs past the top of the map: a bow is drawn that does not; where it stays inside, it is the great circle."""
    view, dallas, mumbai, dublin = Window(-130.0, 120.0, -10.0, 72.0), (32.8, -96.8), (19.1, 72.9), (53.3, -6.3)
    assert arc(dallas, mumbai)[:, 1].max() > 72.0
    (whole,) = view.pieces(view.way(dallas, mumbai))
    assert whole.whole_start and whole.whole_end
    assert whole.points[[0, -1]] == pytest.approx(np.array([dallas[::-1], mumbai[::-1]]))
    assert view.way(dallas, dublin) == pytest.approx(arc(dallas, dublin))
