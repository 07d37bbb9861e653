"""Limits that are bounds of decisions have prices: what the optimum gains by a little more of the limit, found by solving again."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from placement.case import Case
from tests.layers.small import TABLES, Rows, edited, small_case, solved

SERVICE = {"jobs": None, "job_skus": None}
OLD = {"skus": [TABLES["skus"][0]], "service_skus": [TABLES["service_skus"][0]], "offers": [TABLES["offers"][0]], **SERVICE}
RENTED = {**OLD, "skus": [{k: v for k, v in TABLES["skus"][0].items() if k != "life_years"}]}
GRID = [{"site": "north", "tier": "n", "mw": 0.1, "firmness": 0.999}, edited("grid", {"site": "south"}, capex_musd=500, life_years="")[1]]
GAS = {"generator": "gas", "site": "north", "tech": "gas", "max_mw": 0.2, "capex_musd_per_mw": 0.5, "energy_usd_per_mwh": 100}
PPA = {"ppa": "p", "zone": "z", "tech": "hydro", "max_mw": 0.1, "price_usd_per_mwh": 30, "tenor_periods": 4, "take_share": 1}
STORE = {
    "storage": "b",
    "site": "north",
    "max_mw": 0.05,
    "hours": 4,
    "efficiency": 0.9,
    "cycles_per_day": 1,
    "capex_musd_per_mw": 0.1,
    "capex_musd_per_mwh": 0.1,
}
FLEX = {"offer": "flex", "sku": "old", "kind": "on_demand", "period": "2027Q1", "max_units": 60, "rent_usd_per_unit_month": 1000}
LEASE = {"offer": "l", "sku": "old", "kind": "lease", "period": "2027Q1", "max_units": 60, "rent_usd_per_unit_month": 900, "term_periods": 4}
NORTH: Rows = [TABLES["sites"][0]]
ONE = {"sites": NORTH, "halls": [TABLES["halls"][0]], "grid": [TABLES["grid"][0]], "metros": TABLES["metros"][:1], "links": TABLES["links"][:1]}
ONE = {**ONE, "demand": [row for row in TABLES["demand"] if row["metro"] == "oslo"]}

#: What is limited -> table, column, the case's tables, and the names of its prices.
LIMITS: dict[str, tuple[str, str, dict[str, Rows | None], list[str]]] = {
    "bought": ("offers", "max_units", {**OLD, "offers": [{**TABLES["offers"][0], "max_units": 60}]}, ["order_max[q-old]"]),
    "taken or paid": (
        "offers", "max_units", {**OLD, "offers": [{**TABLES["offers"][0], "kind": "take_or_pay", "take_share": 0.5, "max_units": 60}]}, ["order_max[q-old]"],
    ),
    "leased": ("offers", "max_units", {**RENTED, "offers": [LEASE]}, ["order_max[l]"]),
    "on demand, one place": ("offers", "max_units", {**RENTED, **ONE, "offers": [FLEX]}, [f"rent_max[flex,{t}]" for t in range(4)]),
    "on demand, two places": ("offers", "max_units", {**RENTED, "offers": [FLEX]}, [f"rent_max[flex,{t}]" for t in range(4)]),
    "generated": ("generators", "max_mw", {**OLD, "grid": GRID, "generators": [GAS]}, ["generator_most[gas]"]),
    "generated, of a least size": ("generators", "max_mw", {**OLD, "grid": GRID, "generators": [{**GAS, "min_mw": 0.05}]}, ["generator_most[gas]"]),
    "contracted": ("ppas", "max_mw", {**OLD, "ppas": [PPA]}, ["ppa_max[p]"]),
    "contracted, of a least size": ("ppas", "max_mw", {**OLD, "ppas": [{**PPA, "min_mw": 0.05}]}, ["ppa_max[p]"]),
    "stored": ("storage", "max_mw", {**OLD, "grid": GRID, "storage": [STORE]}, ["storage_max[b]"]),
}  # fmt: skip


def more(case: Case, table: str, column: str, factor: float) -> Case:
    """Return the case with a limit multiplied."""
    return replace(case, tables={**case.tables, table: case[table].assign(**{column: case[table][column] * factor})})


@pytest.mark.parametrize("what", LIMITS)
def test_the_price_is_what_a_little_more_is_worth(what: str, tmp_path: Path) -> None:
    """A thousandth more of the limit changes the optimum by its price; the limit is used in full."""
    table, column, tables, names = LIMITS[what]
    case = small_case(tmp_path, **tables)
    plan, limit = solved(case), float(case[table][column].iloc[0])
    found = plan.prices.set_index("resource")["price"]
    gain = plan.objective - solved(more(case, table, column, 1.001)).objective
    assert gain > 1e-7
    assert sum(found[names]) * 0.001 * limit == pytest.approx(gain, rel=1e-3)


def test_what_is_not_used_in_full_has_no_price(tmp_path: Path) -> None:
    """With plenty of everything no bound holds the plan back."""
    plan = solved(small_case(tmp_path))
    assert not {"order_max", "rent_max", "generator_most", "ppa_max", "storage_max"} & set(plan.prices["kind"])
