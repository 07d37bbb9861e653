r"""Inference columns: one per (service, metro, period, site, SKU), a share of the metro's demand.

.. math:: \sum_{s,k} x_{imtsk} + unserved_{imt} = 1

See models/README.md, section 6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.demand.apart import share_per_domain
from placement.demand.columns import Columns, Floats, Keys, Triplets, concatenate
from placement.demand.spares import build_spares, failing_with
from placement.demand.traffic import on_routes
from placement.fibre import FibreGraph, round_trip_ms
from placement.rules import Scope
from placement.units import DAYS_PER_MONTH, KW_PER_MW, SECONDS_PER_DAY, USD_PER_MUSD


def build_inference(scope: Scope, resources: Keys, decisions: Keys) -> tuple[Columns, pd.DataFrame]:
    """Return the columns of all services and a table of how many options each rule excluded."""
    graph = FibreGraph(scope.case["links"])
    rtt = site_metro_rtt_ms(scope, graph)
    built = [_service(scope, resources, graph, rtt, i) for i in range(len(scope.case["services"]))]
    return concatenate([c for c, _ in built]), pd.concat([e for _, e in built], ignore_index=True)


def site_metro_rtt_ms(scope: Scope, graph: FibreGraph) -> Floats:
    """Return the round-trip time between sites and metros, ms, shape (S, M); ``inf`` where there is no route."""
    return round_trip_ms(graph.path_km(list(scope.sites), list(scope.case["metros"]["metro"])), scope.case.rtt_overhead_ms)


def load_by_block(scope: Scope, peak_to_mean: float) -> Floats:
    """Return load as a share of peak load per block, shape (B,): the peak in the stress block, the mean kept."""
    sigma = scope.case.blocks[scope.case.stress].share
    rest = max(0.0, (1 / peak_to_mean - sigma) / (1 - sigma)) if sigma < 1 else 1.0
    return np.array([1.0 if b.stress else rest for b in scope.case.blocks])


def _service(scope: Scope, resources: Keys, graph: FibreGraph, rtt: Floats, i: int) -> tuple[Columns, pd.DataFrame]:
    case = scope.case
    service = case["services"].iloc[i]
    offered = case["service_skus"][case["service_skus"]["service"] == service["service"]]
    k = scope.skus.get_indexer(pd.Index(offered["sku"]))
    demand = _demand(scope, service["service"])
    near, exclusions = _near(scope, service, rtt, np.any(demand > 0, axis=1))
    usable, lost = _usable(scope, service, k)

    ever = np.any(usable, axis=2)  # (S, offered)
    site, metro, o = (a.ravel() for a in np.nonzero(near[:, :, None] & ever[:, None, :]))
    pair, t = np.nonzero(usable[site, o] & (demand[metro] > 0))
    frame = pd.DataFrame({"service": i, "metro": metro[pair], "period": t, "site": site[pair], "sku": k[o[pair]], "offered": o[pair]})
    frame = frame.sort_values(["metro", "period", "site", "sku"], ignore_index=True)
    mtok = demand[frame["metro"], frame["period"]]
    frame["units"] = mtok * 1e6 / SECONDS_PER_DAY * service["peak_to_mean"] / offered["tok_per_s"].to_numpy(float)[frame.pop("offered")]
    frame["rtt_ms"] = rtt[frame["site"], frame["metro"]]
    use = _use(scope, resources, service, frame, graph)
    if not service["redundancy"]:
        columns = _columns(scope, i, frame, demand, use)
    else:
        covered = Triplets.join([use, failing_with(scope, resources, frame)])
        columns = concatenate([_columns(scope, i, frame, demand, covered), build_spares(scope, resources, service, frame, use)])
    return columns, pd.concat([exclusions, lost], ignore_index=True)


def _demand(scope: Scope, service: str) -> Floats:
    """Return Mtok/day per metro and period, shape (M, T)."""
    rows = scope.case["demand"]
    rows = rows[rows["service"] == service]
    out = np.zeros((len(scope.case["metros"]), scope.case.n_periods))
    out[pd.Index(scope.case["metros"]["metro"]).get_indexer(pd.Index(rows["metro"])), rows["period"]] = rows["mtok_per_day"]
    return out


def _near(scope: Scope, service: pd.Series, rtt: Floats, asking: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Return which sites may serve which metros by residency and latency, shape (S, M), and the counts excluded of metros that ask."""
    countries, origins = scope.case["sites"]["country"], scope.case["metros"]["country"]
    cls = service["residency"]
    pairs = {(o, c): scope.policy.may_run(cls, o, c) for o in origins.unique() for c in countries.unique()} if cls else {}
    denied = np.array([["" if not cls or pairs[o, c].allowed else pairs[o, c].rule_id for o in origins] for c in countries], dtype=object)
    late = rtt > service["slo_rtt_ms"]
    rule = np.where(denied != "", "residency:" + denied, np.where(late, "latency", ""))
    counts = pd.DataFrame({"place": np.repeat(scope.sites, asking.sum()), "rule": rule[:, asking].ravel()})
    counts = counts[counts["rule"] != ""].groupby(["place", "rule"], as_index=False, sort=False).size().rename(columns={"size": "n"})
    return rule == "", counts.assign(workload=service["service"], sku="")[["workload", "place", "sku", "rule", "n"]]


def _usable(scope: Scope, service: pd.Series, k: NDArray[np.int64]) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Return where and when each offered SKU can serve, shape (S, offered, T), and the (site, SKU) pairs excluded."""
    case, n = scope.case, len(scope.sites)
    units = np.zeros((n, len(k), case.n_periods))
    np.add.at(units, scope.domain_site, scope.units[:, k])
    liquid, installed = np.zeros((n, case.n_periods)), np.zeros((n, len(k)))
    np.add.at(liquid, scope.domain_site, scope.liquid_mw)
    np.add.at(installed, scope.domain_site, scope.installed[:, k])
    skus = case["skus"].iloc[k]
    shape = (n, len(k))
    export = scope.export["rule_id"].to_numpy().reshape(n, -1)[:, k]
    memory = (service["hbm_gb"] > skus["hbm_gb"] * skus["node_units"]).to_numpy()
    chips = ~scope.obtainable[:, k] & (installed == 0)
    masks = [~scope.export_ok[:, k], scope.liquid[k][None] & (liquid[:, -1:] == 0), np.broadcast_to(memory, shape), chips]
    names = [np.char.add("export:", export.astype(str)), np.full(shape, "cooling"), np.full(shape, "memory"), np.full(shape, "chips")]
    rule = np.select([np.broadcast_to(m, shape) for m in masks], names, default="")
    rule = np.where((rule == "") & ~(units > 0).any(axis=2), "dates", rule)
    s, o = np.nonzero(rule != "")
    lost = pd.DataFrame({"workload": service["service"], "place": scope.sites.to_numpy()[s], "sku": skus["sku"].to_numpy()[o], "rule": rule[s, o], "n": 1})
    return (units > 0) & (rule == "")[:, :, None], lost


def _columns(scope: Scope, i: int, frame: pd.DataFrame, demand: Floats, use: Triplets) -> Columns:
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


def _use(scope: Scope, resources: Keys, service: pd.Series, frame: pd.DataFrame, graph: FibreGraph) -> Triplets:
    """Units, MW by block, and Gbit/s of refresh traffic on the route from the origin."""
    site, k, t, units = (frame[c].to_numpy() for c in ("site", "sku", "period", "units"))
    col = np.arange(len(frame))
    parts = [Triplets(resources.encode("serve", site, k, t), col, units)]
    skus = scope.case["skus"]
    if scope.has_power:
        mw = (1 - skus["idle_share"].to_numpy(float)[k]) * scope.kw[k] / KW_PER_MW * units
        load = load_by_block(scope, service["peak_to_mean"])
        parts += [Triplets(resources.encode("power", site, t, b), col, scope.pue[site, t, b] * mw * share) for b, share in enumerate(load) if share > 0]
    if service["origin"]:
        replicas = units / np.ceil(service["hbm_gb"] / skus["hbm_gb"].to_numpy(float)[k])
        gbps = replicas * service["weights_gb"] * 8 / (service["refresh_hours"] * 3600)
        parts.append(on_routes(scope, resources, service["origin"], graph, site, t, col, gbps))
    parts.append(share_per_domain(scope, resources, service, frame))
    joined = Triplets.join(parts)
    some = joined.value > 0
    return Triplets(joined.row[some], joined.col[some], joined.value[some])
