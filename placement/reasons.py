"""Why workloads cannot be served at all, as far as the rules say it before anything is solved."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.demand.access import slo_rtt_ms
from placement.program import Sides

_SOME = ", in some periods"


def unservable(sides: Sides) -> list[str]:
    """Return workloads that must be served and that nothing can serve, each with the rule that says so or those that exclude the most options."""
    serve, columns = sides.columns.serve, sides.columns
    lonely = serve.loc[(serve["lower"] > 0) & (np.bincount(columns.serve_row, minlength=len(serve)) == 0), "label"]
    periods: dict[tuple[str, ...], list[str]] = {}
    for label in lonely:
        family, _, ids = label[:-1].partition("[")
        workload, *rest = ids.split(",")
        where = {"meet_demand": f"service {workload} in {''.join(rest[:1])}", "serve_all": f"service {workload}"}.get(family, f"job {workload}")
        periods.setdefault((workload, "".join(rest[:1]), where), []).extend(rest[1:])
    alone = {(r["service"], r["metro"]): r["why"] for r in uncovered(sides)}
    found = []
    exclusions = sides.demand.exclusions
    for (workload, metro, where), when in periods.items():
        rules = exclusions[exclusions["workload"] == workload].groupby("rule")["n"].sum().nlargest(4)
        reason = ", ".join(f"{rule} excludes {n}" for rule, n in rules.items()) or "no site and SKU at all"
        span = f", {when[0]} to {when[-1]}" if len(when) > 1 else f", {when[0]}" if when else ""
        found.append(f"{where}{span}: {alone.get((workload, metro), reason).removesuffix(_SOME)}")
    return found


def uncovered(sides: Sides) -> list[dict[str, str]]:
    """Return demand that cannot be served because one failure domain alone could serve it and N-1 asks for two: ``service``, ``metro``, ``why``."""
    rows = sides.demand.exclusions.query("rule == 'n_minus_1'")
    if rows.empty:
        return []
    case, scope = sides.case, sides.scope
    services, metros = case["services"].set_index("service", drop=False), pd.Index(case["metros"]["metro"])
    frames = [frame[["service", "metro"]].drop_duplicates() for kind, _, frame in sides.columns.blocks() if kind == "inference" and len(frame)]
    served = {(case["services"]["service"].iloc[i], metros[m]) for frame in frames for i, m in frame.itertuples(index=False)}
    found = []
    for service, group in rows.groupby("workload", sort=False):
        slo = slo_rtt_ms(scope, services.loc[service])
        for metro in group["place"]:
            when = _SOME if (service, metro) in served else ""
            why = f"only one failure domain can serve it within {slo[metros.get_loc(metro)]:g} ms: N-1 needs two{when}"
            found.append({"service": str(service), "metro": str(metro), "why": why})
    return found
