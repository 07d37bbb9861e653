"""Income, and funds: budget, debt, tranches that progress releases, and the most that may be rented (models/README.md section 8)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.verdict import axes, rows


def check_funds(facts: Facts, it_mw: Floats) -> None:
    """Check spending against funds, and pay interest; ``it_mw`` is the IT power of all halls in service by period, MW."""
    case, found, horizon = facts.case, facts.found, facts.n_periods
    budget = case["budget"]
    limit, headroom, rent = np.full(horizon, np.nan), np.zeros(horizon), np.full(horizon, np.nan)
    for into, column in ((limit, "capex_musd"), (headroom, "debt_musd"), (rent, "lease_musd")):
        into[budget["period"].to_numpy(int)] = budget[column].to_numpy(float)
    debt = np.zeros(horizon)
    debt[facts.plan["debt"]["period"].to_numpy(int)] = facts.plan["debt"]["drawn_musd"].to_numpy(float)
    at = axes(("", case.periods))
    found.at_most("debt", debt, headroom, at, "debt drawn against the headroom", "M$")
    interest = case.debt_rate * case.period_months / 12 * debt.cumsum()  # of a period, paid at its end
    facts.cash.pay("finance", np.arange(1, horizon + 1), interest)

    funds = limit + debt + _drawn(facts, it_mw)
    capex, lease = facts.cash.paid["capex"][:horizon], facts.cash.paid["lease"][:horizon]
    known = ~np.isnan(limit)
    spent, there = np.where(known, capex, 0.0), np.where(known, funds, 0.0)
    if case.budget_carries:
        spent, there = spent.cumsum(), there.cumsum()
    found.at_most("budget", spent[known], there[known], axes(("", np.array(case.periods)[known].tolist())), "capex against the funds", "M$")
    found.at_most("lease_cap", lease, np.where(np.isnan(rent), np.inf, rent), at, "rent against the most that may be rented", "M$")


def _drawn(facts: Facts, it_mw: Floats) -> Floats:
    """Return what is drawn of all tranches by period; check that it was released and that progress was made."""
    case, found, horizon = facts.case, facts.found, facts.n_periods
    tranches, said, draws = case["tranches"], facts.plan["tranches"], facts.plan["draws"]
    ids = pd.Index(tranches["tranche"])
    released = np.full(len(ids), horizon)
    released[codes(ids, said["tranche"])] = said["released"].to_numpy(int)
    where = rows(tranches, "tranche {tranche}")
    found.at_most("tranche_dates", np.where(released < horizon, tranches["available"], 0), released, where, "first period possible against release", "periods")
    there = np.append(it_mw, np.inf)[np.minimum(released, horizon)]
    found.at_most("tranche_progress", tranches["needs_it_mw"], there, where, "IT power that releases it against that in service at its release", "MW")
    drawn = np.zeros((len(ids), horizon))
    drawn[codes(ids, draws["tranche"]), draws["period"].to_numpy(int)] = draws["musd"].to_numpy(float)
    most = np.where(np.arange(horizon) >= released[:, None], tranches["amount_musd"].to_numpy(float)[:, None], 0.0)
    found.at_most("tranche_drawn", drawn.cumsum(axis=1), most, axes(("tranche", ids), ("", case.periods)), "drawn against what is released", "M$")
    total: Floats = drawn.sum(axis=0)
    return total


RUNNING = ("opex", "energy", "contracts", "network", "carbon", "change")  # penalties (unmet) are paid to nobody


def check_income(facts: Facts) -> None:
    """Compare the income table, if there is one, with the recomputed payments and depreciation."""
    if not len(facts.plan["income"]):
        return
    paid, said, horizon = facts.cash.paid, facts.plan["income"], facts.n_periods
    revenue, lease, interest = -paid["value"][:horizon], paid["lease"][:horizon], paid["finance"][:horizon]
    running = np.sum([paid[term][:horizon] for term in RUNNING], axis=0)
    expensed = paid["capex"][:horizon] - facts.cash.lasting
    ebit = revenue - running - lease - facts.cash.depreciation - expensed
    actual = {"revenue": revenue, "running": running, "lease": lease, "depreciation": facts.cash.depreciation, "expensed": expensed, "ebit": ebit}
    for name, musd in {**actual, "interest": interest}.items():
        claimed = np.zeros(horizon)
        claimed[said["period"].to_numpy(int)] = said[f"{name}_musd"].to_numpy(float)
        size = np.abs(revenue) + np.abs(running) + np.abs(expensed)  # of what the difference is made of
        facts.found.equal(f"income.{name}_musd", claimed, musd, axes(("", facts.case.periods)), name, "M$", scale=size)
