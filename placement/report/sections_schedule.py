"""The schedule: milestones, halls in service and training jobs on one axis of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pandas as pd

from placement.report.charts import legend
from placement.report.facts import Facts
from placement.report.formats import fixed, listed, musd, plural, significant, unit
from placement.report.gantt import Bar, Row, gantt
from placement.report.leads import in_service, with_leads
from placement.report.markup import Html, details, figure, note, section, table
from placement.report.tables import grouped, label, names_of, records

MOST_ROWS = 80  # of the chart; the tables have everything
_MOMENT = 0.1  # periods: shorter work cannot be told from a date
SHARED = "shared"  # milestones of the site itself
WORK, HALL = "c1", "c6"  # colours of milestones and of halls in service
_SKUS = ("c0", "c2", "c3", "c4", "c5", "c7")  # of jobs, by kind of accelerator


def schedule_section(facts: Facts) -> Html:
    """Return one Gantt chart, site by site: work on milestones, halls in service, jobs by fabric domain; and the tables behind it."""
    title, jobs = "Schedule", facts.plan["training"]
    service = in_service(facts)
    steps = with_leads(facts, service)
    colours = {str(k): _SKUS[min(i, len(_SKUS) - 1)] for i, k in enumerate(jobs["sku"].unique())}
    rows = [row for site in _sites(facts, service) for row in _rows_of(facts, site, steps, service, colours)]
    said = [*_nothing(facts, bool(service))]
    if not rows:
        return section("schedule", title, *map(note, said))
    there = [plural(n, noun) for n, noun in ((len(facts.new_halls), "new hall"), (facts.placed, "training job")) if n]
    name = f"{' and '.join(there)}, site by site"
    hint = "Work: median duration, from when it must begin; whiskers: 90th percentile; diamonds: in service. Each job runs on one kind of accelerator."
    hint += f" The first {MOST_ROWS} of {len(rows)} rows; the tables have all." if len(rows) > MOST_ROWS else ""
    key = [
        ("work on a milestone", WORK),
        ("hall in service", HALL),
        *((f"job on {facts.sku_names.get(k, k)}", c) for k, c in list(colours.items())[: len(_SKUS) - 1]),
    ]
    if len(colours) >= len(_SKUS):
        rest = list(colours)[len(_SKUS) - 1 :]
        key.append((f"job on {listed([facts.sku_names.get(k, k) for k in rest], 3)}", _SKUS[-1]))
    chart = figure(name, gantt(rows[:MOST_ROWS], facts.case.periods, name), hint)
    return section("schedule", title, *map(note, said), legend(key), chart, *_tables(facts, steps))


def _nothing(facts: Facts, builds: bool) -> Iterator[str]:
    if not builds:
        yield "No new hall is built."
    if facts.case["jobs"].empty:
        yield "The case has no training jobs."
    elif facts.plan["training"].empty:
        yield "No training job is placed."


def _sites(facts: Facts, service: dict[tuple[str, str], int]) -> list[str]:
    """Return the sites that build or train: those that build first, by date, then the largest."""
    first = {s: min(t for (site, _), t in service.items() if site == s) for s, _ in service}
    there = dict.fromkeys([*first, *facts.plan["training"]["site"]])
    return sorted(there, key=lambda s: (first.get(s, facts.case.n_periods), -float(facts.it_mw.get(s, 0.0)), s))


def _rows_of(facts: Facts, site: str, steps: pd.DataFrame, service: dict[tuple[str, str], int], colours: dict[str, str]) -> list[Row]:
    """Return the rows of a site: halls that are there, halls that are built, jobs by fabric domain. The first one has the site's name."""
    parts = [*_halls(facts, site, steps, service), *_jobs(facts, site, colours)]
    name = facts.site_names.get(site, site)
    return [Row(f"{name} {part.name.removeprefix(SHARED)}".strip() if i == 0 else f"\u2003{part.name}", part.bars, part.flag) for i, part in enumerate(parts)]


def _halls(facts: Facts, site: str, steps: pd.DataFrame, service: dict[tuple[str, str], int]) -> Iterator[Row]:
    name, n = facts.site_names.get(site, site), facts.case.n_periods
    halls = facts.plan["halls"].loc[lambda d: d["site"] == site]
    old = halls.loc[halls["existing"] != 0]
    if len(old):
        words = f"{plural(len(old), 'hall')} that {'is' if len(old) == 1 else 'are'} there, {unit(old['it_mw'].sum(), 'MW')}"
        yield Row("", [Bar(0, n, words, HALL, f"{name}: {words}: {listed([str(h) for h in old['hall']], 6)}")])
    mine = {h: list(records(g)) for h, g in grouped(steps.loc[steps["site"] == site], "hall")}
    size = dict(zip(halls["hall"], halls["it_mw"], strict=True))
    for hall in sorted(set(mine) | {h for s, h in service if s == site}, key=lambda h: (service.get((site, h), 0), h)):
        at, bars = service.get((site, hall)), _milestone_bars(facts, mine.get(hall, []))
        if at is not None and hall in size:
            words = f"in service, {unit(size[hall], 'MW')}"
            bars.append(Bar(at, n, words, HALL, f"{name} {hall}: {words}, from {label(facts.case, at)} on"))
        yield Row(hall or SHARED, bars, at)


def _jobs(facts: Facts, site: str, colours: dict[str, str]) -> Iterator[Row]:
    names = names_of(facts.case["jobs"], "job")
    jobs = facts.plan["training"].loc[lambda d: d["site"] == site].sort_values(["domain", "start", "job"])
    for domain, g in grouped(jobs, "domain"):
        where = facts.domain_name(site, domain).removeprefix(facts.site_names.get(site, site)).lstrip("/ ")
        yield Row(f"jobs {where}".strip(), [_job_bar(facts, names, j, colours[j.sku]) for j in records(g)])


def _milestone_bars(facts: Facts, steps: Sequence[Any]) -> list[Bar]:
    """Return the bars of milestones; those of no duration that begin together are one, or each would take a line of its own."""
    bars = [_milestone_bar(facts, s) for s in steps if s.lead_p50 >= _MOMENT]
    moments = [s for s in steps if s.lead_p50 < _MOMENT]
    for begin in dict.fromkeys(s.begin for s in moments):
        some = [_milestone_bar(facts, s) for s in moments if s.begin == begin]
        bars.append(Bar(begin, max(b.end for b in some), listed([b.name for b in some], 6), WORK, ". ".join(b.hint for b in some), max(b.late for b in some)))
    return bars


def _milestone_bar(facts: Facts, s: Any) -> Bar:
    lead = f"{significant(s.lead_p50)} periods (90th percentile {significant(s.lead_p90)})"
    hint = f"{s.milestone}: start in {label(facts.case, s.start)}, {lead}, {musd(s.cost_musd)}"
    return Bar(s.begin, s.begin + max(s.lead_p50, 0.05), s.milestone, WORK, hint, s.begin + s.lead_p90)


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


def _job_bar(facts: Facts, names: dict[str, str], j: Any, colour: str) -> Bar:
    sku = facts.sku_names.get(j.sku, j.sku)
    when = f"{label(facts.case, j.start)} to {label(facts.case, j.end)}"
    return Bar(j.start, j.end + 1, j.job, colour, f"{names.get(j.job, j.job)}: {fixed(j.units)} {sku}, {when}, worth {musd(j.value_musd)}")


def _tables(facts: Facts, steps: pd.DataFrame) -> Iterator[Html]:
    halls, jobs, names = facts.new_halls, facts.plan["training"], names_of(facts.case["jobs"], "job")
    if len(halls):
        built = [(facts.site_names.get(r.site, r.site), r.hall, label(facts.case, r.in_service), fixed(r.it_mw, 1)) for r in records(halls)]
        yield details(f"Show {plural(len(halls), 'new hall')}", table(("Site", "Hall", "In service", "IT capacity, MW"), built, (3,)))
    if len(steps):
        yield details(f"Show {plural(len(steps), 'milestone')}", _milestone_table(facts, steps))
    if len(jobs):
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
            for j in records(jobs.sort_values(["start", "job"], kind="stable"))
        ]
        heads = ("Job", "Name", "Where", "Accelerator", "Start", "Last period", "Accelerators", "Value")
        yield details(f"Show {plural(len(rows), 'training job')}", table(heads, rows, (6, 7)))
