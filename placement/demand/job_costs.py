r"""What placing a job earns and costs, and when: value at its risk, lateness, porting, moving away from where it is.

.. math:: -p_j V_j + l_j \max(0, end - due_j) \text{ at the end}, \qquad porting_{jk} + move_j [s \ne s^0_j] \text{ at the start}

See models/README.md, section 5.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from placement.demand.columns import Floats, Ints
from placement.rules import Scope


@dataclass(frozen=True)
class JobCosts:
    """Costs of training columns, M$ by term, and the periods in which terms other than those at the end are paid."""

    cost_musd: dict[str, Floats]
    due: dict[str, Ints]


def job_costs(scope: Scope, frame: pd.DataFrame) -> JobCosts:
    """Return the costs of training columns, those of terms that occur."""
    jobs, job = scope.case["jobs"], frame["job"].to_numpy()
    end, start = frame["end"].to_numpy(np.int64), frame["start"].to_numpy(np.int64)
    cost = {"value": -(jobs["value_musd"] * jobs["success_probability"]).to_numpy(float)[job]}
    late = jobs["late_musd_per_period"].to_numpy(float)[job] * np.maximum(0, end - jobs["due"].to_numpy(np.int64)[job])
    change = scope.case["job_skus"]["porting_cost_musd"].to_numpy(float)[frame["row"]] + _moving(scope, frame)
    cost |= {"unmet": late} if late.any() else {}
    cost |= {"change": change} if change.any() else {}
    return JobCosts(cost, {"change": start} if change.any() else {})


def _moving(scope: Scope, frame: pd.DataFrame) -> Floats:
    """Return the cost of a column that is not at the job's present site, M$."""
    now = scope.case["incumbent"].set_index("workload")
    jobs = scope.case["jobs"]["job"]
    at = scope.sites.get_indexer(pd.Index(now["site"].reindex(jobs).fillna("")))
    musd = now["move_musd"].reindex(jobs).fillna(0.0).to_numpy(float)
    job = frame["job"].to_numpy()
    return np.where(scope.domain_site[frame["domain"].to_numpy()] == at[job], 0.0, musd[job])


def left_out(scope: Scope) -> pd.DataFrame:
    """Return a row for each job that it costs something not to place: ``job``, ``musd``, ``period`` in which it is paid (its last)."""
    jobs = scope.case["jobs"]
    dear = np.flatnonzero(jobs["unplaced_musd"].to_numpy(float) > 0)
    latest = np.minimum(jobs["latest"].to_numpy(np.int64)[dear], scope.case.n_periods - 1)
    return pd.DataFrame({"job": dear, "musd": jobs["unplaced_musd"].to_numpy(float)[dear], "period": latest})
