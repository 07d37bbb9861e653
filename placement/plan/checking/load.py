"""Load of services by block, and the units that it takes, from section 6 of models/README.md."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd

from placement.case.case import Case
from placement.plan.checking.facts import Floats
from placement.plan.checking.sites import EPSILON
from placement.units import SECONDS_PER_DAY

TOKENS_PER_MTOK = 1e6


def _block_loads(case: Case) -> dict[str, list[float]]:
    """Return demand by block / mean demand of every service."""
    told = {(r["service"], r["block"]): r["load"] for r in case["service_loads"].to_dict("records")}
    out = {}
    for service, peak in zip(case["services"]["service"], case["services"]["peak_to_mean"], strict=True):
        others = sum(b.share for b in case.blocks if not b.stress)
        calm = max(0.0, 1 - peak * (1 - others)) / others if others > 0 else 0.0
        two_level = {b.name: peak if b.stress else calm for b in case.blocks}
        out[service] = [float(told.get((service, b.name), two_level[b.name])) for b in case.blocks]
    return out


def relative_loads(case: Case, served: pd.DataFrame) -> Floats:
    """Return demand by block / demand of the largest block of every row's service, shape (n_rows, n_blocks)."""
    by_service = {s: np.array(levels) / max(levels) for s, levels in _block_loads(case).items()}
    return np.array([by_service[s] for s in served["service"]], dtype=float).reshape(len(served), len(case.blocks))


def whole_demand(case: Case, served: pd.DataFrame) -> tuple[Floats, Floats]:
    """Return units at work at the largest load, and units held for it, for the whole demand of every row."""
    peak = {s: max(levels) for s, levels in _block_loads(case).items()}
    tokens_per_s = served["mtok_per_day"].to_numpy(float) * TOKENS_PER_MTOK / SECONDS_PER_DAY * served["service"].map(peak).to_numpy(float)
    at_work = tokens_per_s / served["tok_per_s"].to_numpy(float)
    with_burst = at_work + served["burst_share"].to_numpy(float) * at_work
    per_replica = np.ceil(served["replica_gb"].to_numpy(float) / served["hbm_gb"].to_numpy(float) - EPSILON)
    replicas = np.divide(with_burst, per_replica)
    cap = [min(most, _from_curve(case, curve, n)) for most, curve, n in zip(served["utilisation_cap"], served["queue_curve"], replicas, strict=True)]
    return at_work, with_burst / np.array(cap, dtype=float)


def _from_curve(case: Case, name: str, at_work: float) -> float:
    """Return the largest utilisation of a pool with so many replicas at work: the straight line between two pools of the curve."""
    if not name:
        return 1.0
    rows = case["utilisation_curves"]
    points = sorted((n * u, u) for c, n, u in rows[["curve", "servers", "max_utilisation"]].itertuples(index=False) if c == name)
    if at_work <= points[0][0]:
        return float(points[0][1])
    for (low, u), (high, v) in pairwise(points):
        if at_work <= high:
            return float(u + (v - u) * (at_work - low) / (high - low))
    return float(points[-1][1])
