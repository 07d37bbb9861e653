"""Inference: how much of the demand is served, and how far its answers travel."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from placement.errors import OptionError
from placement.plot.canvas import BLUE, GREEN, GREY, INK, MOST_NAME, ORANGE, PALE, SOFT, canvas, key, periods, plain, safe, stack, title, values
from placement.plot.choose import chosen
from placement.report.facts import Facts
from placement.report.formats import percent, plural, significant, unit
from placement.report.tables import by_period, grouped, names_of, weighted_quantile

QUANTILES = (0.5, 0.95, 0.99)


def _services(facts: Facts) -> dict[str, str]:
    if facts.case["services"].empty or facts.case["demand"].empty:
        raise OptionError(f"{facts.case.name}: no figure of services, the case has no demand for any")
    return names_of(facts.case["services"], "service")


def amounts(facts: Facts, service: str | None) -> pd.DataFrame:
    """Return Mtok/day by period: ``served`` and ``unserved``, of one service or of all."""
    n, asked, served = facts.case.n_periods, facts.case["demand"], facts.traffic
    if service is not None:
        asked, served = asked.loc[asked["service"] == service], served.loc[served["service"] == service]
    whole, got = (by_period(df.assign(all=""), "all", "mtok_per_day", n).sum() for df in (asked, served))
    return pd.DataFrame({"served": got, "unserved": (whole - got).clip(lower=0.0)})


def serving(facts: Facts, service: str | None = None, ax: Axes | None = None) -> Figure:
    """Draw demand that is served and that is not; see :meth:`placement.PlanPlots.serving`."""
    names = _services(facts)
    if service is not None:
        chosen(service, names, "service")
    df = amounts(facts, service)
    figure, ax = canvas(ax, (8, 4))
    stack(ax, [("served", df["served"], GREEN), ("not served", df["unserved"], GREY)])
    plain(ax)
    values(ax, "demand, Mtok/day")
    periods(ax, facts.case.periods)
    ax.set_ylim(bottom=0)
    key(ax)
    whole = df.sum()
    share = whole["served"] / whole.sum() if whole.sum() > 0 else float("nan")
    worst = int(df["unserved"].argmax())
    most = f", up to {unit(df['unserved'].max(), 'Mtok/day')} not served, in {facts.case.periods[worst]}" if df["unserved"].max() > 1e-6 else ""
    who = names[service] if service is not None else plural(len(names), "service")
    title(ax, f"{percent(share)} of the demand is served{most}", f"{who}, by period.")
    return figure


def round_trips(facts: Facts) -> pd.DataFrame:
    """Return one row per service that is served: ``limit`` and the ``QUANTILES`` of its round-trip time by tokens, ms."""
    limits = facts.case["services"].set_index("service")["slo_rtt_ms"]
    rows = []
    for service, g in grouped(facts.traffic.loc[lambda d: d["mtok_per_day"] > 0], "service"):
        found = weighted_quantile(g["rtt_ms"].to_numpy(float), g["mtok_per_day"].to_numpy(float), list(QUANTILES))
        rows.append((service, float(limits[service]), *found))
    return pd.DataFrame(rows, columns=["service", "limit", "p50", "p95", "p99"])


def latency(facts: Facts, ax: Axes | None = None) -> Figure:
    """Draw round-trip times against their limits; see :meth:`placement.PlanPlots.latency`."""
    names, df = _services(facts), round_trips(facts)
    if df.empty:
        raise OptionError(f"{facts.case.name}: no round-trip times, as no demand is served")
    figure, ax = canvas(ax, (8, 2.5 + 0.42 * len(df)))
    y = np.arange(len(df))
    ax.barh(y, df["limit"], 0.62, color=PALE, label="limit (SLO)")
    ax.hlines(y, df["p50"], df["p99"], color=INK, linewidth=1.6, zorder=2)
    for name, colour, form in (("p50", BLUE, "o"), ("p95", ORANGE, "D"), ("p99", INK, "|")):
        words = "median" if name == "p50" else f"{name[1:]}th percentile"
        ax.plot(df[name], y, form, color=colour, markersize=8, markeredgewidth=2 if form == "|" else 0.8, label=words, zorder=3)
    far = float(df[["limit", "p99"]].max(axis=None))
    for i, (limit, end) in enumerate(zip(df["limit"], df[["limit", "p99"]].max(axis=1), strict=True)):
        ax.text(end + 0.02 * far, i, f"{significant(limit)} ms", va="center", fontsize=8, color=SOFT)
    plain(ax, across=True)
    ax.set_yticks(y, [safe(names.get(s, s), MOST_NAME) for s in df["service"]])
    ax.set_ylim(len(df) - 0.4, -0.6)
    ax.set_xlim(0, 1.14 * far)
    ax.set_xlabel("network round-trip time, ms")
    key(ax)
    use = (df["p95"] / df["limit"]).to_numpy(float)
    top = int(np.argmax(use))
    title(ax, f"{names[df['service'][top]]} is closest to its limit: 95th percentile at {percent(use[top])}", "Weighted by tokens, over all periods.")
    return figure
