"""Accelerators: how many there are and what they do; how full each site is."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placement.errors import OptionError
from placement.plot.canvas import BLUE, GREY, MOST_NAME, ORANGE, canvas, key, periods, plain, safe, stack, title, values
from placement.plot.choose import chosen
from placement.report.energy import flows, tightest
from placement.report.facts import Facts
from placement.report.formats import fixed, percent, plural

USES = (("training", "training", BLUE), ("serving", "serving inference", ORANGE), ("idle", "idle", GREY))
KINDS = ("accelerators", "power")


def units(facts: Facts, sku: str | None) -> pd.DataFrame:
    """Return accelerators in halls by period: ``training``, ``serving``, ``idle``, ``total``."""
    df = facts.chips
    if sku is not None:
        df = df.loc[df["sku"] == chosen(sku, facts.sku_names, "SKU")]
    return df.groupby("period")[["training", "serving", "idle", "total"]].sum().reindex(range(facts.case.n_periods), fill_value=0.0)


def chips(facts: Facts, sku: str | None = None, ax: Axes | None = None) -> Figure:
    """Draw accelerators by use; see :meth:`placement.PlanPlots.chips`."""
    if facts.case["skus"].empty:
        raise OptionError(f"{facts.case.name}: no accelerators to draw, the case has no table skus")
    df = units(facts, sku)
    figure, ax = canvas(ax, (8, 4))
    stack(ax, [(name, df[use], colour) for use, name, colour in USES if df[use].any() or use == "training"])
    plain(ax)
    values(ax, "accelerators in halls")
    periods(ax, facts.case.periods)
    ax.set_ylim(bottom=0)
    key(ax)
    name, last, end = facts.sku_names[sku] if sku is not None else "accelerators", df.iloc[-1], facts.case.periods[-1]
    busy = f"{fixed(last['total'])} {name} in {end}, {percent(1 - last['idle'] / last['total'])} of them in use" if last["total"] > 0 else ""
    ever = f"No {name} in {end}" + (f", up to {fixed(df['total'].max())} before" if df["total"].max() > 0 else "")
    title(ax, busy or ever, "Deployed in halls; those in stock are not counted.")
    return figure


def shares(facts: Facts, of: str) -> pd.DataFrame:
    """Return how much is in use, 0..1, NaN where there is nothing: one row per site in use, busiest first, one column per period."""
    n = facts.case.n_periods
    if of == "power":
        df = tightest(flows(facts)).rename(columns={"supplied": "used", "limit": "there"})
    else:
        df = facts.plan["chips"].assign(used=lambda d: d["training"] + d["serving"], there=lambda d: d["installed"] + d["deployed"])
        kw = df["sku"].map(facts.case["skus"].set_index("sku")["kw_per_unit"])
        df = df.assign(used=df["used"] * kw, there=df["there"] * kw)
    used, there = (df.pivot_table(index="site", columns="period", values=c, aggfunc="sum").reindex(columns=range(n)) for c in ("used", "there"))
    out = (used / there.where(there > 1e-9)).astype(float)
    order = used.sum(axis=1).loc[lambda v: v > 1e-9].sort_values(ascending=False, kind="stable").index
    return out.loc[order]


def utilisation(facts: Facts, of: str = "accelerators", ax: Axes | None = None) -> Figure:
    """Draw a heat map of shares; see :meth:`placement.PlanPlots.utilisation`."""
    if of not in KINDS:
        raise OptionError(f"utilisation of '{of}' is unknown; give {' or '.join(KINDS)}")
    if of == "power" and not facts.power_modelled:
        raise OptionError(f"{facts.case.name}: power is not modelled, the case has neither a grid nor a generators table")
    df = shares(facts, of)
    if df.empty:
        raise OptionError(f"{facts.case.name}: no site uses {of} in this plan")
    figure, ax = canvas(ax, (8, 1.7 + 0.3 * len(df)))
    image = ax.imshow(df.to_numpy(), vmin=0.0, vmax=1.0, cmap="cividis", aspect="auto", interpolation="nearest")
    ax.set_yticks(range(len(df)), [safe(facts.site_names.get(s, s), MOST_NAME) for s in df.index], fontsize=9)
    periods(ax, facts.case.periods)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    for r, c in zip(*np.nonzero(np.isfinite(df.to_numpy())), strict=True):
        share = float(df.iloc[r, c])
        ax.text(c, r, whole(share), ha="center", va="center", fontsize=7.5, color="black" if share > 0.55 else "white")
    bar = ax.figure.colorbar(image, ax=ax, pad=0.02, shrink=min(1.0, 3.5 / (0.3 * len(df) + 0.7)))
    bar.set_label("share in use")
    bar.set_ticks([0, 0.5, 1], labels=["0 %", "50 %", "100 %"])
    hint = (
        "In per cent, weighted by the power of accelerators."
        if of != "power"
        else "In per cent of energised tiers, generators and storage, in the tightest block."
    )
    title(ax, _finding(facts, df, of), hint)
    return figure


def whole(share: float) -> str:
    """Return a share as a whole percentage, but never as a false 0 or 100."""
    x = 100 * share
    return "<1" if 0 < x < 0.5 else ">99" if 99.5 <= x < 100 - 1e-7 else fixed(x)


def _finding(facts: Facts, df: pd.DataFrame, of: str) -> str:
    mean = df.mean(axis=1)
    what = "Accelerators" if of == "accelerators" else "Available power"
    low = str(mean.idxmin())
    least = f", least at {facts.site_names.get(low, low)} ({percent(mean.min())})" if len(df) > 1 else ""
    most = str(mean.idxmax())
    return f"{what} at {plural(len(df), 'site')}: most used at {facts.site_names.get(most, most)} ({percent(mean.max())} on average){least}"
