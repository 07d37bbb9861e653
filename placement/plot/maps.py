"""The map: sites by IT capacity and kind, fibre by load, flows of inference, on the land of the world."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from matplotlib.ticker import FuncFormatter, MultipleLocator

from placement.errors import OptionError
from placement.plot.canvas import COLOURS, INK, SOFT, canvas, safe, title
from placement.plot.choose import period_of
from placement.report.corridors import between_places, spots
from placement.report.facts import Facts
from placement.report.formats import fixed, plural, unit
from placement.report.globe import Floats, Place, Window, curve, latitudes
from placement.report.land import rings
from placement.report.maps import SHAPES, looks
from placement.report.style import LIGHT
from placement.report.tables import names_of

MARKERS = ("o", "s", "h", "^")  # the outlines of the report's map, in its order
MOST_FLOWS, MOST_NAMES = 60, 12
LARGEST = 900.0  # points^2, the mark of the largest site
MOST_LEADS = 8  # places that are named at an edge


def site_marks(facts: Facts, period: int) -> pd.DataFrame:
    """Return one row per site with coordinates: name, kind, ``lon_deg``, ``lat_deg`` and ``mw``, the IT power of its halls in service in the period."""
    halls = facts.plan["halls"].loc[lambda d: d["in_service"] <= period]
    df = facts.case["sites"].dropna(subset=["lon_deg", "lat_deg"])[["site", "kind", "lon_deg", "lat_deg"]]
    mw = df["site"].map(halls.groupby("site")["it_mw"].sum()).fillna(0.0).astype(float)
    return df.assign(name=df["site"].map(facts.site_names), mw=mw).reset_index(drop=True)


def fibre_load(facts: Facts, period: int) -> pd.DataFrame:
    """Return fibre between places (``from``, ``to``) in the period, links between the same two as one: ``capacity_gbps`` and ``load_gbps``.

    Both are 0 where the plan sends nothing, or where no limit makes it keep account.
    """
    there = facts.case["links"].loc[lambda d: d["available"] <= period]
    plan = facts.plan["fibre"].loc[lambda d: d["period"] == period, ["link", "capacity_gbps", "load_gbps"]]
    df = between_places(facts.case, there)[["link", "from", "to"]].merge(plan, on="link", how="left").fillna(0.0)
    return df.groupby(["from", "to"], sort=False)[["capacity_gbps", "load_gbps"]].sum().reset_index()


def flows(facts: Facts, places: Mapping[str, Place], period: int) -> pd.DataFrame:
    """Return the largest flows of inference in the period: site, metro, ``mtok_per_day``."""
    df = facts.traffic.loc[lambda d: (d["period"] == period) & (d["mtok_per_day"] > 0) & d["site"].isin(list(places)) & d["metro"].isin(list(places))]
    return df.groupby(["site", "metro"])["mtok_per_day"].sum().nlargest(MOST_FLOWS).reset_index()


def world(facts: Facts, period: str | int | None = None, ax: Axes | None = None) -> Figure:
    """Draw the map; see :meth:`placement.PlanPlots.map`."""
    t = period_of(facts.case, period)
    marks, places = site_marks(facts, t), spots(facts.case)
    if marks.empty:
        raise OptionError(f"{facts.case.name}: no map, as no site has coordinates (lon_deg, lat_deg of the table sites)")
    metros = facts.case["metros"].dropna(subset=["lon_deg", "lat_deg"])
    links, traffic = fibre_load(facts, t), flows(facts, places, t)
    ways = [(places[a], places[b]) for a, b in zip(links["from"], links["to"], strict=True)]
    view = Window.around([*(lat for lat, _ in places.values()), *latitudes(ways)], [lon for _, lon in places.values()])
    figure, ax = canvas(ax, (10, 5.2))
    _ground(ax, view)
    lines = _Lines(ax, view, places, {**names_of(facts.case["metros"], "metro"), **facts.site_names})
    used = links.loc[links["capacity_gbps"] > 0]
    lines.draw(used, ("from", "to"), "capacity_gbps", 4.5, color=LIGHT["pipe"], zorder=2.5, label="fibre of limited capacity")
    lines.draw(
        used.loc[used["load_gbps"] > 0],
        ("from", "to"),
        "load_gbps",
        4.5,
        largest=used["capacity_gbps"].max(),
        color=COLOURS["c7"],
        zorder=2.6,
        label="its load",
    )
    lines.draw(links.loc[links["capacity_gbps"] <= 0], ("from", "to"), "", 0.6, color=LIGHT["pipe"], alpha=0.7, zorder=2, label="other fibre")
    lines.draw(traffic, ("site", "metro"), "mtok_per_day", 3.0, bows=True, color=LIGHT["flow"], alpha=0.6, zorder=3, label="inference, by Mtok/day")
    if len(metros):
        x = [view.inside(v) for v in metros["lon_deg"]]
        ax.scatter(x, metros["lat_deg"], 16, COLOURS["c7"], marker="D", linewidth=0.6, edgecolor="white", zorder=5, label="metro")
    _sites(ax, view, marks)
    _names(ax, view, marks, metros.assign(name=metros["metro"].map(names_of(metros, "metro"))))
    lines.say_where_they_lead()
    _key(ax)
    title(ax, _finding(facts, marks, t), _detail(facts, ways))
    return figure


def _ground(ax: Axes, view: Window) -> None:
    """Land, sea and graticule."""
    ax.set_facecolor(LIGHT["sea"])
    rounds = [copy for ring in rings() for copy in view.copies(ring)]
    if rounds:  # one shape for all rings: a lake is a ring that runs the other way, which leaves a hole
        ax.add_patch(PathPatch(Path.make_compound_path(*map(Path, rounds)), facecolor=LIGHT["land"], edgecolor="none", zorder=1, label="_land"))
    ax.set_xlim(view.west, view.east)
    ax.set_ylim(view.south, view.north)
    ax.set_aspect(view.stretch)
    for axis, wide, ends in ((ax.xaxis, view.east - view.west, "EW"), (ax.yaxis, view.north - view.south, "NS")):
        axis.set_major_locator(MultipleLocator(next((s for s in (1, 2, 5, 10, 20, 30) if wide / s <= 9), 60)))
        axis.set_major_formatter(FuncFormatter(lambda v, _, ends=ends: _degrees(v, ends)))
    ax.set_xlabel("longitude")
    ax.set_ylabel("latitude")
    ax.grid(color="white", linewidth=0.6)
    ax.set_axisbelow(False)
    ax.tick_params(labelsize=8, length=0)
    ax.spines[:].set_visible(False)


def _degrees(value: float, ends: str) -> str:
    turned = (value + 180) % 360 - 180 if ends == "EW" else value
    return "0°" if turned == 0 else f"{abs(turned):g}° {ends[0] if turned > 0 else ends[1]}"


class _Lines:
    """Lines between places, and where those that the frame cuts lead."""

    def __init__(self, ax: Axes, view: Window, places: Mapping[str, Place], names: Mapping[str, str]) -> None:
        self.ax, self.view, self.places, self.names = ax, view, places, names
        self.cuts: list[tuple[float, float, float, str]] = []  # width, longitude and latitude of the cut, name of the place beyond

    def draw(self, df: pd.DataFrame, ends: tuple[str, str], weight: str, widest: float, largest: float = 0.0, bows: bool = False, **look: Any) -> None:
        """Draw one line per row, a great circle or a bow; its width follows the weight, if there is one, up to ``widest`` points for the ``largest``."""
        if df.empty:
            return
        largest = largest or (float(df[weight].max()) if weight else 1.0)
        drawn: list[Floats] = []
        widths: list[float] = []
        for a, b, w in zip(df[ends[0]], df[ends[1]], df[weight] if weight else [1.0] * len(df), strict=True):
            wide = max(widest * float(w) / largest, min(0.7, widest))
            one, two = self.places[a], self.places[b]
            for points, whole_start, whole_end in self.view.pieces(curve(self.view.bent(one, two)) if bows else self.view.way(one, two)):
                drawn.append(points)
                widths.append(wide)
                for i, beyond, whole in ((0, a, whole_start), (-1, b, whole_end)):
                    self.cuts += [] if whole else [(wide, *map(float, points[i]), self.names.get(beyond, beyond))]
        self.ax.add_collection(LineCollection(drawn, **({"linewidth": widths, "capstyle": "round"} | look)), autolim=False)

    def say_where_they_lead(self) -> None:
        """Name at each side edge the places that the lines cut there lead to, the widest lines first, as far as there is room."""
        for edge, align, shift in ((self.view.west, "left", 3), (self.view.east, "right", -3)):
            told: dict[str, float] = {}
            room = 0.035 * (self.view.north - self.view.south)
            for _, lon, lat, name in sorted(self.cuts, key=lambda c: -c[0]):
                near = any(abs(lat - other) < room for other in told.values())
                if abs(lon - edge) > 1e-6 or name in told or near or len(told) >= MOST_LEADS:
                    continue
                told[name] = lat
                words = f"\u2190 {name}" if align == "left" else f"{name} \u2192"
                halo = [patheffects.withStroke(linewidth=2.0, foreground="white")]
                at: dict[str, Any] = {"xytext": (shift, 0), "textcoords": "offset points", "ha": align, "va": "center", "annotation_clip": False}
                self.ax.annotate(safe(words, 24), (lon, lat), fontsize=6.5, color=SOFT, path_effects=halo, zorder=7, **at)


def _sites(ax: Axes, view: Window, marks: pd.DataFrame) -> None:
    """One mark per site: its area is the IT capacity, its form and colour the kind, as on the page; hollow without any."""
    largest = max(float(marks["mw"].max()), 1e-9)
    for kind, i in looks(marks["kind"]).items():
        some = marks.loc[(marks["kind"].map(str) == kind) & (marks["mw"] > 0)].sort_values("mw", ascending=False)
        if len(some):
            x, area = [view.inside(v) for v in some["lon_deg"]], LARGEST * some["mw"] / largest
            look: dict[str, Any] = {"marker": MARKERS[i], "alpha": 0.82, "edgecolor": "white", "linewidth": 0.8, "zorder": 6, "label": safe(kind or "site")}
            ax.scatter(x, some["lat_deg"], area, COLOURS[SHAPES[i][1]], **look)
    none = marks.loc[marks["mw"] <= 0]
    if len(none):
        ring: dict[str, Any] = {"facecolor": "none", "edgecolor": SOFT, "linewidth": 1.0, "zorder": 6, "label": "site without a hall in service"}
        ax.scatter([view.inside(v) for v in none["lon_deg"]], none["lat_deg"], 28, marker="o", **ring)


def _names(ax: Axes, view: Window, marks: pd.DataFrame, metros: pd.DataFrame) -> None:
    """Names of the largest sites, then of metros, each where no other name is; what finds no room goes without."""
    box = ax.get_window_extent()
    degree = box.width / (view.east - view.west) * 72 / ax.figure.dpi  # points per degree of longitude, about
    high = degree * view.stretch
    largest = max(float(marks["mw"].max()), 1e-9)
    top = marks.loc[marks["mw"] > 0].nlargest(MOST_NAMES, "mw")
    wanted = [(r.name, r.lon_deg, r.lat_deg, 2 + 0.5 * np.sqrt(LARGEST * r.mw / largest), 8.5, INK) for r in top.itertuples(index=False)]
    wanted += [(r.name, r.lon_deg, r.lat_deg, 4.0, 7.0, SOFT) for r in metros.itertuples(index=False)]
    taken: list[tuple[float, float, float, float]] = []
    for name, lon, lat, off, size, colour in wanted:
        x, y = (view.inside(lon) - view.west) * degree, (lat - view.south) * high
        spot = _room(x, y, off, 0.58 * size * len(name), size, taken, (view.east - view.west) * degree)
        if spot is None:
            continue
        dx, dy, align, box_taken = spot
        taken.append(box_taken)
        halo = [patheffects.withStroke(linewidth=2.2, foreground="white")]
        at = (x / degree + view.west, lat)
        where: dict[str, Any] = {"xytext": (dx, dy), "textcoords": "offset points", "ha": align, "va": "center", "annotation_clip": True}
        ax.annotate(safe(name, 40), at, fontsize=size, color=colour, path_effects=halo, zorder=7, **where)


def _room(
    x: float, y: float, off: float, wide: float, size: float, taken: Sequence[tuple[float, ...]], end: float
) -> tuple[float, float, str, tuple[float, float, float, float]] | None:
    """Return offset, alignment and box of a name beside (x, y), points, that covers no other; ``None`` where there is no room."""
    tall = 0.62 * size
    for dx, dy, align, left in (
        (off, 0.0, "left", 0.0),
        (-off, 0.0, "right", -wide),
        (0.0, off + tall, "center", -wide / 2),
        (0.0, -off - tall, "center", -wide / 2),
    ):
        box = (x + dx + left, y + dy - tall, x + dx + left + wide, y + dy + tall)
        if box[0] >= 0 and box[2] <= end and all(box[2] < t[0] or box[0] > t[2] or box[3] < t[1] or box[1] > t[3] for t in taken):
            return dx, dy, align, box
    return None


def _key(ax: Axes) -> None:
    handles, labels = ax.get_legend_handles_labels()
    legend = ax.legend(handles, labels, loc="upper center", bbox_to_anchor=(0.5, -0.09), ncols=4, frameon=False, fontsize=8.5)
    marks: list[Any] = list(legend.legend_handles)
    for handle in marks:
        if hasattr(handle, "set_sizes"):
            handle.set_sizes([36.0])
        else:
            handle.set_linewidth(2.0)


def _finding(facts: Facts, marks: pd.DataFrame, t: int) -> str:
    used = marks.loc[marks["mw"] > 0]
    if used.empty:
        return f"No hall is in service in {facts.case.periods[t]}"
    top = used.loc[used["mw"].idxmax()]
    sites = f"{fixed(len(used))} of {plural(len(marks), 'site')}"
    return f"{unit(used['mw'].sum(), 'MW')} of IT capacity at {sites} in {facts.case.periods[t]}, most at {top['name']} ({unit(top['mw'], 'MW')})"


def _detail(facts: Facts, ways: Sequence[object]) -> str:
    quota = ", at a provider's site what it keeps for its customer" if len(facts.own_halls) < len(facts.plan["halls"]) else ""
    fibre = " Fibre lies between the places nearest to its ends." if ways else ""
    return f"Area of a mark: IT capacity of halls in service{quota}.{fibre}"
