"""Figures of what stands behind the chips."""

from __future__ import annotations

from placement.case import Case
from placement.plan.figures.tables import Tables


def upstream(case: Case, tables: Tables) -> dict[str, float]:
    """Return how much of the scarcest stage is taken, and how much of the spend goes to each programme's countries."""
    out, stages, orders = {}, tables["stages"], tables["orders"]
    some = stages[stages["capacity"] > 0]
    if len(some):
        out["stage_use_max_share"] = float((some["used"] / some["capacity"]).max())
    orders = orders[~orders["offer"].isin(case["offers"].loc[case["offers"]["kind"] == "lease", "offer"])]
    origin, spend = orders["sku"].map(case["skus"].set_index("sku")["origin_country"]), orders["cost_musd"]
    for r in case["domestic_shares"].itertuples():
        at_home = origin.isin([word.strip() for word in r.origins.split(";")])
        if spend.sum() > 0:
            out[f"domestic_spend_{r.programme}_share"] = float(spend[at_home].sum() / spend.sum())
    return out
