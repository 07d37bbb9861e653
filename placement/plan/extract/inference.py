"""What services give and cause: round-trip times of their users, traffic of fresh weights."""

from __future__ import annotations

import pandas as pd

from placement.plan.extract.solution import NIL, Solution, table
from placement.plan.figures.quantiles import QUANTILES, quantile
from placement.units import DAYS_PER_MONTH


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
