"""Where figures come from, and what all of them share: size, colours, safe text, axes over periods."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator

from placement.report.charts import clip
from placement.report.formats import significant
from placement.report.markup import clean
from placement.report.style import LIGHT

#: Colour classes of the report's charts as they are on a light page: a figure and a page show the same thing in the same colour.
COLOURS = {f"c{i}": LIGHT[f"c{i}"] for i in range(8)}
CYCLE = tuple(COLOURS[c] for c in ("c0", "c2", "c3", "c4", "c5", "c7"))  # of jobs and accelerators, by kind, as on the page
BLUE, ORANGE, GREEN, VERMILION, PURPLE, SKY, GREY = (COLOURS[f"c{i}"] for i in range(7))
PALE, INK, SOFT = LIGHT["line"], LIGHT["ink"], LIGHT["soft"]
MOST_NAME = 34  # characters of a name beside an axis


class PlanFigure(Figure):
    """A figure that notebooks show although no pyplot knows of it."""

    def _repr_png_(self) -> bytes:
        from io import BytesIO

        out = BytesIO()
        FigureCanvasAgg(self).print_figure(out, format="png", dpi=self.dpi)
        return out.getvalue()


def canvas(ax: Axes | None, size: tuple[float, float]) -> tuple[Figure, Axes]:
    """Return figure and axes to draw on: the given axes, or a new figure of that size in inches.

    Raises
    ------
    TypeError
        If ``ax`` is given and is not matplotlib's axes.
    """
    if ax is None:
        fresh = PlanFigure(figsize=size, layout="constrained")
        return fresh, fresh.add_subplot()
    if not isinstance(ax, Axes):
        raise TypeError(f"ax must be matplotlib axes, not {type(ax).__name__}")
    figure = ax.get_figure(root=True)
    if not isinstance(figure, Figure):
        raise TypeError("ax must belong to a figure; it was removed from its own")
    return figure, ax


def safe(text: object, most: int = 200) -> str:
    """Return text for a figure: on one line, shortened in its middle, without control characters; dollars are no formula, and a legend shows ``_x``."""
    line = clip(" ".join(clean(str(text)).split()), most).replace("$", r"\$")
    return f" {line}" if line.startswith("_") else line


def title(ax: Axes, finding: str, detail: str = "") -> None:
    """Write what the figure shows above it: the finding, and under it in grey how to read it."""
    ax.set_title(safe(finding, 160), loc="left", fontweight="bold", fontsize=11, color=INK, pad=22 if detail else 8, wrap=True)
    if detail:
        ax.annotate(safe(detail), (0, 1), (0, 8), xycoords="axes fraction", textcoords="offset points", fontsize=8.5, color=SOFT, annotation_clip=False)


def plain(ax: Axes, across: bool = False) -> None:
    """Take away what carries no information; faint lines for the values."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.grid(axis="x" if across else "y", color=PALE, linewidth=0.8)
    ax.set_axisbelow(True)
    ax.tick_params(labelsize=9)


def values(ax: Axes, name: str) -> None:
    """Label the value axis with its unit and print numbers as the report does."""
    ax.set_ylabel(safe(name))
    ax.yaxis.set_major_locator(MaxNLocator(6))
    ax.yaxis.set_major_formatter(FuncFormatter(lambda v, _: significant(v, 4)))


def periods(ax: Axes, labels: Sequence[str], edges: bool = False) -> None:
    """Label the horizontal axis with periods, thinned until they do not touch; with ``edges``, period t lies between t and t + 1."""
    shift = 0.5 if edges else 0.0
    room = 9.5 * ax.get_window_extent().width / ax.figure.dpi  # characters
    every = next((n for n in (1, 2, 4, 8, 12, 24) if len(labels) / n * max(map(len, labels), default=1) <= room), 48)
    shown = range(0, len(labels), every)
    ax.set_xticks([t + shift for t in shown], [labels[t] for t in shown])
    ax.set_xlabel("period")


def stack(ax: Axes, rows: Sequence[tuple[str, Any, str]], width: float = 0.8) -> None:
    """Draw stacked bars, one (name, value per position, colour) after the other; what is positive upwards, what is negative downwards."""
    up = down = np.zeros(len(rows[0][1]) if rows else 0)
    for name, row, colour in rows:
        v = np.nan_to_num(np.asarray(row, dtype=float))
        ax.bar(np.arange(len(v)), v, width, np.where(v >= 0, up, down), color=colour, label=safe(name, MOST_NAME), edgecolor="white", linewidth=0.4)
        up, down = up + v.clip(min=0), down + v.clip(max=0)


def key(ax: Axes, **options: Any) -> None:
    """Draw the legend beside the axes, last entry on top as in the stack; nothing where there is one entry or none."""
    handles, labels = ax.get_legend_handles_labels()
    if len(handles) > 1:
        where = {"loc": "upper left", "bbox_to_anchor": (1.01, 1.0), "frameon": False, "fontsize": 9} | options
        ax.legend(handles[::-1], labels[::-1], **where)
