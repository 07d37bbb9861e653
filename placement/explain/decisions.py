"""The decisions of a plan that planners argue about, each as columns of the program of which at most one is taken."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from placement.explain.base import Base
from placement.explain.edits import Ints, at_least, without
from placement.program import Floats, Program

#: Family of yes/no supply decisions -> kind of decision. The last index of the stepwise ones is the period: what counts is whether it is ever taken.
STEPS = {"opened": "site", "built": "hall", "tier_on": "grid tier", "generator_built": "generator"}
ONCE = {"signed": "offer", "ppa_signed": "contract", "open": "site", "tranche": "tranche"}
JOB = "job at site"  # kind of decision; its ids are written ``job @ site``
_WHOLE = 0.5


@dataclass(frozen=True, eq=False)
class Decisions:
    """Yes/no decisions.

    Attributes
    ----------
    table : DataFrame
        ``kind``, ``decision`` (ids in the planner's words).
    taken
        Row per decision with ones at its columns, shape (n_decisions, n_columns).
    job
        Number of the workload that a decision places, -1 for supply, shape (n_decisions,).
    site
        Where it is placed, empty for supply, shape (n_decisions,).
    first_serve_row
        Number of the row of workload 0.
    """

    table: pd.DataFrame
    taken: csr_array
    job: Ints
    site: np.ndarray
    first_serve_row: int

    @classmethod
    def of(cls, base: Base) -> Decisions:
        """Return the decisions of a program that are open: neither forced nor ruled out by the bounds of their columns."""
        rows = [*_supply(base), *_jobs(base)]
        rows = [r for r in rows if base.program.lower[r[2]].max() < _WHOLE < base.program.upper[r[2]].max()]
        columns = [np.asarray(r[2], np.int64) for r in rows]
        at = np.repeat(np.arange(len(rows)), [len(c) for c in columns])
        where = np.concatenate(columns) if columns else np.empty(0, np.int64)
        taken = csr_array((np.ones(len(where)), (at, where)), shape=(len(rows), len(base.program.cost)))
        first = len(base.program.row_lower) - len(base.sides.columns.requires_decision) - len(base.sides.columns.serve)
        job = np.array([base.program.workload[c[0]] for c in columns], np.int64)
        site = np.array([r[1].rpartition(" @ ")[2] if r[0] == JOB else "" for r in rows], object)
        return cls(pd.DataFrame([r[:2] for r in rows], columns=["kind", "decision"]), taken, job, site, first)

    def columns(self, d: int) -> Ints:
        """Return the columns of a decision."""
        return self.taken.indices[self.taken.indptr[d] : self.taken.indptr[d + 1]]

    def flipped(self, d: int, program: Program, take: bool) -> Program:
        """Return the program in which a decision is taken, or left; it has the same rows and columns."""
        columns = self.columns(d)
        workload = int(self.job[d])
        if not take:
            return without(program, columns)
        if workload < 0:
            return at_least(program, int(columns[0]), 1.0)
        row_lower = program.row_lower.copy()  # one of its columns here, none elsewhere
        row_lower[self.first_serve_row + workload] = 1.0
        elsewhere = np.setdiff1d(np.flatnonzero(program.workload == workload), columns)
        return replace(without(program, elsewhere), row_lower=row_lower)

    def of_point(self, x: Floats) -> np.ndarray:
        """Return which decisions a point takes, shape (n_decisions,)."""
        return np.asarray(self.taken @ np.round(x) > _WHOLE)


def _supply(base: Base) -> list[tuple[str, str, list[int]]]:
    """Sites, halls, tiers, generators by their last period, when they are there if ever; what is signed."""
    column = {id(v): j for j, v in enumerate(base.variables)}
    found = []
    for family, kind in {**STEPS, **ONCE}.items():
        last: dict[tuple[object, ...], int] = {}
        for index, var in (base.sides.supply.model.component(family) or {}).items():
            ids = index if isinstance(index, tuple) else (index,)
            if id(var) in column and base.program.integer[column[id(var)]]:
                last[ids[:-1] if family in STEPS else ids] = column[id(var)]  # periods come in order
        found += [(kind, " ".join(map(str, ids)), [j]) for ids, j in last.items()]
    return found


def _jobs(base: Base) -> list[tuple[str, str, list[int]]]:
    """Every job at every site where it may run."""
    case, scope, n = base.case, base.sides.scope, base.program.n_supply
    names, sites = case["jobs"]["job"].to_numpy(), scope.sites.to_numpy()
    found = []
    for kind, at, frame in base.sides.columns.blocks():
        if kind == "training":
            keys = frame.assign(site=scope.domain_site[frame["domain"]], column=n + at + np.arange(len(frame)))
            found += [(JOB, f"{names[j]} @ {sites[s]}", part.tolist()) for (j, s), part in keys.groupby(["job", "site"])["column"]]
    return found
