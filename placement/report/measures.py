"""What a plan does period by period, as a few stacks that two or many plans can be set beside one another by, on one scale."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.report.charts import Series
from placement.report.energy import groups, in_all, stack
from placement.report.facts import Facts

INCOME, PENALTIES, CAPITAL = "value", "unmet", "capex"  # terms of the objective; all others are running costs


@dataclass(frozen=True, eq=False)
class Measure:
    """One quantity by period.

    Attributes
    ----------
    key, title, unit
        What it is; the same key means the same quantity in every plan.
    labels
        Periods.
    parts
        What it is made of, each of shape (n_periods,); the same names in every plan.
    about
        How it is counted.
    """

    key: str
    title: str
    unit: str
    labels: tuple[str, ...]
    parts: tuple[Series, ...]
    about: str = ""

    @property
    def total(self) -> NDArray[np.float64]:
        """The sum of the parts, shape (n_periods,)."""
        return np.sum([np.nan_to_num(s.values) for s in self.parts], axis=0, initial=0.0) * np.ones(len(self.labels))

    @property
    def reach(self) -> tuple[float, float]:
        """The lowest and the highest end of its stacks, zero between them."""
        values = np.nan_to_num(np.array([s.values for s in self.parts], dtype=float).reshape(len(self.parts), len(self.labels)))
        return float(values.clip(max=0).sum(axis=0).min(initial=0.0)), float(values.clip(min=0).sum(axis=0).max(initial=0.0))


def measures(facts: Facts) -> tuple[Measure, ...]:
    """Return the measures of a plan; those of layers that its case does not have, or that a case with pairs knows no dates for, are left out."""
    if "pairs" in facts.case:
        return ()
    found = (_it_power(facts), _power(facts), _accelerators(facts), _cash(facts))
    return tuple(m for m in found if m is not None)


def key_of(found: Sequence[Measure]) -> list[tuple[str, str]]:
    """Return name and colour of the parts that some of several plans have."""
    parts = [(s.name, s.colour) for m in found for s in m.parts if np.nan_to_num(s.values).any()]
    order = [(s.name, s.colour) for m in found for s in m.parts]
    return [part for part in dict.fromkeys(order) if part in parts]


def common_reach(found: Sequence[Measure]) -> tuple[float, float]:
    """Return a range that holds the stacks of several plans."""
    return min(m.reach[0] for m in found), max(m.reach[1] for m in found)


def _it_power(facts: Facts) -> Measure | None:
    """Return IT power of halls in service; those of providers, whose IT power is a quota, are left out."""
    sites = facts.case["sites"]
    own = sites.loc[~sites["power_included"].astype(bool), "site"]
    if not facts.case["halls"]["site"].isin(own).any():
        return None
    n, halls = facts.case.n_periods, facts.own_halls
    parts = []
    for name, colour, here in (("there already", "c6", halls["existing"] > 0), ("new", "c0", ~(halls["existing"] > 0))):
        steps = np.zeros(n)
        for t, mw in zip(halls.loc[here, "in_service"], halls.loc[here, "it_mw"], strict=True):
            steps[int(t) :] += mw  # a slice behind the horizon is empty
        parts.append(Series(name, steps, colour))
    return Measure(
        "it_mw",
        "IT capacity in service",
        "MW",
        facts.case.periods,
        tuple(parts),
        "Halls in service, whether or not accelerators fill them; without providers' halls.",
    )


def _power(facts: Facts) -> Measure | None:
    """Return the power drawn at the meter by supplier, in the block of each period in which all sites together draw most."""
    if not facts.power_modelled:
        return None
    most = in_all(facts).sort_values("load", ascending=False, kind="stable").groupby("period").head(1).sort_values("period")
    parts = tuple(stack(most, groups(facts, technologies=False), whole=True))
    about = "All sites together at the meter, in the block that draws most; what charges storage or is sold lies below zero."
    return Measure("power_mw", "Power drawn", "MW", facts.case.periods, parts, about)


def _accelerators(facts: Facts) -> Measure | None:
    """Return accelerators by what uses them."""
    if facts.case["skus"].empty:
        return None
    parts = []
    for name, colour in (("training", "c0"), ("serving", "c1"), ("idle", "c6")):
        table = facts.chips.groupby("period")[name].sum().reindex(range(facts.case.n_periods), fill_value=0.0)
        parts.append(Series(name, table.to_numpy(float), colour))
    return Measure("units", "Accelerators deployed", "accelerators", facts.case.periods, tuple(parts), "All SKUs together, by what uses them.")


def _cash(facts: Facts) -> Measure | None:
    """Return money in and out by period, without penalties, which nobody pays, and without the residual value at the end."""
    cash = facts.cash.iloc[:, : facts.case.n_periods].drop(index=PENALTIES, errors="ignore")
    if cash.empty:
        return None
    running = cash.drop(index=[INCOME, CAPITAL], errors="ignore").sum()
    rows = (("income", _term(cash, INCOME), "c2"), ("capital spending", _term(cash, CAPITAL), "c0"), ("running costs", running, "c1"))
    parts = tuple(Series(name, -values.to_numpy(float), colour) for name, values, colour in rows)
    about = "Money in upwards, money out downwards; undiscounted, without penalties for unserved demand and without residual value."
    return Measure("cash_musd", "Cash", "M$", facts.case.periods, parts, about)


def _term(cash: pd.DataFrame, term: str) -> pd.Series:
    return cash.loc[term] if term in cash.index else pd.Series(0.0, index=cash.columns)
