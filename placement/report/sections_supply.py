"""Sections about power and building: power by site and period, halls, milestones, jobs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placement.report.charts import Series, heat, legend, stacked
from placement.report.facts import SOURCES, Facts
from placement.report.formats import fixed, musd, percent, plural, significant
from placement.report.gantt import Bar, Row, gantt
from placement.report.leads import in_service, with_leads
from placement.report.markup import Html, el, figure, join, note, section, table
from placement.report.tables import grouped, label, names_of, records

MOST_SITES = 12  # small multiples of power; all sites are in the heat map
MOST_GROUPS = 80  # rows of a Gantt chart; the table below it has everything


def power_section(facts: Facts) -> Html:
    """Return load against limit: a heat map of all sites and the largest sites one by one."""
    title = "Power"
    if not facts.power_modelled:
        return section("power", title, note("Power is not modelled in this case: it has neither a grid nor a generator table."))
    df = facts.power
    size = df.groupby("site")[["load", "limit"]].max()
    busy = size.loc[size["load"] > 1e-9].sort_values("load", ascending=False).index
    if not len(busy):
        return section("power", title, note("No site draws power in this plan."))
    share = df.assign(share=df["load"] / df["limit"].where(df["limit"] > 1e-9)).pivot(index="site", columns="period", values="share").loc[busy]
    rows = [
        (
            facts.site_names[r.site],
            label(facts.case, r.period),
            r.block,
            *(fixed(getattr(r, s), 1) for s in SOURCES),
            fixed(r.limit, 1),
            percent(r.load / r.limit if r.limit else float("nan")),
        )
        for r in records(df.loc[df["site"].isin(busy)])
    ]
    heads = ("Site", "Period", "Tightest block", "Grid, MW", "Contracts, MW", "Generators, MW", "Available, MW", "Used")
    hint = "Facility power / (energised grid tiers + on-site generation), per cent, in the tightest block of each period. Dark is full."
    grid = heat(
        [facts.site_names[s] for s in busy],
        facts.case.periods,
        share.to_numpy(),
        "Use of the available power by site and period",
        "of the available power used",
    )
    parts = [figure("Use of the available power, %", grid, hint, table(heads, rows, range(3, 8)))]
    key = legend([("grid", "c0"), ("contracts, through the grid", "c1"), ("on-site generation", "c2"), ("black line: available power", "c7")])
    charts = [figure(f"{facts.site_names[s]}, MW", _site_power(facts, df, s)) for s in busy[:MOST_SITES]]
    head = f"The {len(charts)} sites that draw most" if len(busy) > len(charts) else "Site by site"
    return section("power", title, *parts, el("h3", head), key, el("div", *charts, class_="multiples"), *_water(facts))


def _water(facts: Facts) -> list[Html]:
    """Return water by site and year beside its limits; nothing where no site with a WUE uses any."""
    df = facts.plan["water"]
    if df.empty:
        return []
    limit = df[["right_ml", "community_ml"]].min(axis=1)
    rows = [
        (facts.site_names.get(r.site, r.site), r.year, significant(r.water_ml), significant(r.right_ml), significant(r.community_ml), percent(share))
        for r, share in zip(records(df), df["water_ml"] / limit.where(limit > 0), strict=True)
    ]
    hint = note("Sites with a WUE only, by calendar year within the horizon. The community's cap includes what it grants against benefits.")
    heads = ("Site", "Year", "Water, Ml", "Right, Ml", "Community's cap, Ml", "Used of the tighter one")
    return [el("h3", "Water"), hint, table(heads, rows, range(2, 6))]


def _site_power(facts: Facts, df: pd.DataFrame, site: str) -> Html:
    one = df.loc[df["site"] == site]
    series = [Series(name, one[name].to_numpy(float), f"c{i}") for i, name in enumerate(SOURCES)]
    peak = f"at most {significant(one['load'].max())} MW of {significant(one['limit'].max())} MW"
    return stacked(
        series,
        facts.case.periods,
        "MW",
        f"Power of {facts.site_names[site]} by source and period: {peak}",
        "s",
        one["limit"].to_numpy(float),
    )


def build_section(facts: Facts) -> Html:
    """Return the Gantt chart of the milestones of halls that are built."""
    halls, title = facts.new_halls, "Building"
    if halls.empty:
        return section("building", title, note("No new hall is built."))
    service = in_service(facts)
    df = with_leads(facts, service)
    steps = {k: list(records(g)) for k, g in grouped(df, ["site", "hall"])}
    colours = {m: f"c{i % 6}" for i, m in enumerate(df["milestone"].unique())}
    keys = sorted(set(steps) | set(service), key=lambda k: (k[0], min(service.get((k[0], ""), 0), service.get(k, 0)), k[1]))
    chart = [
        Row(
            f"{facts.site_names.get(k[0], k[0])} {k[1]}".strip(),
            [_milestone_bar(facts, s, colours[s.milestone]) for s in steps.get(k, [])],
            service.get(k),
        )
        for k in keys
    ]
    rows = [(facts.site_names.get(r.site, r.site), r.hall, label(facts.case, r.in_service), fixed(r.it_mw, 1)) for r in records(halls)]
    hint = "Bars: median duration, from when the work must begin; whiskers: 90th percentile. Diamonds: in service."
    if len(chart) > MOST_GROUPS:
        hint += f" The first {MOST_GROUPS} of {len(chart)} rows; the table has all."
    key = legend([(m, c) for m, c in list(colours.items())[:12]])
    numbers = join([table(("Site", "Hall", "In service", "IT capacity, MW"), rows, (3,)), _milestone_table(facts, df)])
    name = f"Milestones of {plural(len(halls), 'new hall')}"
    return section("building", title, key, figure(name, gantt(chart[:MOST_GROUPS], facts.case.periods, name), hint, numbers))


def _milestone_bar(facts: Facts, s: Any, colour: str) -> Bar:
    lead = f"{significant(s.lead_p50)} periods (90th percentile {significant(s.lead_p90)})"
    hint = f"{s.milestone}: start in {label(facts.case, s.start)}, {lead}, {musd(s.cost_musd)}"
    return Bar(s.begin, s.begin + max(s.lead_p50, 0.05), s.milestone, colour, hint, s.begin + s.lead_p90)


def _milestone_table(facts: Facts, df: pd.DataFrame) -> Html:
    heads = ("Site", "Hall", "Milestone", "Start", "10th percentile", "Median", "90th percentile", "Cost")
    rows = [
        (
            facts.site_names.get(r.site, r.site),
            r.hall or "shared",
            r.milestone,
            label(facts.case, r.start),
            *map(significant, (r.lead_p10, r.lead_p50, r.lead_p90)),
            musd(r.cost_musd),
        )
        for r in records(df)
    ]
    return table(heads, rows, range(4, 8), "Milestones with their own durations, in periods from their start") if rows else note("No milestones.")


def jobs_section(facts: Facts) -> Html:
    """Return the Gantt chart of training jobs by fabric domain."""
    title, df = "Training", facts.plan["training"]
    if facts.case["jobs"].empty:
        return section("training", title, note("The case has no training jobs."))
    if df.empty:
        return section("training", title, note("No training job is placed."))
    names = names_of(facts.case["jobs"], "job")
    colours = {k: f"c{i % 6}" for i, k in enumerate(df["sku"].unique())}
    df = df.sort_values(["site", "domain", "start", "job"])
    chart = [
        Row(facts.domain_name(site, domain), [_job_bar(facts, names, j, colours[j.sku]) for j in records(g)])
        for (site, domain), g in grouped(df, ["site", "domain"])
    ]
    rows = [
        (
            j.job,
            names.get(j.job, ""),
            facts.domain_name(j.site, j.domain),
            facts.sku_names.get(j.sku, j.sku),
            label(facts.case, j.start),
            label(facts.case, j.end),
            fixed(j.units),
            musd(j.value_musd),
        )
        for j in records(df)
    ]
    heads = ("Job", "Name", "Where", "Accelerator", "Start", "Last period", "Accelerators", "Value")
    name = f"{plural(len(df), 'training job')} by fabric domain"
    key = legend([(facts.sku_names.get(k, k), c) for k, c in colours.items()])
    hint = "Each bar is one job on one kind of accelerator." + (f" The first {MOST_GROUPS} of {len(chart)} domains." if len(chart) > MOST_GROUPS else "")
    return section("training", title, key, figure(name, gantt(chart[:MOST_GROUPS], facts.case.periods, name), hint, table(heads, rows, (6, 7))))


def _job_bar(facts: Facts, names: dict[str, str], j: Any, colour: str) -> Bar:
    sku = facts.sku_names.get(j.sku, j.sku)
    when = f"{label(facts.case, j.start)} to {label(facts.case, j.end)}"
    return Bar(j.start, j.end + 1, j.job, colour, f"{names.get(j.job, j.job)}: {fixed(j.units)} {sku}, {when}, worth {musd(j.value_musd)}")


def chips_section(facts: Facts) -> Html:
    """Return deployed accelerators by use, SKU and period."""
    df, title = facts.chips, "Accelerators"
    busy = df.groupby("sku")["total"].max().loc[lambda s: s > 1e-9].sort_values(ascending=False)
    if busy.empty:
        return section("chips", title, note("No accelerators are installed or deployed."))
    uses = (("training", "c0"), ("serving", "c1"), ("idle", "c6"))
    charts = []
    for sku in busy.index[:MOST_SITES]:
        one = df.loc[df["sku"] == sku].set_index("period").reindex(range(facts.case.n_periods), fill_value=0.0)
        series = [Series(use, one[use].to_numpy(float), colour) for use, colour in uses]
        name = facts.sku_names.get(sku, sku)
        last = one.iloc[-1]
        lent = f"{percent(1 - last['idle'] / last['total'])} in use in {facts.case.periods[-1]}" if last["total"] > 0 else ""
        charts.append(figure(name, stacked(series, facts.case.periods, "accelerators", f"{name} by use and period", "s"), lent))
    rows = [
        (facts.sku_names.get(r.sku, r.sku), label(facts.case, r.period), *map(fixed, (r.total, r.training, r.serving, r.idle)))
        for r in records(df)
        if r.sku in busy.index
    ]
    numbers = el(
        "details",
        el("summary", "Show the numbers"),
        table(("Accelerator", "Period", "Deployed", "Training", "Serving", "Idle"), rows, range(2, 6)),
    )
    return section(
        "chips",
        title,
        legend([("used by training", "c0"), ("serving inference", "c1"), ("idle", "c6")]),
        el("div", *charts, class_="multiples"),
        _orders(facts),
        numbers,
    )


def _orders(facts: Facts) -> Html:
    df = facts.plan["orders"].sort_values(["period", "cost_musd"], ascending=[True, False])
    if df.empty:
        return note("No accelerators are ordered.")
    rows = [
        (
            r.offer,
            facts.sku_names.get(r.sku, r.sku),
            label(facts.case, r.period),
            _arrival(facts, r.arrives),
            fixed(r.units),
            musd(r.cost_musd),
        )
        for r in records(df)
    ]
    total = f"{plural(len(rows), 'order')}, {fixed(np.sum(df['units']))} accelerators, {musd(df['cost_musd'].sum())}"
    return el(
        "details",
        el("summary", f"Show the orders: {total}"),
        table(("Offer", "Accelerator", "Order in", "Usable from", "Accelerators", "Cost"), rows, (4, 5)),
    )


def _arrival(facts: Facts, period: int) -> str:
    return label(facts.case, period) if period < facts.case.n_periods else "after the end"
