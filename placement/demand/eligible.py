"""Where, when and on what a service may run: residency, tier, round-trip time, export, cooling, memory, chips and dates.

See models/README.md, section 6.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.access import Access
from placement.demand.sizing import replica_units
from placement.rules import Scope


def closed_to(scope: Scope, service: pd.Series, reach: Access) -> NDArray[np.object_]:
    """Return the rule that keeps each site from each metro by residency, tier and routes, "" if none does, shape (S, M)."""
    denied, other_tier = _denied(scope, service)
    return np.where(denied != "", "residency:" + denied, np.where(other_tier[:, None], "tier", reach.rule))


def _denied(scope: Scope, service: pd.Series) -> tuple[NDArray[np.object_], NDArray[np.bool_]]:
    """Return the residency rule that denies, "" if none does, shape (S, M), and which sites are of another tier, shape (S,)."""
    countries, origins = scope.case["sites"]["country"], scope.case["metros"]["country"]
    cls = service["residency"]
    pairs = {(o, c): scope.policy.may_run(cls, o, c) for o in origins.unique() for c in countries.unique()} if cls else {}
    denied = np.array([["" if not cls or pairs[o, c].allowed else pairs[o, c].rule_id for o in origins] for c in countries], dtype=object)
    edge = (scope.case["sites"]["kind"] == "edge").to_numpy(bool)
    return denied, {"any": np.zeros_like(edge), "edge": ~edge, "core": edge}[service["tier"]]


def near(scope: Scope, service: pd.Series, reach: Access, asking: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], pd.DataFrame]:
    """Return which sites may serve which metros by residency, tier and routes, shape (E, S, M), and the counts excluded of metros that ask."""
    (denied, other_tier), rule = _denied(scope, service), closed_to(scope, service, reach)
    counts = pd.DataFrame({"place": np.repeat(scope.sites, asking.sum()), "rule": rule[:, asking].ravel()})
    counts = counts[counts["rule"] != ""].groupby(["place", "rule"], as_index=False, sort=False).size().rename(columns={"size": "n"})
    open_to = np.asarray((denied == "") & ~other_tier[:, None])[None]
    return reach.near & open_to, counts.assign(workload=service["service"], sku="")[["workload", "place", "sku", "rule", "n"]]


def usable(scope: Scope, service: pd.Series, k: NDArray[np.int64]) -> tuple[NDArray[np.bool_], pd.DataFrame]:
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
    memory = (replica_units(scope, service, k) > skus["node_units"]).to_numpy()
    chips = ~scope.obtainable[:, k] & (installed == 0)
    refused = np.full(n, "", dtype=object)
    refused[scope.domain_site[scope.refused != ""]] = scope.refused[scope.refused != ""]
    dense = np.zeros(shape, bool)
    np.logical_or.at(dense, scope.domain_site, scope.housable[:, k])
    masks = [~scope.export_ok[:, k], scope.liquid[k][None] & (liquid[:, -1:] == 0), ~dense, np.broadcast_to(memory, shape), chips]
    names = [np.char.add("export:", export.astype(str)), *(np.full(shape, rule) for rule in ("cooling", "density", "memory", "chips"))]
    rule = np.select([np.broadcast_to(m, shape) for m in masks], names, default="")
    late = (rule == "") & ~(units > 0).any(axis=2)
    rule = np.where(late, np.where(refused != "", "refused:" + refused, "dates")[:, None], rule)
    s, o = np.nonzero(rule != "")
    lost = pd.DataFrame({"workload": service["service"], "place": scope.sites.to_numpy()[s], "sku": skus["sku"].to_numpy()[o], "rule": rule[s, o], "n": 1})
    return (units > 0) & (rule == "")[:, :, None], lost
