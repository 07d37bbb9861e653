"""The column builders: adding a kind of workload is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from placement.case import Case
from placement.demand.amendments import amended
from placement.demand.columns import Columns, Keys, concatenate
from placement.demand.inference import build_inference
from placement.demand.pairs import build_pairs
from placement.demand.training import build_training
from placement.rules import Scope


@dataclass(frozen=True)
class Demand:
    """All columns of a case, the codes of their resources and decisions, and what the rules excluded."""

    columns: Columns
    resources: Keys
    decisions: Keys
    exclusions: pd.DataFrame  # workload, place, sku, rule, n: how many options each rule took away


Builder = Callable[[Scope, Keys, Keys], tuple[Columns, pd.DataFrame]]

#: table that switches a builder on -> builder; see :func:`builders`
BUILDERS: dict[str, Builder] = {
    "jobs": build_training,
    "services": build_inference,
}


def builders(case: Case) -> list[Builder]:
    """Return the builders of a case: pairs say all there is to say of its workloads."""
    return [build_pairs] if "pairs" in case else [build for table, build in BUILDERS.items() if table in case]


def resource_keys(scope: Scope) -> Keys:
    """Return the codes of every resource that a column of this case could use."""
    s, f, k = len(scope.sites), len(scope.domains), len(scope.skus)
    t, b = scope.case.n_periods, len(scope.case.blocks)
    services, metros, releases, links, jobs = (len(scope.case.tables.get(table, ())) for table in ("services", "metros", "releases", "links", "jobs"))
    return Keys(
        {
            "compute": (f, k, t),
            "serve": (s, k, t),
            "power": (s, t, b),
            "firm": (s, len(scope.levels), t),
            "fibre": (links, t),
            "capacity": (s,),
            "deferrable": (s, len(scope.duties), t),
            "filler": (f, k, t),
            "lull": (s, k, t),
            "presence": (services, s, metros, t),
            "least_units": (services, s, t),
            "pool": (s, k, t, b),
            "release": (releases, t),
            "base": (jobs, t),
            "spread": (services, metros, len(scope.failure_domains), t),
            "cover": (services, metros, len(scope.failure_domains), t),
            "spare": (services, metros, t),
            "apart": (len(scope.apart), len(scope.failure_domains), t),
        }
    )


def build_demand(scope: Scope) -> Demand:
    """Build the columns of every workload in the case."""
    resources = resource_keys(scope)
    n_periods = scope.case.n_periods
    decisions = Keys({"built": (len(scope.halls), n_periods), "open": (len(scope.sites),), "released": (len(scope.case["releases"]), n_periods)})
    built = [build(scope, resources, decisions) for build in builders(scope.case)]
    columns, impossible = amended(scope, concatenate([c for c, _ in built]), resources, decisions)
    excluded = [e for e in (*(e for _, e in built), *impossible) if len(e)]
    nothing = pd.DataFrame(columns=["workload", "place", "sku", "rule", "n"]).astype({"n": "int64"})
    return Demand(columns, resources, decisions, pd.concat(excluded, ignore_index=True) if excluded else nothing)
