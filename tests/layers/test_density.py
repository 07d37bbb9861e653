"""Racks no denser than the hall's cooling and floor take."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import TABLES, Rows, edited, small_case, solved, violations

#: North: an old hall of 4 MW; south's hall, with a fabric of its own, is out of reach. `new` needs racks of 120 kW, `old` of 40 kW.
SITES = TABLES["sites"][:1]
SKUS = [{**row, "kw_per_rack": kw} for row, kw in zip(TABLES["skus"], (40, 120), strict=True)]


def halls(*limits: float | str, mw: tuple[float, ...] = (0.7, 4.0)) -> Rows:
    """Return existing liquid halls at north with these limits."""
    return [{"site": "north", "hall": f"n{i}", "it_mw": mw[i], "existing": 1, "max_kw_per_rack": kw} for i, kw in enumerate(limits)]


def plan_of(folder: Path, *limits: float | str, **tables: Any) -> Any:
    """Return the optimal plan with existing halls of these limits."""
    north = {"sites": SITES, "grid": TABLES["grid"][:1], "links": [row for row in TABLES["links"] if row["link"] != "es"]}
    return solved(small_case(folder, **north, **{"halls": halls(*limits), "skus": SKUS, **tables}))


def mw_of(plan: Any, sku: str) -> float:
    """Return the IT power of a SKU in service at the end, MW."""
    last = plan.tables["chips"].query("period == '2027Q4' and sku == @sku")
    return float(((last["installed"] + last["deployed"]).sum()) * {"old": 1.0, "new": 1.5}[sku] / 1e3)


def test_dense_racks_go_where_they_are_taken(tmp_path):
    """0.99 MW of racks of 120 kW stood in 4.7 MW; with 0.7 MW of dense halls no more than that stands, the rest is served by the thinner SKU."""
    free = plan_of(tmp_path / "free", "", "", skus=TABLES["skus"])
    assert mw_of(free, "new") == pytest.approx(0.99)
    tight = plan_of(tmp_path / "tight", 150, 50)
    assert 0 < mw_of(tight, "new") <= 0.7 + 1e-9
    assert mw_of(tight, "old") > 0
    assert tight.objective > free.objective


def test_no_dense_hall_no_dense_chips(tmp_path):
    """Where no hall takes them, they are excluded by the rule ``density`` and nothing is built for them."""
    plan = plan_of(tmp_path, 50, 50)
    assert mw_of(plan, "new") == 0
    said = plan.exclusions[plan.exclusions["rule"] == "density"]
    assert set(said["workload"]) == {"big", "chat"} and set(said["sku"]) == {"new"}


def test_liquid_and_dense_chips_share_one_hall(tmp_path):
    """Liquid and dense halls with one hall in common: thin liquid and dense air chips cannot both count on it (Hall's condition on the union)."""
    both = [
        {"site": "north", "hall": "wet+dense", "it_mw": 0.6, "existing": 1, "max_kw_per_rack": 150, "cooling": "liquid"},
        {"site": "north", "hall": "plain", "it_mw": 9, "existing": 1, "max_kw_per_rack": 20, "cooling": "air"},
    ]
    skus = [{**TABLES["skus"][0], "kw_per_rack": 40}, {**TABLES["skus"][1], "kw_per_rack": 15}]
    plan = plan_of(tmp_path, halls=both, skus=skus)
    assert mw_of(plan, "old") + mw_of(plan, "new") <= 0.6 + 1e-9
    more = violations(plan, "chips", lambda t: t.assign(deployed=t["deployed"] * 4, serving=t["serving"]))
    assert "hall_density_mw" in more


def test_limits_that_all_pass_change_nothing(tmp_path):
    """Halls that take every rack leave the program as it was."""
    one = assemble(build_sides(small_case(tmp_path / "a")))[0]
    roomy = {"halls": [{**row, "max_kw_per_rack": 200} for row in TABLES["halls"]], "skus": SKUS}
    two = assemble(build_sides(small_case(tmp_path / "b", **roomy)))[0]
    assert one.row_names == two.row_names
    assert (one.matrix != two.matrix).nnz == 0


def test_checker_wants_a_hall_for_every_rack(tmp_path):
    """Chips of the thin SKU renamed to the dense one do not fit."""
    plan = plan_of(tmp_path, 150, 50)
    swap = {"old": "new", "new": "old"}
    assert violations(plan, "chips", lambda t: t.assign(sku=t["sku"].map(swap))) >= {"hall_density_mw"}


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"halls": edited("halls", max_kw_per_rack=40)}, "no SKU has kw_per_rack"),
        ({"skus": SKUS}, "no hall has max_kw_per_rack"),
        (
            {"halls": edited("halls", max_kw_per_rack=100), "skus": SKUS, "installed": [{"domain": "north", "sku": "new", "units": 10}]},
            "must fit into existing halls of the domain that take such racks",
        ),
    ],
)
def test_refusals(tmp_path, tables, words):
    """A limit without racks, racks without a limit, and installed racks that no hall takes are refused."""
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, **tables)
