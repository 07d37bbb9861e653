"""Money: costs and income by period."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placement.errors import OptionError
from placement.plot.canvas import COLOURS, INK, PALE, canvas, key, periods, plain, stack, title, values
from placement.report.facts import Facts
from placement.report.formats import musd
from placement.report.tables import END
from placement.report.terms import groups
from placement.report.text import PENALTIES, present_value, term_name

FAR = 2.5  # times the highest stack: from there on the running total has a scale of its own


def cash(facts: Facts, ax: Axes | None = None) -> Figure:
    """Draw cash by term, income upwards, with the running sum; see :meth:`placement.PlanPlots.cash`."""
    df = facts.cash
    if df.empty:
        raise OptionError(f"{facts.case.name}: the plan moves no money")
    figure, ax = canvas(ax, (8.5, 4.4))
    parts = [(g.name, -df.loc[g.terms].sum(), COLOURS[g.colour]) for g in groups(df)]
    if PENALTIES in df.index and df.loc[PENALTIES].any():
        parts.append((f"{term_name(PENALTIES)} (not paid)", -df.loc[PENALTIES], PALE))
    stack(ax, parts)
    total = -df.drop(PENALTIES, errors="ignore").sum()
    ax.axhline(0, color=INK, linewidth=0.8)
    bars, line = (1.05 * ax.get_ylim()[0], 1.05 * ax.get_ylim()[1]), total.cumsum()
    ax.set_ylim(bars)
    far = float(line.abs().max()) > FAR * max(map(abs, bars))  # it would flatten the bars: a scale of its own, zero at the same height
    own = ax.twinx() if far else ax
    name = "running total, without penalties"
    look: dict[str, Any] = {"color": INK, "linewidth": 1.6, "markersize": 4, "label": f"{name} (right)" if far else name}
    own.plot(np.arange(len(total)), line, "o-", **look)
    if far:
        ax.plot([], [], "o-", **look)  # for the key
        stretch = 1.05 * max(float(line.max()) / bars[1] if bars[1] > 0 else 0.0, float(line.min()) / bars[0] if bars[0] < 0 else 0.0)
        own.set_ylim(bars[0] * stretch, bars[1] * stretch)
        values(own, "")  # the key says what it is
        own.spines[["top", "left"]].set_visible(False)
        own.tick_params(labelsize=9)
    plain(ax)
    values(ax, "cash, M$, undiscounted")
    periods(ax, (*facts.case.periods, END))
    key(ax, **({"bbox_to_anchor": (1.14, 1.0)} if far else {}))
    net, spent = present_value(facts), float(df.clip(lower=0).drop(PENALTIES, errors="ignore").sum().sum())
    earned = float(-df.clip(upper=0).sum().sum())
    unmet = " Penalties are paid to nobody." if PENALTIES in df.index else ""
    title(ax, f"{musd(spent)} spent, {musd(earned)} brought in: net present value {musd(net)}", f"Income up, costs down; 'end' is the residual value.{unmet}")
    return figure
