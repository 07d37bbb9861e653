"""The head of the page: the answer in words and tiles, and the first decisions."""

from __future__ import annotations

from collections.abc import Mapping

from placement.report import sections_pairs as priced
from placement.report.decisions import FREE, Decision, first_decisions, first_steps
from placement.report.energy import in_all
from placement.report.facts import Facts
from placement.report.formats import fixed, musd, number, percent, unit
from placement.report.markup import Html, details, el, escape, note, section, table
from placement.report.tables import label
from placement.report.text import actions, certainty, headline, is_priced, left_out, nearly_empty, present_value, verified_gap, worth

MOST_DECISIONS = 14  # more of them on demand


def answer(facts: Facts, summary: Mapping[str, object], bind: str) -> list[Html]:
    """Return the answer: what to do, what it is worth and how surely, what binds, what is left out, what comes first. ``bind``: the binding layer."""
    if is_priced(summary):
        return [el("p", priced.headline(facts), class_="lead"), el("p", certainty(summary)), priced.tiles(facts, summary)]
    rest, empty, found = left_out(facts), nearly_empty(facts), first_decisions(facts)
    first = el("p", el("strong", f"First, in {_first_periods(facts)}: "), first_steps(found), ".") if found else ""
    return [
        _acts(facts),
        el("p", certainty(summary)),
        _tiles(facts, summary),
        escape(first),
        el("p", el("strong", "What binds: "), bind) if bind else Html(),
        el("p", rest) if rest else Html(),
        el("p", empty) if empty else Html(),
    ]


def _acts(facts: Facts) -> Html:
    """Return what the plan does, a line per layer, the verb first."""
    done = actions(facts)
    if not done:
        return el("p", headline(facts), class_="lead")
    lines = [(verb[:1].upper() + verb[1:], rest) for verb, _, rest in (phrase.partition(" ") for phrase in done)]
    return el("ul", *(el("li", el("strong", verb), f" {rest}.") for verb, rest in lines), class_="lead acts")


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
        ("Largest power drawn", unit(in_all(facts)["load"].max(), "MW"), "all sites together, at the meter")
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
    claimed, bound = number(summary.get("gap")), number(summary.get("verified_bound"))
    own = f"; {percent(claimed)} by the solver's own bound" if claimed == claimed else ""
    if bound != bound:
        return "to the best possible plan" + own
    best = f"no plan can be worth more than {musd(-bound)}" if number(summary.get("objective")) < 0 else f"no plan can cost less than {musd(bound)}"
    return f"{best}, no solver trusted{own}"


def decisions_section(facts: Facts) -> Html:
    """Return what has to be ordered, started, signed or switched on first."""
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
    free = f"; {musd(rent)} of rent on demand in this time, which binds to nothing" if rent > 0 else ""
    first = note(f"{musd(total)} to commit{running}{free}. The rest of the plan can still change.")
    return section("decisions", title, first, table(heads, rows[:MOST_DECISIONS], (4,), class_="cards"), more)


def _decision_row(facts: Facts, d: Decision) -> tuple[object, ...]:
    return label(facts.case, d.period), el("strong", d.what), d.where, d.amount, _cost(d)


def _cost(d: Decision) -> str:
    if number(d.yearly_musd) > 0:
        return f"about {musd(d.yearly_musd)} a year"
    return musd(d.cost_musd) if number(d.cost_musd) > 0 else ""
