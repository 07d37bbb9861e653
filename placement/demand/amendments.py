"""What ties the columns of several builders together: which have no chance beside the others, and what they use of one another."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.demand.columns import Columns, Keys
from placement.demand.deferral import with_duty
from placement.demand.filler import with_fillers, without_units
from placement.demand.pooling import with_pools
from placement.demand.presence import with_presence
from placement.demand.releases import before_release, with_releases
from placement.rules import Scope

#: Returns which columns cannot be taken, and the exclusions that they make.
Pruning = Callable[[Scope, Columns, Keys], tuple[NDArray[np.bool_], pd.DataFrame]]
#: Returns the columns with what they use of one another.
Amendment = Callable[[Scope, Columns, Keys, Keys], Columns]


def amended(scope: Scope, columns: Columns, resources: Keys, decisions: Keys) -> tuple[Columns, list[pd.DataFrame]]:
    """Return the columns that can be taken, tied together, and what was excluded on the way."""
    excluded, going = list[pd.DataFrame](), True
    while going:  # a release without its job leaves services out, these leave preemptible jobs without units, and such a job may make a release
        going = False
        for prune in _prunings(scope.case):
            gone, lost = prune(scope, columns, resources)
            if gone.any():
                columns, going = columns.only(~gone), True
                excluded.append(lost)
    for amend in _amendments(scope.case):
        columns = amend(scope, columns, resources, decisions)
    return columns, excluded


def _prunings(case: Case) -> Iterator[Pruning]:
    if _has_releases(case):
        yield before_release
    if _has_fillers(case):
        yield without_units


def _amendments(case: Case) -> Iterator[Amendment]:
    if "pairs" not in case and (case["jobs"]["duty"] < 1).any():
        yield with_duty
    if _has_presences(case):
        yield with_presence
    if _has_fillers(case):
        yield with_fillers
    if _has_releases(case):
        yield with_releases
    if "pairs" not in case and case["services"]["shared"].any():
        yield with_pools  # after all else that reads or writes the use of `serve`


def _has_presences(case: Case) -> bool:
    services = case["services"]
    return "pairs" not in case and bool(((services["min_units"] > 0) | (services["presence_cost_musd_per_year"] > 0)).any())


def _has_fillers(case: Case) -> bool:
    return "pairs" not in case and bool(case["jobs"]["preemptible"].any())


def _has_releases(case: Case) -> bool:
    return len(case["releases"]) > 0
