"""Rules on what stands behind the chips: stages of manufacture."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.draft import Draft, Problems, Rule, among


def stages_used(d: Draft) -> Problems:
    """A limited stage is one that some order can meet in a limited period; a SKU with stages can be ordered."""
    offers, rows = d["offers"], d["sku_stages"]
    bare = ~among(rows["sku"], d.values("offers", "sku"))
    yield from d.broken("sku_stages", "sku", bare, "has no effect: no offer is of this SKU", "Add its offers, or remove the rows.")
    passing = pd.merge(offers[["sku", "period", "lead_periods"]], rows, on="sku", suffixes=("_offer", ""))
    arrives = passing["period"] + passing["lead_periods_offer"]
    met = set(zip(passing["stage"], arrives - passing["lead_periods"], arrives < d.case.n_periods, strict=True))
    stages = d["stages"]
    hit = np.array([(u, t, True) in met for u, t in zip(stages["stage"], stages["period"], strict=True)], dtype=bool)
    idle = ~pd.Series(hit).groupby(stages["stage"].to_numpy()).transform("any").to_numpy(dtype=bool) if len(stages) else hit
    rule = "has no effect: no order of a SKU with the stage passes it in these periods"
    yield from d.broken("stages", "stage", idle, rule, "Add rows to sku_stages.csv or offers.csv, correct lead_periods, or remove the rows.")


RULES: tuple[Rule, ...] = (
    Rule(
        stages_used,
        "case.periods stages.stage stages.period sku_stages.sku sku_stages.stage sku_stages.lead_periods offers.sku offers.period offers.lead_periods",
    ),
)
