"""Figures of routes and traffic: how far tokens travel, and how much of it under the sea."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case import Case
from placement.fibre import Routing
from placement.plan.figures.tables import Tables


def fibre(case: Case, tables: Tables) -> dict[str, float]:
    """Return the share of tokens that reach their users under the sea and the mean way, and Gbit/s-km of fresh weights; where some link is subsea."""
    links, served = case["links"], tables["inference"]
    if not (links["kind"] == "subsea").any():
        return {}
    out = _weights(links, tables["fibre"], case.n_periods)
    if len(served):
        asked = case["demand"].assign(period=np.array(case.periods)[case["demand"]["period"]])
        rows = served.merge(asked, on=["service", "metro", "period"]).merge(case["services"][["service", "avoid_subsea"]], on="service")
        mtok = (rows["share"] * rows["mtok_per_day"]).to_numpy(float)
        ways = np.array(_ways(case, rows), dtype=float).reshape(len(rows), 2)
        if mtok.sum() > 0:
            mean = mtok @ ways / mtok.sum()
            out |= {"route_km_mean": mean[0], "subsea_km_mean": mean[1], "subsea_share": float(mtok @ (ways[:, 1] > 0)) / mtok.sum()}
    return out


def _ways(case: Case, rows: pd.DataFrame) -> list[tuple[float, float]]:
    """Return km, and km under the sea, of the route of every row."""
    routing, number = Routing(case["links"], case.n_periods), {label: t for t, label in enumerate(case.periods)}
    km, wet = (dict(zip(case["links"]["link"], values, strict=True)) for values in _lengths(case["links"]))
    routes = [
        routing.routes_from(int(routing.epoch[number[t]]), site, bool(dry)).get(metro, [])
        for t, site, metro, dry in rows[["period", "site", "metro", "avoid_subsea"]].itertuples(index=False)
    ]
    return [(sum(km[x] for x in route), sum(wet[x] for x in route)) for route in routes]


def _lengths(links: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    return links["km"], links["km"].where(links["kind"] == "subsea", 0.0)


def _weights(links: pd.DataFrame, loads: pd.DataFrame, n_periods: int) -> dict[str, float]:
    """Return Gbit/s-km of fresh weights and copied data on links with a capacity, mean over periods: in all, and on subsea links."""
    if not len(loads):
        return {}
    both = loads.merge(links[["link", "km", "kind"]], on="link")
    work = both["load_gbps"] * both["km"] / n_periods
    return {"refresh_gbps_km": work.sum(), "refresh_subsea_gbps_km": work[both["kind"] == "subsea"].sum()}
