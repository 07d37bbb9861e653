"""Every error that placement raises on purpose.

::

    PlacementError
    +-- DataError          the case folder is wrong; carries every problem found
    +-- FormulationError   model card, block or program is inconsistent
    +-- OptionError        an option is out of range or unknown
    +-- SolverError        the solver refused the model or altered it

What is odd but no mistake is a ``StartWarning``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum


class ExitCode(IntEnum):
    """What the commands return to the shell; others script against it."""

    OK = 0  # a plan, found and checked
    BAD_INPUT = 1
    USAGE = 2
    INFEASIBLE = 3  # proven
    NO_PLAN = 4  # none within the limit
    CHECK_FAILED = 5  # the checker disagrees
    INTERRUPTED = 130  # the best plan, if there is one, is saved


class PlacementError(Exception):
    """Base of every error raised on purpose by placement."""


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One broken rule in the input: where, which rows, which rule, and the way out."""

    table: str
    column: str
    rule: str
    remedy: str
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        word = "key" if self.table.endswith(".toml") or self.table == "sheet case" else "column"
        where = f"{self.table}: {word} '{self.column}'" if self.column else self.table
        shown = ", ".join(self.rows[:5]) + (f", ... ({len(self.rows)} rows)" if len(self.rows) > 5 else "")
        rows = f"; broken by {shown}" if self.rows else ""
        return f"{where} {self.rule}{rows}. {self.remedy}"


class DataError(PlacementError):
    """The input breaks rules; ``problems`` holds all of them, not only the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(p) for p in self.problems))


class FormulationError(PlacementError):
    """A card names an unknown block, a block misses what it needs, or numbers are unsafe."""


class OptionError(PlacementError):
    """An option is unknown or out of its range."""


class SolverError(PlacementError):
    """The solver refused a model, changed it, or returned an inconsistent answer."""


class StartWarning(UserWarning):
    """Nothing of the plan that was given as a start fits the case."""
