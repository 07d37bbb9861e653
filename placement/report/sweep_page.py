"""Many scenarios on one page: what each is worth against the base between proven bounds, what has no plan and why, small multiples on one scale."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from placement.report.bars import for_both
from placement.report.charts import Series, legend, stacked
from placement.report.difference_charts import Interval, between, interval, intervals, signed
from placement.report.formats import MISSING, figure_of, fixed, listed, money, number, percent, plural, significant
from placement.report.markup import Html, defined, details, el, escape, figure, join, named, note, section, table
from placement.report.measures import Measure, common_reach, key_of
from placement.report.shell import document
from placement.report.sides import change_of
from placement.report.tables import records
from placement.report.text import TURNED, called

MOST_CHARTS = 12  # scenarios per measure that are shown at once; the others open on demand
_COLUMNS, _FIGURES = 7, 4  # runs that stand as columns; with more of them figures do, so many a table
_DELTA = "_delta"
_NET = "cash_musd"  # of this measure the net is shown: parts that go both ways hide it


def sweep_page(
    found: pd.DataFrame, title: str, unit: str, links: Mapping[str, str], profiles: Mapping[str, Sequence[Measure]], left: Sequence[str] = (), footer: str = ""
) -> str:
    """Return a sweep as one self-contained HTML page.

    Parameters
    ----------
    found
        The table of :func:`placement.sweep`, the base first.
    title, unit
        Of the base's case; the unit of its costs.
    links
        Relative address of each run's report by scenario; blank or absent where there is none.
    profiles
        Measures by period of each scenario that has a plan.
    left
        Scenarios that have not ended yet.
    footer
        What the runs were made with.
    """
    parts = [
        ("scenarios", "Scenarios", _values_section(found, unit, links)),
        ("failed", "No plan", _failed_section(found, links, left)),
        ("periods", "Period by period", _multiples_section(found, profiles)),
        ("figures", "Key figures", _figures_section(found)),
    ]
    nav = el("nav", *(el("a", name, href=f"#{key}") for key, name, part in parts if part), aria_label="Sections")
    kicker = el("p", el("span", f"{plural(len(found) - 1 + len(left), 'scenario')} beside the base"), *_badges(found, left), class_="kicker")
    header = el("header", kicker, el("h1", title), el("p", _headline(found, unit), class_="lead"), el("p", _base(found, unit)))
    foot = el("footer", f"{footer} Differences are against the base. This page loads nothing from elsewhere.".strip())
    return document(f"{title} \u2013 scenarios", header, nav, el("main", *(part for _, _, part in parts if part)), foot)


def _badges(found: pd.DataFrame, left: Sequence[str]) -> list[Html]:
    failed = int(found["objective_musd"].isna().sum())
    badges = [el("span", f"{failed} without a plan", class_="badge warn")] if failed else []
    return [*badges, el("span", f"{len(left)} not finished", class_="badge warn")] if left else badges


def _interval(row: object) -> Interval:
    return interval(row, str(getattr(row, "scenario", "")), value="value_delta", word=str(getattr(row, "status", "")))


def _headline(found: pd.DataFrame, unit: str) -> str:
    """Return what the scenarios are worth, in words; what the bounds do not tell apart is not told apart."""
    rest = found.iloc[1:]
    known = rest.loc[rest["value_delta_musd"].notna()]
    if rest.empty:
        return "The base alone: no scenario has ended yet."
    if known.empty:
        return f"{plural(len(rest), 'scenario')}, none of which can be compared with the base."
    less, more = known.loc[known["at_most_musd"] < 0], known.loc[known["at_least_musd"] > 0]
    said = ((len(less), "worth less than the base"), (len(more), "worth more than the base"))
    counts = [f"{n} {'is' if n == 1 else 'are'} for certain {words}" for n, words in said if n]
    open_ = len(known) - len(less) - len(more)
    counts += [f"{open_} cannot be told apart from the base by the bounds"] if open_ else []
    parts = [f"Of {plural(len(known), 'scenario')} with a plan, {listed(counts)}."]
    if len(known) in (len(less), len(more)) and len(known) > 1:
        parts = [f"All {fixed(len(known))} scenarios with a plan are for certain worth {'less' if len(less) else 'more'} than the base."]
    for word, rows, pick in (("costs most", less, less["value_delta_musd"].argmin), ("brings most", more, more["value_delta_musd"].argmax)):
        if len(rows):
            one = _interval(next(rows.iloc[[pick()]].itertuples()))
            parts.append(f"{one.name} {word}: {signed(one.value, unit)} (proven: {between(one, unit)}).")
    lost = rest.loc[rest["objective_musd"].isna(), "scenario"].astype(str).tolist()
    return " ".join([*parts, f"{listed(lost)} {'has' if len(lost) == 1 else 'have'} no plan." if lost else ""]).strip()


def _base(found: pd.DataFrame, unit: str) -> str:
    base = found.iloc[0]
    if math.isnan(number(base["objective_musd"])):
        return f"The base has no plan ({base['status']}){': ' + str(base['note']) if base['note'] else ''}; nothing can be compared with it."
    gap = number(base["verified_gap"])
    value = number(base["objective_musd"])
    name, sign = called(value, unit)
    said = f"{name} of the base: {money(sign * value, unit)}"
    return f"{said}, {percent(gap)} at most from the best possible, proven without the solver." if gap == gap else f"{said}; no bound has been verified."


def _name(scenario: str, links: Mapping[str, str]) -> Html:
    link = links.get(scenario, "")
    return el("a", scenario, href=link) if link else escape(scenario)


def _values_section(found: pd.DataFrame, unit: str, links: Mapping[str, str]) -> Html:
    ranked = found.iloc[1:].sort_values("value_delta_musd", kind="stable", na_position="last")
    rows = [_interval(r) for r in ranked.itertuples()]
    chart = figure(
        "Value against the base", for_both(lambda narrow: intervals(rows, unit, "Value of each scenario against the base", narrow)),
        "More is better. Each bar ends at the difference of the two plans; the whisker is where the bounds of both solves prove the difference of the optima. "
        "Grey: the bounds leave open whether it is worth more or less.",
    ) if rows else ""  # fmt: skip
    told = []
    known = found["objective_musd"].dropna()
    name, sign = called(number(known.iloc[0]) if len(known) else math.nan, unit)  # one sign for all rows: that of the base
    for n, r in enumerate(records(found)):
        one = _interval(r)
        delta = (signed(one.value, unit), between(one, unit)) if n and math.isfinite(one.value) else (MISSING, MISSING)
        amount, gap = money(sign * number(r.objective_musd), unit), percent(number(r.verified_gap))
        told.append((el("strong", _name(str(r.scenario), links)), str(r.status), amount, *delta, gap, fixed(r.seconds, 1)))
    heads = ("Scenario", "Status", name, "Value against the base", "Proven between", "Verified gap", "Solved in, s")
    return section(
        "scenarios",
        "What each scenario is worth",
        chart,
        table(heads, told, range(2, 7)),
        note("Names lead to the report of each run.", f" {TURNED}" if sign < 0 else ""),
    )


def _failed_section(found: pd.DataFrame, links: Mapping[str, str], left: Sequence[str]) -> Html | None:
    rows = [(el("strong", _name(str(r.scenario), links)), str(r.status), str(r.note) or MISSING) for r in records(found.loc[found["objective_musd"].isna()])]
    rows += [(el("strong", name), "not finished", MISSING) for name in left]
    told = [(str(r.scenario), str(r.note)) for r in records(found.loc[found["objective_musd"].notna()]) if r.note]
    if not rows and not told:
        return None
    remarks = [el("p", el("strong", f"{name}: "), words) for name, words in told]
    return section(
        "failed", "Scenarios without a plan, and why" if rows else "Remarks", table(("Scenario", "Status", "Reason"), rows) if rows else "", *remarks
    )


def _multiples_section(found: pd.DataFrame, profiles: Mapping[str, Sequence[Measure]]) -> Html | None:
    """Return one row of small charts per measure, all on one scale, each with the base as a line."""
    by_name = {str(name): {m.key: _shown(m) for m in profiles[str(name)]} for name in found["scenario"] if profiles.get(str(name))}
    keys = list(dict.fromkeys(key for of in by_name.values() for key in of))
    if not keys:
        return None
    first_name = str(found["scenario"].iloc[0])
    base = by_name.get(first_name, {})
    parts: list[object] = [note("One chart per run, all of a kind on one scale; the line is the base.")]
    for key in keys:
        mine = {name: of[key] for name, of in by_name.items() if key in of}
        reach, one = common_reach(list(mine.values())), next(iter(mine.values()))
        charts = [_multiple(name, m, base.get(key) if name != first_name else None, reach) for name, m in mine.items()]
        colours = legend([*key_of(list(mine.values())), *([("line: the base", "c7")] if key in base else [])])
        rest = details(f"Show the other {len(charts) - MOST_CHARTS}", el("div", *charts[MOST_CHARTS:], class_="multiples")) if len(charts) > MOST_CHARTS else ""
        head = one.title if one.title.lower().startswith(one.unit) else f"{one.title}, {one.unit}"
        first = el("div", *charts[:MOST_CHARTS], class_="multiples")
        parts += [el("h3", head), note(one.about), colours, first, rest, details("Show the numbers", _sums(mine, one.unit))]
    return section("periods", "Period by period", *parts)


def _shown(m: Measure) -> Measure:
    """Return a measure as it is drawn: parts, or their net where they go both ways."""
    return Measure(m.key, f"Net {m.title.lower()}", m.unit, m.labels, (Series("net", m.total, "c0"),), m.about) if m.key == _NET else m


def _multiple(name: str, m: Measure, base: Measure | None, reach: tuple[float, float]) -> Html:
    line = base.total if base is not None and base.labels == m.labels else None
    return figure(name, stacked(m.parts, m.labels, m.unit, f"{m.title} by period, {name}", "s", line, reach=reach))


def _sums(mine: Mapping[str, Measure], unit: str) -> Html:
    labels = list(dict.fromkeys(label for m in mine.values() for label in m.labels))
    rows = []
    for name, m in mine.items():
        values = dict(zip(m.labels, m.total.tolist(), strict=True))
        rows.append((name, *(significant(values.get(label, math.nan), 4) for label in labels)))
    return table(("Scenario", *labels), rows, range(1, len(labels) + 1), unit)


def _figures_section(found: pd.DataFrame) -> Html | None:
    """Return the key figures of all runs, with what they are against the base."""
    keys = [c.removesuffix(_DELTA) for c in found.columns if c.endswith(_DELTA)]
    if not keys or found["objective_musd"].isna().all():
        return None
    apart = [k for k in keys if np.nanmax(np.abs(found[k + _DELTA].to_numpy(float)), initial=0.0) > 1e-9]
    planned = found.loc[found["objective_musd"].notna()]

    if len(planned) <= _COLUMNS:
        heads = ("Figure", *(str(name) for name in planned["scenario"]))
        lines = [(named(k), *(_figure_cell(k, r) for r in planned.to_dict("records"))) for k in apart]
        parts = [table(heads, lines, range(1, len(heads)))]
    else:
        parts = [_figure_rows(planned, apart[i : i + _FIGURES]) for i in range(0, len(apart), _FIGURES)]
    same = [k for k in keys if k not in apart]
    first = planned.iloc[0]
    alike = [(named(k), figure_of(k, number(first[k]))[1]) for k in same if number(first[k]) == number(first[k])]
    rest = details(f"Show {plural(len(alike), 'figure')} that no scenario changes", table(("Figure", "All runs"), alike, (1,))) if alike else ""
    return section("figures", "Key figures", note("Below each figure: what it is against the base."), join(parts), rest, *defined(apart))


def _figure_rows(planned: pd.DataFrame, keys: Sequence[str]) -> Html:
    rows = [(el("strong", str(r["scenario"])), *(_figure_cell(k, r) for k in keys)) for r in planned.to_dict("records")]
    return table(("Scenario", *(named(k) for k in keys)), rows, range(1, len(keys) + 1))


def _figure_cell(key: str, row: Mapping[str, object]) -> Html:
    value, change = number(row[key]), number(row[key + _DELTA])
    below = el("small", el("br"), change_of(key, change)) if change == change and abs(change) > 1e-9 else ""
    return el("span", figure_of(key, value)[1], below)
