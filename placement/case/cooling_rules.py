"""Rules on cooling: figures by season and hour that are clear, and reach the model."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule
from placement.units import MONTHS_PER_QUARTER, MONTHS_PER_YEAR

#: Columns of `cooling` that say something.
FIGURES = ("pue",)


def cooling_clear(d: Draft) -> Problems:
    """The rows of a site never speak of the same hour twice: the quarter is given in all of them or in none, and so is the block."""
    rows = d["cooling"]
    for column, given in (("quarter", rows["quarter"] > 0), ("block", rows["block"] != "")):
        mixed = ~given & given.groupby(rows["site"]).transform("any")
        remedy = "Fill it in, or leave it blank in all rows of the site."
        yield from d.broken("cooling", column, mixed, "must be filled in all rows of a site or in none", remedy)


def cooling_felt(d: Draft) -> Problems:
    """A row gives a figure, for a quarter of the horizon; PUE by the hour needs power that is modelled."""
    rows, case = d["cooling"], d.case
    silent = rows[list(FIGURES)].isna().all(axis=1)
    yield from d.broken("cooling", "pue", silent, "has no effect: the row gives no figure", "Fill in a figure, or remove the row.")
    given = rows["quarter"] > 0
    if case.period_months > MONTHS_PER_QUARTER:
        rule = f"has no effect: periods of {case.period_months} months are longer than a quarter"
        yield from d.broken("cooling", "quarter", given, rule, "Leave it blank, or set period_months to 3 or 1.")
        return
    month = (case.start + np.arange(case.n_periods)) * case.period_months % MONTHS_PER_YEAR
    never = given & ~rows["quarter"].isin((month // MONTHS_PER_QUARTER + 1).tolist())
    yield from d.broken("cooling", "quarter", never, "has no effect: no period of the case is in that quarter", "Remove the rows.")


RULES = (
    Rule(cooling_clear, "cooling.site cooling.quarter cooling.block"),
    Rule(cooling_felt, "case.periods cooling.quarter " + " ".join(f"cooling.{c}" for c in FIGURES)),
)
