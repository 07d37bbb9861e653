"""How long an algorithm may take: by the wall clock, or by counted work, which gives the same result on every machine."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Effort:
    """A limit for one algorithm.

    Attributes
    ----------
    seconds
        Wall clock, s, from the moment the limit is made; ``inf`` for none.
    work
        Nominal seconds of a reference machine; each algorithm turns them into iterations, rounds or nodes by a fixed rate.
        When given, the wall clock must not decide anything.
    """

    seconds: float = math.inf
    work: float | None = None
    _began: float = field(default_factory=time.monotonic)

    @classmethod
    def of(cls, amount: float, counted: bool) -> Effort:
        """Return a limit of so many nominal seconds of counted work, or of so many seconds by the wall clock."""
        return cls(work=amount) if counted else cls(seconds=amount)

    def anew(self) -> Effort:
        """Return the same limit from now on: for a task that may have waited for its turn."""
        return Effort(seconds=self.seconds, work=self.work)

    @property
    def counted(self) -> bool:
        """Whether work is counted and the wall clock decides nothing."""
        return self.work is not None

    @property
    def left(self) -> float:
        """Seconds left; ``inf`` where work is counted."""
        return math.inf if self.counted else max(0.0, self.seconds - (time.monotonic() - self._began))

    def __reduce__(self) -> tuple[type[Effort], tuple[float, float | None]]:
        """Send what is left of it to another process, which may be on a machine with another clock."""
        return Effort, (self.seconds if self.counted else self.left, self.work)

    def count(self, per_s: float) -> int:
        """Return how many steps the limit allows at a nominal (or measured) rate, at least 1."""
        allowed = self.work if self.work is not None else self.left
        return max(1, int(min(allowed * per_s, 2**62)))

    def part(self, share: float) -> Effort:
        """Return a limit of a share of what is left (of all, where work is counted)."""
        return Effort(work=self.work * share) if self.work is not None else Effort(seconds=self.left * share)
