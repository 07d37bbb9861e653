r"""Inference columns: one per (service, metro, period, site, SKU), a share of the metro's demand.

.. math:: \sum_{s,k} x_{imtsk} + unserved_{imt} = 1

See models/README.md, section 6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case import Case
from placement.case.loads import loads
from placement.demand.access import Access, access
from placement.demand.apart import share_per_domain
from placement.demand.columns import Columns, Floats, Keys, Triplets, concatenate
from placement.demand.eligible import near, usable
from placement.demand.network import refresh_musd, users_musd
from placement.demand.sizing import replica_units, sizes
from placement.demand.spares import build_spares, failing_with, with_cover
from placement.demand.traffic import on_routes
from placement.fibre import Routing
from placement.rules import Scope
from placement.units import DAYS_PER_MONTH, KW_PER_MW, USD_PER_MUSD


def build_inference(scope: Scope, resources: Keys, decisions: Keys) -> tuple[Columns, pd.DataFrame]:
    """Return the columns of all services and a table of how many options each rule excluded."""
    routing = Routing(scope.case["links"], scope.case.n_periods)
    built = [_service(scope, resources, routing, i) for i in range(len(scope.case["services"]))]
    return concatenate([c for c, _ in built]), pd.concat([e for _, e in built], ignore_index=True)


def _service(scope: Scope, resources: Keys, routing: Routing, i: int) -> tuple[Columns, pd.DataFrame]:
    case = scope.case
    service = case["services"].iloc[i]
    offered = case["service_skus"][case["service_skus"]["service"] == service["service"]]
    k = scope.skus.get_indexer(pd.Index(offered["sku"]))
    demand = _demand(scope, service["service"])
    reach = access(scope, routing, service)
    close, exclusions = near(scope, service, reach, np.any(demand > 0, axis=1))
    able, lost = usable(scope, service, k)

    ever = np.asarray(able.any(axis=2))  # (S, offered)
    site, metro, o = (a.ravel() for a in np.nonzero(np.asarray(close.any(axis=0))[:, :, None] & ever[:, None, :]))
    pair, t = np.nonzero(able[site, o] & (demand[metro] > 0) & close[routing.epoch[None, :], site[:, None], metro[:, None]])
    frame = pd.DataFrame({"service": i, "metro": metro[pair], "period": t, "site": site[pair], "sku": k[o[pair]], "offered": o[pair]})
    frame = frame.sort_values(["metro", "period", "site", "sku"], ignore_index=True)
    excluded = [exclusions, lost]
    if service["redundancy"]:
        frame, alone = with_cover(scope, service["service"], frame)
        excluded.append(alone)
    tok_per_s = offered["tok_per_s"].to_numpy(float)[frame.pop("offered")]
    frame["busy"], frame["units"] = sizes(scope, i, demand[frame["metro"], frame["period"]], tok_per_s, frame["sku"].to_numpy())
    frame["rtt_ms"] = reach.rtt_ms[routing.epoch[frame["period"]], frame["site"], frame["metro"]]
    use, fresh = _use(scope, resources, routing, i, frame, reach), refresh_musd(scope, routing, service, frame, reach)
    network = fresh + users_musd(scope, routing, service, frame, demand)
    if not service["redundancy"]:
        columns = _columns(scope, i, frame, demand, use, network)
    else:
        covered = Triplets.join([use, failing_with(scope, resources, frame)])
        columns = concatenate([_columns(scope, i, frame, demand, covered, network), build_spares(scope, resources, service, frame, use, fresh)])
    return columns, pd.concat(excluded, ignore_index=True)


def _demand(scope: Scope, service: str) -> Floats:
    """Return Mtok/day per metro and period, shape (M, T)."""
    rows = scope.case["demand"]
    rows = rows[rows["service"] == service]
    out = np.zeros((len(scope.case["metros"]), scope.case.n_periods))
    out[pd.Index(scope.case["metros"]["metro"]).get_indexer(pd.Index(rows["metro"])), rows["period"]] = rows["mtok_per_day"]
    return out


def _columns(scope: Scope, i: int, frame: pd.DataFrame, demand: Floats, use: Triplets, network: Floats) -> Columns:
    """Write down cost and serve rows; the unserved columns come after the others."""
    case, service = scope.case, scope.case["services"].iloc[i]
    metro, period = np.nonzero(demand > 0)
    row_of = np.full(demand.shape, -1)
    row_of[metro, period] = np.arange(len(metro))
    names, labels = case["metros"]["metro"].to_numpy(), np.array(case.periods)
    label = [f"meet_demand[{service['service']},{m},{t}]" for m, t in zip(names[metro], labels[period], strict=True)]

    may_miss = not np.isnan(service["unmet_usd_per_mtok"])
    unserved = pd.DataFrame({"service": i, "metro": metro, "period": period})[: None if may_miss else 0]
    both = pd.concat([frame[["metro", "period"]], unserved[["metro", "period"]]], ignore_index=True)
    musd_per_usd = demand[both["metro"], both["period"]] * case.period_months * DAYS_PER_MONTH / USD_PER_MUSD
    served = np.arange(len(both)) < len(frame)
    return Columns(
        kinds=[("inference", frame), ("unserved", unserved)],
        cost_musd={
            "value": np.where(served, -service["price_usd_per_mtok"] * musd_per_usd, 0.0),
            **({"network": np.concatenate([network, np.zeros(len(unserved))])} if network.any() else {}),
            "unmet": np.where(served, 0.0, (service["unmet_usd_per_mtok"] if may_miss else 0.0) * musd_per_usd),
        }
        | _moving(case, scope.sites, service["service"], frame, demand, len(both)),
        paid=both["period"].to_numpy(np.int64),
        integer=np.zeros(len(both), bool),
        use=use,
        serve=pd.DataFrame({"label": label, "lower": 1.0, "upper": 1.0}),
        serve_row=row_of[both["metro"], both["period"]].astype(np.int64),
        requires=Triplets.join([]),
        requires_decision=np.empty(0, np.int64),
    )


def _moving(case: Case, sites: pd.Index, service: str, frame: pd.DataFrame, demand: Floats, n: int) -> dict[str, Floats]:
    """Return the cost, M$ by column, of serving demand of the first period away from where the service is today; nothing where it may be anywhere."""
    now = case["incumbent"].set_index("workload")
    total = demand[:, 0].sum()
    if service not in now.index or not total:
        return {}
    away = (frame["period"].to_numpy() == 0) & (sites.to_numpy()[frame["site"]] != now.loc[service, "site"])
    out = np.zeros(n)
    out[: len(frame)] = np.where(away, float(now.loc[service, "move_musd"]) * demand[frame["metro"], 0] / total, 0.0)
    return {"change": out}


def _use(scope: Scope, resources: Keys, routing: Routing, i: int, frame: pd.DataFrame, reach: Access) -> Triplets:
    """Units, MW by block, and Gbit/s of refresh traffic on the route from the origin; notes the traffic as ``gbps`` in the frame."""
    service = scope.case["services"].iloc[i]
    site, k, t = (frame[c].to_numpy() for c in ("site", "sku", "period"))
    col = np.arange(len(frame))
    parts = [Triplets(resources.encode("serve", site, k, t), col, frame["units"].to_numpy())]
    if scope.has_power:
        mw = (1 - scope.case["skus"]["idle_share"].to_numpy(float)[k]) * scope.kw[k] / KW_PER_MW * frame["busy"].to_numpy()
        level = loads(scope.case)[i]
        parts += [Triplets(resources.encode("power", site, t, b), col, scope.pue[site, t, b] * mw * share) for b, share in enumerate(level) if share > 0]
    frame["gbps"] = 0.0
    if service["origin"]:
        gbps = frame["units"].to_numpy() / replica_units(scope, service, k) * service["weights_gb"] * 8 / (service["refresh_hours"] * 3600)
        frame["gbps"] = np.where(scope.sites.to_numpy()[site] == service["origin"], 0.0, gbps)
        ways = [route for row in reach.refresh for route in row]
        parts.append(on_routes(scope, resources, ways, routing.epoch[t] * len(scope.sites) + site, t, col, gbps))
    parts.append(share_per_domain(scope, resources, service, frame))
    joined = Triplets.join(parts)
    some = joined.value > 0
    return Triplets(joined.row[some], joined.col[some], joined.value[some])
