"""What the engine returns, and how it reports progress."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from placement.certificate import Proof


class Status(StrEnum):
    """Why the engine stopped, and whether a plan came out of it."""

    OPTIMAL = "optimal"  # gap closed to 1e-4, or to less where less was asked for
    FEASIBLE = "feasible"  # a plan, and the gap asked for or the best one that a limit or an interrupt left
    INFEASIBLE = "infeasible"  # proven by two configurations: no plan exists
    NO_PLAN = "no plan"  # a limit struck first; nothing is known


@dataclass(frozen=True, slots=True)
class Event:
    """One line of progress; infinite where nothing is known yet. ``columns``: how many columns the algorithm at work holds."""

    time_s: float
    phase: str
    objective: float
    bound: float
    gap: float
    columns: int = 0


def relative_gap(objective: float, bound: float) -> float:
    """Return ``|objective - bound| / max(|objective|, 1e-9)``; ``inf`` while either is missing."""
    if not (math.isfinite(objective) and math.isfinite(bound)):
        return math.inf
    return abs(objective - bound) / max(abs(objective), 1e-9)


class Progress:
    """Clock, best values and the stop flag of one solve.

    Parameters
    ----------
    time_limit_s
        Wall clock allowed, s.
    """

    def __init__(self, time_limit_s: float) -> None:
        self._start, self._limit = time.monotonic(), time_limit_s
        self._listeners: list[Callable[[Event], object]] = []
        self.objective, self.bound, self.phase = math.inf, -math.inf, "start"
        self._interrupted, self._stops = False, list[Callable[[], object]]()
        self.columns = 0  # columns that the algorithm at work holds, of all that the program has
        self.enough = -math.inf  # a plan that costs no more than this is as good as any
        self.reserve_s = 0.0  # kept back for settling the plan at the end, as long as it was seen to take
        self.phases: list[dict[str, object]] = []

    def subscribe(self, listen: Callable[[Event], object]) -> None:
        """Have a function called with an :class:`Event` whenever something changed; it must not raise."""
        self._listeners.append(listen)

    @property
    def interrupted(self) -> bool:
        """Whether the search must stop and keep the best plan; a signal handler or another thread may set it."""
        return self._interrupted

    @interrupted.setter
    def interrupted(self, value: bool) -> None:
        self._interrupted = value
        if value:
            for stop in self._stops:
                stop()

    def on_interrupt(self, stop: Callable[[], object]) -> None:
        """Have a function called when the search is interrupted, perhaps from a signal handler: workers are told to stop."""
        self._stops.append(stop)

    @property
    def elapsed(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._start

    @property
    def left(self) -> float:
        """Seconds until the limit."""
        return max(0.0, self._limit - self.elapsed)

    @property
    def tables_s(self) -> float:
        """Seconds kept back to tabulate and check the plan: up to half as long again as the build took (measured)."""
        building = self.phases[:1] if self.phases and self.phases[0]["phase"] == "build" else []
        return max(min(8.0, 0.04 * self._limit), 1.6 * sum(float(str(p["seconds"])) for p in building))

    @property
    def search_s(self) -> float:
        """Seconds left for searching, 0 after an interrupt; enough is kept back to settle, tabulate and check the plan."""
        return 0.0 if self.interrupted else max(0.0, self._limit - self.tables_s - self.reserve_s - self.elapsed)

    @property
    def out_of_time(self) -> bool:
        """Whether the search must stop now."""
        return self.search_s <= 0

    @property
    def gap(self) -> float:
        """Relative gap between the best plan and the best bound."""
        return relative_gap(self.objective, self.bound)

    def enter(self, phase: str) -> None:
        """Begin a phase and note how long the one before it took."""
        now = self.elapsed
        if self.phases:
            self.phases[-1]["seconds"] = round(now - float(str(self.phases[-1]["began_s"])), 3)
        self.phases.append({"phase": phase, "began_s": round(now, 3), "seconds": 0.0})
        self.phase = phase
        self.report()

    def report(self, objective: float = math.inf, bound: float = -math.inf) -> None:
        """Take in a better objective or bound, and tell the listener."""
        self.objective, self.bound = min(self.objective, objective), max(self.bound, bound)
        event = Event(self.elapsed, self.phase, self.objective, self.bound, self.gap, self.columns)
        for listen in self._listeners:
            listen(event)

    @staticmethod
    def record(event: Event) -> dict[str, object]:
        """Return an event for ``progress.jsonl``: missing numbers become null."""
        return {k: (None if isinstance(v, float) and not math.isfinite(v) else v) for k, v in asdict(event).items()}


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a solve of a program gave.

    Attributes
    ----------
    x
        Values of all columns, integers exact, shape (n_columns,); ``None`` without a plan.
    bound
        Best bound claimed, by the solver or by duality.
    proof
        Branching tree with duals, which proves a bound without a solver; the root's duals alone where there was no more.
    price
        Row duals with all integers fixed at ``x`` and every continuous column priced out: local prices, shape (n_rows,);
        ``None`` where they were not computed.
    unpriced
        Why there are no prices, where there are none beside a plan.
    infeasible_by
        How infeasibility was established.
    """

    status: Status
    objective: float
    bound: float
    x: NDArray[np.float64] | None = None
    proof: Proof | None = None
    price: NDArray[np.float64] | None = None
    unpriced: str = ""
    infeasible_by: str = ""
    phases: list[dict[str, object]] = field(default_factory=list)
    interrupted: bool = False
