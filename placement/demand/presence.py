r"""Presence of services at sites: what is served from a site asks for it, and it asks for a least number of units.

.. math:: \sum_k x_{imtsk} \le present_{ist}, \qquad
          \sum_{m,k} u_{imtsk}\, x_{imtsk} + U_i \sum_k y_{iskt} \ge U_i\, present_{ist}, \qquad \sum_k y_{iskt} \le 1

See models/README.md, section 6a. Serving and spare columns come from their builders as they are; here they get the rows that ask for a
presence, and there are columns ``y`` that hold units in addition, so that a small presence is a full one.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from placement.demand.columns import Columns, Floats, Keys, Triplets, concatenate
from placement.rules import Scope

_KEEPING = ("inference", "spare")  # kinds of columns that keep the weights of a service at a site


def least_units(scope: Scope) -> Floats:
    """Return the least units of each service at a site that serves it, shape (n_services,)."""
    return scope.case["services"]["min_units"].to_numpy(float)


def asks_presence(scope: Scope) -> np.ndarray:
    """Return which services decide on presence: those with least units or a cost, shape (n_services,)."""
    return (least_units(scope) > 0) | (scope.case["services"]["presence_cost_musd_per_year"].to_numpy(float) > 0)


def with_presence(scope: Scope, columns: Columns, resources: Keys, decisions: Keys) -> Columns:
    """Return the columns with the presences that they use, and columns of units on standby."""
    frames = [frame.assign(col=at + np.arange(len(frame))) for kind, at, frame in columns.blocks() if kind in _KEEPING and len(frame)]
    if not frames:
        return columns
    f = pd.concat([frame[["service", "site", "metro", "period", "sku", "units", "col"]] for frame in frames], ignore_index=True)
    f = f[asks_presence(scope)[f["service"]]]
    sized = f[least_units(scope)[f["service"]] > 0]
    used = Triplets(resources.encode("presence", f["service"], f["site"], f["metro"], f["period"]), f["col"].to_numpy(), np.ones(len(f)))
    held = Triplets(resources.encode("least_units", sized["service"], sized["site"], sized["period"]), sized["col"].to_numpy(), -sized["units"].to_numpy())
    places = sized[["service", "site", "sku", "period"]].drop_duplicates().sort_values(["service", "site", "period", "sku"], ignore_index=True)
    return concatenate([replace(columns, use=Triplets.join([columns.use, used, held])), _standby(scope, places, resources)])


def _standby(scope: Scope, places: pd.DataFrame, resources: Keys) -> Columns:
    """Return columns that hold the least units, or a share of them, of a service at a site on one of its SKUs."""
    i, s, k, t = (places[c].to_numpy(np.int64) for c in ("service", "site", "sku", "period"))
    units = least_units(scope)[i]
    rows = places[["service", "site", "period"]].drop_duplicates()
    col = np.arange(len(places))
    names, label = scope.case["services"]["service"].to_numpy(), scope.case.periods
    return Columns(
        kinds=[("standby", places.assign(units=units))],
        cost_musd={},
        paid=t,
        integer=np.zeros(len(places), bool),
        use=Triplets.join([Triplets(resources.encode("serve", s, k, t), col, units), Triplets(resources.encode("least_units", i, s, t), col, -units)]),
        serve=pd.DataFrame({"label": [f"standby[{names[a]},{scope.sites[b]},{label[c]}]" for a, b, c in rows.to_numpy()], "lower": 0.0, "upper": 1.0}),
        serve_row=places.groupby(["service", "site", "period"], sort=False).ngroup().to_numpy(np.int64),
        requires=Triplets.join([]),
        requires_decision=np.empty(0, np.int64),
    )
