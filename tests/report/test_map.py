"""The map: any place, the date line cut cleanly, marks that keep apart, every period for the script."""

from __future__ import annotations

import dataclasses
import html
import json
import re

import numpy as np
import pandas as pd
import pytest

from placement.case.case import frame
from placement.report import render
from placement.report.layout import Box, apart, beside
from placement.report.maps import Corridor, Flow, Metro, Site, world
from placement.report.projection import WIDTH, View, bow, great_circle
from tests.report.test_report import PERIODS, PROGRESS, N, Page, page_of, prices_of, small_case, small_plan, summary_of


def site(name: str, lat: float, lon: float, *mw: float) -> Site:
    """A site with its MW by period."""
    return Site(name, lat, lon, np.array(mw or (0.0,)))


def numbers(svg: str) -> list[float]:
    """All coordinates of the lines on a map, px."""
    paths = re.findall(r'd="([^"]*)"', svg)
    return [float(v) for d in paths for v in re.findall(r"-?\d+(?:\.\d+)?", d)]


@pytest.mark.parametrize(
    "sites",
    [
        [site("a", 0, 0, 1)],
        [site("n", 90, -180, 1), site("s", -90, 180)],
        [site("a", 10, 179.9, 1), site("b", 10, -179.9, 1)],
        [site("a", 1, 1, 5)] * 60,
        [site(str(i), 0, lon, 1e9) for i, lon in enumerate(range(-180, 180, 20))],
    ],
)
def test_the_map_takes_any_place(sites: list[Site]) -> None:
    """One site alone, the poles, the date line, sixty at one place, all around the world: finite coordinates and balanced tags."""
    drawn = world(sites, [], [], [], "map")
    assert "nan" not in drawn and "inf" not in drawn and Page(drawn)


def test_a_case_across_the_pacific_is_one_window() -> None:
    """Tokyo and Los Angeles: the window holds the Pacific, and the line between them crosses it once, without a band across the map."""
    view = View.around([35.7, 34.1], [139.7, -118.2])
    (x1, _), (x2, _) = view.at(35.7, 139.7), view.at(34.1, -118.2)
    assert 0 < x1 < x2 < WIDTH and view.east - view.west < 150
    path, cuts = great_circle(view, (35.7, 139.7), (34.1, -118.2))
    assert cuts == [] and path.count("M") == 1
    xs = [float(p.split(" ")[0]) for p in re.split("[ML]", path) if p]
    assert xs == sorted(xs) and max(np.diff(xs)) < 100


def test_a_line_that_leaves_at_one_edge_comes_back_at_the_other() -> None:
    """From Tokyo to Los Angeles over the edge: two pieces, each continuous and within the frame, and each cut knows which place lies beyond."""
    view = View.around([35.7, 34.1, 0.0, 50.0, 20.0], [139.7, -118.2, -50.0, 10.0, 75.0])
    tokyo, los_angeles = view.at(35.7, 139.7), view.at(34.1, -118.2)
    assert tokyo[0] > los_angeles[0]  # the Pacific is cut
    for path, cuts in (great_circle(view, (35.7, 139.7), (34.1, -118.2)), bow(view, tokyo, los_angeles)):
        pieces = [[float(p) for p in re.findall(r"-?[\d.]+", piece)][::2] for piece in path.split("M")[1:]]
        ends = sorted((piece[0], piece[-1]) for piece in pieces)
        assert len(pieces) == 2 and np.allclose(ends, [(0.0, los_angeles[0]), (tokyo[0], WIDTH)], atol=0.1)
        assert max(max(np.abs(np.diff(piece))) for piece in pieces) < 100 and min(map(min, pieces)) >= 0 and max(map(max, pieces)) <= WIDTH
        assert sorted((round(x), n) for x, _, n in cuts) == [(0, 0), (round(WIDTH), 1)]


def test_where_a_cut_line_leads_is_told_at_the_edge() -> None:
    """On the closer map, fibre to a place outside ends at the frame with the name of that place; no line ends there without one."""
    crowd = [site(f"s{i}", 30 + i / 2, -95 + i, 900) for i in range(5)] + [site("London", 51, 0, 900)]
    links = [Corridor(("s4", "London"), (32, -91), (51, 0), np.array([2.0]), np.array([1.0]))]
    drawn = world(crowd, [], links, [], "map")
    whole, closer = drawn[: drawn.rindex("<svg")], drawn[drawn.rindex("<svg") :]
    away = [Flow((f"s{i}", "Tokyo"), i, 0, np.array([5.0, 0.0])) for i in range(5)]  # the last period has none: its name is there, but not seen
    flown = world(crowd, [Metro("Tokyo", 35.7, 139.7)], [], away, "map")
    assert re.findall(r'lead-to[^>]*opacity="0"[^>]*>([^<]*)<', flown[flown.rindex("<svg") :]) == ["\u2190 Tokyo", "\u2191 Tokyo"]
    assert "lead-to" not in whole and re.findall(r"lead-to[^>]*>([^<]*)<", closer) == ["\u2191 London"]
    assert all(0 <= v <= WIDTH for v in numbers(closer[closer.index('class="fibre"') : closer.index('class="flows"')]))


def test_discs_keep_apart_near_their_places() -> None:
    """Two at one place and three close by: hardly an overlap, none far off, and the same every time."""
    places, radii = [(100.0, 100.0), (100.0, 100.0), (104.0, 101.0), (98.0, 104.0), (300.0, 100.0)], [20.0, 10.0, 15.0, 5.0, 9.0]
    found = apart(places, radii, 400.0, 200.0)
    for i, (a, r) in enumerate(zip(found, radii, strict=True)):
        assert np.hypot(*np.subtract(a, places[i])) < 60
        for b, q in zip(found[:i], radii[:i], strict=True):
            assert np.hypot(*np.subtract(a, b)) > 0.8 * (r + q)
    assert found[4] == places[4] and found == apart(places, radii, 400.0, 200.0) and apart([], [], 9.0, 9.0) == []


def test_names_never_cover_one_another() -> None:
    """A name goes where there is room, and nowhere where there is none."""
    taken: list[Box] = []
    spots = [beside(50.0, 50.0, 5.0, "name", taken, 100.0, 100.0) for _ in range(9)]
    assert spots[0] is not None and spots[-1] is None
    assert not any(a.meets(b) for i, a in enumerate(taken) for b in taken[:i])


def test_a_crowd_gets_a_closer_look() -> None:
    """Five discs that would cover one another are shown once more, on a map of their own that leaves out what is far; four are not."""
    crowd = [site(f"s{i}", 30 + i / 2, -95 + i, 900) for i in range(5)] + [site("far", 50, 100, 900), site("off", -30, 20, 0)]
    flow, metro = [Flow(("s0", "m"), 0, 0, np.array([5.0])), Flow(("far", "m"), 5, 0, np.array([5.0]))], [Metro("m", 31, -94)]
    one, two = (world(sites, metro, [], flow if n else [], "map") for n, sites in enumerate((crowd[1:], crowd)))
    assert one.count("<svg") == 1 and two.count("<svg") == 2
    closer = two[two.rindex("<svg") :]
    assert "A closer look at 5 sites" in closer and ">far" not in closer and "s0 to m" in closer and "far to m" not in closer and Page(two)


def test_marks_hold_every_period() -> None:
    """Size, load and flow step through the periods in attributes that read as JSON; as drawn they show the last one."""
    grows = np.array([0.0, 100.0, 400.0])
    sites, metros = [Site("a", 0, 0, grows, grows / 2), site("b", 5, 5, 0, 0, 0)], [Metro("m", 10, 10)]
    links = [Corridor(("a", "m"), (0, 0), (10, 10), np.array([1.0, 1.0, 2.0]), np.array([0.0, 0.5, 2.0]))]
    drawn = world(sites, metros, links, [Flow(("a", "m"), 0, 0, grows, [("Inference", ["none", "1", "2"])])], "map")
    steps = [(tag, json.loads(html.unescape(a["data-at"] or ""))) for tag, a in Page(drawn).tags if "data-at" in a]
    assert {name for _, one in steps for name in one} == {"transform", "r", "stroke-width"}
    assert all(len(values) == 3 for _, one in steps for values in one.values())
    for tag, a in Page(drawn).tags:
        if "data-at" in a:
            assert all(a[name] == values[-1] for name, values in json.loads(html.unescape(a["data-at"] or "")).items()), tag
    cards = [json.loads(html.unescape(a["data-card"] or "")) for _, a in Page(drawn).tags if "data-card" in a]
    assert {c["name"] for c in cards} == {"a", "b", "m", "a \u2013 m", "a to m"}


def test_the_page_steps_through_the_periods() -> None:
    """The figure names its periods, the state is told for each, and the page shows the last one."""
    page = Page(page_of())
    figure = next(a for t, a in page.tags if t == "figure" and "data-periods" in a)
    assert json.loads(figure["data-periods"] or "") == list(PERIODS)
    state = next(json.loads(a["data-at"] or "")["text"] for t, a in page.tags if t == "p" and a.get("class") == "state")
    assert len(state) == N and state[0].startswith("2027Q1: 10\u202fMW of IT capacity in service at 1 site")
    assert (
        "30\u202fMW of IT capacity" in state[2]
        and "1 fibre link loaded, the fullest, f1, at 25.0\u202f%" in state[3]
        and state[-1].replace("\u202f", " ") in page.text
    )


def test_one_period_has_no_slider() -> None:
    """Nothing to choose, nothing to step."""
    case = small_case()
    lean = dataclasses.replace(case, n_periods=1, tables={k: v for k, v in case.tables.items() if k not in ("demand", "services", "budget")})
    page = Page(render(lean, {}, summary_of(), pd.DataFrame(), []))
    assert not any("data-periods" in a or "data-at" in a for _, a in page.tags)


def test_fibre_lies_between_the_places_nearest_to_its_ends() -> None:
    """Junctions have no coordinates: their links go to the places that they lead to, and are one line where these are the same two."""
    case, plan = small_case(), small_plan()
    rows = [("f1", "oslo", "j1", 20.0), ("f2", "j1", "j2", 800.0), ("f3", "j2", "berlin", 30.0), ("f4", "j1", "j2", 900.0)]
    links = frame("links", [{"link": q, "a": a, "b": b, "km": km, "gbps": 10.0} for q, a, b, km in rows], N)
    plan["fibre"] = pd.DataFrame([(q, p, 0, 10.0, 5.0) for q, *_ in rows for p in PERIODS], columns=plan["fibre"].columns)
    raw = render(dataclasses.replace(case, tables={**case.tables, "links": links}), plan, summary_of(), prices_of(), PROGRESS)
    cards = [json.loads(a["data-card"] or "") for _, a in Page(raw).tags if "data-card" in a]
    lines = [c for c in cards if any(str(value).startswith("fibre") for _, value in c["rows"])]
    assert [c["name"] for c in lines] == ["Berlin \u2013 Oslo"] and dict(lines[0]["rows"])["Kind"] == "fibre: f2 and f4"
    assert dict(lines[0]["rows"])["Capacity"] == "20\u202fGbit/s"
    assert all(q in Page(raw).text for q in ("f1", "f3"))  # in the table
