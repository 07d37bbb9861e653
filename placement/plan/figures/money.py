"""Figures of payments: spending, earnings, return."""

from __future__ import annotations

import numpy as np

from placement.case import Case
from placement.plan.figures.tables import Tables

_NOT_SPENT = ["value", "unmet", "salvage"]


def money(case: Case, tables: Tables) -> dict[str, float]:
    """Return payments by term, what is spent and on what, earnings and return on capital."""
    by_term = tables["cash"].groupby("term")["musd"].sum()
    spent = by_term.drop(_NOT_SPENT, errors="ignore")
    spend, capex, lease = spent.sum(), spent.get("capex", 0.0), spent.get("lease", 0.0)
    owned = case["offers"].loc[case["offers"]["kind"].isin(["buy", "take_or_pay"]), "offer"]
    chips = tables["orders"].loc[tables["orders"]["offer"].isin(owned), "cost_musd"].sum()
    out: dict[str, float] = {f"{term}_musd": musd for term, musd in by_term.items()}
    out |= {"spend_musd": spend, "capex_chips_musd": chips, "capex_other_musd": capex - chips}
    if spend > 0:
        out |= {"capex_share": capex / spend, "lease_share": lease / spend, "opex_share": 1 - (capex + lease) / spend}
    return {**out, **_earnings(case, tables, capex)}


def _earnings(case: Case, tables: Tables, capex: float) -> dict[str, float]:
    """Return net present value, revenue, depreciation, EBIT, return on capital and payback time."""
    sums = tables["income"].drop(columns="period").sum()
    cash = tables["cash"].loc[lambda d: d["term"] != "unmet"]  # penalties steer the plan and are paid to nobody
    discount = dict(zip([*case.periods, "end"], case.discount, strict=True))
    flows = -cash[cash["period"] != "end"].groupby("period")["musd"].sum().reindex(case.periods, fill_value=0.0)
    paid_back = np.flatnonzero((flows.cumsum() >= 0).to_numpy()[::-1].cumprod()[::-1])  # from then on for good
    return {
        "npv_musd": -(cash["musd"] * cash["period"].map(discount).astype(float)).sum(),
        "revenue_musd": sums["revenue_musd"],
        "depreciation_musd": sums["depreciation_musd"],
        "ebit_musd": sums["ebit_musd"],
        "roi": sums["ebit_musd"] / capex if capex > 0 else np.nan,
        "payback_years": (paid_back[0] + 1) * case.period_months / 12 if len(paid_back) else np.nan,
    }
