"""How much the value of a plan depends on single numbers of the input: each one lower and higher, solved again, the widest swing first."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.case.again import checked
from placement.errors import OptionError, PlacementError
from placement.explain.again import Effort
from placement.explain.base import Base, Carried
from placement.explain.changed import Changed, Value, failed, reference, solve_changed_to_tables
from placement.explain.named import Named, named_input
from placement.parallel import Pool
from placement.plan.plan import Plan

#: The main uncertain numbers of a case; those that it does not have are left out.
INPUTS = (
    "demand.mtok_per_day", "services.price_usd_per_mtok", "services.unmet_usd_per_mtok", "jobs.value_musd", "tariffs.energy_usd_per_mwh",
    "ppas.price_usd_per_mwh", "offers.unit_price_usd", "offers.max_units", "grid.mw", "halls.it_mw", "halls.capex_musd", "milestones.lead_*",
    "generators.capex_musd_per_mw", "budget.capex_musd", "discount_rate", "carbon_price_usd_per_t", "pairs.cost_musd", "capacity.capacity",
    "siting.opening_cost_musd",
)  # fmt: skip
STEP = 0.1
COLUMNS = (
    "input", "cells", "swing_musd", "swing_at_least_musd", "swing_at_most_musd", "low", "low_value_musd", "low_at_least_musd", "low_at_most_musd",
    "high", "high_value_musd", "high_at_least_musd", "high_at_most_musd", "low_status", "high_status", "note",
)  # fmt: skip


def tornado(plan: Plan, inputs: Sequence[str] | None = None, step: float = STEP, effort: Effort | None = None) -> pd.DataFrame:
    """Return what the value of a plan does when single inputs are lower and higher.

    Parameters
    ----------
    plan
        A plan that was solved or read with :func:`placement.read_plan`; every question begins from it.
    inputs
        Names such as ``demand.mtok_per_day``, ``grid.mw[site=oslo]``, ``milestones.lead_*`` (several columns at once) or ``discount_rate``;
        default: those of :data:`INPUTS` that the case has.
    step
        Share by which each is multiplied lower and higher; whole numbers move by one at least, and nothing leaves the range of its column.
    effort
        Seconds, gap and workers per question.

    Returns
    -------
    DataFrame
        One row per input, the widest swing first: ``low_value_musd`` and ``high_value_musd`` are what the lower and the higher input are worth against the plan
        (M$, more is better), ``swing_musd`` is the size of their difference; each lies for certain between its ``_at_least_`` and ``_at_most_``, by bounds
        proven without a solver. ``low`` and ``high`` say what was done, ``cells`` to how many numbers.

    Raises
    ------
    OptionError
        If a name is unknown, nothing in the case has it, or the step is not between 0 and 1.
    """
    if not 0 < step < 1:
        raise OptionError(f"step must be between 0 and 1 (0.1 is 10 %), got {step!r}")
    case, chosen = plan.case, effort or Effort()
    asked = [named_input(case, name) for name in inputs] if inputs is not None else [named_input(case, name) for name in usual(case)]
    if not asked:
        raise OptionError(f"{case.name} has none of the usual inputs; name some, such as jobs.value_musd")
    base = Base.of(plan)
    with Pool(min(chosen.workers, 2 * len(asked))) as pool:
        questions = [(case, one, sign * step, base.carried, replace(chosen, workers=1)) for one in asked for sign in (-1, 1)]
        sides = pool.run(_side, questions)
    value = reference(base, chosen).value
    rows = [_row(one, sides[2 * i : 2 * i + 2], value) for i, one in enumerate(asked)]
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    return table.sort_values("swing_musd", ascending=False, kind="stable", na_position="first", ignore_index=True)


@dataclass(frozen=True)
class _Side:
    """What a case with one input lower or higher came to."""

    found: Changed
    said: str


def _side(case: Case, one: Named, step: float, carried: Carried, effort: Effort) -> _Side:
    edited, said = _moved(case, one, step)
    try:
        return _Side(solve_changed_to_tables(checked(edited), carried, effort, read=False), said)
    except PlacementError as error:
        return _Side(failed(error), said)


def usual(case: Case) -> Iterator[str]:
    """Return which of :data:`INPUTS` a case has."""
    for name in INPUTS:
        try:
            named_input(case, name)
        except OptionError:  # not in this case
            continue
        yield name


def _moved(case: Case, one: Named, step: float) -> tuple[Case, str]:
    """Return the case with an input multiplied by ``1 + step``, not checked yet, and what was done."""
    if one.table == "":
        low, high = one.range
        value = min(max(float(getattr(case, one.columns[0])) * (1 + step), low), high)
        change: dict[str, Any] = {one.columns[0]: value}
        return replace(case, **change), f"{value:.6g}"
    df, hit_bound = case[one.table].copy(), False
    for column in one.columns:
        df[column], cut = _stepped(case, one, column, step)
        hit_bound |= cut
    return replace(case, tables={**case.tables, one.table: df}), f"x {1 + step:.6g}{', kept in range' if hit_bound else ''}"


def _stepped(case: Case, one: Named, column: str, step: float) -> tuple[pd.Series, bool]:
    """Return a column with its named rows multiplied, and whether the range of the column cut some of them."""
    schema, old = one.schema(column), case[one.table][column]
    values: NDArray[np.float64] = old.to_numpy(float, copy=True)
    here = one.rows & np.isfinite(values) & (values != 0)
    moved = values[here] * (1 + step)
    if schema.kind == "int":
        whole = np.round(moved)
        moved = np.where(whole == values[here], values[here] + np.sign(step), whole)
    kept = np.clip(moved, schema.minimum, schema.maximum)
    values[here] = kept
    return pd.Series(values, index=old.index).astype(old.dtype), bool((kept != moved).any())


def _row(one: Named, sides: Sequence[_Side], value: Value) -> tuple[object, ...]:
    below, above = sides
    low, high = below.found, above.found
    swing = _swing(low.value, high.value)
    notes = [f"{word}: {f.note}" for word, f in (("low", low), ("high", high)) if f.note]
    return (
        str(one), one.cells, *swing, below.said, *low.value.better_than(value), above.said, *high.value.better_than(value), low.status, high.status,
        "; ".join(notes),
    )  # fmt: skip


def _swing(low: Value, high: Value) -> tuple[float, float, float]:
    """Return the size of the difference of two values, and the least and the most that it can be; NaN where one of them has no plan."""
    value, least, most = high.better_than(low)
    if math.isnan(value):
        return value, least, most
    return abs(value), max(least, -most, 0.0), max(abs(least), abs(most))
