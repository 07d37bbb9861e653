"""Options of a solve: every default in one place, checked on construction."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Integral, Real

from placement.errors import OptionError

MAX_WORKERS = 256  # the solver starts one thread each and does not survive thousands


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveOptions:
    """How long and how hard to search.

    Attributes
    ----------
    time_limit_s
        Wall clock from the start of the solve, reading excluded, s; ``inf`` for none.
    rel_gap
        Stop when ``(objective - bound) / |objective|`` is at most this.
    seed
        Seed of every random choice; the same seed and limits give the same plan unless time cuts a phase.
    workers
        Processes or threads that may run at the same time.

    Raises
    ------
    OptionError
        Naming every option that is out of its range, and its value.
    """

    time_limit_s: float = 300.0
    rel_gap: float = 1e-4
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        checks = {
            "time_limit_s": ("must be a number of seconds > 0", _number(self.time_limit_s) and self.time_limit_s > 0),
            "rel_gap": ("must be a number in [0, 1)", _number(self.rel_gap) and 0 <= self.rel_gap < 1),
            "seed": ("must be a whole number in [0, 2147483647]", _whole(self.seed) and 0 <= self.seed <= 2**31 - 1),
            "workers": (f"must be a whole number in [1, {MAX_WORKERS}]", _whole(self.workers) and 1 <= self.workers <= MAX_WORKERS),
        }
        broken = [f"{name} {rule}, got {getattr(self, name)!r}" for name, (rule, ok) in checks.items() if not ok]
        if broken:
            raise OptionError("; ".join(broken))
        for name, kind in (("time_limit_s", float), ("rel_gap", float), ("seed", int), ("workers", int)):
            object.__setattr__(self, name, kind(getattr(self, name)))  # numpy's numbers become Python's, which solver and JSON want


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
