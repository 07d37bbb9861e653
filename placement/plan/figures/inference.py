"""Figures of services."""

from __future__ import annotations

import numpy as np

from placement.case import Case
from placement.plan.figures.quantiles import QUANTILES, quantile
from placement.plan.figures.tables import Tables
from placement.units import DAYS_PER_MONTH


def inference(case: Case, tables: Tables) -> dict[str, float]:
    """Return tokens served and not served, and round-trip times."""
    if "services" not in case:
        return {}
    days = case.period_months * DAYS_PER_MONTH
    asked = case["demand"].assign(period=np.array(case.periods)[case["demand"]["period"]])
    served = tables["inference"].merge(asked, on=["service", "metro", "period"])
    mtok = served["share"] * served["mtok_per_day"] * days
    total = asked["mtok_per_day"].sum() * days
    out = {"served_gtok": mtok.sum() / 1e3, "unserved_share": 1 - mtok.sum() / total if total else 0.0}
    if mtok.sum() > 0:
        out |= {f"rtt_p{round(100 * q)}_ms": quantile(served["rtt_ms"].to_numpy(float), mtok.to_numpy(float), q) for q in QUANTILES}
        edge = set(case["sites"].loc[case["sites"]["kind"] == "edge", "site"])
        out |= {"edge_share": mtok[served["site"].isin(list(edge))].sum() / mtok.sum()} if edge else {}
    last = case.periods[-1]
    if len(tables["presence"]):
        out |= {"presences_end": (tables["presence"]["period"] == last).sum(), "presence_musd": tables["presence"]["cost_musd"].sum()}
        out["standby_units_end"] = tables["standby"].loc[tables["standby"]["period"] == last, "units"].sum()
    if len(tables["pools"]):
        pools = tables["pools"][tables["pools"]["period"] == last]
        out["pooling_saves_units_end"] = (pools["own_peaks_units"] - pools["units"]).sum()
    if len(tables["refresh"]):
        out["refresh_gbps_max"] = tables["refresh"].groupby("period")["gbps"].sum().max()
    return out
