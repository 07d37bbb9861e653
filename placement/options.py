"""Options of a solve: every default in one place, checked on construction."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from numbers import Integral, Real

from placement.errors import OptionError

MAX_WORKERS = 256  # the solver starts one thread each and does not survive thousands
ENOUGH_WORKERS = 4  # what a command takes by itself; each costs a process with its own memory

REL_GAP = 1e-4  # a plan is called optimal up to here
PUBLISHED_GAP = 1e-6  # the same for published instances, whose optima are known to the last digit


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
        Processes or threads that may run at the same time on this machine.
    cluster
        Address of a Dask scheduler, such as ``tcp://10.0.0.5:8786``, whose workers take the place of local processes;
        ``None`` for none.
    work_limit
        Counted work instead of the wall clock, nominal seconds: the time limit is not looked at, and the same seed gives the
        same plan for any number of workers; ``None`` to go by the clock.

    Raises
    ------
    OptionError
        Naming every option that is out of its range, and its value.
    """

    time_limit_s: float = 300.0
    rel_gap: float = REL_GAP
    seed: int = 0
    workers: int = 1
    cluster: str | None = None
    work_limit: float | None = None

    def __post_init__(self) -> None:
        checks = {
            "time_limit_s": ("must be a number of seconds > 0", _number(self.time_limit_s) and self.time_limit_s > 0),
            "rel_gap": ("must be a number in [0, 1)", _number(self.rel_gap) and 0 <= self.rel_gap < 1),
            "seed": ("must be a whole number in [0, 2147483647]", _whole(self.seed) and 0 <= self.seed <= 2**31 - 1),
            "workers": (f"must be a whole number in [1, {MAX_WORKERS}]", _whole(self.workers) and 1 <= self.workers <= MAX_WORKERS),
            "cluster": ("must be an address such as tcp://host:8786", self.cluster is None or (isinstance(self.cluster, str) and bool(self.cluster.strip()))),
            "work_limit": (
                "must be a finite number of nominal seconds > 0",
                self.work_limit is None or (_number(self.work_limit) and 0 < self.work_limit < math.inf),
            ),
        }
        broken = [f"{name} {rule}, got {getattr(self, name)!r}" for name, (rule, ok) in checks.items() if not ok]
        if broken:
            raise OptionError("; ".join(broken))
        for name, kind in (("time_limit_s", float), ("rel_gap", float), ("seed", int), ("workers", int), ("work_limit", float)):
            if getattr(self, name) is not None:  # numpy's numbers become Python's, which solver and JSON want
                object.__setattr__(self, name, kind(getattr(self, name)))


def default_workers() -> int:
    """Return how many workers a command takes unless it is told: the cores that this process may use, at most 4."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, ENOUGH_WORKERS)


def _number(value: object) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and not math.isnan(value)


def _whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)
