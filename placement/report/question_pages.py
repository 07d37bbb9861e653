"""Pages of single questions about a plan: how much its value depends on each input (tornado), and what one term costs in another (front)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.report.bars import for_both
from placement.report.charts import legend
from placement.report.difference_charts import HIGHER, LOWER, Interval, Mark, Swing, front, interval, signed, tornado_bars
from placement.report.formats import MISSING, THIN, fixed, listed, money, number, percent, plural, quantity, significant
from placement.report.markup import Html, details, el, figure, note, section, table
from placement.report.shell import document
from placement.report.tables import records
from placement.report.text import COST, PRICED, TURNED, VALUE, called

Floats = NDArray[np.float64]
MOST_BARS = 30
OWN = "cost_musd"  # the column of the case's own objective
BELOW = f"{COST} is the objective, which is minimised; below zero a plan is worth more than it costs, which its report shows as {VALUE.lower()}, sign turned."
_FLAT = 1e-6  # relative: below this the ends of a front are the same


def tornado_page(found: pd.DataFrame, title: str, unit: str, link: str = "", footer: str = "") -> str:
    """Return a tornado as one self-contained HTML page.

    Parameters
    ----------
    found
        The table of :func:`placement.tornado`, the widest swing first.
    title, unit
        Of the plan's case; the unit of its costs.
    link
        Relative address of the plan's own report; blank where there is none.
    """
    rows = [(r, _swing(r)) for r in records(found)]
    first = [s for _, s in rows[:MOST_BARS]]
    chart = for_both(lambda narrow: tornado_bars(first, unit, "What the value does when single inputs are lower and higher", narrow))
    hint = "Against the plan, more is better; the widest swing first. Whiskers: what the bounds of both solves prove, where it is wide enough to be seen."
    hint += f" The first {MOST_BARS} of {len(rows)}; the table has all." if len(rows) > MOST_BARS else ""
    told, sides = [], []
    for r, s in rows:
        span = _range(number(r.swing_at_least_musd), number(r.swing_at_most_musd), unit)
        ends = [part for side in (s.low, s.high) for part in (side.name, _told(side, unit))]
        told.append((el("strong", r.input), fixed(r.cells), *ends, money(number(r.swing_musd), unit), span))
        sides += [(el("strong", r.input), side.name, _told(side, unit), money(side.least, unit), money(side.most, unit)) for side in (s.low, s.high)]
    heads = ("Input", "Cells", "Lower", "is worth", "Higher", "is worth", "Swing", "Swing proven between")
    proven = details("Show what is proven of each side", table(("Input", "Changed to", "is worth", "at least", "at most"), sides, (2, 3, 4)))
    notes = [el("p", el("strong", f"{r.input}: "), r.note) for r, _ in rows if r.note]
    key = legend([("the lower input", LOWER), ("the higher input", HIGHER)])
    body = {
        "Chart": section("chart", "One input at a time", key, figure("Change of value", chart, hint)),
        "Numbers": section("numbers", "What was changed, and what it is worth", table(heads, told, range(1, 8)), proven, *notes),
    }
    return _page(title, "What the value depends on", _tornado_words(found, unit), body, link, footer, f"{plural(len(found), 'input')}, one at a time")


def _page(title: str, kind: str, words: Sequence[str], body: Mapping[str, Html | str], link: str, footer: str, kicker: str) -> str:
    lead = [el("p", sentence, class_=None if n else "lead") for n, sentence in enumerate(words)]
    to_report = el("a", "Report of the plan", href=link) if link else ""
    header = el("header", el("p", el("span", f"{kind}: {kicker}"), to_report, class_="kicker"), el("h1", title), *lead)
    nav = el("nav", *(el("a", name, href=f"#{name.lower()}") for name, part in body.items() if part), aria_label="Sections")
    foot = el("footer", f"{footer} This page loads nothing from elsewhere.".strip())
    return document(f"{title} \u2013 {kind.lower()}", header, nav, el("main", *body.values()), foot)


def _swing(row: object) -> Swing:
    low, high = (interval(row, str(getattr(row, side)), f"{side}_", word=str(getattr(row, f"{side}_status"))) for side in ("low", "high"))
    return Swing(str(getattr(row, "input", "")), low, high)


def _told(side: Interval, unit: str) -> str:
    return signed(side.value, unit) if math.isfinite(side.value) else side.word or "no plan"


def _range(least: float, most: float, unit: str) -> str:
    return f"{money(least, unit).removesuffix(unit).rstrip()} to {money(most, unit)}" if math.isfinite(least) and math.isfinite(most) else MISSING


def _tornado_words(found: pd.DataFrame, unit: str) -> list[str]:
    """Return the answer in words: what counts most, what surely counts, what does not, which sides have no plan."""
    known = found.loc[found["swing_musd"].notna()]
    words = []
    if len(known):
        top = known.iloc[0]
        low, high = (signed(number(top[f"{s}_value_musd"]), unit) for s in ("low", "high"))
        words.append(f"The value depends most on {top['input']}: {top['low']} is worth {low}, {top['high']} {high}.")
    sure = known.loc[known["swing_at_least_musd"] > 0, "input"].tolist()
    rest = known.loc[~(known["swing_at_least_musd"] > 0), "input"].tolist()
    words.append(f"{len(sure)} of {plural(len(found), 'input')} surely count: their swing is proven to be more than nothing.")
    if rest:
        words.append(f"Of {listed([str(r) for r in rest], 6)} the bounds do not tell whether they count at all.")
    broken = found.loc[found["swing_musd"].isna(), "input"].tolist()
    if broken:
        words.append(f"{listed([str(b) for b in broken], 6)}: one side has no plan, so there is no swing; these come first.")
    return words


def pareto_page(found: pd.DataFrame, title: str, unit: str, link: str = "", footer: str = "", larger_is_better: bool = False) -> str:
    """Return a front of two terms as one self-contained HTML page.

    Parameters
    ----------
    found
        The table of :func:`placement.pareto`, from the best of the first term to the best of the second.
    unit
        Of columns that end in ``_musd``.
    larger_is_better
        Whether the second term is made large.
    """
    a, b = map(str, found.columns[1:3])
    found = found.assign(**{c: _without_dust(found[c]) for c in ("epsilon", a, b)})
    names = (_axis(a, unit), _axis(b, unit))
    marks = _marks(found, a, b, unit, larger_is_better)
    shown = [m for m in marks if math.isfinite(m.first)]
    hint = (
        "Points: plans found, numbered as in the table; the line is the best that is known for each limit on the second term. Shaded: no plan lies "
        "there, proven without the solver; between the line and the shade a better plan may lie. Whisker: from a point to its bound."
    )
    charts: list[object] = (
        [figure(f"{names[0]}, against {_lower(names[1])}", for_both(lambda narrow: front(marks, names, f"{a} against {b}", larger_is_better, narrow)), hint)]
        if shown
        else []
    )
    if steep_end(np.array([m.first for m in shown])):
        name = f"The same without point {shown[-1].label}, whose first term is far from all others"
        near = [m for m in marks if m is not shown[-1]]
        charts.append(figure(name, for_both(lambda narrow: front(near, names, name, larger_is_better, narrow))))
    body = {
        "Chart": section("chart", "What one costs in the other", *charts) if charts else "",
        "Points": section("points", "Point by point", _front_table(found, a, b, unit), _sites(found)),
    }
    kicker = f"{names[0]}, against {_lower(names[1])}; {plural(len(found), 'point')}"
    return _page(title, "Front of the best plans", _front_words(found, a, b, unit), body, link, footer, kicker)


def _said(column: str, value: float, unit: str) -> tuple[str, str, str]:
    """Return label, amount and unit of a term; ``domestic_share:PROGRAMME`` is the share that counts for a programme."""
    term, _, programme = column.partition(":")
    if term == OWN:
        return COST if unit == "M$" else PRICED, money(value, unit), unit
    if term.endswith("_musd"):
        return quantity(term, 1.0)[0], money(value, unit), unit
    label, name = quantity(term, 0.5)[0], quantity(term, 0.5)[1].rpartition(THIN)[2]
    shown = percent(value) if name == "%" else f"{significant(value, 4)}{THIN}{name}".rstrip(THIN)  # points of a front may lie close together
    return f"{label} ({programme})" if programme else label, shown if number(value) == number(value) else MISSING, name


def _axis(column: str, unit: str) -> str:
    label, _, name = _said(column, 1.0, unit)
    return f"{label}, {name}" if name else label


def _lower(label: str) -> str:
    return label if label[1:2].isupper() else label[:1].lower() + label[1:]


def _shown(column: str, value: float, unit: str) -> str:
    return _said(column, value, unit)[1]


def _marks(found: pd.DataFrame, a: str, b: str, unit: str, larger_is_better: bool) -> list[Mark]:
    marks = []
    for n, r in enumerate(found.to_dict("records")):
        one, two, bound = (number(r[c]) for c in (a, b, "bound"))
        hint = f"Point {n + 1}: {_shown(a, one, unit)}, {_shown(b, two, unit)}"
        free = -math.inf if larger_is_better else math.inf  # the first point has no limit on the second term
        marks.append(Mark(str(n + 1), one, two, bound, number(r["epsilon"]) if n else free, bool(r["dominated"]), hint))
    return [m for m in marks if m.limit == m.limit]


def _without_dust(values: pd.Series) -> pd.Series:
    """Return values with what is zero but for rounding as zero."""
    return values.where(~(values.abs() < 1e-7 * values.abs().max()), 0.0)


def steep_end(values: Floats) -> bool:
    """Whether the last of several values alone takes more than two thirds of their range: it hides what the others do.

    Examples
    --------
    >>> steep_end(np.array([0.0, 1.0, 3.0, 20.0])), steep_end(np.array([0.0, 1.0, 3.0, 5.0]))
    (True, False)
    """
    return len(values) >= 4 and bool(_FLAT * np.ptp(values) < np.ptp(values[:-1]) < np.ptp(values) / 3)


def knee(found: pd.DataFrame) -> int | None:
    """Return the row of the front's knee: the point farthest below the straight line between its ends, both terms scaled to those; ``None`` without one.

    I. Das, "On characterizing the knee of the Pareto curve based on normal-boundary intersection", Structural Optimization 18 (1999).

    Examples
    --------
    >>> knee(pd.DataFrame({"epsilon": 0, "f": [0.0, 1.0, 10.0], "g": [10.0, 1.0, 0.0], "dominated": False}))
    1
    """
    good = found.loc[found.iloc[:, 1].notna() & ~found["dominated"].astype(bool)]
    if len(good) < 3:
        return None
    first, second = (good.iloc[:, i].to_numpy(float) for i in (1, 2))
    if min(abs(first[-1] - first[0]) / max(1.0, *np.abs(first)), abs(second[-1] - second[0]) / max(1e-9, *np.abs(second))) < _FLAT:
        return None
    below = 1.0 - (first - first[0]) / (first[-1] - first[0]) - (second - second[-1]) / (second[0] - second[-1])
    best = int(np.argmax(below))
    return int(good.index[best]) if below[best] > 1e-3 else None


def _front_words(found: pd.DataFrame, a: str, b: str, unit: str) -> list[str]:
    good = found.loc[found[a].notna()]
    lost = found.loc[found[a].isna()]
    words = []
    if len(good) > 1:
        ends = [(_shown(a, number(r[a]), unit), _shown(b, number(r[b]), unit)) for r in (good.iloc[0], good.iloc[-1])]
        names = [_said(c, 1.0, unit)[0] for c in (a, b)]
        words.append(f"{names[0]} from {ends[0][0]} to {ends[1][0]}, {_lower(names[1])} from {ends[0][1]} to {ends[1][1]}.")
    if len(good) > 1:
        said = _knee_words(good, a, b, unit)
        words.append(said[:1].upper() + said[1:] or "The front has no knee: the points lie on a straight line, or both ends are the same.")
        if steep_end(good[a].to_numpy(float)):
            near = _knee_words(good.iloc[:-1], a, b, unit)
            words.append(f"Without point {good.index[-1] + 1}, whose first term is far from all others: {near}" if near else "")
    gaps = good["gap"].dropna()
    if len(gaps):
        words.append(f"Every point is within {percent(float(gaps.max()))} of the best for its limit, proven without the solver.")
    if len(lost):
        words.append(f"{plural(len(lost), 'point')} without a plan: {listed([str(s) for s in lost['status'].unique()])}.")
    return [w for w in words if w] or ["There is no point with a plan."]


def _knee_words(good: pd.DataFrame, a: str, b: str, unit: str) -> str:
    at = knee(good)
    if at is None:
        return ""
    k, start, end = good.loc[at], good.iloc[0], good.iloc[-1]
    paid, won = ((number(k[c]) - number(start[c])) / (number(end[c]) - number(start[c])) for c in (a, b))
    said = f"the knee is point {at + 1}, {_shown(b, number(k[b]), unit)} for {_shown(a, number(k[a]), unit)}"
    return f"{said}: {percent(won)} of the way between the ends in the second term, for {percent(paid)} of the way in the first."


def _front_table(found: pd.DataFrame, a: str, b: str, unit: str) -> Html:
    at, rows, (first, second) = knee(found), [], (_said(c, 1.0, unit)[2] for c in (a, b))
    known = found["objective_musd"].dropna()
    name, sign = called(number(known.iloc[0]) if len(known) else math.nan, unit)
    scale, per = (100.0, "point") if second == "%" else (1.0, second or "unit")
    before: tuple[float, float] | None = None
    for n, r in enumerate(found.to_dict("records")):
        one, two = number(r[a]), number(r[b])
        step = MISSING
        if before is not None and one == one and abs(two - before[1]) > 1e-12:
            step = significant((one - before[0]) / abs(two - before[1]) / scale, 4)
        before = (one, two) if one == one and not r["dominated"] else before
        remark = ", ".join(filter(None, ("knee" if n == at else "", "dominated" if r["dominated"] else "", "" if one == one else str(r["status"]))))
        rows.append(
            (
                str(n + 1), _shown(b, number(r["epsilon"]), unit), _shown(a, one, unit), _shown(b, two, unit), _shown(a, number(r["bound"]), unit),
                percent(number(r["gap"])), step, *([] if OWN in (a, b) else [money(sign * number(r["objective_musd"]), unit)]), remark,
            )
        )  # fmt: skip
    heads = (
        "Point",
        "Limit",
        _axis(a, unit),
        _axis(b, unit),
        "First term proven at least",
        "Gap",
        f"Price, {first} per {per}",
        *([] if OWN in (a, b) else [name]),
        "",
    )
    told = note("Price: what the first term pays for one unit of the second, from the point before.")
    turned = note(TURNED) if sign < 0 and OWN not in (a, b) else note(BELOW) if OWN in (a, b) and (found[OWN] < 0).any() else ""
    return el("div", table(heads, rows, range(1, len(heads) - 1)), told, turned)


def _sites(found: pd.DataFrame) -> Html:
    rows = [(str(n), str(r.sites) or MISSING) for n, r in enumerate(records(found), 1)]
    return details("Show the sites of each point", table(("Point", "Sites"), rows))
