"""The section about money: cash flow by period, from income to net present value, capital spending against its budget, earnings."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from placement.report.bars import Step, for_both, rows_of_bars, waterfall
from placement.report.charts import Series, legend, stacked
from placement.report.facts import Facts
from placement.report.formats import MISSING, figure_of, fixed, listed, number, percent
from placement.report.markup import Html, details, el, figure, note, section, table
from placement.report.tables import END, label, records
from placement.report.terms import COLOURS, OTHER, groups, paid
from placement.report.text import PENALTIES, present_value, term_name

_SMALL = 1e-9  # M$


def money_section(facts: Facts, kpis: Mapping[str, object]) -> Html:
    """Return cash by period and term, the way to the net present value, capex by layer and against its budget, and earnings."""
    title, df = "Money", facts.cash
    if df.empty:
        return section("money", title, note("The plan moves no money."))
    return section("money", title, el("div", _waterfall(facts), _layers(kpis), class_="pair"), *_cash(facts), _budget(facts), _income(facts))


def _cash(facts: Facts) -> tuple[Html, Html, Html]:
    """Return the cash flow, money that comes in upwards, and its running total. Penalties are paid to nobody and stand in the table only."""
    labels, terms = (*facts.case.periods, END), paid(facts.cash)
    flow = -facts.cash.loc[terms]
    net = flow.sum(axis=0)
    parts = groups(facts.cash)
    series = [Series(g.name, flow.loc[g.terms].sum(axis=0).to_numpy(float), g.colour) for g in parts]
    rows = [_row(term_name(t), flow.loc[t]) for t in terms] + [_row("Net cash flow", net), (*_row("Running total", net.cumsum())[:-1], "")]
    if PENALTIES in facts.cash.index:
        rows.append(_row(term_name(PENALTIES) + " (not paid)", -facts.cash.loc[PENALTIES]))
    numbers = table(("Term", *labels, "Sum"), rows, range(1, len(labels) + 2), "M$, undiscounted; money spent below zero")
    hint = f"Undiscounted; money in upwards, money out downwards; {END}: residual value. Without the penalties, which nobody is paid."
    other = [term_name(t) for g in parts for t in g.terms if len(g.terms) > 1]
    hint += f" Other costs: {listed(other, 9).lower()}." if other else ""
    chart = stacked(series, labels, "M$", "Cash flow by period and term", "m")
    total = stacked([Series("Running total", net.cumsum().to_numpy(float), "c7")], labels, "M$", "Running total of the cash flow by period", "m")
    key = legend([(g.name, g.colour) for g in parts])
    said = "All that came in less all that was spent until then."
    both = el("div", figure("Cash flow by period, M$", chart, hint), figure("Running total of the cash flow, M$", total, said), class_="pair")
    return key, both, details("Show the numbers", numbers)


def _row(name: str, values: pd.Series) -> tuple[str, ...]:
    return (name, *(fixed(v, 1) if abs(v) > _SMALL else MISSING for v in values), fixed(values.sum(), 1))


def steps(facts: Facts) -> list[Step]:
    """Return the steps from income to net present value and on to what penalties leave of it, discounted M$, money in positive."""
    worth = -facts.present_value
    found = [Step(term_name(t), float(worth[t]), COLOURS.get(t, OTHER)) for t in paid(facts.cash) if abs(worth[t]) > _SMALL]
    found.append(Step("Net present value", present_value(facts), "c7", total=True))
    if PENALTIES in worth.index and abs(worth[PENALTIES]) > _SMALL:
        after = present_value(facts) + float(worth[PENALTIES])
        found += [Step(term_name(PENALTIES), float(worth[PENALTIES]), "c4"), Step("Net present value less penalties", after, "c7", total=True)]
    return found


def _waterfall(facts: Facts) -> Html:
    found = steps(facts)
    hint = f"Discounted at {percent(facts.case.discount_rate)} a year, before any weights of the objective. Each bar begins where the one above it ends."
    hint += " Penalties for unserved demand steer the plan and are paid to nobody." if any(s.name == term_name(PENALTIES) for s in found) else ""
    rows = [(s.name, fixed(s.amount, 1)) for s in found]
    name = "From income to net present value"
    return figure(
        f"{name}, M$", for_both(lambda narrow: waterfall(found, "M$", name, narrow)), hint, table(("Step", "M$, discounted"), rows, (1,), class_="pairs")
    )


def _layers(kpis: Mapping[str, object]) -> Html | str:
    """Return what capital is spent on, layer by layer, as the key figures have it."""
    found = {k: number(v) for k, v in kpis.items() if k.startswith("capex_") and k.endswith("_musd") and k not in ("capex_musd", "capex_other_musd")}
    spent = dict(sorted(((k, v) for k, v in found.items() if v > _SMALL), key=lambda kv: -kv[1]))
    if not spent:
        return ""
    names = [figure_of(k, v)[0].removeprefix("Capital spending on ").removeprefix("Capital spending: ") for k, v in spent.items()]
    names = [n[:1].upper() + n[1:] for n in names]
    name = "What capital is spent on"
    rows = [(n, fixed(v, 1)) for n, v in zip(names, spent.values(), strict=True)]
    chart = for_both(lambda narrow: rows_of_bars(names, list(spent.values()), ["c0"] * len(names), "M$", name, narrow))
    return figure(f"{name}, M$", chart, "Over the horizon, undiscounted.", table(("Layer", "M$"), rows, (1,)))


def _budget(facts: Facts) -> Html | str:
    """Return capital spending beside what may be spent: the budget, what is drawn of the debt and of tranches."""
    budget, n = facts.case["budget"], facts.case.n_periods
    if budget.empty:
        return ""
    given = budget.set_index("period")["capex_musd"].reindex(range(n))
    drawn = facts.drawn
    limit = given + drawn
    spent = facts.cash.reindex(["capex"], fill_value=0.0).iloc[0, :n]
    carries = facts.case.budget_carries  # then all that was spent counts against all that was given
    rows = [
        (
            label(facts.case, t),
            fixed(spent.iloc[t], 1),
            fixed(given[t], 1) if given[t] == given[t] else "not limited",
            fixed(drawn[t], 1),
            _used(*((spent.iloc[: t + 1].sum(), limit[:t].sum() + limit[t]) if carries else (spent.iloc[t], limit[t]))),
        )
        for t in range(n)
    ]
    shown = limit.to_numpy(float) if limit.notna().all() else None
    hint = "Line: the budget" + (", with what is drawn of debt and tranches" if drawn.abs().sum() > _SMALL else "")
    hint = hint + "." if shown is not None else "Not every period has a budget; see the numbers."
    hint += " What a period leaves may be spent later, so a bar may stand above the line of its period." if carries else ""
    chart = stacked([Series("capital spending", spent.to_numpy(float), "c0")], facts.case.periods, "M$", "Capital spending against the budget", "l", shown)
    heads = ("Period", "Spent, M$", "Budget, M$", "Drawn of debt and tranches, M$", "Used so far" if carries else "Used")
    return figure("Capital spending against the budget, M$", chart, hint, table(heads, rows, range(1, 5)))


def _used(spent: float, limit: float) -> str:
    return percent(spent / limit) if limit == limit and limit > _SMALL else MISSING


def _income(facts: Facts) -> Html | str:
    """Return earnings by period, on demand."""
    df = facts.plan["income"]
    if df.empty:
        return ""
    columns = {
        "revenue_musd": "Revenue", "running_musd": "Running costs", "lease_musd": "Rent and leases", "depreciation_musd": "Depreciation",
        "expensed_musd": "Spent on what has no life", "ebit_musd": "EBIT", "interest_musd": "Interest",
    }  # fmt: skip
    rows = [(label(facts.case, r.period), *(fixed(getattr(r, c), 1) for c in columns)) for r in records(df)]
    rows.append(("Sum", *(fixed(df[c].sum(), 1) for c in columns)))
    words = note("Depreciation is straight-line from service on; EBIT: earnings before interest and tax, without penalties. Undiscounted M$.")
    return details("Show earnings by period", words, table(("Period", *columns.values()), rows, range(1, 1 + len(columns))))
