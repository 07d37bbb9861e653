"""Money: costs and income by period."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placement.errors import OptionError
from placement.plot.canvas import BLACK, BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, VERMILION, YELLOW, canvas, key, periods, plain, stack, title, values
from placement.report.facts import Facts
from placement.report.formats import musd
from placement.report.tables import END
from placement.report.text import present_value, term_order

COLOURS = {
    "capex": BLUE, "opex": SKY, "lease": "#8da0cb", "energy": ORANGE, "contracts": VERMILION, "network": "#8c6d31", "carbon": GREY, "finance": YELLOW,
    "change": "#c7c7c7", "unmet": PURPLE, "value": GREEN, "salvage": "#a6dba0",
}  # fmt: skip


def cash(facts: Facts, ax: Axes | None = None) -> Figure:
    """Draw cash by term, income upwards, with the running sum; see :meth:`placement.PlanPlots.cash`."""
    df = facts.cash
    if df.empty:
        raise OptionError(f"{facts.case.name}: the plan moves no money")
    figure, ax = canvas(ax, (8.5, 4.4))
    stack(ax, [(t, -df.loc[t], COLOURS.get(t, BLACK)) for t in term_order(df.index) if df.loc[t].any()])
    total = -df.drop("unmet", errors="ignore").sum()
    ax.plot(np.arange(len(total)), total.cumsum(), "o-", color=INK, linewidth=1.6, markersize=4, label="running sum, without unmet")
    ax.axhline(0, color=INK, linewidth=0.8)
    plain(ax)
    values(ax, "cash, M$, undiscounted")
    periods(ax, (*facts.case.periods, END))
    key(ax)
    net, spent = present_value(facts), float(df.clip(lower=0).drop("unmet", errors="ignore").sum().sum())
    earned = float(-df.clip(upper=0).sum().sum())
    unmet = " unmet: penalties for unserved demand, which no one pays." if "unmet" in df.index else ""
    title(ax, f"{musd(spent)} spent, {musd(earned)} brought in: net present value {musd(net)}", f"Income up, costs down; 'end' is the residual value.{unmet}")
    return figure
