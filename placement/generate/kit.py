"""What the steps of generating share: the base case, the size, the draw, and the tables made so far."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from placement.case import Case
from placement.case.schema import TABLES
from placement.generate.draw import Calendar, Draw
from placement.rules.policy import Policy


@dataclass(frozen=True)
class Kit:
    """The work in hand.

    Attributes
    ----------
    tables
        Tables made so far, typed as in a :class:`Case`, each with a ``note`` for every row; periods are indices.
    copies
        For ``sites``, ``skus``, ``jobs``, ``services``, ``metros``: columns ``base`` and ``id``, and for sites also
        ``size`` (factor on MW and money) and ``moved_km``.
    """

    base: Case
    counts: dict[str, int]
    draw: Draw
    calendar: Calendar
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    copies: dict[str, pd.DataFrame] = field(default_factory=dict)

    @cached_property
    def policy(self) -> Policy:
        """The base's export and residency rules."""
        return Policy.of(self.base["export"], self.base["residency"])

    def put(self, name: str, table: pd.DataFrame, note: pd.Series | str) -> None:
        """Keep a table, with the columns of the base's and a note on where each row comes from; a table without rows is left out.

        An optional column that the table, or some of its rows, were made without is blank there.
        """
        if len(table):
            for c in (c for c in TABLES[name] if not c.required):
                blank = c.blank_value(self.calendar.after)
                cells = table[c.name] if c.name in table else pd.Series(blank, index=table.index)
                table = table.assign(**{c.name: cells.where(cells.notna(), blank).astype(self.base[name][c.name].dtype)})
            said = note.to_numpy() if isinstance(note, pd.Series) else note
            noted = table[list(self.base[name].columns)].assign(note=said).reset_index(drop=True)
            noted["note"] = f"generated (seed {self.draw.seed}): " + noted["note"]
            self.tables[name] = noted

    def here(self, name: str) -> pd.DataFrame:
        """Return a table made so far; without rows where there is none."""
        return self.tables[name] if name in self.tables else self.base[name].iloc[:0]
