"""Rules on services: loads by block, utilisation curves, tiers, promises to single metros."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.draft import Draft, Problems, Rule, among, pairs
from placement.case.loads import loads

_MEAN = 1e-3  # by which the mean of loads, which are rounded, may differ from 1


def loads_complete(d: Draft) -> Problems:
    """A service has a load in every block or in none."""
    rows = d["service_loads"]
    there = rows.groupby("service")["block"].transform("nunique")
    rule = f"must have a row for every block ({', '.join(b.name for b in d.case.blocks)})"
    return d.broken("service_loads", "block", there < len(d.case.blocks), rule, "Add the missing rows; a block without demand has load 0.")


def loads_average(d: Draft) -> Problems:
    """Loads say how the mean demand is spread over the hours, so their mean is 1."""
    rows = d["service_loads"]
    share = rows["block"].map({b.name: b.share for b in d.case.blocks}).astype(float).fillna(0.0)
    mean = (share * rows["load"]).groupby(rows["service"]).transform("sum")
    off = (mean - 1).abs() > _MEAN
    told = ", ".join(f"{s}: {m:.4g}" for s, m in dict(zip(rows["service"][off], mean[off], strict=True)).items())
    rule = f"must have the mean 1 over the hours of the blocks, each with its share; it is {told}"
    return d.broken("service_loads", "load", off, rule, "Divide the loads of the service by their mean.")


def peaks_told_once(d: Draft) -> Problems:
    """Loads by block say what the peak is."""
    services = d["services"]
    twice = d.filled("services", "peak_to_mean") & among(services["service"], d.values("service_loads", "service"))
    return d.broken("services", "peak_to_mean", twice, "has no effect: service_loads has rows of the service", "Leave it blank, or remove those rows.")


def curves_used(d: Draft) -> Problems:
    """A curve belongs to a service."""
    idle = ~among(d["utilisation_curves"]["curve"], d.values("services", "queue_curve"))
    return d.broken("utilisation_curves", "curve", idle, "has no effect: no service uses it", "Name it in services.queue_curve, or remove its rows.")


def curves_rise(d: Draft) -> Problems:
    """A larger pool may be used at least as fully as a smaller one."""
    rows = d["utilisation_curves"].sort_values("servers", kind="stable")
    falls = (rows.groupby("curve")["max_utilisation"].diff() < 0).reindex(d["utilisation_curves"].index)
    return d.broken("utilisation_curves", "max_utilisation", falls, "must not fall with the number of servers", "Correct the curve.")


def tiers_there(d: Draft) -> Problems:
    """A tier leaves some sites to a service and takes others away."""
    edge = (d["sites"]["kind"] == "edge").to_numpy(dtype=bool)
    for tier, inside in (("edge", edge), ("core", ~edge)):
        asked = (d["services"]["tier"] == tier).to_numpy(dtype=bool)
        if not inside.any():
            yield from d.broken("services", "tier", asked, f"leaves the service no site: none is {tier}", "Correct sites.kind, or write any.")
        elif inside.all():
            yield from d.broken("services", "tier", asked, f"has no effect: every site is {tier}", "Correct sites.kind, or leave it blank.")


def promises_kept(d: Draft) -> Problems:
    """A promise to a metro is made to users, and differs from what all are promised."""
    rows = d["service_metros"]
    asked = pd.Series(pairs(rows, "service", "metro"), dtype=object).isin(pairs(d["demand"], "service", "metro")).to_numpy(dtype=bool)
    yield from d.broken("service_metros", "metro", ~asked, "has no effect: the service has no demand there", "Add demand rows, or remove the row.")
    usual = rows["service"].map(d["services"].set_index("service")["slo_rtt_ms"]).to_numpy(dtype=float)
    same = np.isclose(rows["slo_rtt_ms"].to_numpy(dtype=float), usual, rtol=0, atol=1e-9)
    yield from d.broken("service_metros", "slo_rtt_ms", same & asked, "has no effect: it is the service's own limit", "Change it, or remove the row.")


def sharing_helps(d: Draft) -> Problems:
    """Sharing saves something only between services whose largest loads fall into different blocks, on a SKU that both can use."""
    services, level = d["services"], loads(d.case)
    peaks = level >= level.max(axis=1, keepdims=True) * (1 - 1e-9)
    skus = d["service_skus"].groupby("service")["sku"].agg(set).to_dict()
    shared = np.flatnonzero(services["shared"].to_numpy(dtype=bool))
    names = services["service"].to_numpy()

    def alone(i: int) -> bool:
        return not any((peaks[i] & peaks[j]).sum() == 0 and skus.get(names[i], set()) & skus.get(names[j], set()) for j in shared)

    idle = np.isin(np.arange(len(services)), [i for i in shared.tolist() if alone(i)])
    rule = "has no effect: no other shared service with a SKU in common has its largest load in another block"
    return d.broken("services", "shared", idle, rule, "Give service_loads, or share more services, or leave it blank.")


def presences_whole(d: Draft) -> Problems:
    """A presence holds an accelerator at least; much less also misleads solvers, beside the units that serve."""
    least = d["services"]["min_units"]
    part = ((least > 0) & (least < 1)).to_numpy(dtype=bool)
    return d.broken("services", "min_units", part, "must be 0 or at least 1: a presence holds an accelerator at least", "Write 1, or leave it blank.")


RULES: tuple[Rule, ...] = (
    Rule(presences_whole, "services.min_units"),
    Rule(
        sharing_helps,
        "case.blocks services.service services.shared services.peak_to_mean service_loads.service service_loads.block service_loads.load "
        "service_skus.service service_skus.sku",
    ),
    Rule(loads_complete, "case.blocks service_loads.service service_loads.block"),
    Rule(loads_average, "case.blocks service_loads.service service_loads.block service_loads.load"),
    Rule(peaks_told_once, "services.service services.peak_to_mean service_loads.service"),
    Rule(curves_used, "services.queue_curve utilisation_curves.curve"),
    Rule(curves_rise, "utilisation_curves.curve utilisation_curves.servers utilisation_curves.max_utilisation"),
    Rule(tiers_there, "sites.kind services.tier"),
    Rule(
        promises_kept, "services.service services.slo_rtt_ms service_metros.service service_metros.metro service_metros.slo_rtt_ms demand.service demand.metro"
    ),
)
