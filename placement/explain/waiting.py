"""What blocks a release: the dates that the rules allow, what the plan waits for, and what each earlier date costs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import pandas as pd

from placement.demand.releases import earliest_out
from placement.errors import OptionError
from placement.explain.again import Effort, solve_edited
from placement.explain.base import Base
from placement.explain.difference import EXACT, better, difference
from placement.explain.edits import at_least
from placement.explain.excluded import excluded
from placement.explain.ways import known
from placement.parallel import Pool
from placement.plan.plan import Plan
from placement.program import key_name

DATES = ("period", "answer", "cost_musd", "cost_low_musd", "cost_high_musd", "verified_low_musd", "verified_high_musd", "says")


@dataclass(frozen=True, eq=False)
class BlocksRelease:
    """The answer to "what blocks a release?".

    Attributes
    ----------
    dates
        One row per period: ``answer`` ("out", "too early", "costs more", "impossible", "not decided") and what it costs, M$, to have it out by then,
        with its intervals by the solver's bounds and by verified ones.
    exclusions
        What the rules exclude of its training job; see :func:`placement.explain.excluded.excluded`.
    """

    release: str
    answer: str
    dates: pd.DataFrame
    exclusions: pd.DataFrame

    def __str__(self) -> str:
        return self.answer


def blocks_release(plan: Plan, release: str, effort: Effort = EXACT) -> BlocksRelease:
    """Say what a release waits for in a plan, and what it costs to have it out earlier.

    Raises
    ------
    OptionError
        If there is no plan, or the case has no release of that name (the most similar one is named).
    """
    base = Base.of(plan)
    if not len(base.case["releases"]):
        raise OptionError(f"{base.case.name} has no releases")
    known(release, list(base.case["releases"]["release"]), "release", base.case.name)
    row = plan.tables["releases"].set_index("release").loc[release]
    periods = list(base.case.periods)
    planned = periods.index(row["released"]) if row["released"] else len(periods)
    first = int(min(earliest_out(base.sides.scope, base.sides.columns)[list(base.case["releases"]["release"]).index(release)], len(periods)))
    dates = _dates(base, release, range(first, planned), effort)
    early = [(t, "too early", *(math.nan,) * 5, "no way to run its job ends early enough") for t in periods[:first]]
    late = [(t, "out", *(math.nan,) * 5, "") for t in periods[planned:]]
    table = pd.DataFrame([*early, *dates, *late], columns=list(DATES))
    return BlocksRelease(release, _says(base, release, row, first, table), table, excluded(base, str(row["job"])))


def _dates(base: Base, release: str, periods: range, effort: Effort) -> list[tuple[object, ...]]:
    """Return what it costs to have a release out in each of some periods."""
    number = {name: j for j, name in enumerate(base.program.supply_names)}
    wanted = [number[key_name(("released", release, t))] for t in periods]
    if not wanted:
        return []
    programs = [base.program, *(at_least(base.program, j, 1.0) for j in wanted)]
    with Pool(min(effort.workers, len(programs))) as pool:
        tasks = [(p, base.x, base.plan.proof, replace(effort, workers=1)) for p in programs]
        own, *found = pool.run(solve_edited, tasks)
    before, rows = better(base, own), list[tuple[object, ...]]()
    for t, after in zip(periods, found, strict=True):
        cost = difference(before, after, forbids=True)
        answer = "impossible" if cost.impossible else "costs more" if math.isfinite(cost.estimate) else "not decided"
        numbers = (cost.estimate, cost.low, cost.high, cost.verified_low, cost.verified_high)
        rows.append((base.case.periods[t], answer, *numbers, cost.told(base.case.cost_unit)))
    return rows


def _says(base: Base, release: str, row: pd.Series, first: int, table: pd.DataFrame) -> str:
    case = base.case
    job = case["jobs"].set_index("job").loc[row["job"]]
    told = [
        f"{release} is out in {row['released']}: its job {row['job']} ends in {row['trained']}."
        if row["released"]
        else f"{release} is not out within the horizon: its job {row['job']} " + (f"ends in {row['trained']}." if row["trained"] else "is not placed.")
    ]
    told += [f"It waits for: {row['blocked_by']}."] if row["blocked_by"] else []
    told += [f"Its base is job {job['base_job']}."] if job["base_job"] else []
    if first >= case.n_periods:
        return " ".join([*told, "No way to run its job that the rules allow ends within the horizon."])
    told.append(f"The rules allow {case.periods[first]} at the earliest.")
    return " ".join(
        [*told, *(f"Out by {r.period}: {r.says}." for r in table[table["answer"].isin(["costs more", "impossible", "not decided"])].head(3).itertuples())]
    )
