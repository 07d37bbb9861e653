"""Power by source against what is available."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placement.errors import OptionError
from placement.plot.canvas import COLOURS, INK, canvas, key, periods, plain, stack, title, values
from placement.plot.choose import chosen
from placement.report import energy
from placement.report.facts import Facts
from placement.report.formats import percent, unit


def loads(facts: Facts, site: str | None, block: str | None) -> pd.DataFrame:
    """Return one row per period as :func:`placement.report.energy.flows` has them, of the tightest block unless one is chosen."""
    df = energy.in_all(facts, chosen(site, facts.site_names, "site") if site is not None else None)
    if block is not None:
        df = df.loc[df["block"] == chosen(block, {b.name: b.name for b in facts.case.blocks}, "block")]
    return energy.tightest(df, ["period"])


def power(facts: Facts, site: str | None = None, block: str | None = None, ax: Axes | None = None) -> Figure:
    """Draw supply by source against the limit; see :meth:`placement.PlanPlots.power`."""
    if not facts.power_modelled:
        raise OptionError(f"{facts.case.name}: power is not modelled, the case has neither a grid nor a generators table")
    df = loads(facts, site, block)
    figure, ax = canvas(ax, (8, 4))
    parts = energy.stack(df, energy.groups(facts, technologies=False))
    stack(ax, [(s.name, s.values, COLOURS[s.colour]) for s in parts if s.values.any() or s is parts[0]])
    ax.stairs(df["limit"], np.arange(len(df) + 1) - 0.5, baseline=None, color=INK, linewidth=1.8, label="available")
    plain(ax)
    values(ax, "facility power, MW")
    periods(ax, facts.case.periods)
    if (df["taken"] <= 0).all():
        ax.set_ylim(bottom=0)
    else:
        ax.axhline(0, color=INK, linewidth=0.8)
    key(ax)
    which = f"block {block}" if block is not None else "the tightest block of each period" if len(facts.case.blocks) > 1 else ""
    where = facts.site_names[site] if site is not None else "all sites together"
    title(ax, _finding(facts, df, site), ", ".join(filter(None, [where, which])))
    return figure


def _finding(facts: Facts, df: pd.DataFrame, site: str | None) -> str:
    name = facts.site_names[site] if site is not None else "The plan"
    top = df.loc[df["load"].idxmax()]
    if top["load"] <= 1e-9:
        return f"{name} draws no power"
    share = f", {percent(top['supplied'] / top['limit'])} of what is available" if top["limit"] > 0 else ""
    return f"{name} draws up to {unit(top['load'], 'MW')}, in {facts.case.periods[int(top['period'])]}{share}"
