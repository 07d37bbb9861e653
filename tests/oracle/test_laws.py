"""Laws that hold for every case, checked on random ones: what can only help never costs, and names, order and currency do not matter."""

from __future__ import annotations

import functools
import math
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pandas as pd
import pytest

import placement
from placement.case.case import Case, frame
from placement.case.schema import TABLES
from tests.oracle.random_cases import random_case

N_CASES = 40 if os.environ.get("PLACEMENT_LONG_TESTS") else 15  # with plans; all of them on request


def cost(case: Case) -> float:
    """Return the least cost of a case; inf if it has no plan."""
    plan = placement.solve(case, rel_gap=0.0, time_limit_s=60)
    solved = plan.status == "optimal" and math.isfinite(plan.objective)
    assert solved or plan.status == "infeasible", (case.name, plan.status, plan.objective)
    return math.inf if plan.status == "infeasible" else plan.objective


@functools.cache
def feasible() -> tuple[tuple[int, float], ...]:
    """Return the first random cases that have a plan, as seed and cost."""
    found: list[tuple[int, float]] = []
    seed = 1000  # other cases than those of the enumeration
    while len(found) < N_CASES:
        value = cost(random_case(seed))
        found += [(seed, value)] if math.isfinite(value) else []
        seed += 1
    return tuple(found)


def edited(case: Case, table: str, edit: Callable[[pd.DataFrame], pd.DataFrame]) -> Case | None:
    """Return the case with one table edited; None where the table is absent or the edit changes nothing."""
    if table not in case:
        return None
    new = edit(case[table])
    return None if new.equals(case[table]) else replace(case, tables={t: new if t == table else df for t, df in case.tables.items()})


def scaled(table: str, column: str, factor: float) -> Callable[[Case], Case | None]:
    """Return an edit that multiplies a column."""
    return lambda case: edited(case, table, lambda df: df.assign(**{column: df[column] * factor}))


def with_values(table: str, column: str, value: Any) -> Callable[[Case], Case | None]:
    """Return an edit that sets a column throughout."""
    return lambda case: edited(case, table, lambda df: df.assign(**{column: value}).astype(df.dtypes.to_dict()))


def denied_rows_allowed(case: Case) -> Case | None:
    """Turn residency denials into permissions where that forbids nothing else.

    The first permission of a list of denials would forbid all countries without a row, so such lists stay unless they have a ``*`` row.
    """

    def edit(df: pd.DataFrame) -> pd.DataFrame:
        complete = (df["allow"] | (df["country"] == "*")).groupby([df["class"], df["origin"]]).transform("any")
        return df.assign(allow=df["allow"] | complete)

    return edited(case, "residency", edit)


def no_residency(case: Case) -> Case | None:
    """Remove all residency rules."""
    if "residency" not in case:
        return None
    tables = {t: df.assign(residency="") if t in ("jobs", "services") else df for t, df in case.tables.items() if t != "residency"}
    return replace(case, tables=tables)


def export_allowed(case: Case) -> Case | None:
    """Turn each export denial into permission. (Dropping the row could put the country under a ``*`` row.)"""
    return edited(case, "export", lambda df: df.assign(rule=df["rule"].replace("deny", "allow")))


def more_offers(case: Case) -> Case | None:
    """Offer every SKU once more to buy. (A larger take-or-pay would also raise its smallest order.)"""
    buys = case["offers"][case["offers"]["kind"] == "buy"]
    again = buys.assign(offer=buys["offer"] + "-again")
    return edited(case, "offers", lambda df: pd.concat([df, again], ignore_index=True))


def cheap_job(case: Case) -> Case | None:
    """Add an optional job that looks like the first one, with its own SKUs' sizes."""
    if "jobs" not in case:
        return None
    first = case["jobs"].iloc[:1]
    twin = first.assign(job="twin", mandatory=False, value_musd=first["value_musd"] / 2).astype(first.dtypes.to_dict())
    sizes = case["job_skus"][case["job_skus"]["job"] == first["job"].iloc[0]].assign(job="twin")
    tables = dict(case.tables)
    tables["jobs"] = pd.concat([case["jobs"], twin], ignore_index=True)
    tables["job_skus"] = pd.concat([case["job_skus"], sizes], ignore_index=True)
    return replace(case, tables=tables)


#: Each can only help. Free tiers, chips and space are never forced on anyone; dearer ones are decisions.
HELPFUL: dict[str, Callable[[Case], Case | None]] = {
    "more grid power": scaled("grid", "mw", 1.5),
    "larger halls": scaled("halls", "it_mw", 1.5),
    "more chips on offer": more_offers,
    "larger contracts": scaled("ppas", "max_mw", 2.0),
    "larger generators": scaled("generators", "max_mw", 2.0),
    "more fibre": scaled("links", "gbps", 3.0),
    "no community cap": with_values("sites", "community_mw", math.nan),
    "firmer tiers": with_values("grid", "firmness", 1.0),
    "no interruptible tiers": with_values("grid", "interruptible", False),
    "looser latency": scaled("services", "slo_rtt_ms", 3.0),
    "lower firmness asked": with_values("jobs", "min_firmness", 0.0),
    "less memory asked": with_values("jobs", "min_hbm_gb", 0.0),
    "no mandatory job": with_values("jobs", "mandatory", False),
    "fewer outages": with_values("sites", "outages_per_year", 0.0),
    "dearer jobs": scaled("jobs", "value_musd", 1.3),
    # All prices alike, since a vendor cap is a share of the spend.
    "cheaper chips": lambda case: None if residual_outweighs(case) else scaled("offers", "unit_price_usd", 0.5)(case),
    "larger budget": scaled("budget", "capex_musd", 2.0),
    "higher export caps": scaled("export", "cap_units", 2.0),
    "no residency rules": no_residency,
    "denied residency allowed": denied_rows_allowed,
    "denied export allowed": export_allowed,
    "no vendor caps": with_values("vendor_caps", "max_spend_share", 1.0),
    "one more optional job": cheap_job,
}


def residual_outweighs(case: Case) -> bool:
    """Return whether residual value may outweigh the price: then a cheaper chip is a smaller gain."""
    return case.weights.get("salvage", 1.0) > case.weights.get("capex", 1.0)


@pytest.mark.parametrize("name", HELPFUL)
def test_what_can_only_help_never_costs(name: str) -> None:
    """More capacity, looser rules and more choice never make the best plan dearer."""
    tried = 0
    for seed, before in feasible():
        case = HELPFUL[name](random_case(seed))
        if case is not None:
            after = cost(case)
            tried += 1
            assert after <= before + 1e-6 * max(1.0, abs(before)), f"seed {seed}: {before!r} -> {after!r}"
    assert tried


def renamed(case: Case) -> Case:
    """Give sites, jobs, SKUs and everything else that has an id another name, in another alphabetical order."""
    names = ("site", "job", "sku", "offer", "link", "ppa")
    known = {x for t in case.tables for c in names if c in case[t] for x in case[t][c] if x}
    # Larger names first: the order turns round. A domain is named after its site, so it is renamed by its parts.
    new = {x: f"{'zyxwvutsrq'[i % 10]}{999 - i}" for i, x in enumerate(sorted(known))}
    columns = [*names, "origin", "a", "b"]

    def domain(cell: str) -> str:
        site, dash, rest = cell.partition("-")
        return new.get(site, site) + dash + rest

    tables = {}
    for t, df in case.tables.items():
        mapped = {c: [new.get(x, x) for x in df[c]] for c in columns if c in df and (t != "residency" or c != "origin")}
        mapped |= {"domain": [domain(x) for x in df["domain"]]} if "domain" in df else {}
        tables[t] = df.assign(**mapped)
    return replace(case, tables=tables)


def shuffled(case: Case) -> Case:
    """Shuffle the rows of every table but the halls, whose order within a domain is the order of building."""

    def shuffle(df: pd.DataFrame) -> pd.DataFrame:
        return df.sample(frac=1.0, random_state=7).reset_index(drop=True)

    return replace(case, tables={t: df if t == "halls" else shuffle(df) for t, df in case.tables.items()})


def other_halls_order(case: Case) -> Case:
    """Reverse the order of the sites in the halls table; the halls of a domain keep theirs."""
    order = {s: i for i, s in enumerate(case["sites"]["site"])}
    halls = case["halls"].assign(at=-case["halls"]["site"].map(order)).sort_values("at", kind="stable").drop(columns="at")
    return replace(case, tables=dict(case.tables) | {"halls": halls.reset_index(drop=True)})


@pytest.mark.parametrize("edit", [renamed, shuffled, other_halls_order])
def test_names_and_order_do_not_matter(edit: Callable[[Case], Case]) -> None:
    """Other names and another order of rows change nothing."""
    for seed, before in feasible():
        assert cost(edit(random_case(seed))) == pytest.approx(before, rel=1e-6, abs=1e-6), seed


def priced(case: Case, factor: float) -> Case:
    """Multiply every amount of money, also the carbon price."""
    tables = {t: df.assign(**{c.name: df[c.name] * factor for c in TABLES[t] if "$" in c.unit}) for t, df in case.tables.items()}
    return replace(case, tables=tables, carbon_price_usd_per_t=case.carbon_price_usd_per_t * factor)


def test_three_times_the_prices_cost_three_times_as_much() -> None:
    """In another currency the best plan is the same and its cost is scaled."""
    for seed, before in feasible():
        assert cost(priced(random_case(seed), 3.0)) == pytest.approx(3 * before, rel=1e-6, abs=1e-5), seed


def test_weights_scale_the_cost() -> None:
    """Doubling every weight doubles the cost."""
    terms = ("capex", "opex", "energy", "contracts", "carbon", "unmet", "value", "salvage")
    for seed, before in feasible()[: N_CASES // 2]:
        case = random_case(seed)
        doubled = replace(case, weights={t: 2 * case.weights.get(t, 1.0) for t in terms})
        assert cost(doubled) == pytest.approx(2 * before, rel=1e-6, abs=1e-5), seed


def test_an_unused_site_changes_nothing() -> None:
    """A further site with one dear hall, no power and no link is left alone: it costs nothing until it is opened."""
    for seed, before in feasible()[: N_CASES // 2]:
        case = random_case(seed)
        n, zone = case.n_periods, case["sites"]["zone"].iloc[0]
        place = {"country": "FR", "lat_deg": 45.0, "lon_deg": 5.0, "pue": 1.2, "zone": zone}
        site = frame("sites", [{"site": "far", **place, "opening_cost_musd": 1e3}], n)
        hall = frame("halls", [{"site": "far", "hall": "h0", "it_mw": 1.0, "cooling": "air", "capex_musd": 1e3}], n)
        tables = {
            t: pd.concat([df, extra], ignore_index=True) if (extra := {"sites": site, "halls": hall}.get(t)) is not None else df
            for t, df in case.tables.items()
        }
        assert cost(replace(case, tables=tables)) == pytest.approx(before, rel=1e-6, abs=1e-6), seed
