"""What a solver is asked and what it answers."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.peers.problem import Floats, Problem

STRONG, AGGREGATED = "with x<=y", "without x<=y"
PLAIN, OWN = "plain", "own"
"""The one form there is where no site is opened by decision; a tool's own way of putting the problem."""


class NotApplicableError(Exception):
    """The solver cannot express the problem; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One run: formulation, limits, a scratch folder; the clock starts when the task is made, before the model is built.

    Attributes
    ----------
    source
        ``file``, ``format``, ``model``, ``capacity`` ("" where there is none) of the published file, for a tool that reads it itself.
    python
        Interpreter for a tool that does not live in this one.
    """

    formulation: str
    time_limit_s: float
    cores: int
    gap: float
    seed: int
    scratch: Path
    source: dict[str, str] = field(default_factory=dict)
    python: str = ""
    began: float = field(default_factory=time.perf_counter)

    @property
    def left(self) -> float:
        """Seconds left, at least 0.1."""
        return max(0.1, self.time_limit_s - (time.perf_counter() - self.began))


@dataclass(frozen=True, slots=True)
class Answer:
    """What a solver says: its own status word, the shares of its best point, its objective and its bound, all unverified."""

    status: str
    share: Floats | None = None
    claimed: float = math.nan
    bound: float = -math.inf
    note: str = ""


def row_formulations(problem: Problem) -> list[str]:
    """Return the formulations of a solver that takes rows."""
    return [AGGREGATED, STRONG] if problem.siting else [PLAIN]
