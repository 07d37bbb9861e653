"""What the checker finds: broken rules, each with its place and amount, and the verdict over all of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

RELATIVE = 1e-6  # of the size of the right hand side
ABSOLUTE = 1e-6  # MW, M$, Gbit/s, share
UNITS = 1e-3  # accelerators: counts go up to 1e5 and solvers hold them in thousands

#: Turns the position in an array of comparisons into planner's words.
Where = Callable[[tuple[int, ...]], str]


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule: its name in models/README.md, where, by how much."""

    rule: str
    where: str
    amount: float
    unit: str
    message: str

    def __str__(self) -> str:
        by = f" (by {self.amount:.6g} {self.unit})" if self.unit else ""
        return f"{self.rule}: {self.where}: {self.message}{by}"


@dataclass(frozen=True)
class Verdict:
    """The checker's finding on a plan; costs are NaN or empty where the tables could not be read.

    ``objective`` is the weighted discounted total (M$), ``terms`` the discounted sum per term without weights (M$),
    ``cash`` the undiscounted payments with columns period, term, musd; ``unit`` that of the case's costs.
    """

    ok: bool
    violations: tuple[Violation, ...]
    objective: float
    terms: dict[str, float]
    cash: pd.DataFrame
    unit: str = "M$"

    def __str__(self) -> str:
        head = f"{'ok' if self.ok else 'rejected'}, objective {self.objective:.6f} {self.unit}"
        return "\n".join([head, *map(str, self.violations)])


def axes(*named: tuple[str, Sequence[str] | pd.Index]) -> Where:
    """Name a position by one label per axis of the array: ``axes(("site", ids), ("", periods))``."""
    return lambda at: " ".join(f"{name} {labels[i]}".strip() for (name, labels), i in zip(named, at, strict=True))


def rows(frame: pd.DataFrame, text: str) -> Where:
    """Name a position by the row of a table: ``rows(training, "job {job} at {site}")``."""
    return lambda at: text.format(**{str(c): v for c, v in frame.iloc[at[0]].items()})


class Findings:
    """Collects violations; every comparison goes through here so that all use one tolerance."""

    def __init__(self) -> None:
        self.violations: list[Violation] = []

    def add(self, rule: str, where: str, message: str, amount: float = 1.0, unit: str = "") -> None:
        """Note one violation."""
        self.violations.append(Violation(rule, where, float(amount), unit, message))

    def at_most(
        self,
        rule: str,
        left: ArrayLike,
        right: ArrayLike,
        where: Where,
        what: str,
        unit: str,
        absolute: float = ABSOLUTE,
        scale: ArrayLike = 0.0,
    ) -> None:
        """Demand ``left <= right`` in every element; NaN fails. ``scale`` is the size of a right hand side that is a difference."""
        lhs, rhs, size = np.broadcast_arrays(np.asarray(left, float), np.asarray(right, float), np.asarray(scale, float))
        with np.errstate(invalid="ignore"):
            kept = lhs - rhs <= absolute + RELATIVE * np.maximum(np.abs(rhs), size)
        for at in map(tuple, np.argwhere(~kept)):
            self.add(rule, where(at), f"{what}: {lhs[at]:.9g} is more than {rhs[at]:.9g} {unit}".rstrip(), lhs[at] - rhs[at], unit)

    def equal(
        self,
        rule: str,
        claimed: ArrayLike,
        actual: ArrayLike,
        where: Where,
        what: str,
        unit: str,
        absolute: float = ABSOLUTE,
        scale: ArrayLike = 0.0,
    ) -> None:
        """Demand that the table's number is the recomputed one in every element; NaN fails."""
        said, real, size = np.broadcast_arrays(np.asarray(claimed, float), np.asarray(actual, float), np.asarray(scale, float))
        with np.errstate(invalid="ignore"):
            kept = np.abs(said - real) <= absolute + RELATIVE * np.maximum(np.abs(real), size)
        for at in map(tuple, np.argwhere(~kept)):
            message = f"{what}: the plan says {said[at]:.9g}, recomputed {real[at]:.9g} {unit}".rstrip()
            self.add(rule, where(at), message, abs(said[at] - real[at]), unit)

    def never(self, rule: str, bad: ArrayLike, where: Where, message: str) -> None:
        """Note a violation for every true element."""
        for at in map(tuple, np.argwhere(np.asarray(bad, bool))):
            self.add(rule, where(at), message)
