"""When things happen: milestones, halls and training jobs, site by site."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from placement.errors import OptionError
from placement.plot.canvas import CYCLE, INK, MOST_NAME, ORANGE, PALE, SKY, canvas, plain, safe, title
from placement.plot.canvas import periods as period_axis
from placement.plot.choose import chosen
from placement.report.charts import clip
from placement.report.facts import Facts
from placement.report.formats import fixed, listed, musd, plural, unit
from placement.report.gantt import Bar, Row, lanes
from placement.report.leads import in_service, with_leads
from placement.report.tables import grouped, records

PITCH = 0.19  # inches per line
MOST_LINES = 220  # a figure taller than that is no figure any more
KEY_COLUMNS = 4
WORK = "milestones"  # the name of their colour


def rows_of(facts: Facts, site: str | None = None) -> list[Row]:
    """Return what is drawn: one row per new hall (and shared milestones of a site) and one per fabric domain with jobs, sites in the case's order.

    The colour of a bar is :data:`WORK` for a milestone, the id of the SKU for a job. A row's flag is the entry into service.
    """
    service = in_service(facts)
    steps = {k: list(records(g)) for k, g in grouped(with_leads(facts, service), ["site", "hall"])}
    jobs = {k: list(records(g)) for k, g in grouped(facts.plan["training"].sort_values(["start", "job"]), ["site", "domain"])}
    out: list[Row] = []
    for s, name in facts.site_names.items():
        if site not in (None, s):
            continue
        for k in sorted((k for k in set(steps) | set(service) if k[0] == s), key=lambda k: (k[1] != "", service.get(k, 0), k[1])):
            bars = [Bar(m.begin, m.begin + max(m.lead_p50, 0.05), m.milestone, WORK, musd(m.cost_musd), m.begin + m.lead_p90) for m in steps.get(k, [])]
            out.append(Row(f"{name} {k[1] or '(site)'}", bars, service.get(k)))
        for k in (k for k in jobs if k[0] == s):
            bars = [Bar(j.start, j.end + 1, j.job, j.sku, f"{fixed(j.units)} accelerators") for j in jobs[k]]
            out.append(Row(facts.domain_name(*k), bars))
    return out


def gantt(facts: Facts, site: str | None = None, ax: Axes | None = None) -> Figure:
    """Draw the rows over the periods; see :meth:`placement.PlanPlots.gantt`."""
    case = facts.case
    if site is not None:
        chosen(site, facts.site_names, "site")
    rows = rows_of(facts, site)
    if not rows:
        where = f" at {facts.site_names[site]}" if site is not None else ""
        raise OptionError(f"{case.name}: nothing to draw over time{where}, as the plan builds no hall and places no job there")
    packed = [lanes(row.bars) or [[]] for row in rows]
    lines = sum(map(len, packed))
    if lines > MOST_LINES:
        raise OptionError(f"{case.name}: {lines} lines are too many for one figure; draw one site, such as plot.gantt({busiest(facts)!r})")
    colours = {sku: CYCLE[i % len(CYCLE)] for i, sku in enumerate(dict.fromkeys(facts.plan["training"]["sku"]))} | {WORK: ORANGE}
    figure, ax = canvas(ax, (10, 2.0 + 0.25 * math.ceil(len(colours) / KEY_COLUMNS) + PITCH * (lines + 0.4 * len(rows))))
    _draw(ax, rows, packed, colours, case.n_periods)
    plain(ax, across=True)
    period_axis(ax, case.periods, edges=True)
    ax.set_xlim(0, case.n_periods)
    _key(ax, facts, rows, colours)
    title(ax, _finding(facts, site), "Milestones: median duration from when work must begin, line to the 90th percentile; diamond: in service.")
    return figure


def busiest(facts: Facts) -> str:
    """Return the site with most jobs and new halls."""
    both = [*facts.plan["training"]["site"], *facts.new_halls["site"]]
    return str(max(dict.fromkeys(both), key=both.count))


def _draw(ax: Axes, rows: Sequence[Row], packed: Sequence[list[list[Bar]]], colours: Mapping[str, str], n: int) -> None:
    y, ticks = 0.0, []
    room = ax.get_window_extent().width * 72 / ax.figure.dpi / n  # points per period, about
    for row, some in zip(rows, packed, strict=True):
        ticks.append(y + (len(some) - 1) / 2)
        for lane in some:
            for bar in lane:
                _bar(ax, bar, y, colours[bar.colour], room, n)
            y += 1.0
        if row.flag is not None and row.flag <= n:
            ax.plot([row.flag], [y - 1.0], "D", color=INK, markersize=6, zorder=5, clip_on=False)
        y += 0.4
        ax.axhline(y - 0.7, color=PALE, linewidth=0.8, zorder=0)
    ax.set_ylim(y - 0.4, -0.8)
    ax.set_yticks(ticks, [safe(row.name, MOST_NAME) for row in rows])


def _bar(ax: Axes, bar: Bar, y: float, colour: str, room: float, n: int) -> None:
    start, end = max(bar.start, 0.0), min(bar.end, float(n))
    if bar.late:
        ax.hlines(y, start, min(bar.late, n), color=INK, linewidth=0.9, zorder=1)
    if end <= start:
        return
    ax.barh(y, end - start, 0.78, start, color=colour, edgecolor="white", linewidth=0.8, zorder=2)
    fits = int((end - start) * room / 4.3) - 1
    if fits >= 3:
        dark = colour not in (SKY, ORANGE)
        ax.text(start + 3 / room, y, safe(clip(bar.name, fits)), fontsize=6.5, va="center", color="white" if dark else INK, zorder=3, clip_on=True)


def _key(ax: Axes, facts: Facts, rows: Sequence[Row], colours: Mapping[str, str]) -> None:
    used = {bar.colour for row in rows for bar in row.bars}
    marks = [Patch(facecolor=c, label=safe(WORK if k == WORK else facts.sku_names.get(k, k), MOST_NAME)) for k, c in colours.items() if k in used]
    inches = ax.get_window_extent().height / ax.figure.dpi
    ax.legend(handles=marks, loc="upper left", bbox_to_anchor=(0, -0.45 / max(inches, 0.5)), ncols=KEY_COLUMNS, frameon=False, fontsize=8.5)


def _finding(facts: Facts, site: str | None) -> str:
    halls, jobs = facts.new_halls, facts.plan["training"]
    if site is not None:
        halls, jobs = halls.loc[halls["site"] == site], jobs.loc[jobs["site"] == site]
    of = f" of {plural(len(facts.case['jobs']), 'training job')}" if site is None else ""
    run = f"{fixed(jobs['job'].nunique())}{of} run" if of else f"{plural(jobs['job'].nunique(), 'training job')}"
    parts = [run] if len(facts.case["jobs"]) else []
    if len(halls):
        first = facts.case.periods[int(np.min(halls["in_service"]))]
        parts.append(f"{plural(len(halls), 'new hall')} of {unit(halls['it_mw'].sum(), 'MW')}, the first in service in {first}")
    said = listed(parts)
    return f"{facts.site_names[site]}: {said}" if site is not None else said
