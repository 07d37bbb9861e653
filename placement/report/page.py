"""The page: the answer first, then a section per question; see :func:`render`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from placement.case.case import Case
from placement.report import sections_demand as demand
from placement.report import sections_pairs as priced
from placement.report import sections_supply as supply
from placement.report.decisions import FREE, Decision, first_decisions, first_steps
from placement.report.facts import Facts
from placement.report.formats import figure_of, fixed, listed, musd, number, percent, unit
from placement.report.markup import Html, details, el, escape, join, note, section, table
from placement.report.sections_map import map_section
from placement.report.sections_missing import excluded_section, missing_section
from placement.report.sections_prices import prices_section
from placement.report.shell import document
from placement.report.tables import label
from placement.report.text import (
    certainty,
    checked,
    has_plan,
    headline,
    interrupted,
    is_priced,
    left_out,
    names,
    nearly_empty,
    no_plan,
    present_value,
    unit_of,
    verified_gap,
    worth,
)

MOST_DECISIONS = 14  # more of them on demand
_LINKS = {
    "excluded": "What the rules exclude", "decisions": "First decisions", "sites": "Sites", "workloads": "Workloads", "map": "Where",
    "building": "Building", "training": "Training", "power": "Power",
    "chips": "Accelerators", "inference": "Inference", "money": "Money", "left-out": "Left out", "prices": "What is scarce",
    "progress": "How it was found", "figures": "Key figures", "inputs": "Inputs",
}  # fmt: skip


def render(
    case: Case,
    tables: Mapping[str, pd.DataFrame],
    summary: Mapping[str, object],
    prices: pd.DataFrame,
    progress: Sequence[Mapping[str, object]],
    exclusions: pd.DataFrame | None = None,
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
        versions, case_sha256, options, seed, check, interrupted, infeasible_by, unservable, uncovered, excluded.
    prices
        Columns resource, kind, place, sku, period, block, price, unit, label.
    progress
        Rows with time_s, objective and bound; ``None`` where there is none yet.
    exclusions
        What the rules exclude: columns workload, place, sku, rule, n; without it no reasons are given for what is left out.

    Raises
    ------
    DataError
        If a table lacks a column or holds something that is not a period.
    """
    facts = Facts.of(case, tables)
    title = str(summary.get("title") or case.title or case.name)
    sections = _sections(facts, summary, prices, progress, exclusions) if has_plan(summary) else _without_plan(facts, summary, progress)
    keys = [key for key in _LINKS if f'<section id="{key}"' in join(sections)]
    nav = el("nav", *(el("a", _LINKS[key], href=f"#{key}") for key in keys), aria_label="Sections")
    return document(f"{title} \u2013 placement plan", _header(facts, title, summary), nav, el("main", *sections), _footer(summary))


def _header(facts: Facts, title: str, summary: Mapping[str, object]) -> Html:
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
    body = _no_answer(summary) if not has_plan(summary) else _answer(facts, summary)
    return el("header", kicker, el("h1", title), alert if ok is False else "", stop, *body)


def _no_answer(summary: Mapping[str, object]) -> list[Html]:
    lonely = names(summary.get("unservable"))
    found = [el("p", no_plan(summary), class_="lead")]
    if lonely:
        items = el("ul", *(el("li", one) for one in lonely[:MOST_DECISIONS]))
        more = el("p", f"And {len(lonely) - MOST_DECISIONS} more.") if len(lonely) > MOST_DECISIONS else ""
        found.append(el("div", el("strong", "Must be served, and nothing can serve it:"), items, more, class_="alert", role="alert"))
    return found


def _answer(facts: Facts, summary: Mapping[str, object]) -> list[Html]:
    if is_priced(summary):
        return [el("p", priced.headline(facts), class_="lead"), el("p", certainty(summary)), priced.tiles(facts, summary)]
    rest, empty, found = left_out(facts), nearly_empty(facts), first_decisions(facts)
    first = el("p", el("strong", f"First, in {_first_periods(facts)}: "), first_steps(found), ".") if found else ""
    return [
        el("p", headline(facts), class_="lead"),
        el("p", certainty(summary)),
        el("p", rest) if rest else Html(),
        el("p", empty) if empty else Html(),
        escape(first),
        _tiles(facts, summary),
    ]


def _first_periods(facts: Facts) -> str:
    labels = facts.case.periods[: facts.soon]
    return " and ".join(labels) if len(labels) <= 2 else f"{labels[0]} to {labels[-1]}"


def _tiles(facts: Facts, summary: Mapping[str, object]) -> Html:
    name, amount = worth(summary)
    gap, halls, cash = verified_gap(summary), facts.own_halls, facts.cash
    capex = cash.loc["capex"].sum() if "capex" in cash.index else 0.0
    jobs, units = len(facts.case["jobs"]), facts.chips.loc[lambda d: d["period"] == facts.case.n_periods - 1, "total"].sum()
    tiles = [
        (name, amount, f"the objective, with weights and penalties; net present value, without both: {musd(present_value(facts))}"),
        ("Verified gap", percent(gap) if gap == gap else "not verified", _gaps(summary)),
        ("Capital spending", musd(capex), "over the horizon, undiscounted"),
        ("Largest power drawn", unit(_peak_mw(facts), "MW"), "all sites together, at the meter")
        if facts.power_modelled
        else ("Power", "not modelled", "in this case"),
        ("IT capacity of halls", unit(halls["it_mw"].sum(), "MW"), f"of it new: {unit(facts.new_halls['it_mw'].sum(), 'MW')}")
        if len(halls) or not len(facts.plan["halls"])
        else ("Halls", "none", "all capacity is a provider's"),
        ("Accelerators", fixed(units), f"deployed in {facts.case.periods[-1]}"),
        ("Training jobs", f"{fixed(facts.placed)} of {fixed(jobs)}", "placed") if jobs else ("Training jobs", "none", "in this case"),
        ("Demand served", percent(facts.served_overall), "of all tokens")
        if facts.served_overall == facts.served_overall
        else ("Inference", "none", "in this case"),
    ]
    return el("dl", *(el("div", el("dt", dt), el("dd", dd, el("small", small))) for dt, dd, small in tiles), class_="tiles")


def _gaps(summary: Mapping[str, object]) -> str:
    claimed = number(summary.get("gap"))
    return "to the best possible plan, no solver trusted" + (f"; {percent(claimed)} by the solver's own bound" if claimed == claimed else "")


def _peak_mw(facts: Facts) -> float:
    energy = facts.plan["energy"]
    return float(energy.groupby(["period", "block"])["mw"].sum().max()) if len(energy) else 0.0


def _sections(
    facts: Facts,
    summary: Mapping[str, object],
    prices: pd.DataFrame,
    progress: Sequence[Mapping[str, object]],
    exclusions: pd.DataFrame | None,
) -> list[Html]:
    kpis = summary.get("kpis")
    figures = kpis if isinstance(kpis, Mapping) else {}
    if is_priced(summary):  # no dates, halls, chips and power to tell of
        told = [priced.sites_section(facts, summary), priced.workloads_section(facts, summary), demand.progress_section(progress, summary)]
        return [*told, _figures(figures), demand.inputs_section(facts, summary)]
    return [
        _decisions(facts), map_section(facts), supply.build_section(facts), supply.jobs_section(facts), supply.power_section(facts),
        supply.chips_section(facts), demand.inference_section(facts, figures), demand.money_section(facts),
        missing_section(facts, exclusions, summary.get("uncovered")), prices_section(facts, prices, str(summary.get("prices_note") or "")),
        demand.progress_section(progress, summary), _figures(figures), demand.inputs_section(facts, summary),
    ]  # fmt: skip


def _without_plan(facts: Facts, summary: Mapping[str, object], progress: Sequence[Mapping[str, object]]) -> list[Html]:
    return [*excluded_section(summary), demand.progress_section(progress, summary), demand.inputs_section(facts, summary)]


def _decisions(facts: Facts) -> Html:
    found = first_decisions(facts)
    title = f"First decisions: {_first_periods(facts)}"
    if not found:
        return section("decisions", title, note("Nothing has to be ordered, started, signed or energised in this time."))
    heads = ("When", "What", "Where, from whom", "How much", "Cost")
    rows = [_decision_row(facts, d) for d in found]
    total, rent = (sum(d.cost_musd for d in found if (d.kind == FREE) == free and d.cost_musd == d.cost_musd) for free in (False, True))
    more = (
        details(f"Show the other {len(rows) - MOST_DECISIONS}", table(heads, rows[MOST_DECISIONS:], (4,), class_="cards")) if len(rows) > MOST_DECISIONS else ""
    )
    yearly = sum(d.yearly_musd for d in found if d.yearly_musd == d.yearly_musd)
    running = f", and about {musd(yearly)} a year for power contracts (what the plan pays for, at their prices)" if yearly > 0 else ""
    halls = ", beside the construction cost of halls" if len(facts.new_halls) else ""
    free = f"; {musd(rent)} of rent on demand in this time, which binds to nothing" if rent > 0 else ""
    first = note(f"{musd(total)} to commit{halls}{running}{free}. The rest of the plan can still change.")
    return section("decisions", title, first, table(heads, rows[:MOST_DECISIONS], (4,), class_="cards"), more)


def _decision_row(facts: Facts, d: Decision) -> tuple[object, ...]:
    return label(facts.case, d.period), el("strong", d.what), d.where, d.amount, _cost(d)


def _cost(d: Decision) -> str:
    if number(d.yearly_musd) > 0:
        return f"about {musd(d.yearly_musd)} a year"
    return musd(d.cost_musd) if number(d.cost_musd) > 0 else ""


def _figures(kpis: Mapping[str, object]) -> Html:
    rows = [figure_of(str(k), v) for k, v in kpis.items()]
    return section("figures", "Key figures", table(("Figure", "Value"), rows, (1,), class_="pairs") if rows else note("No key figures were recorded."))


def _footer(summary: Mapping[str, object]) -> Html:
    versions = summary.get("versions")
    tool = versions.get("placement", "") if isinstance(versions, Mapping) else ""
    units = f"Costs in {unit_of(summary)}." if is_priced(summary) else "Money in M$ (millions of US dollars), power in MW."
    return el(
        "footer",
        f"Made by placement {tool}".strip() + f". {units} This page loads nothing from elsewhere; its only script is its own.",
    )
