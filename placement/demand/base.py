r"""Jobs that start from the weights of another job, their base model.

.. math:: \sum_{\tau \le t} x_{j\tau} \le \sum_{end + 1 + lag \le t} x_{b(j)} \quad \forall j, t

See models/README.md, section 5.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.columns import Ints, Keys, Triplets
from placement.rules import Scope


def base_of(scope: Scope) -> Ints:
    """Return the code of each job's base, -1 where it has none."""
    jobs = scope.case["jobs"]
    return np.asarray(pd.Index(jobs["job"]).get_indexer(pd.Index(jobs["base_job"])), np.int64)


def after_bases(scope: Scope, options: pd.DataFrame) -> pd.DataFrame:
    """Return the options with no start before the base can have ended; those left without one are excluded by rule ``base``."""
    base, lag = base_of(scope), scope.case["jobs"]["base_lag_periods"].to_numpy(np.int64)
    if (base < 0).all():
        return options
    job, rule = options["job"].to_numpy(), options["rule"].to_numpy(object)
    first, last, periods = (options[c].to_numpy(np.int64).copy() for c in ("first", "last", "periods"))
    never = scope.case.n_periods
    for generation in _generations(base):
        ends = np.full(len(base), never, np.int64)
        free = rule == ""
        np.minimum.at(ends, job[free], (first + periods - 1)[free])
        ready = np.where(base >= 0, ends[base] + 1 + lag, 0)
        mine = np.isin(job, generation)
        first = np.where(mine, np.maximum(first, ready[job]), first)
        rule[mine & (rule == "") & (first > last)] = "base"
    return options.assign(first=first, rule=rule)


def _generations(base: Ints) -> list[Ints]:
    """Return the jobs with a base, those first whose base has none itself; the case has no circles."""
    found, known = list[Ints](), base < 0
    while not known.all():
        ready = np.flatnonzero(~known & known[base])
        found.append(ready)
        known[ready] = True
    return found


def precedence(scope: Scope, frame: pd.DataFrame, resources: Keys) -> Triplets:
    """Return what columns use (tuned jobs that have started) and provide (bases that have ended) of ``base[j,t]``.

    A period in which no column of the job starts has no row: it would follow from the one before.
    """
    base, lag = base_of(scope), scope.case["jobs"]["base_lag_periods"].to_numpy(np.int64)
    start, end = frame["start"].to_numpy(np.int64), frame["end"].to_numpy(np.int64)
    of: dict[int, Ints] = {int(str(j)): at for j, at in frame.groupby("job").indices.items()}
    parts, none = list[Triplets](), np.empty(0, np.int64)
    for j in (int(j) for j in np.flatnonzero(base >= 0) if int(j) in of):
        t = np.unique(start[of[j]])
        for columns, since, sign in ((of[j], start, 1.0), (of.get(int(base[j]), none), end + 1 + lag[j], -1.0)):
            row, col = np.nonzero(since[columns] <= t[:, None])
            parts.append(Triplets(resources.encode("base", j, t[row]), columns[col], np.full(len(row), sign)))
    return Triplets.join(parts)
