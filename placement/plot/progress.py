"""How the plan was found: objective of the best plan and bound over time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placement.errors import OptionError
from placement.plan.plan import Plan
from placement.plot.canvas import BLUE, PALE, VERMILION, canvas, key, plain, title, values
from placement.report.formats import fixed, number, percent
from placement.report.text import PRICED, called

NEAR = 0.08  # of the final values: what lies further off in the beginning is cut off, so that the end can be read


def curve(progress: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Return ``time_s``, the best ``objective`` and the best ``bound`` known by then, NaN before the first of each; both monotone."""
    rows = [[number(event.get(name)) for name in ("time_s", "objective", "bound")] for event in progress]
    df = pd.DataFrame(rows, columns=["time_s", "objective", "bound"], dtype=float).dropna(subset="time_s").sort_values("time_s", kind="stable")
    return df.assign(objective=df["objective"].cummin().ffill(), bound=df["bound"].cummax().ffill()).reset_index(drop=True)


def progress(plan: Plan, ax: Axes | None = None) -> Figure:
    """Draw the curve; see :meth:`placement.PlanPlots.progress`."""
    df = curve(plan.progress)
    if not df[["objective", "bound"]].notna().any(axis=None):
        raise OptionError(f"{plan.case.name}: nothing to plot, no plan and no bound were recorded while the search ran")
    figure, ax = canvas(ax, (8, 4))
    last = df[["objective", "bound"]].iloc[-1].dropna()
    name, sign = (PRICED, 1.0) if "pairs" in plan.case else called(float(last.iloc[0]), plan.case.cost_unit)
    df = df.assign(objective=sign * df["objective"], bound=sign * df["bound"])
    ax.fill_between(df["time_s"], df["bound"], df["objective"], step="post", color=PALE, linewidth=0)
    ax.step(df["time_s"], df["objective"], where="post", color=BLUE, linewidth=2, label="best plan")
    ax.step(df["time_s"], df["bound"], where="post", color=VERMILION, linewidth=2, linestyle="--", label="bound")
    plain(ax)
    values(ax, f"{name}, {plan.case.cost_unit}".rstrip(", "))
    ax.set_xlabel("seconds since the start")
    ax.set_xlim(left=0)
    cut = _look_at_the_end(ax, df)
    key(ax, loc="best", bbox_to_anchor=None)
    better = "More is better; the plan comes up, the bound comes down." if sign < 0 else "Less is better; the plan comes down, the bound comes up."
    title(ax, _finding(plan, df), better + (" Values far off in the beginning are cut off." if cut else ""))
    return figure


def _look_at_the_end(ax: Axes, df: pd.DataFrame) -> bool:
    """Set the limits so that the last values can be told apart; return whether something lies outside."""
    every = df[["objective", "bound"]].to_numpy()
    last = df[["objective", "bound"]].iloc[-1].dropna().to_numpy()
    room = max(4 * float(np.ptp(last)), NEAR * float(np.abs(last).max()), 1e-6)
    low, high = max(float(np.nanmin(every)), last.min() - room), min(float(np.nanmax(every)), last.max() + room)
    margin = 0.05 * max(high - low, 1e-3 * float(np.abs(last).max()), 1e-9)
    ax.set_ylim(low - margin, high + margin)
    return bool(np.nanmin(every) < low or np.nanmax(every) > high)


def _finding(plan: Plan, df: pd.DataFrame) -> str:
    seconds = f"{fixed(df['time_s'].iloc[-1], 1)} s"
    if not plan.tables:
        return f"No plan after {seconds} ({plan.status})"
    if not np.isfinite(plan.verified_gap):
        return f"A plan after {seconds}, without a verified bound"
    if plan.verified_gap < 1e-9:
        return f"The plan meets its verified bound after {seconds}"
    return f"The plan is within {percent(plan.verified_gap)} of its verified bound after {seconds}"
