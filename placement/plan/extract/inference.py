"""What services give and cause: round-trip times of their users, traffic of fresh weights."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.extract.chips import lent_units
from placement.plan.extract.solution import NIL, Solution, table
from placement.plan.figures.quantiles import QUANTILES, quantile
from placement.units import DAYS_PER_MONTH, MONTHS_PER_YEAR


def latency(solution: Solution) -> pd.DataFrame:
    """Return the round-trip times of the tokens that each service serves, over the whole horizon."""
    rows = solution.chosen("inference", NIL)
    if not len(rows):
        return table("latency", [])
    services, case = solution.case["services"], solution.case
    asked = case["demand"].set_index(["service", "metro", "period"])["mtok_per_day"]
    names, metros = services["service"].to_numpy()[rows["service"]], case["metros"]["metro"].to_numpy()[rows["metro"]]
    gtok = asked.reindex(pd.MultiIndex.from_arrays([names, metros, rows["period"]])).to_numpy(float) * rows["x"].to_numpy()
    gtok *= case.period_months * DAYS_PER_MONTH / 1e3
    rtt, out = rows["rtt_ms"].to_numpy(float), []
    for i, r in enumerate(services.itertuples()):
        own = rows["service"].to_numpy() == i
        if own.any():
            out.append((r.service, gtok[own].sum(), *(quantile(rtt[own], gtok[own], q) for q in QUANTILES), r.slo_rtt_ms))
    return table("latency", out)


def refresh(solution: Solution) -> pd.DataFrame:
    """Return the traffic of fresh weights that leaves each service's origin, while it is refreshed; spares get them too."""
    rows = pd.concat([solution.chosen(kind, NIL) for kind in ("inference", "spare")], ignore_index=True)
    if not len(rows):
        return table("refresh", [])
    gbps = (rows["gbps"] * rows["x"]).groupby([rows["service"], rows["period"]]).sum()
    names = solution.case["services"]["service"].to_numpy()
    return table("refresh", [(names[int(i)], solution.label[int(t)], v) for (i, t), v in gbps.items() if v > NIL])


def presence(solution: Solution) -> pd.DataFrame:
    """Return where services are present, with the units that this takes and what it costs."""
    services = solution.case["services"].set_index("service")
    cost = services["presence_cost_musd_per_year"] * solution.case.period_months / MONTHS_PER_YEAR
    there = [key for key, value in solution.values("present") if value > 0.5]
    return table("presence", [(i, s, solution.label[t], services["min_units"][i], cost[i]) for i, s, t in there])


def standby(solution: Solution) -> pd.DataFrame:
    """Return units held beyond what demand needs, so that a presence has its least units."""
    rows = solution.chosen("standby", NIL)
    if not len(rows):
        return table("standby", [])
    data = {
        "service": solution.case["services"]["service"].to_numpy()[rows["service"]], "site": solution.scope.sites.to_numpy()[rows["site"]],
        "sku": solution.scope.skus.to_numpy()[rows["sku"]], "period": solution.label[rows["period"]], "units": rows["units"] * rows["x"],
    }  # fmt: skip
    return pd.DataFrame(data)


def pools(solution: Solution) -> pd.DataFrame:
    """Return units that services need together where some of them share, and their peaks added up."""
    scope, need = solution.scope, lent_units(solution)
    peaks, shared = np.zeros_like(need), np.zeros(need.shape, bool)
    sharing = solution.case["services"]["shared"].to_numpy(bool)
    for kind in ("inference", "standby", "spare"):
        rows = solution.chosen(kind, NIL)
        if len(rows):
            at = tuple(rows[c].to_numpy() for c in ("site", "sku", "period"))
            np.add.at(peaks, at, (rows["units"] * rows["x"]).to_numpy())
            np.logical_or.at(shared, at, sharing[rows["service"]] & (kind == "inference"))
    return table("pools", [(scope.sites[s], scope.skus[k], solution.label[t], need[s, k, t], peaks[s, k, t]) for s, k, t in np.argwhere(shared)])
