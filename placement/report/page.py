"""The page: the answer first, then a section per question; see :func:`render`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from placement.case.case import Case
from placement.report import sections_money as money
from placement.report import sections_pairs as priced
from placement.report import sections_power as power
from placement.report import sections_run as made
from placement.report import sections_service as service
from placement.report.answer import MOST_DECISIONS, answer, decisions_section
from placement.report.binding import binding
from placement.report.facts import Facts
from placement.report.formats import figure_of, listed, number
from placement.report.markup import Html, defined, el, join, named, note, section, table
from placement.report.sections_carbon import carbon_section
from placement.report.sections_chips import chips_section
from placement.report.sections_map import map_section
from placement.report.sections_missing import excluded_section, missing_section
from placement.report.sections_prices import limits_only, prices_section
from placement.report.sections_schedule import schedule_section
from placement.report.sections_sources import is_documented, sources_section
from placement.report.shell import document
from placement.report.text import (
    checked,
    has_plan,
    interrupted,
    is_priced,
    names,
    no_plan,
    unit_of,
)

_LINKS = {
    "excluded": "What the rules exclude", "decisions": "First decisions", "sites": "Sites", "workloads": "Workloads", "map": "Where",
    "schedule": "Schedule", "power": "Power", "carbon": "Energy and carbon",
    "chips": "Accelerators", "inference": "Inference", "money": "Money", "left-out": "Left out", "prices": "What is scarce",
    "progress": "How it was found", "figures": "Key figures", "inputs": "Inputs", "sources": "Sources",
}  # fmt: skip


def render(
    case: Case,
    tables: Mapping[str, pd.DataFrame],
    summary: Mapping[str, object],
    prices: pd.DataFrame,
    progress: Sequence[Mapping[str, object]],
    exclusions: pd.DataFrame | None = None,
    *,
    costs: pd.DataFrame | None = None,
    bottlenecks: pd.DataFrame | None = None,
) -> str:
    """Return the report of a plan as one self-contained HTML page.

    Parameters
    ----------
    case
        The case that was solved.
    tables
        Plan tables by name, periods as labels; a table that is not there has no rows.
    summary
        What ``summary.json`` holds: case, title, status, objective (M$), bound, verified_bound, gap, kpis, runtime_s, phases, sizes,
        versions, case_sha256, options, seed, check, interrupted, infeasible_by, unservable, uncovered, unserved, excluded.
    prices
        Columns resource, kind, place, sku, period, block, price, unit, label.
    progress
        Rows with time_s, objective and bound; ``None`` where there is none yet.
    exclusions
        What the rules exclude: columns workload, place, sku, rule, n; without it no reasons are given for what is left out.
    costs
        What serving costs by service and period: columns service, period (label), mtok, cost_musd, usd_per_mtok; without it nothing is said of that.
    bottlenecks
        What :func:`placement.bottlenecks` found, where it was asked: columns layer, with_layer, site, step, value_musd, at_least_musd, at_most_musd.

    Raises
    ------
    DataError
        If a table lacks a column or holds something that is not a period.
    """
    facts = Facts.of(case, tables)
    title = str(summary.get("title") or case.title or case.name)
    sections = _sections(facts, summary, prices, progress, exclusions, costs, bottlenecks) if has_plan(summary) else _without_plan(facts, summary, progress)
    untold = str(summary.get("prices_note") or "")
    bind = binding(facts, limits_only(prices), untold, bottlenecks) if has_plan(summary) and not is_priced(summary) else ""
    keys = [key for key in _LINKS if f'<section id="{key}"' in join(sections)]
    nav = el("nav", *(el("a", _LINKS[key], href=f"#{key}") for key in keys), aria_label="Sections")
    return document(f"{title} \u2013 placement plan", _header(facts, title, summary, bind), nav, el("main", *sections), _footer(summary))


def _header(facts: Facts, title: str, summary: Mapping[str, object], bind: str) -> Html:
    ok, violations = checked(summary)
    verdict = ("badge good", "checked independently") if ok else ("badge warn", "not checked" if ok is None else "check failed")
    case = facts.case
    span = "" if "pairs" in case else f", {case.periods[0]} to {case.periods[-1]}"  # priced pairs have no dates
    kicker = el(
        "p", el("span", f"Placement plan{span}"),
        el("span", f"Status: {summary.get('status')}", class_="badge"),
        el("span", verdict[1], class_=verdict[0]) if has_plan(summary) else "", class_="kicker",
    )  # fmt: skip
    alert = el(
        "p",
        el("strong", "Do not act on this plan: "),
        "the independent checker found ",
        listed(violations, 6) or "violations",
        ".",
        class_="alert",
        role="alert",
    )
    stopped = interrupted(summary)
    stop = el("p", el("strong", "Interrupted: "), stopped, class_="alert", role="alert") if stopped else ""
    body = _no_answer(summary) if not has_plan(summary) else answer(facts, summary, bind)
    return el("header", kicker, el("h1", title), alert if ok is False else "", stop, *body)


def _no_answer(summary: Mapping[str, object]) -> list[Html]:
    lonely = names(summary.get("unservable"))
    found = [el("p", no_plan(summary), class_="lead")]
    if lonely:
        items = el("ul", *(el("li", one) for one in lonely[:MOST_DECISIONS]))
        more = el("p", f"And {len(lonely) - MOST_DECISIONS} more.") if len(lonely) > MOST_DECISIONS else ""
        found.append(el("div", el("strong", "Must be served, and nothing can serve it:"), items, more, class_="alert", role="alert"))
    return found


def _sections(
    facts: Facts,
    summary: Mapping[str, object],
    prices: pd.DataFrame,
    progress: Sequence[Mapping[str, object]],
    exclusions: pd.DataFrame | None,
    costs: pd.DataFrame | None,
    bottlenecks: pd.DataFrame | None,
) -> list[Html]:
    kpis = summary.get("kpis")
    figures = kpis if isinstance(kpis, Mapping) else {}
    if is_priced(summary):  # no dates, halls, chips and power to tell of
        told = [priced.sites_section(facts, summary), priced.workloads_section(facts, summary), made.progress_section(progress, summary)]
        return [*told, _figures(figures), made.inputs_section(facts, summary), *_told_of(facts)]
    untold = str(summary.get("prices_note") or "")
    return [
        decisions_section(facts),
        map_section(facts),
        schedule_section(facts),
        power.power_section(facts),
        carbon_section(facts),
        chips_section(facts),
        service.inference_section(facts, costs),
        money.money_section(facts, figures),
        missing_section(facts, exclusions, summary.get("uncovered"), summary.get("unserved")),
        prices_section(facts, prices, untold, bottlenecks),
        made.progress_section(progress, summary),
        _figures(figures),
        made.inputs_section(facts, summary),
        sources_section(facts),
    ]


def _without_plan(facts: Facts, summary: Mapping[str, object], progress: Sequence[Mapping[str, object]]) -> list[Html]:
    return [*excluded_section(summary), made.progress_section(progress, summary), made.inputs_section(facts, summary), *_told_of(facts)]


def _told_of(facts: Facts) -> list[Html]:
    return [sources_section(facts)] if is_documented(facts) else []


def _figures(kpis: Mapping[str, object]) -> Html:
    if not kpis:
        return section("figures", "Key figures", note("No key figures were recorded."))
    rows = [(named(k), figure_of(k, kpis[k])[1]) for k in _in_order(list(map(str, kpis)))]
    told = defined(k for k, v in kpis.items() if number(v) == number(v))
    return section("figures", "Key figures", table(("Figure", "Value"), rows, (1,), class_="pairs"), *told)


def _in_order(figures: Sequence[str]) -> list[str]:
    """Return key figures with the parts of a term of the objective, layer by layer, right behind the term itself."""
    place = {k: i for i, k in enumerate(figures)}

    def at(k: str) -> tuple[int, int]:
        whole = f"{k.partition('_')[0]}_musd" if k.endswith("_musd") else k
        return place.get(whole, place[k]), place[k]

    return sorted(figures, key=at)


def _footer(summary: Mapping[str, object]) -> Html:
    versions = summary.get("versions")
    tool = versions.get("placement", "") if isinstance(versions, Mapping) else ""
    units = f"Costs in {unit_of(summary)}." if is_priced(summary) else "Money in M$ (millions of US dollars), power in MW."
    return el(
        "footer",
        f"Made by placement {tool}".strip() + f". {units} This page loads nothing from elsewhere; its only script is its own.",
    )
