r"""Spare units for the loss of any one failure domain (N-1): what is served there can be served from spares elsewhere.

.. math:: \sum_{s \in d,\,k} (x_{imtsk} + y_{imtsk}) \le total_{imt} \le \sum_{s,k} y_{imtsk} \quad \forall d

so the shares served in ``d`` are at most the spares outside. Written with the total, a spare is in two rows; with a sum over all other
domains it would be in as many rows as there are domains. See models/README.md, section 6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.columns import Columns, Floats, Keys, Triplets
from placement.rules import Scope


def failing_with(scope: Scope, resources: Keys, frame: pd.DataFrame) -> Triplets:
    """Return the use of ``cover``: the share of each column, in the failure domain of its site."""
    i, metro, t, site = (frame[c].to_numpy() for c in ("service", "metro", "period", "site"))
    return Triplets(resources.encode("cover", i, metro, scope.site_failure[site], t), np.arange(len(frame)), np.ones(len(frame)))


def with_cover(scope: Scope, service: str, frame: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the serving columns whose demand has columns in two failure domains, and what is excluded by rule ``n_minus_1``: (site, SKU) pairs by metro.

    Where one domain alone can serve a metro, no spare can stand for it, so ``cover`` and ``spare`` leave it nothing to serve.
    """
    domain = scope.site_failure[frame["site"].to_numpy(np.int64)]
    several = (frame[["metro", "period"]].assign(domain=domain).groupby(["metro", "period"])["domain"].transform("nunique") > 1).to_numpy(bool)
    alone = frame.loc[~several, ["metro", "site", "sku"]].drop_duplicates().groupby("metro").size()
    places = scope.case["metros"]["metro"].to_numpy()[alone.index.to_numpy(np.int64)]
    lost = pd.DataFrame({"workload": service, "place": places, "sku": "", "rule": "n_minus_1", "n": alone.to_numpy(np.int64)})
    return frame[several].reset_index(drop=True), lost


def build_spares(scope: Scope, resources: Keys, service: pd.Series, frame: pd.DataFrame, use: Triplets, fresh_musd: Floats) -> Columns:
    """Return the spare columns of a service and the totals of each demand.

    Parameters
    ----------
    frame, use
        Serving columns and what they use: a spare may stand wherever one of them is.
    fresh_musd
        Cost of traffic of fresh weights per column, M$.
    """
    asked, row = np.unique(frame[["metro", "period"]].to_numpy(np.int64), axis=0, return_inverse=True)
    n, totals = len(frame), pd.DataFrame({"service": frame["service"].iloc[0] if len(frame) else 0, "metro": asked[:, 0], "period": asked[:, 1]})
    i, metro, t = (frame[c].to_numpy() for c in ("service", "metro", "period"))
    parts = [
        _held(scope, resources, service, use),
        failing_with(scope, resources, frame),
        Triplets(resources.encode("spare", i, metro, t), np.arange(n), -np.ones(n)),
        _totals(scope, resources, frame, row).shifted(col=n),
        Triplets(resources.encode("spare", *(totals[c].to_numpy() for c in ("service", "metro", "period"))), n + np.arange(len(totals)), np.ones(len(totals))),
    ]
    names, labels = scope.case["metros"]["metro"].to_numpy(), np.array(scope.case.periods)
    ids = [f"{service['service']},{names[m]},{labels[p]}" for m, p in asked]
    # Spares above 1 in all add nothing: in a least cover some two domains' rows are tight, or the row of one without spares; either way they sum to at most 1.
    serve = [*(f"spare_once[{x}]" for x in ids), *(f"spare_total[{x}]" for x in ids)]
    return Columns(
        kinds=[("spare", frame), ("spare_total", totals)],
        cost_musd={"network": np.concatenate([fresh_musd, np.zeros(len(totals))])} if fresh_musd.any() else {},
        paid=np.concatenate([t, asked[:, 1]]).astype(np.int64),
        integer=np.zeros(n + len(totals), bool),
        use=Triplets.join(parts),
        serve=pd.DataFrame({"label": serve, "lower": 0.0, "upper": 1.0}),
        serve_row=np.concatenate([row.ravel(), len(asked) + np.arange(len(asked))]).astype(np.int64),
        requires=Triplets.join([]),
        requires_decision=np.empty(0, np.int64),
    )


def _held(scope: Scope, resources: Keys, service: pd.Series, use: Triplets) -> Triplets:
    """Return what a spare takes of what serving takes: its units and fresh weights; as hot standby also power in the stress block."""
    keep = resources.holds("serve", use.row) | resources.holds("fibre", use.row)
    if service["spare_power"]:
        power = resources.holds("power", use.row)
        keep[power] = resources.index("power", use.row[power])[2] == scope.case.stress
    return Triplets(use.row[keep], use.col[keep], use.value[keep])


def _totals(scope: Scope, resources: Keys, frame: pd.DataFrame, row: np.ndarray) -> Triplets:
    """Return what the total of each demand provides to ``cover``, in every failure domain that can serve it."""
    cells = pd.DataFrame({c: frame[c].to_numpy() for c in ("service", "metro", "period")})
    cells = cells.assign(domain=scope.site_failure[frame["site"].to_numpy()], total=row.ravel()).drop_duplicates()
    i, metro, t, d, total = (cells[c].to_numpy(np.int64) for c in ("service", "metro", "period", "domain", "total"))
    return Triplets(resources.encode("cover", i, metro, d, t), total, -np.ones(len(cells)))
