"""What is odd about a sound case: rows that can never act within the horizon, numbers that look like another unit. Notes, not errors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from placement.case.draft import Draft

_MOST = 4  # rows named in a note

#: Dates from which something is there -> what never happens where they lie behind the horizon.
_BEGINS = {
    "halls.earliest": "the hall is never in service",
    "grid.available": "the tier is never energised",
    "ppas.start": "the contract never delivers",
    "generators.available": "it never runs",
    "storage.available": "it never runs",
    "jobs.earliest": "the job never runs",
    "links.available": "the link never exists",
    "tranches.available": "the tranche is never released",
}
#: Lengths of time, in periods -> what never happens where they are as long as the horizon.
_LASTS = {
    "links.lead_periods": "no module is ever lit",
    "gates.lag_periods": "what waits for the gate is never there",
    "releases.lag_periods": "the release is never out",
    "jobs.base_lag_periods": "the job never runs",
}


@dataclass(frozen=True, slots=True)
class Usual:
    """The least that a filled cell above 0 usually is, and what a smaller one looks like."""

    table: str
    column: str
    least: float
    looks: str


#: The cheapest accelerators for data centres cost some 1000 $, and 0.1 $ per hour.
USUAL = (
    Usual("offers", "unit_price_usd", 500.0, "thousands of $, where $ are asked for"),
    Usual("offers", "rent_usd_per_unit_month", 20.0, "$ per hour, where $ per month are asked for"),
)


def remarks(draft: Draft) -> tuple[str, ...]:
    """Return the notes on a case without problems."""
    return (*_never(draft), *_unusual(draft))


def _never(d: Draft) -> Iterator[str]:
    end = d.case.n_periods
    span = f"the horizon ({d.case.periods[0]} to {d.case.periods[-1]})"
    for name, so in _BEGINS.items():
        table, column = name.split(".")
        yield from _note(d, table, column, d[table][column] >= end, f"lies behind {span}: {so}")
    for name, so in _LASTS.items():
        table, column = name.split(".")
        yield from _note(d, table, column, d.filled(table, column) & (d[table][column] >= end).to_numpy(bool), f"is as long as {span}: {so}")
    offers, steps, ppas, grid = d["offers"], d["milestones"], d["ppas"], d["grid"]
    yield from _note(d, "offers", "lead_periods", offers["period"] + offers["lead_periods"] >= end, f"ends behind {span}: the order never arrives")
    lead = f"lead_p{d.case.lead_percentile}"
    yield from _note(d, "milestones", lead, steps[lead] >= end, f"is as long as {span}: what waits for it is never there")
    yield from _note(d, "ppas", "tenor_periods", ppas["start"] + ppas["tenor_periods"] <= 0, f"ends before {span}: the contract never delivers")
    yield from _note(d, "grid", "until", grid["until"] < 0, f"lies before {span}: the tier never delivers")


def _unusual(d: Draft) -> Iterator[str]:
    for u in USUAL:
        value = d[u.table][u.column]
        yield from _note(d, u.table, u.column, (value > 0) & (value < u.least), f"is below {u.least:g}, which is unusual: it looks like {u.looks}")


def _note(d: Draft, table: str, column: str, mask: object, what: str) -> Iterator[str]:
    odd: NDArray[np.bool_] = np.asarray(mask, dtype=bool)
    if odd.any():
        rows = d.texts[table].rows(odd)
        shown = ", ".join(rows[:_MOST]) + (f", ... ({len(rows)} rows)" if len(rows) > _MOST else "")
        yield f"{table}: column '{column}' {what}. In {shown}"
