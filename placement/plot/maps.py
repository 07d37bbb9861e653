"""The map: sites by IT capacity and kind, fibre by load, flows of inference, on the land of the world."""

from __future__ import annotations

from collections.abc import Sequence
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
from placement.fibre.places import node_places
from placement.plot.arcs import Floats, View, arc
from placement.plot.canvas import BLUE, GREEN, GREY, INK, ORANGE, SKY, canvas, safe, title
from placement.plot.choose import period_of
from placement.report.facts import Facts
from placement.report.formats import fixed, plural, unit
from placement.report.land import rings
from placement.report.tables import names_of

KINDS = {"campus": (BLUE, "o"), "region": (GREEN, "s"), "edge": (ORANGE, "^")}
MOST_FLOWS, MOST_NAMES = 60, 12
LARGEST = 900.0  # points^2, the mark of the largest site
_LAND, _SEA = "#dfe1dc", "#f6f9fb"


def site_marks(facts: Facts, period: int) -> pd.DataFrame:
    """Return one row per site with coordinates: name, kind, ``lon_deg``, ``lat_deg`` and ``mw``, the IT power of its halls in service in the period."""
    halls = facts.plan["halls"].loc[lambda d: d["in_service"] <= period]
    df = facts.case["sites"].dropna(subset=["lon_deg", "lat_deg"])[["site", "kind", "lon_deg", "lat_deg"]]
    mw = df["site"].map(halls.groupby("site")["it_mw"].sum()).fillna(0.0).astype(float)
    return df.assign(name=df["site"].map(facts.site_names), mw=mw).reset_index(drop=True)


def fibre_load(facts: Facts, places: pd.DataFrame, period: int) -> pd.DataFrame:
    """Return the links between places, with ``load_gbps`` in the period: 0 where the plan sends nothing, or where no limit makes it keep account."""
    load = facts.plan["fibre"].loc[lambda d: d["period"] == period].set_index("link")["load_gbps"]
    links = facts.case["links"].loc[lambda d: d["a"].isin(places.index) & d["b"].isin(places.index) & (d["available"] <= period)]
    return links[["link", "a", "b"]].assign(load_gbps=links["link"].map(load).fillna(0.0).astype(float))


def flows(facts: Facts, places: pd.DataFrame, period: int) -> pd.DataFrame:
    """Return the largest flows of inference in the period: site, metro, ``mtok_per_day``."""
    df = facts.traffic.loc[lambda d: (d["period"] == period) & (d["mtok_per_day"] > 0) & d["site"].isin(places.index) & d["metro"].isin(places.index)]
    return df.groupby(["site", "metro"])["mtok_per_day"].sum().nlargest(MOST_FLOWS).reset_index()


def world(facts: Facts, period: str | int | None = None, ax: Axes | None = None) -> Figure:
    """Draw the map; see :meth:`placement.PlanPlots.map`."""
    t = period_of(facts.case, period)
    marks, places = site_marks(facts, t), node_places(facts.case)
    if marks.empty:
        raise OptionError(f"{facts.case.name}: no map, as no site has coordinates (lon_deg, lat_deg of the table sites)")
    metros = facts.case["metros"].dropna(subset=["lon_deg", "lat_deg"])
    view = View.around(np.r_[marks["lon_deg"], metros["lon_deg"]], np.r_[marks["lat_deg"], metros["lat_deg"]])
    figure, ax = canvas(ax, (10, 5.2))
    _ground(ax, view)
    links, traffic = fibre_load(facts, places, t), flows(facts, places, t)
    _lines(ax, view, places, links.loc[links["load_gbps"] <= 0], ("a", "b"), "", color=GREY, alpha=0.35, linewidth=0.5, zorder=2, label="other fibre")
    _lines(ax, view, places, traffic, ("site", "metro"), "mtok_per_day", color=ORANGE, alpha=0.55, zorder=3, label="inference, by Mtok/day")
    _lines(
        ax,
        view,
        places,
        links.loc[links["load_gbps"] > 0],
        ("a", "b"),
        "load_gbps",
        color=SKY,
        alpha=0.95,
        zorder=4,
        label="fibre of limited capacity, by refresh traffic",
    )
    if len(metros):
        ax.scatter(
            view.inside(metros["lon_deg"].to_numpy(float)), metros["lat_deg"], 16, INK, marker="D", linewidth=0.6, edgecolor="white", zorder=5, label="metro"
        )
    _sites(ax, view, marks)
    _names(ax, view, marks, metros.assign(name=metros["metro"].map(names_of(metros, "metro"))))
    _key(ax)
    title(ax, _finding(facts, marks, t), _detail(facts, places, links))
    return figure


def _ground(ax: Axes, view: View) -> None:
    """Land, sea and graticule."""
    ax.set_facecolor(_SEA)
    rounds = [copy for ring in rings() for copy in view.copies(ring)]
    if rounds:  # one shape for all rings: a lake is a ring that runs the other way, which leaves a hole
        ax.add_patch(PathPatch(Path.make_compound_path(*map(Path, rounds)), facecolor=_LAND, edgecolor="none", zorder=1, label="_land"))
    ax.set_xlim(view.west, view.east)
    ax.set_ylim(view.south, view.north)
    ax.set_aspect(1 / np.cos(np.radians((view.south + view.north) / 2)))
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


def _lines(ax: Axes, view: View, places: pd.DataFrame, df: pd.DataFrame, ends: tuple[str, str], weight: str, **look: Any) -> None:
    """Great circles between places; their width follows the weight, if there is one."""
    if df.empty:
        return
    at = dict(zip(places.index, places[["lon_deg", "lat_deg"]].itertuples(index=False, name=None), strict=True))
    largest = float(df[weight].max()) if weight else 1.0
    drawn: list[Floats] = []
    widths: list[float] = []
    for a, b, w in zip(df[ends[0]], df[ends[1]], df[weight] if weight else [1.0] * len(df), strict=True):
        copies = view.copies(arc(at[a], at[b]))
        drawn += copies
        widths += [0.7 + 3.0 * float(w) / largest] * len(copies)
    ax.add_collection(LineCollection(drawn, **({"linewidth": widths, "capstyle": "round"} | look)), autolim=False)


def _sites(ax: Axes, view: View, marks: pd.DataFrame) -> None:
    """One mark per site: its area is the IT capacity, its form and colour the kind; hollow without any."""
    largest = max(float(marks["mw"].max()), 1e-9)
    for kind, (colour, form) in KINDS.items():
        some = marks.loc[(marks["kind"] == kind) & (marks["mw"] > 0)].sort_values("mw", ascending=False)
        if len(some):
            x, area = view.inside(some["lon_deg"].to_numpy(float)), LARGEST * some["mw"] / largest
            ax.scatter(x, some["lat_deg"], area, colour, marker=form, alpha=0.72, edgecolor="white", linewidth=0.8, zorder=6, label=kind)
    none = marks.loc[marks["mw"] <= 0]
    if len(none):
        look: dict[str, Any] = {"facecolor": "none", "edgecolor": "#566170", "linewidth": 1.0, "zorder": 6, "label": "site without a hall in service"}
        ax.scatter(view.inside(none["lon_deg"].to_numpy(float)), none["lat_deg"], 28, marker="o", **look)


def _names(ax: Axes, view: View, marks: pd.DataFrame, metros: pd.DataFrame) -> None:
    """Names of the largest sites, then of metros, each where no other name is; what finds no room goes without."""
    box = ax.get_window_extent()
    degree = box.width / (view.east - view.west) * 72 / ax.figure.dpi  # points per degree of longitude, about
    high = degree / np.cos(np.radians((view.south + view.north) / 2))
    largest = max(float(marks["mw"].max()), 1e-9)
    top = marks.loc[marks["mw"] > 0].nlargest(MOST_NAMES, "mw")
    wanted = [(r.name, r.lon_deg, r.lat_deg, 2 + 0.5 * np.sqrt(LARGEST * r.mw / largest), 8.5, INK) for r in top.itertuples(index=False)]
    wanted += [(r.name, r.lon_deg, r.lat_deg, 4.0, 7.0, "#566170") for r in metros.itertuples(index=False)]
    taken: list[tuple[float, float, float, float]] = []
    for name, lon, lat, off, size, colour in wanted:
        x, y = (float(view.inside(np.array(lon))) - view.west) * degree, (lat - view.south) * high
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


def _detail(facts: Facts, places: pd.DataFrame, links: pd.DataFrame) -> str:
    ends = set(links["a"]) | set(links["b"])
    loose = int((~places["given"] & places.index.isin(ends)).sum())
    quota = ", at a provider's site what it keeps for its customer" if len(facts.own_halls) < len(facts.plan["halls"]) else ""
    said = f"Area of a mark: IT capacity of halls in service{quota}."
    return said + (f" {plural(loose, 'fibre node')} without coordinates: drawn between their neighbours." if loose else "")
