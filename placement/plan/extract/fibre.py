"""Load, modules and leased waves of fibre links, and the routes of services that survive the loss of one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from placement.demand.access import limits_km
from placement.fibre import Pair, Routing
from placement.plan.extract.solution import NIL, Solution, table


def fibre(solution: Solution) -> pd.DataFrame:
    """Return load and capacity of links in use."""
    use, keys = solution.sides.columns.use, solution.sides.demand.resources
    load: dict[tuple[int, int], float] = {}
    for code in solution.sides.resources:
        key: tuple[Any, ...] = keys.decode(int(code))
        if key[0] == "fibre":
            load[key[1], key[2]] = float(np.dot(use.value[use.row == code], solution.x[use.col[use.row == code]]))
    lit = {(e, t): value for (e, t), value in solution.values("modules")}
    leased = _leased_gbps(solution)
    rows = []
    for e, r in enumerate(solution.case["links"].itertuples()):
        for t in range(solution.case.n_periods):
            modules = round(lit.get((r.link, t), 0.0))
            gbps = load.get((e, t), 0.0)
            waves = leased.get((r.link, t), 0.0)
            if modules or waves or gbps > NIL:
                rows.append((r.link, solution.label[t], modules, r.gbps + (modules * r.module_gbps if modules else 0.0) + waves, gbps))
    return table("fibre", rows)


def waves(solution: Solution) -> pd.DataFrame:
    """Return the waves that are leased."""
    units = {v: round(value) for (v,), value in solution.values("wave")}
    offers = solution.case["waves"]
    return table("waves", [(r.wave, r.link, solution.label[r.start], units[r.wave]) for r in offers.itertuples() if units.get(r.wave)])


def _leased_gbps(solution: Solution) -> dict[tuple[str, int], float]:
    """Return Gbit/s of leased waves by link and period."""
    offers, out = solution.case["waves"].set_index("wave"), dict[tuple[str, int], float]()
    for (v,), value in solution.values("wave"):
        r = offers.loc[v]
        for t in range(r["start"], min(r["start"] + r["term_periods"], solution.case.n_periods)):
            out[r["link"], t] = out.get((r["link"], t), 0.0) + round(value) * r["gbps"]
    return out


def routes(solution: Solution) -> pd.DataFrame:
    """Return two routes for all that serves or stands by, of services that ask for them."""
    case, scope, services = solution.case, solution.scope, solution.case["services"]
    routing, rows = Routing(case["links"], case.n_periods), []
    parts = [p[["service", "metro", "period", "site"]] for p in (solution.chosen(kind, NIL) for kind in ("inference", "spare")) if len(p)]
    used = pd.concat(parts).drop_duplicates() if services["survivable"].any() and parts else pd.DataFrame(columns=["service", "metro", "period", "site"])
    metros = case["metros"]["metro"].to_numpy()
    for i, m, t, s in used[services["survivable"].to_numpy(bool)[used["service"].to_numpy(int)]].itertuples(index=False):
        service, site = services.iloc[i], scope.sites[s]
        wanted = {("users", site, metros[m]): limits_km(scope, service)[m], ("refresh", service["origin"], site): ()}
        for (use, a, b), km in wanted.items():
            if a and a != b:
                pair = routing.pair(int(routing.epoch[t]), a, b, bool(service["avoid_subsea"]), *km)
                rows.append((service["service"], use, a, b, solution.label[t], *_named(case["links"], pair)))
    return table("routes", dict.fromkeys(rows))  # an origin may stand at a metro's node


def _named(links: pd.DataFrame, pair: Pair | None) -> tuple[str, str, float, float]:
    """Return the links of both routes as text, and their lengths, km."""
    km = dict(zip(links["link"], links["km"], strict=True))
    main, other = pair or ([], [])
    return ";".join(main), ";".join(other), sum(km[x] for x in main), sum(km[x] for x in other)
