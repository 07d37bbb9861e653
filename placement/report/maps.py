"""A map of what is where, by period: sites by size and kind, fibre by capacity and load, inference flows; see :func:`world`.

Every mark that changes holds its values of all periods, for the script of the page; as drawn it shows the last one.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from placement.report.charts import WIDTHS, clip, line, rect, svg, text
from placement.report.formats import plural, unit
from placement.report.globe import Place, latitudes
from placement.report.layout import Box, apart, beside, crowds
from placement.report.markup import Html, data, el, join
from placement.report.projection import View, bow, graticule, great_circle, land

Array = NDArray[np.float64]
Card = Sequence[tuple[str, str | Sequence[str]]]  # what a mark tells: label, and a text or one per period

MOST_LABELS = 14  # names on a map; every mark tells its own
CROWDED = 5  # sites that would cover one another get a map of their own
_LEAST, _UNUSED = 5.0, 4.5  # radius, px, of the smallest site in use and of one that is not
_WIDEST = {"fibre": 7.0, "flow": 4.5}  # px

_KNOWN = ("campus", "region", "edge")  # kinds of sites that look the same in every case

#: Outline of each kind of site, of the area of a circle of radius 1, and its colour.
SHAPES = (
    ("M-1 0a1 1 0 1 0 2 0a1 1 0 1 0 -2 0z", "c0"),
    ("M-.886 -.886h1.772v1.772h-1.772z", "c4"),
    ("M0 -1.1l.953 .55v1.1l-.953 .55l-.953 -.55v-1.1z", "c2"),
    ("M0 -1.555l1.347 2.333h-2.694z", "c3"),
)


def looks(kinds: Iterable[object]) -> dict[str, int]:
    """Return kind of site -> which of ``SHAPES`` it has: the known ones always the same, all others the last ones in the order of their names.

    Examples
    --------
    >>> looks(["region", "campus"]), looks(["edge", "hut"])
    ({'campus': 0, 'region': 1}, {'edge': 2, 'hut': 3})
    """
    found = set(map(str, kinds))
    other = sorted(found - set(_KNOWN))
    free = [i for i in range(len(SHAPES)) if i >= len(_KNOWN)] if found & set(_KNOWN) else list(range(len(SHAPES)))
    return {k: _KNOWN.index(k) for k in _KNOWN if k in found} | {k: free[min(i, len(free) - 1)] for i, k in enumerate(other)}


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on the map, and what it tells."""

    name: str
    lat_deg: float
    lon_deg: float


@dataclass(frozen=True, slots=True)
class Site(Spot):
    """A site: ``size`` is MW of IT capacity, ``power`` MW of available power (absent where it is not modelled), by period; ``kind`` is one of ``SHAPES``."""

    size: Array
    power: Array | None = None
    kind: int = 0
    card: Card = ()


@dataclass(frozen=True, slots=True)
class Metro(Spot):
    """A metro: where users are."""

    card: Card = ()


@dataclass(frozen=True, slots=True)
class Corridor:
    """Fibre between two places (names; latitude, longitude): capacity and load, Gbit/s, by period."""

    names: tuple[str, str]
    a: Place
    b: Place
    capacity: Array
    load: Array
    card: Card = ()

    @property
    def name(self) -> str:
        """Both places."""
        return " \u2013 ".join(self.names)


@dataclass(frozen=True, slots=True)
class Flow:
    """Tokens served from a site (its name and index) to a metro (its name and index), Mtok/day by period."""

    names: tuple[str, str]
    site: int
    metro: int
    amount: Array
    card: Card = ()

    @property
    def name(self) -> str:
        """From where to where."""
        return " to ".join(self.names)


@dataclass(frozen=True, slots=True)
class _Scene:
    """Where everything is, px, and how large."""

    view: View
    sites: Sequence[Site]
    metros: Sequence[tuple[float, float]]
    true: Sequence[tuple[float, float]]  # of sites
    at: Sequence[tuple[float, float]]  # of sites, moved apart
    radii: Sequence[float]  # of sites, the largest of all periods
    per_root_mw: float  # px of radius per square root of a MW
    taken: list[Box] = field(default_factory=list)
    cuts: list[tuple[float, float, str, Array]] = field(default_factory=list)  # where lines are cut, px, the place that they lead to, what flows by period

    def radius(self, mw: Array) -> Array:
        """Radius of a site's mark, px."""
        return np.where(mw > 0, np.maximum(self.per_root_mw * np.sqrt(np.maximum(mw, 0.0)), _LEAST), 0.0)


def world(sites: Sequence[Site], metros: Sequence[Metro], links: Sequence[Corridor], flows: Sequence[Flow], title: str) -> Html:
    """Return the map of all, and below it a closer one of where sites crowd, if they do."""
    scene = _scene(_window(sites, metros, links), sites, metros)
    crowd = max(crowds(scene.true, scene.radii), key=len, default=[])
    whole = _drawn(scene, metros, links, flows, title)
    if len(crowd) < CROWDED:
        return whole
    view = View.around([sites[i].lat_deg for i in crowd], [sites[i].lon_deg for i in crowd])
    inside = [i for i, s in enumerate(sites) if view.holds(*view.at(s.lat_deg, s.lon_deg))]
    number = {i: k for k, i in enumerate(inside)}
    served = [replace(f, site=number[f.site]) for f in flows if f.site in number]
    joined = [c for c in links if any(view.holds(*view.at(*end)) for end in (c.a, c.b))]
    words = f"A closer look at {plural(len(inside), 'site')}, at a scale of its own"
    closer = _drawn(_scene(view, [sites[i] for i in inside], metros), metros, joined, served, f"{title}. {words}")
    return join([whole, el("p", words, class_="note"), closer])


def _window(sites: Sequence[Site], metros: Sequence[Metro], links: Sequence[Corridor]) -> View:
    spots = [*((s.lat_deg, s.lon_deg) for s in sites), *((m.lat_deg, m.lon_deg) for m in metros), *(end for one in links for end in (one.a, one.b))]
    return View.around([*(lat for lat, _ in spots), *latitudes((one.a, one.b) for one in links)], [lon for _, lon in spots])


def _drawn(scene: _Scene, metros: Sequence[Metro], links: Sequence[Corridor], flows: Sequence[Flow], title: str) -> Html:
    lines, degrees = graticule(scene.view)
    here = [i for i, at in enumerate(scene.metros) if scene.view.holds(*at)]
    parts = [
        rect(0, 0, WIDTHS["l"], scene.view.height, "sea", rx=6),
        land(scene.view),
        *lines,
        el("g", *degrees, class_="degrees"),
        el("g", *_links(scene, links), class_="fibre"),
        el("g", *_flows(scene, flows), class_="flows"),
        el("g", *(_metro(i, metros[i], scene.metros[i]) for i in here), class_="metros"),
        el("g", *_sites(scene), *_names(scene, [(metros[i], scene.metros[i]) for i in here]), class_="sites"),
        el("g", *_leads(scene), class_="leads", aria_hidden="true"),
        _scale(scene),
    ]
    return svg("l", scene.view.height, title, *parts, data_layers="")


def _scene(view: View, sites: Sequence[Site], metros: Sequence[Metro]) -> _Scene:
    most = np.array([max(float(np.max(s.size, initial=0.0)), 0.0) for s in sites])
    largest = most.max(initial=0.0) or 1.0
    # Discs take at most a thirtieth of the map, and none is wider than a twentieth of it.
    widest = min(26.0, math.sqrt(view.height * WIDTHS["l"] / 30.0 / math.pi / max((most / largest).sum(), 1.0)))
    per_root_mw = widest / math.sqrt(largest)
    true = [view.at(s.lat_deg, s.lon_deg) for s in sites]
    radii = [max(per_root_mw * math.sqrt(m), _LEAST) if m > 0 else _UNUSED for m in most]
    at = apart(true, radii, WIDTHS["l"], view.height)
    return _Scene(view, sites, [view.at(m.lat_deg, m.lon_deg) for m in metros], true, at, radii, per_root_mw)


def _mark(name: str, card: Card, *children: object, class_: str = "mark", **attributes: object) -> Html:
    """A group that tells what it is: in a title as it is drawn, in a card by period for the script."""
    told = [(label, value if isinstance(value, str) else value[-1]) for label, value in card]
    title = ". ".join([name, *(f"{label}: {value}" for label, value in told if value)])
    return el("g", el("title", title), *children, class_=class_, data_card=data({"name": name, "rows": [list(row) for row in card]}), **attributes)


def _steps(attribute: str, values: Array, digits: int = 1) -> dict[str, object]:
    """The last value of an attribute, and all of them for the script where they differ."""
    shown = [f"{v:.{digits}f}".removesuffix(".0") for v in np.atleast_1d(values).tolist()]
    moving = data({attribute.replace("_", "-"): shown}) if len(set(shown)) > 1 else None
    return {attribute: shown[-1], "data_at": moving}


def _sites(scene: _Scene) -> list[Html]:
    order = sorted(range(len(scene.sites)), key=lambda i: -float(np.max(scene.sites[i].size, initial=0.0)))  # small ones on top
    return [_site(scene, i) for i in order]


def _site(scene: _Scene, i: int) -> Html:
    one, (x, y), (x0, y0) = scene.sites[i], scene.at[i], scene.true[i]
    outline, colour = SHAPES[min(one.kind, len(SHAPES) - 1)]
    radius, ring = scene.radius(one.size), np.where(one.size > 0, 0.0, _UNUSED)
    parts = [el("circle", r=max(float(radius.max(initial=0.0)), 9.0), class_="touch")]
    if one.power is not None and len(one.power):
        parts.append(el("circle", class_="power", **_steps("r", scene.per_root_mw * np.sqrt(np.maximum(one.power, 0.0)))))
    if (ring > 0).any():
        parts.append(el("circle", class_="ring", **_steps("r", ring)))
    if (radius > 0).any():
        scaled = [f"scale({r:.1f})" for r in radius.tolist()]
        moving = data({"transform": scaled}) if len(set(scaled)) > 1 else None
        parts.append(el("path", d=outline, class_=f"site {colour}", transform=scaled[-1], data_at=moving))
    leader = [line(x0 - x, y0 - y, 0, 0, "leader"), el("circle", cx=x0 - x, cy=y0 - y, r=1.5, class_="c7")] if math.hypot(x - x0, y - y0) > 4.0 else []
    return _mark(one.name, one.card, *leader, *parts, transform=f"translate({x:.1f} {y:.1f})", data_key=f"s{i}")


def _metro(i: int, one: Metro, at: tuple[float, float]) -> Html:
    diamond = el("path", d="M0 -4.5l4.5 4.5l-4.5 4.5l-4.5 -4.5z", class_="c7 edge")
    return _mark(one.name, one.card, diamond, transform=f"translate({at[0]:.1f} {at[1]:.1f})", data_key=f"m{i}")


def _links(scene: _Scene, links: Sequence[Corridor]) -> list[Html]:
    most = max((float(np.max(one.capacity, initial=0.0)) for one in links), default=0.0) or 1.0
    out = []
    for one in sorted(links, key=lambda one: -float(np.max(one.load, initial=0.0))):
        path, cuts = great_circle(scene.view, one.a, one.b)
        if not path:
            continue
        scene.cuts.extend((x, y, one.names[n], one.capacity) for x, y, n in cuts)
        pipe, load = (_WIDEST["fibre"] * values / most for values in (one.capacity, one.load))
        inner = el("path", d=path, class_="load", **_steps("stroke_width", np.where(one.load > 0, np.maximum(load, 0.8), 0.0)))
        out.append(_mark(one.name, one.card, el("path", d=path, class_="pipe", **_steps("stroke_width", np.maximum(pipe, 1.6))), inner))
    return out


def _flows(scene: _Scene, flows: Sequence[Flow]) -> list[Html]:
    most = max((float(np.max(one.amount, initial=0.0)) for one in flows), default=0.0) or 1.0
    out = []
    for one in sorted(flows, key=lambda one: -float(np.max(one.amount, initial=0.0))):
        width = np.where(one.amount > 0, np.maximum(_WIDEST["flow"] * one.amount / most, 0.7), 0.0)
        path, cuts = bow(scene.view, scene.at[one.site], scene.metros[one.metro])
        scene.cuts.extend((x, y, one.names[n], one.amount) for x, y, n in cuts)
        out.append(_mark(one.name, one.card, el("path", d=path, class_="flow", **_steps("stroke_width", width)), data_of=f"s{one.site} m{one.metro}"))
    return out


def _names(scene: _Scene, metros: Sequence[tuple[Metro, tuple[float, float]]]) -> list[Html]:
    """Names beside their marks, the largest sites first; one that would cover another one, or a disc, is left out."""
    order = sorted(range(len(scene.sites)), key=lambda i: -float(np.max(scene.sites[i].size, initial=0.0)))
    wanted = []
    for i in order:
        power = scene.sites[i].power
        ring = scene.per_root_mw * math.sqrt(max(float(np.max(power, initial=0.0)), 0.0)) if power is not None else 0.0
        radius = max(scene.radii[i], ring)
        scene.taken.append(Box.around(*scene.at[i], radius))
        wanted.append((*scene.at[i], radius, scene.sites[i].name, "b" if scene.radii[i] > _UNUSED else "t"))
    known = {one.name for one in scene.sites}
    wanted += [(*at, 5.0, m.name, "t") for m, at in metros if m.name not in known]
    out: list[Html] = []
    for x, y, radius, name, class_ in wanted:
        spot = beside(x, y, radius, clip(name, 28), scene.taken, WIDTHS["l"], scene.view.height) if len(out) < MOST_LABELS else None
        if spot is not None:
            out.append(text(*spot, clip(name, 28), f"halo {class_}"))
    return out


def _leads(scene: _Scene) -> list[Html]:
    """Return, small, where lines that the edge cuts lead: each place once an edge, where there is room, in the periods in which a line leads there."""
    found: dict[tuple[str, str], list[tuple[float, float]]] = {}
    there: dict[tuple[str, str], Array] = {}
    for x, y, name, amount in scene.cuts:
        key = name, "left" if x < 1 else "right" if x > WIDTHS["l"] - 1 else "top" if y < 1 else "bottom"
        found.setdefault(key, []).append((x, y))
        there[key] = there.get(key, 0.0) + np.maximum(amount, 0.0)
    out: list[Html] = []
    for (name, edge), cuts in found.items():
        words = clip(name, 22)
        box = next((b for b in (_beyond(scene, edge, x, y, len(words)) for x, y in cuts) if not any(b.meets(other) for other in scene.taken)), None)
        if box is None:
            continue
        scene.taken.append(box)
        shown = {"left": f"\u2190 {words}", "right": f"{words} \u2192", "top": f"\u2191 {words}", "bottom": f"\u2193 {words}"}[edge]
        at, class_ = (box.right, "t halo lead-to r") if edge == "right" else (box.left, "t halo lead-to")
        out.append(el("text", shown, x=at, y=box.bottom - 3, class_=class_, **_steps("opacity", (there[name, edge] > 0).astype(float))))
    return out


def _beyond(scene: _Scene, edge: str, x: float, y: float, letters: int) -> Box:
    """Return the box of the name of a place beyond an edge, beside the cut."""
    long, high = 5.8 * letters + 12, scene.view.height
    left = {"left": 2.0, "right": WIDTHS["l"] - long - 2}.get(edge, min(max(x - long / 2, 2.0), WIDTHS["l"] - long - 2))
    foot = {"top": 12.0, "bottom": high - 16.0}.get(edge, min(max(y + 3.5, 12.0), high - 16.0))
    return Box(left, foot - 9, left + long, foot + 3)


def _scale(scene: _Scene) -> Html:
    """Two discs of round sizes, to read the others by, in a corner that is free; nothing where no site has a size."""
    most = max((float(np.max(s.size, initial=0.0)) for s in scene.sites), default=0.0)
    if most <= 0:
        return Html()
    large = 10.0 ** math.floor(math.log10(most))
    large *= next(m for m in (5.0, 2.0, 1.0) if m * large <= most)
    sizes = [(mw, scene.per_root_mw * math.sqrt(mw)) for mw in (large, large / 10)]
    wide, tall = sum(2 * r + 72.0 for _, r in sizes), 2 * sizes[0][1]
    foot = scene.view.height - 26.0
    corners = [(x, y) for y in (foot, 10.0 + tall) for x in (10.0, WIDTHS["l"] - wide - 10.0)]
    x, y = next((at for at in corners if not any(Box(at[0], at[1] - tall, at[0] + wide, at[1]).meets(b) for b in scene.taken)), corners[0])
    parts: list[Html] = []
    for mw, r in sizes:
        parts += [el("circle", cx=x + r, cy=y - r, r=r, class_="size"), text(x + 2 * r + 5, y, unit(mw, "MW"), "halo")]
        x += 2 * r + 72.0
    return el("g", *parts, class_="scale", aria_hidden="true")
