"""The best plan and the best bound of one search, and what proves the bound."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from placement.engine.assignment.structure import Assignment, Floats, Ints, Placing
from placement.engine.outcome import Progress, relative_gap


@dataclass
class Best:
    """What a search of an :class:`Assignment` knows so far; every offer is evaluated afresh before it counts.

    Attributes
    ----------
    rel_gap
        The search is over at this relative gap.
    offset
        Constant of the program's objective, in reports and gaps; ``value`` and ``bound`` are without it.
    multipliers
        Prices of the serve rows that prove the bound ``shown`` through one knapsack per site, shape (n,); ``bound`` may be better
        where branch and bound gave it.
    """

    a: Assignment
    progress: Progress
    rel_gap: float = 1e-6
    offset: float = 0.0
    placing: Placing | None = None
    value: float = math.inf
    bound: float = -math.inf
    multipliers: Floats | None = None
    shown: float = -math.inf
    pool: list[tuple[float, Ints]] = field(default_factory=list)  # good whole placings, best first

    def offer(self, found: Placing | Ints | None) -> bool:
        """Take a point if it is feasible and better than the best; return whether it was. Sites are given as one per workload."""
        if found is None:
            return False
        placing = found if isinstance(found, Placing) else Placing.of_sites(self.a, found)
        if placing.overload(self.a) > 0:
            return False
        value = placing.value(self.a)
        if not isinstance(found, Placing):
            self.pool = sorted([*self.pool, (value, found.copy())], key=lambda v: v[0])[:32]
        if value >= self.value - 1e-12 * max(1.0, abs(value)):
            return False
        self.placing, self.value = placing, value
        self.progress.report(objective=value + self.offset)
        return True

    def raise_bound(self, bound: float, multipliers: Floats | None = None) -> None:
        """Take a better bound, rounded up where objective values come in steps; one above the best plan by more than rounding is refused."""
        lifted = self.a.lift_bound(bound)
        if not math.isfinite(lifted) or lifted > self.value + 1e-6 * max(1.0, abs(self.value)):
            return
        if multipliers is not None and bound > self.shown:
            self.shown, self.multipliers = bound, np.array(multipliers, float)
        if lifted > self.bound:
            self.bound = min(lifted, self.value)
            self.progress.report(bound=self.bound + self.offset)

    @property
    def sites(self) -> Ints:
        """The site of each workload in the best plan (that with the largest share), shape (n,)."""
        assert self.placing is not None
        return self.placing.sites

    @property
    def gap(self) -> float:
        """Relative gap between plan and bound."""
        return relative_gap(self.value + self.offset, self.bound + self.offset)

    @property
    def closed(self) -> bool:
        """Whether plan and bound meet."""
        return self.gap <= self.rel_gap
