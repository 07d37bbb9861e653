"""Terms of the objective as charts show them: in one order, in the same colours everywhere, small ones of no colour of their own together."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from placement.report.text import PENALTIES, term_name, term_order

COLOURS = {
    "value": "c2", "salvage": "c5", "capex": "c0", "lease": "c4", "opex": "c6", "energy": "c1", "contracts": "c3",
}  # fmt: skip
OTHER = "c7"
_INCOME = ("value", "salvage")


class Group(NamedTuple):
    """A part of a stack of money: name, colour class, and the terms that it adds up."""

    name: str
    colour: str
    terms: list[str]


def paid(cash: pd.DataFrame) -> list[str]:
    """Return the terms that somebody is paid, income and residual value first; penalties are paid to nobody."""
    terms = [t for t in term_order(cash.index) if t != PENALTIES]
    return [t for t in _INCOME if t in terms] + [t for t in terms if t not in _INCOME]


def groups(cash: pd.DataFrame) -> list[Group]:
    """Return the parts of a stack for terms (rows) by period: those with a colour of their own, then all others as one."""
    terms = [t for t in paid(cash) if cash.loc[t].any()]
    other = [t for t in terms if t not in COLOURS]
    rest = [Group(term_name(other[0]) if len(other) == 1 else "Other costs", OTHER, other)] if other else []
    return [*(Group(term_name(t), COLOURS[t], [t]) for t in terms if t in COLOURS), *rest]
