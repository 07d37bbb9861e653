"""Two plans side by side as one page: what differs and why first, then inputs, plan, charts on one scale, sites, key figures."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from placement.report.bars import for_both
from placement.report.charts import Series, legend, stacked
from placement.report.difference_charts import Interval, between, interval, intervals, signed
from placement.report.energy import flows
from placement.report.formats import MISSING, accelerators, figure_of, fixed, listed, money, number, percent, plural, significant
from placement.report.markup import Html, defined, details, el, escape, figure, join, named, note, section, table
from placement.report.measures import Measure, common_reach, key_of, measures
from placement.report.shell import document
from placement.report.sides import Differences, Names, Side, change_of, in_words, layer_of
from placement.report.tables import records
from placement.report.text import VALUE, checked, has_plan, is_priced, term_name, term_order, unit_of, worth

_MOST_INPUTS, _ROWS_ALONE = 500, 4  # lines on the page; rows of one table that come or go, beyond which they are one line
_FIRST_INPUTS, _FIRST_CHANGES, _FIRST_KPIS = 20, 25, 20  # the rest on demand
ARROW = " \u2192 "
#: Key figures that are told first, where they are known.
_TILES = (
    "npv_musd", "capex_musd", "it_mw_end", "units_end", "jobs_placed", "unserved_share", "co2_kt", "cost_usd_per_mtok", "opening_cost", "placing_cost",
    "sites_open",
)  # fmt: skip


def comparison_page(a: Side, b: Side, found: Differences) -> str:
    """Return two plans side by side as one self-contained HTML page."""
    names = Names((a, b))
    parts = (
        ("causes", "Causes", _causes_section(a, found)),
        ("money", "Money", _money_section(a, b)),
        ("inputs", "Inputs", _inputs_section(a, b, found)),
        ("plan", "Plan", _plan_section(a, b, found, names)),
        ("periods", "Period by period", _periods_section(a, b)),
        ("sites", "Sites", _sites_section(a, b)),
        ("figures", "Key figures", _figures_section(a, b, found)),
    )
    nav = el("nav", *(el("a", title, href=f"#{key}") for key, title, part in parts if part), aria_label="Sections")
    title = f"{a.name} and {b.name}"
    header = el("header", _kicker(a, b), el("h1", f"A: {a.name}{ARROW}B: {b.name}"), *_answer(a, b, found, names))
    versions = b.summary.get("versions")
    tool = versions.get("placement", "") if isinstance(versions, dict) else ""
    footer = el("footer", f"Made by placement {tool}".strip() + ". Differences are B less A. This page loads nothing from elsewhere.")
    return document(f"{title} \u2013 two plans compared", header, nav, el("main", *(part for _, _, part in parts if part)), footer)


def comparison_fragment(a: Side, b: Side, found: Differences) -> str:
    """Return the answer alone, as markup for a notebook: what differs, and which change of the input counts most."""
    return el("div", *_answer(a, b, found, Names((a, b)))[:-1])


def _kicker(a: Side, b: Side) -> Html:
    badges = [el("span", f"{letter}: {side.summary.get('status')}", class_="badge") for letter, side in (("A", a), ("B", b))]
    bad = [letter for letter, side in (("A", a), ("B", b)) if checked(side.summary)[0] is False]
    warning = [el("span", f"{' and '.join(bad)}: check failed", class_="badge warn")] if bad else []
    links = [el("a", f"Report of {letter}", href=side.link) for letter, side in (("A", a), ("B", b)) if side.link]
    return el("p", el("span", "Two plans compared"), *badges, *warning, *links, class_="kicker")


def _answer(a: Side, b: Side, found: Differences, names: Names) -> list[Html]:
    """Return what differs, in words."""
    phrases = in_words(found.plan, names)
    decided = el("ul", *(el("li", el("strong", f"{layer}: "), words, ".") for layer, words in phrases.items())) if phrases else ""
    same = el("p", "The plans decide the same." if has_plan(a.summary) and has_plan(b.summary) else "") if not phrases else ""
    cause = _cause_sentence(found, unit_of(a.summary))
    return [
        el("p", _value_sentence(a, b, found.whole), class_="lead"), el("p", cause) if cause else Html(), escape(same),
        el("div", el("strong", "B decides otherwise:"), decided) if phrases else Html(), _tiles(a, b),
    ]  # fmt: skip


def _value_sentence(a: Side, b: Side, whole: Interval) -> str:
    lost = [f"{letter} has no plan (status: {s.summary.get('status')})" for letter, s in (("A", a), ("B", b)) if not has_plan(s.summary)]
    if lost:
        return f"{'; '.join(lost)}: there is no difference of values."
    unit = unit_of(a.summary)
    (name, was), (_, now) = worth(a.summary), worth(b.summary)
    if (number(a.summary.get("objective")) < 0) != (number(b.summary.get("objective")) < 0):
        name, (was, now) = VALUE, (money(-number(s.summary.get("objective")), unit) for s in (a, b))
    same, verb = abs(whole.value) <= 1e-9 * abs(number(a.summary.get("objective"))), "costs" if is_priced(a.summary) else "is worth"
    if same:
        return f"B {verb} the same as A. {name}: {now}."
    word = "more" if (whole.value > 0) != is_priced(a.summary) else "less"
    sure = "; which of the two optima is better is not proven" if whole.least <= 0 <= whole.most else ""
    shown = Interval("", -whole.value, -whole.most, -whole.least) if is_priced(a.summary) else whole  # a cost is told as a cost
    return f"B {verb} {money(abs(whole.value), unit)} {word} than A (proven: {between(shown, unit)}{sure}). {name}: {now} in place of {was}."


def _cause_sentence(found: Differences, unit: str) -> str:
    if found.inputs.empty:
        return "The inputs are the same: what differs is how, or how long, was searched."
    changes = plural(len(found.inputs), "change")
    known = found.causes.loc[found.causes["value_musd"].notna()]
    if known.empty:
        return f"{found.note[:1].upper()}{found.note[1:]}." if found.note else f"{changes} of the input; causes were not looked for."
    first = known.loc[known["value_musd"].abs().idxmax()]
    group, alone = str(first["group"]), "The one change of the input" if len(found.causes) == 1 else "The change of the input that counts most"
    brings = sum(group in str(c).split("; ") for c in found.plan["causes"])
    worth_it = signed(float(first["value_musd"]), unit)
    return f"{alone}: {group} ({_done(found.inputs, group)}). It is worth {worth_it} alone, and brings {brings} of the {len(found.plan)} changes of the plan."


def _done(inputs: pd.DataFrame, group: str) -> str:
    """Return what was done to the input by one group of changes: the first of them, the others counted."""
    mine = inputs.loc[inputs["group"] == group]
    if mine.empty:
        return MISSING
    rows = [f"{plural(n, 'row')} {word}" for word in ("added", "removed") if (n := int((mine["change"] == word).sum()))]
    if rows and len(mine) == int(mine["change"].isin(["added", "removed"]).sum()):
        return ", ".join(rows)
    r = mine.iloc[0]
    said = str(r["change"]) if int(r["rows"]) > 1 else f"{r['a'] or 'blank'}{ARROW}{r['b'] or 'blank'}"
    at = f"{r['key']}: " if r["key"] else ""
    return f"{at}{said}" + (f"; and {len(mine) - 1} more" if len(mine) > 1 else "")


def _tiles(a: Side, b: Side) -> Html:
    tiles = []
    for key in _TILES:
        one, two = number(a.kpis.get(key)), number(b.kpis.get(key))
        if one == one and two == two:
            label, now = figure_of(key, two)
            was = "as in A" if one == two else f"in place of {figure_of(key, one)[1]} ({change_of(key, two - one)})"
            tiles.append(el("div", el("dt", label), el("dd", now, el("small", was))))
    return el("dl", *tiles[:8], class_="tiles") if tiles else Html()


def _causes_section(a: Side, found: Differences) -> Html | None:
    if found.causes.empty:
        return None
    unit = unit_of(a.summary)
    rows = [(interval(r, str(r.group), word=str(r.note) or str(r.status)), r) for r in records(found.causes)]
    whole = [found.whole] if len(rows) > 1 else []
    name = "Worth of each change of the input alone, and of all together"
    chart = for_both(lambda narrow: intervals([*(i for i, _ in rows), *whole], unit, name, narrow))
    hint = "B less A, more is better. Each bar: the plan of A solved again with that change alone; the whisker is what the bounds of both solves prove."
    told = [
        (
            str(n), r.group, _done(found.inputs, str(r.group)), signed(i.value, unit), between(i, unit) if math.isfinite(i.value) else r.note or r.status,
            fixed(r.plan_changes),
        )
        for n, (i, r) in enumerate(rows, 1)
    ]  # fmt: skip
    heads = ("No.", "Change of the input", "What was done", "Worth alone", "Proven between", "Decisions that differ")
    return section("causes", "Which change of the input caused what", figure("Worth of each change alone", chart, hint), table(heads, told, (3, 4, 5)))


def _money_section(a: Side, b: Side) -> Html | None:
    """Return where the difference of the present values comes from."""
    if not (has_plan(a.summary) and has_plan(b.summary)) or unit_of(a.summary) != unit_of(b.summary):
        return None
    unit, was, now = unit_of(a.summary), a.facts.present_value, b.facts.present_value
    terms = term_order(was.index.union(now.index))
    was, now = was.reindex(terms, fill_value=0.0), now.reindex(terms, fill_value=0.0)
    gain = (was - now).loc[lambda d: d.abs() > 1e-6 * max(1.0, was.abs().max())].sort_values(key=abs, ascending=False, kind="stable")
    if gain.empty:
        return None
    bars = [Interval(term_name(str(term)), float(v), math.nan, math.nan) for term, v in gain.items()]
    bars.append(Interval("Sum", float((was - now).sum()), math.nan, math.nan))
    chart = for_both(lambda narrow: intervals(bars, unit, "What each term adds to the difference of the present values", narrow))
    rows = [(term_name(t), *(money(float(d[t]), unit) for d in (was, now)), signed(float(was[t] - now[t]), unit)) for t in terms]
    hint = "Discounted, before the weights of the objective; to the right what makes B worth more. Penalties are paid to nobody."
    hint = "To the right what makes B worth more." if is_priced(a.summary) else hint
    numbers = table(("Term", f"A: {a.name}", f"B: {b.name}", "B is worth more by"), rows, (1, 2, 3), "Costs positive, income negative")
    return section("money", "Where the difference comes from", figure("Difference of present values by term", chart, hint, numbers))


def _folded(heads: Sequence[str], rows: Sequence[Sequence[object]], most: int, numeric: Sequence[int] = ()) -> Html:
    """Return a table of which all but the first rows open on demand."""
    more = details(f"Show the other {len(rows) - most}", table(heads, rows[most:], numeric)) if len(rows) > most else ""
    return join([table(heads, rows[:most], numeric), more])


def _inputs_section(a: Side, b: Side, found: Differences) -> Html:
    title = "What was changed in the input"
    if found.inputs.empty:
        return section("inputs", title, note("Nothing: both plans are of the same input."))
    rows = _input_rows(found.inputs)
    heads = ("Table and column", "Row", f"A: {a.name}", f"B: {b.name}", "Change", "Rows")
    first = note(f"{plural(len(found.inputs), 'change')}; cells in the units of their columns.")
    rest = note(f"{fixed(len(rows) - _MOST_INPUTS)} more lines are in the table that --out FILE.csv writes.") if len(rows) > _MOST_INPUTS else ""
    return section("inputs", title, first, _folded(heads, rows[:_MOST_INPUTS], _FIRST_INPUTS, (5,)), rest)


def _input_rows(inputs: pd.DataFrame) -> list[tuple[str, ...]]:
    """Return one line per change; rows that a table gained or lost are one line where they are many."""
    whole = inputs["change"].isin(["added", "removed"])
    counts = inputs.loc[whole].groupby(["table", "change"])["key"].transform("size").reindex(inputs.index, fill_value=0)
    rows, told = list[tuple[str, ...]](), set[tuple[str, str]]()
    for many, r in zip(counts > _ROWS_ALONE, records(inputs), strict=True):
        if not many:
            rows.append((f"{r.table}.{r.column}", r.key, r.a or "blank", r.b or "blank", r.change, fixed(r.rows)))
        elif (r.table, r.change) not in told:
            told.add((r.table, r.change))
            keys = inputs.loc[(inputs["table"] == r.table) & (inputs["change"] == r.change), "key"].astype(str).tolist()
            rows.append((f"{r.table}.{r.column}", listed(keys, 6), r.a, r.b, r.change, fixed(len(keys))))
    return rows


def _plan_section(a: Side, b: Side, found: Differences, names: Names) -> Html:
    title = "What the plan decides otherwise"
    if found.plan.empty:
        return section("plan", title, note("Nothing."))
    numbers = {group: str(n) for n, group in enumerate(map(str, found.causes["group"]), 1)}
    heads = ("What", "Change", f"A: {a.name}", f"B: {b.name}", *(["Because of"] if numbers else []))
    parts: list[object] = []
    if numbers:
        hint = "Because of: the numbers of the changes of the input above, each of which alone brings the same; \u201ctogether\u201d: none does alone."
        parts.append(note(hint))
    layers = found.plan["kind"].map(lambda k: layer_of(str(k)))
    for layer in layers.unique():
        rows = []
        for r in records(found.plan.loc[layers == layer]):
            was, now = (names.value(r.kind, str(v), r.unit) for v in (r.a, r.b))
            cause = [_because(str(r.causes), numbers, found.together)] if numbers else []
            rows.append((el("span", el("strong", names.what(r.kind, str(r.what))), f" {r.kind}"), r.change, was, now, *cause))
        parts += [el("h3", f"{layer}: {plural(len(rows), 'change')}"), _folded(heads, rows, _FIRST_CHANGES)]
    return section("plan", title, *parts)


def _because(causes: str, numbers: dict[str, str], together: str) -> str:
    if causes == together:
        return "together"
    return ", ".join(numbers[c] for c in causes.split("; ") if c in numbers)


def _periods_section(a: Side, b: Side) -> Html | None:
    ours, theirs = ({m.key: m for m in measures(s.facts)} if has_plan(s.summary) else {} for s in (a, b))
    both = [(ours[key], theirs[key]) for key in ours if key in theirs]
    if not both:
        return None
    parts: list[object] = [note("A beside B on the same scale, and what B has more or less than A on its own.")]
    for one, two in both:
        reach = common_reach((one, two))
        charts = [
            figure(f"{letter}: {side.name}", stacked(m.parts, m.labels, m.unit, f"{m.title} by period, {letter}: {side.name}", "s", reach=reach))
            for letter, side, m in (("A", a, one), ("B", b, two))
        ]
        if one.labels == two.labels:
            charts.append(_change_chart(one, two))
        key = legend(key_of((one, two)))
        head = one.title if one.title.lower().startswith(one.unit) else f"{one.title}, {one.unit}"
        parts += [el("h3", head), note(one.about), key, el("div", *charts, class_="multiples"), details("Show the numbers", _numbers(one, two))]
    return section("periods", "Period by period", *parts)


def _change_chart(one: Measure, two: Measure) -> Html:
    """Return what the second plan has more (upwards) and less (downwards), part by part."""
    parts = [Series(x.name, np.nan_to_num(y.values) - np.nan_to_num(x.values), x.colour) for x, y in zip(one.parts, two.parts, strict=True)]
    if all(np.abs(s.values).max(initial=0.0) <= 1e-6 * max(1.0, *map(abs, common_reach((one, two)))) for s in parts):
        return figure("B less A", note("Nothing differs."))
    return figure("B less A", stacked(parts, one.labels, one.unit, f"{one.title} by period, B less A", "s"))


def _numbers(one: Measure, two: Measure) -> Html:
    """Return both measures part by part, with the change of their sums."""
    labels = list(dict.fromkeys([*one.labels, *two.labels]))
    names = [*(s.name for s in one.parts), "sum"]
    left, right = (
        pd.DataFrame({**{s.name: s.values for s in m.parts}, "sum": m.total}, index=pd.Index(m.labels, dtype=object)).reindex(labels) for m in (one, two)
    )
    change = right["sum"] - left["sum"]
    rows = [(t, *(significant(float(df.at[t, n]), 4) for df in (left, right) for n in names), significant(float(change[t]), 4)) for t in labels]
    return table(("Period", *(f"A: {n}" for n in names), *(f"B: {n}" for n in names), "B less A"), rows, range(1, 2 * len(names) + 2), one.unit)


def _sites_section(a: Side, b: Side) -> Html | None:
    if not (has_plan(a.summary) and has_plan(b.summary)):
        return None
    left, right = _by_site(a), _by_site(b)
    sites = [*left.index, *right.index.difference(left.index, sort=False)]
    left, right = left.reindex(sites), right.reindex(sites)
    names = {**b.facts.site_names, **a.facts.site_names}
    shown = {s: [_cell(c, left.at[s, c], right.at[s, c]) for c in left.columns] for s in sites}
    apart = [s for s in sites if any(changed for _, changed in shown[s])]
    rows = {s: (names.get(s, s), *(el("strong", words) if changed else words for words, changed in shown[s])) for s in sites}
    heads, right_set = ("Site", *left.columns), range(1, len(left.columns) + 1)
    same = [s for s in sites if s not in apart]
    first = table(heads, [rows[s] for s in apart], right_set) if apart else note("All sites are used alike.")
    rest = details(f"Show {plural(len(same), 'site')} used alike", table(heads, [rows[s] for s in same], right_set)) if same else ""
    return section("sites", "Sites side by side", note(f"At the end of the horizon; A{ARROW}B where they differ."), first, rest)


def _by_site(side: Side) -> pd.DataFrame:
    """Return what each site is used for, the largest first."""
    facts, sites = side.facts, list(side.facts.site_names)
    plan = facts.plan
    jobs, none = plan["training"].groupby("site")["job"].nunique(), pd.Series(dtype=float)
    if is_priced(side.summary):
        shares = plan["inference"].groupby("site")["service"].nunique()
        units = pd.concat([plan[t].groupby("site")["units"].sum() for t in ("training", "inference")]).groupby(level=0).sum()
        table_ = {"Workloads": jobs.add(shares, fill_value=0.0), "Use": units}
    else:
        last = plan["chips"].loc[lambda d: d["period"] == facts.case.n_periods - 1]
        asked = float(facts.case["demand"]["mtok_per_day"].sum())
        table_ = {
            "IT capacity, MW": facts.it_mw,
            "Largest power drawn, MW": flows(facts).groupby("site")["load"].max() if facts.power_modelled else none,
            "Accelerators": (last["installed"] + last["deployed"]).groupby(last["site"]).sum(),
            "Training jobs": jobs,
            "Demand served, %": 100 * facts.traffic.groupby("site")["mtok_per_day"].sum() / asked if asked > 0 else none,
        }
    return pd.DataFrame({name: values.reindex(sites).fillna(0.0).astype(float) for name, values in table_.items()}, index=sites)


def _cell(column: str, one: float, two: float) -> tuple[str, bool]:
    """Return both values of a site, and whether they differ."""
    was, now = (MISSING if v != v else _shown(column, v) for v in (one, two))
    return (now, False) if was == now else (f"{was}{ARROW}{now}", True)


def _shown(column: str, value: float) -> str:
    return percent(value / 100) if column.endswith("%") else accelerators(value) if column == "Accelerators" else significant(value, 4)


def _figures_section(a: Side, b: Side, found: Differences) -> Html:
    rows = []
    for r in records(found.kpis):
        rows.append((named(str(r.kpi)), figure_of(str(r.kpi), r.a)[1], figure_of(str(r.kpi), r.b)[1], change_of(str(r.kpi), r.change)))
    same = [(named(k), figure_of(k, a.kpis.get(k))[1]) for k in a.kpis if k not in set(found.kpis["kpi"])]
    alike = details(f"Show {plural(len(same), 'figure')} that are the same in both", table(("Figure", "A and B"), same, (1,))) if same else ""
    first = _folded(("Figure", f"A: {a.name}", f"B: {b.name}", "B less A"), rows, _FIRST_KPIS, (1, 2, 3)) if rows else note("All are the same.")
    return section(
        "figures", "Key figures that differ", note("The largest relative change first.") if rows else "", first, alike, *defined(map(str, found.kpis["kpi"]))
    )
