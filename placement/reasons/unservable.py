"""Why workloads cannot be served at all, as far as the rules say it before anything is solved."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from placement.case import Case
from placement.demand.access import slo_rtt_ms
from placement.demand.registry import Demand, build_demand
from placement.program import Sides
from placement.reasons.too_big import too_big
from placement.rules.meaning import meaning
from placement.rules.scope import Scope

_SOME = ", in some periods"


class Told(NamedTuple):
    """What the reasons are read from."""

    case: Case
    scope: Scope
    demand: Demand


def nowhere(case: Case) -> list[str]:
    """Return all workloads that nothing can serve, with reasons as :func:`unservable` gives them, from the rules alone: nothing is solved or built."""
    scope = Scope(case)
    sides = Told(case, scope, build_demand(scope))
    return [*_lonely(sides, every=True), *_unreached(sides)]


def _unreached(sides: Told) -> list[str]:
    """Return services that cannot be served in some or all of the metros where they are asked for; leaving demand unserved is no way to serve."""
    asked = sides.case["demand"].query("mtok_per_day > 0")[["service", "metro"]].drop_duplicates()
    served, found = _served(sides), []
    for service, metros in asked.groupby("service", sort=False)["metro"]:
        lost = [str(metro) for metro in metros if (service, metro) not in served]
        some = "" if len(lost) == len(metros) else f" in {', '.join(lost[:3])}{f' and {len(lost) - 3} more metros' if len(lost) > 3 else ''}"
        if lost:
            found.append(f"service {service}{some}: {_rules(sides, str(service), words=True)}")
    return found


def _served(sides: Told) -> set[tuple[str, str]]:
    """Return service and metro of everything that can be served somewhere."""
    services, metros = sides.case["services"]["service"], sides.case["metros"]["metro"]
    frames = [frame[["service", "metro"]].drop_duplicates() for kind, _, frame in sides.demand.columns.blocks() if kind == "inference" and len(frame)]
    return {(services.iloc[i], metros.iloc[m]) for frame in frames for i, m in frame.itertuples(index=False)}


def _rules(sides: Told, workload: str, words: bool) -> str:
    """Return the rules that exclude most options of a workload, by their ids or in words."""
    exclusions = sides.demand.exclusions
    rules = exclusions[exclusions["workload"] == workload].groupby("rule")["n"].sum().nlargest(4)
    told = [f"{meaning(str(rule))}, {n} options" for rule, n in rules.items()] if words else [f"{rule} excludes {n}" for rule, n in rules.items()]
    return ("; " if words else ", ").join(told) or "no site and SKU at all"


def unservable(sides: Sides) -> list[str]:
    """Return workloads that must be served and that nothing can serve, each with the rule that says so or those that exclude the most options."""
    return _lonely(Told(sides.case, sides.scope, sides.demand))


def _lonely(sides: Told, every: bool = False) -> list[str]:
    serve, columns = sides.demand.columns.serve, sides.demand.columns
    asked = ~serve["label"].str.startswith("meet_demand[") if every else serve["lower"] > 0
    lonely = serve.loc[asked & (np.bincount(columns.serve_row, minlength=len(serve)) == 0), "label"]
    periods: dict[tuple[str, ...], list[str]] = {}
    for label in lonely:
        family, _, ids = label[:-1].partition("[")
        workload, *rest = ids.split(",")
        where = {"meet_demand": f"service {workload} in {''.join(rest[:1])}", "serve_all": f"service {workload}"}.get(family, f"job {workload}")
        periods.setdefault((workload, "".join(rest[:1]), where), []).extend(rest[1:])
    alone = {(r["service"], r["metro"]): r["why"] for r in _uncovered(sides)}
    found = []
    for (workload, metro, where), when in periods.items():
        big = too_big(sides.scope, workload) if where.startswith("job ") and "pairs" not in sides.case else ""
        reason = "; ".join(filter(None, (big, _rules(sides, workload, words=every))))
        span = f", {when[0]} to {when[-1]}" if len(when) > 1 else f", {when[0]}" if when else ""
        found.append(f"{where}{span}: {alone.get((workload, metro), reason).removesuffix(_SOME)}")
    return found


def uncovered(sides: Sides) -> list[dict[str, str]]:
    """Return demand that cannot be served because one failure domain alone could serve it and N-1 asks for two: ``service``, ``metro``, ``why``."""
    return _uncovered(Told(sides.case, sides.scope, sides.demand))


def _uncovered(sides: Told) -> list[dict[str, str]]:
    rows = sides.demand.exclusions.query("rule == 'n_minus_1'")
    if rows.empty:
        return []
    case, scope = sides.case, sides.scope
    services, metros = case["services"].set_index("service", drop=False), pd.Index(case["metros"]["metro"])
    served, found = _served(sides), []
    for service, group in rows.groupby("workload", sort=False):
        slo = slo_rtt_ms(scope, services.loc[service])
        for metro in group["place"]:
            when = _SOME if (service, metro) in served else ""
            why = f"only one failure domain can serve it within {slo[metros.get_loc(metro)]:g} ms: N-1 needs two{when}"
            found.append({"service": str(service), "metro": str(metro), "why": why})
    return found
