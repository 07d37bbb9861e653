"""Whether a case has any plan at all: what conflicts and repairs are found with, from what must be served alone."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import numpy as np

from placement.case import Case
from placement.engine.highs import Run, solve
from placement.engine.search import arrays
from placement.errors import PlacementError
from placement.program import assemble, build_sides

T = TypeVar("T")

_OF_SERVICES = ("services", "service_skus", "service_loads", "service_metros", "demand")


def must(case: Case) -> Case:
    """Return the case with only the workloads that must be served, and what they start from.

    A plan of it is a plan of the case in which nothing else is done, so what it allows the case allows, too.
    """
    jobs, services = case["jobs"], case["services"]
    kept = services[services["unmet_usd_per_mtok"].isna()]
    wanted = set(jobs.loc[jobs["mandatory"], "job"]) | set(case["releases"].set_index("release")["job"].reindex(kept["release"]).dropna())
    base = dict(zip(jobs["job"], jobs["base_job"], strict=True))
    for job in list(wanted):
        while base.get(job, "") and base[job] not in wanted:
            job = base[job]
            wanted.add(job)
    tables = dict(case.tables)
    names = wanted | set(kept["service"])
    for table, column, keep in (
        ("jobs", "job", wanted), ("job_skus", "job", wanted), ("releases", "job", wanted), ("incumbent", "workload", names),
        ("pairs", "workload", names), *((t, "service", names) for t in _OF_SERVICES),
    ):  # fmt: skip
        if table in tables:
            tables[table] = tables[table][tables[table][column].isin(keep)].reset_index(drop=True)
            if tables[table].empty:
                del tables[table]
    return replace(case, tables=tables, objectives=())


@dataclass
class Oracle:
    """Says of cases whether they have a plan; counts, and stops when time is up.

    Attributes
    ----------
    until
        Moment of the monotonic clock at which every question is answered with "not known".
    each_s
        Most seconds of one question.
    sure
        Whether every question so far was answered.
    """

    until: float
    each_s: float
    stop: Callable[[], bool] = field(default=lambda: False)
    asked: int = 0
    sure: bool = True

    @property
    def left(self) -> float:
        """Seconds left."""
        return 0.0 if self.stop() else max(0.0, self.until - time.monotonic())

    def feasible(self, case: Case) -> bool | None:
        """Return whether a point satisfies every row of the case's program; ``None`` if that is not known."""
        if self.left <= 0:
            self.sure = False
            return None
        self.asked += 1
        try:
            program, _ = assemble(build_sides(must(case), told=False))
        except PlacementError:  # a table has lost its effect, or a number its size: such a case is none
            return False
        part = arrays(program)
        answer = solve(replace(part, cost=np.zeros(len(part.cost)), offset=0.0), Run(time_limit_s=min(self.each_s, max(self.left, 0.01)), rel_gap=1.0))
        if answer.x is not None:
            return True
        if not answer.infeasible:
            self.sure = False
        return False if answer.infeasible else None


def minimal(items: list[T], holds: Callable[[list[T]], bool], left: Callable[[], float]) -> list[T]:
    """Return a subset of items that still holds, from which, time given, none can be left out.

    ``holds`` must be monotone (with more items it holds, too) and hold for all items. By halves (Junker, 2004, "QuickXplain"): about
    ``k log(n / k)`` questions for ``k`` of ``n`` items, none of which is asked twice.
    """
    known: dict[frozenset[int], bool] = {}

    def asked(some: list[T]) -> bool:
        key = frozenset(map(id, some))
        if key not in known:
            known[key] = holds(some)
        return known[key]

    def within(rest: list[T], fixed: list[T]) -> list[T]:
        if not rest or left() <= 0:
            return rest
        if asked(fixed):
            return []
        if len(rest) == 1:
            return rest
        first, second = rest[: len(rest) // 2], rest[len(rest) // 2 :]
        late = within(second, [*fixed, *first])
        return [*within(first, [*fixed, *late]), *late]

    return within(items, [])
