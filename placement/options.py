"""Options of a solve: every default in one place, checked on construction."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from placement.errors import OptionError


@dataclass(frozen=True, slots=True, kw_only=True)
class SolveOptions:
    """How long and how hard to search.

    Attributes
    ----------
    time_limit_s
        Wall clock from the start of the solve, reading excluded, s.
    rel_gap
        Stop when ``(objective - bound) / |objective|`` is at most this.
    seed
        Seed of every random choice; the same seed and limits give the same plan unless time cuts a phase.
    workers
        Processes or threads that may run at the same time.
    """

    time_limit_s: float = 300.0
    rel_gap: float = 1e-4
    seed: int = 0
    workers: int = 1

    def __post_init__(self) -> None:
        checks = {
            "time_limit_s must be > 0": self.time_limit_s > 0,
            "rel_gap must be in [0, 1)": 0 <= self.rel_gap < 1,
            "seed must be in [0, 2147483647]": 0 <= self.seed <= 2**31 - 1,
            "workers must be at least 1": self.workers >= 1,
        }
        broken = [text for text, ok in checks.items() if not ok]
        if broken:
            raise OptionError(f"{'; '.join(broken)}; got {asdict(self)}")
