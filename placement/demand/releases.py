r"""Releases: training columns bring them out, and serving columns wait for them.

.. math:: released_{rt} \le \sum_{x \text{ of the job of } r:\ end + 1 + lag_r \le t} x, \qquad
          \sum_{s,k} x_{imtsk} \le released_{r(i),t}

See models/README.md, section 5a. The columns come from the builders of training and inference as they are; here they get
the rows that tie them together, once serving columns before the first possible release have gone (``demand/registry.py``).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.columns import Columns, Ints, Keys, Triplets
from placement.rules import Scope

Mask = NDArray[np.bool_]


def before_release(scope: Scope, columns: Columns, resources: Keys) -> tuple[Mask, pd.DataFrame]:
    """Return which columns serve, or are spare, before their release can be out on any training column, and the exclusions that they make."""
    waits = _waiting(scope, columns, ("inference", "spare"))
    early = (waits >= 0) & (columns_period(columns) < earliest_out(scope, columns)[waits])
    return early, _too_early(scope, columns, early)


def with_releases(scope: Scope, columns: Columns, resources: Keys, decisions: Keys) -> Columns:
    """Return the columns, none of them before its release, with releases as resources that training provides and serving requires."""
    joined = replace(columns, use=Triplets.join([columns.use, _provided(scope, columns, resources)]))
    return _gated(joined, _waiting(scope, columns, ("inference",)), decisions)


def earliest_out(scope: Scope, columns: Columns) -> Ints:
    """Return the first period in which each release can be out on any column; a number beyond the horizon if it never is, shape (R,)."""
    first = np.full(len(scope.case["releases"]), np.iinfo(np.int64).max)
    for r, (job, lag) in enumerate(zip(_job(scope), scope.case["releases"]["lag_periods"], strict=True)):
        ends = [frame.loc[frame["job"] == job, "end"].min() for kind, _, frame in columns.blocks() if kind == "training" and (frame["job"] == job).any()]
        if ends:
            first[r] = min(ends) + 1 + lag
    return first


def columns_period(columns: Columns) -> Ints:
    """Return the period that each column serves, -1 for those that serve none, shape (n,)."""
    parts = [frame["period"].to_numpy(np.int64) if "period" in frame else np.full(len(frame), -1) for _, _, frame in columns.blocks()]
    return np.concatenate([np.empty(0, np.int64), *parts])


def _job(scope: Scope) -> Ints:
    """Return the job code of every release."""
    return pd.Index(scope.case["jobs"]["job"]).get_indexer(pd.Index(scope.case["releases"]["job"]))


def _provided(scope: Scope, columns: Columns, resources: Keys) -> Triplets:
    """Use -1 of every release that a training column makes, in every period from its date on."""
    parts, n = [], scope.case.n_periods
    for r, (job, lag) in enumerate(zip(_job(scope), scope.case["releases"]["lag_periods"], strict=True)):
        for at, frame in ((at, frame) for kind, at, frame in columns.blocks() if kind == "training"):
            makes = np.flatnonzero(frame["job"].to_numpy() == job)
            out = frame["end"].to_numpy()[makes] + 1 + int(lag)
            column, period = np.nonzero(np.arange(n)[None, :] >= out[:, None])
            parts.append(Triplets(resources.encode("release", r, period), at + makes[column], -np.ones(len(column))))
    return Triplets.join(parts)


def _waiting(scope: Scope, columns: Columns, kinds: tuple[str, ...]) -> Ints:
    """Return the release that each column of some kinds waits for, -1 if none, shape (n,)."""
    of = pd.Index(scope.case["releases"]["release"]).get_indexer(pd.Index(scope.case["services"]["release"]))
    parts = [of[frame["service"]] if kind in kinds else np.full(len(frame), -1) for kind, _, frame in columns.blocks()]
    return np.concatenate([np.empty(0, np.int64), *parts])


def _too_early(scope: Scope, columns: Columns, early: Mask) -> pd.DataFrame:
    """Return how many options (metro, period) of each service, site and SKU lie before its release can be out."""
    if not early.any():
        return pd.DataFrame()
    services = scope.case["services"]
    lost = [frame[early[at : at + len(frame)]] for kind, at, frame in columns.blocks() if kind == "inference"]
    counts = pd.concat([f[["service", "site", "sku"]] for f in lost], ignore_index=True).groupby(["service", "site", "sku"], sort=False).size()
    i, s, k = (counts.index.get_level_values(level).to_numpy(int) for level in range(3))
    return pd.DataFrame(
        {
            "workload": services["service"].to_numpy()[i], "place": scope.sites.to_numpy()[s], "sku": scope.skus.to_numpy()[k],
            "rule": "release:" + services["release"].to_numpy()[i], "n": counts.to_numpy(np.int64),
        }
    )  # fmt: skip


def _gated(columns: Columns, waits: Ints, decisions: Keys) -> Columns:
    """One row per (service, metro, period) that waits: what is served of it is at most whether its release is out."""
    cols = np.flatnonzero(waits >= 0)
    rows, first, row = np.unique(columns.serve_row[cols], return_index=True, return_inverse=True)
    decision = decisions.encode("released", waits[cols][first], columns_period(columns)[cols][first])
    known = len(columns.requires_decision)
    gate = Triplets(row.astype(np.int64) + known, cols, np.ones(len(cols)))
    assert len(decision) == len(rows)
    return replace(columns, requires=Triplets.join([columns.requires, gate]), requires_decision=np.concatenate([columns.requires_decision, decision]))
