"""Rules on money: budget, debt, tranches."""

from __future__ import annotations

from placement.case.draft import Draft, Problems, Rule
from placement.case.files import SETTINGS
from placement.errors import Problem


def budgets_say_something(d: Draft) -> Problems:
    """A row limits capex or rent; debt comes on top of own funds; funds that carry over need every period before."""
    rows = d["budget"]
    none = rows["capex_musd"].isna() & rows["lease_musd"].isna()
    yield from d.broken("budget", "capex_musd", none, "and lease_musd are both blank: the row limits nothing", "Give one of them, or remove the row.")
    alone = rows["capex_musd"].isna() & (rows["debt_musd"] > 0)
    yield from d.broken("budget", "debt_musd", alone, "has no effect where capex_musd is blank", "Give capex_musd (0: debt alone), or leave it blank.")
    limited = sorted(rows.loc[rows["capex_musd"].notna(), "period"])
    if d.case.budget_carries and limited != list(range(len(limited))):
        missing = tuple(d.case.periods[t] for t in range(max(limited)) if t not in limited)
        rule = "must be given for every period up to the last one given, where budget_carries is true"
        yield Problem("budget", "capex_musd", rule, "Add the missing periods.", missing)


def settings_used(d: Draft) -> Problems:
    """Interest needs debt; carrying over needs a budget."""
    if d.case.debt_rate > 0 and not (d["budget"]["debt_musd"] > 0).any():
        yield Problem(SETTINGS, "debt_rate", "has no effect: no row of budget.csv has debt_musd above 0", "Give budget.debt_musd, or remove the key.")
    if d.case.budget_carries and not d["budget"]["capex_musd"].notna().any():
        yield Problem(SETTINGS, "budget_carries", "has no effect: budget.csv limits no capex", "Give budget.capex_musd, or remove the key.")


def tranches_usable(d: Draft) -> Problems:
    """A tranche can be released within the horizon and drawn in a period that a budget limits."""
    rows, horizon = d["tranches"], d.case.n_periods
    late = rows["available"] >= horizon
    yield from d.broken("tranches", "available", late, "lies behind the horizon: the tranche has no effect", "Correct it, or remove the row.")
    last = d["budget"].loc[d["budget"]["capex_musd"].notna(), "period"].max()  # NaN, which compares false, without a limit
    idle = ~late & ~(rows["available"] <= last)
    rule = "has no effect: capex is not limited in any period from then on"
    yield from d.broken("tranches", "available", idle, rule, "Give budget.capex_musd for these periods, or remove the row.")
    most = d["halls"]["it_mw"].sum()
    out_of_reach = rows["needs_it_mw"] > most
    rule = f"is more than all halls of the case together have ({most:g} MW): it can never be released"
    yield from d.broken("tranches", "needs_it_mw", out_of_reach, rule, "Correct it, or remove the row.")


RULES = (
    Rule(budgets_say_something, "case.periods budget.period budget.capex_musd budget.debt_musd budget.lease_musd"),
    Rule(settings_used, "case.toml.debt_rate case.toml.budget_carries budget.capex_musd budget.debt_musd"),
    Rule(tranches_usable, "case.periods tranches.available tranches.needs_it_mw budget.period budget.capex_musd halls.it_mw"),
)
