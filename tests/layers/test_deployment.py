"""How fast chips enter service, and installed ones that leave it."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import TABLES, Rows, edited, small_case, solved, violations

NO_SERVICES: dict[str, None] = dict.fromkeys(("services", "service_skus", "demand", "metros", "links"))

NEW_IN_NORTH: dict[str, Rows | None] = {
    **{name: [TABLES[name][0]] for name in ("halls", "grid")},
    **{name: [TABLES[name][1]] for name in ("offers", "job_skus", "skus")},
    **NO_SERVICES,
}
FLEX = {"offer": "flex", "sku": "new", "kind": "on_demand", "period": "2027Q1", "until": "2027Q4", "max_units": 4000, "rent_usd_per_unit_month": 100}


def slow(mw: float) -> Rows:
    """The sites with a limit on what north can put into service in a period."""
    return edited("sites", {"site": "north"}, deploy_mw_per_period=mw)


def test_a_slow_site_starts_its_gang_later(tmp_path):
    """500 new chips of 1.5 kW are 0.75 MW: at 0.3 MW per period they are there in the third period, and the job cannot start before."""
    free = solved(small_case(tmp_path / "a", **NO_SERVICES))
    tight = solved(small_case(tmp_path / "b", sites=[slow(0.3)[0]], **NEW_IN_NORTH))
    assert free.tables["training"]["start"].tolist() == ["2027Q1"]
    assert tight.tables["training"]["start"].tolist() == ["2027Q3"]
    chips = tight.tables["chips"].set_index("period")["deployed"]
    assert chips["2027Q1"] <= 200 + 1e-6
    assert chips["2027Q3"] == pytest.approx(500)


def test_deployment_rows_are_as_written_by_hand(tmp_path):
    """One row per period: 0.001 and 0.0015 MW per unit that is new in the period."""
    program, _ = assemble(build_sides(small_case(tmp_path, sites=slow(0.3))))
    i = program.row_names.index("deploy_rate[north,1]")
    row = program.rows[[i]].tocoo()
    found = {program.supply_names[j]: v for j, v in zip(row.col, row.data, strict=True)}
    assert found == pytest.approx(
        {"deployed[north,old,1]": 0.001, "deployed[north,old,0]": -0.001, "deployed[north,new,1]": 0.0015, "deployed[north,new,0]": -0.0015}
    )
    assert program.row_upper[i] == 0.3


def test_rented_units_are_no_deployment(tmp_path):
    """500 units on demand come and go at once where 0.3 MW of own chips may enter service in a period, and the checker agrees."""
    plan = solved(small_case(tmp_path, sites=[slow(0.3)[0]], **{**NEW_IN_NORTH, "offers": [TABLES["offers"][1], FLEX]}))
    assert plan.tables["training"]["start"].tolist() == ["2027Q1"]
    assert plan.tables["orders"].empty


def test_checker_sees_chips_that_come_too_fast(tmp_path):
    """All chips at once are more than the site can put into service."""
    plan = solved(small_case(tmp_path, sites=[slow(0.3)[0]], **NEW_IN_NORTH))
    assert "deploy_rate" in violations(plan, "chips", lambda t: t.assign(deployed=t["deployed"].groupby([t["domain"], t["sku"]]).transform("max")))


HERE = {"domain": "north", "sku": "old", "units": 1000}
LATE = edited("jobs", earliest="2027Q3")


@pytest.mark.parametrize(("retires", "placed"), [("", 1), ("2028Q1", 1), ("2027Q4", 0), ("2027Q3", 0)])
def test_a_gang_cannot_run_on_chips_that_are_gone(tmp_path, retires, placed):
    """A job of two periods from 2027Q3 on needs the installed chips until the end of 2027Q4; nothing can be bought."""
    skus = [{**TABLES["skus"][0], "life_years": ""}]
    rows = {"installed": [{**HERE, "retires": retires}], "offers": None, "jobs": LATE, "job_skus": [TABLES["job_skus"][0]], "skus": skus}
    case = small_case(tmp_path, **rows, **NO_SERVICES)
    plan = solved(case)
    assert len(plan.tables["training"]) == placed
    gone = plan.tables["chips"].set_index("period")["installed"]
    assert gone["2027Q1"] == 1000
    assert gone["2027Q4"] == (0 if retires in ("2027Q3", "2027Q4") else 1000)


def test_retired_chips_free_hall_and_power(tmp_path):
    """3 MW of old chips fill a 4 MW hall; once they retire 2 MW of new ones fit, and the idle draw of the old ones ends."""
    halls, sites, grid = [TABLES["halls"][0]], [TABLES["sites"][0]], [TABLES["grid"][0]]
    needs = [{"job": "big", "sku": "new", "units": 1333, "duration_periods": 2}]
    some = {"halls": halls, "sites": sites, "grid": grid, "job_skus": needs, "offers": [TABLES["offers"][1]], **NO_SERVICES}
    stays = solved(small_case(tmp_path / "a", installed=[{**HERE, "units": 3000}], skus=edited("skus", {"sku": "old"}, life_years=""), **some))
    gone = solved(
        small_case(tmp_path / "b", installed=[{**HERE, "units": 3000, "retires": "2027Q3"}], skus=edited("skus", {"sku": "old"}, life_years=""), **some)
    )
    assert stays.tables["training"].empty
    assert gone.tables["training"]["start"].tolist() == ["2027Q3"]
    mw = stays.tables["energy"].groupby("period")["mw"].mean()
    assert mw["2027Q4"] == pytest.approx(3000 * 0.2 * 1.1 / 1000)  # idle draw x PUE
    assert "chips.installed" in violations(gone, "chips", lambda t: t.assign(installed=t.groupby(["domain", "sku"])["installed"].transform("max")))


def test_export_caps_hold_before_retirement_too(tmp_path):
    """200 installed chips that retire in 2027Q3 count until then: the cap is written for the period before and for the last one."""
    skus = [{**row, "export_class": "adv"} for row in TABLES["skus"]]
    rule = [{"export_class": "adv", "country": "NO", "rule": "cap", "cap_units": 300, "rule_id": "r"}]
    case = small_case(tmp_path, skus=skus, export=rule, installed=[{**HERE, "units": 200, "retires": "2027Q3"}])
    program, _ = assemble(build_sides(case))
    limits = {n: float(program.row_upper[i]) for i, n in enumerate(program.row_names) if n.startswith("export_cap")}
    assert limits == {"export_cap[adv,NO,1]": 100, "export_cap[adv,NO,3]": 300}
    plan = solved(case)
    assert "export_cap" in violations(plan, "chips", lambda t: t.assign(deployed=t["deployed"].where(t["period"] != "2027Q2", 150)))


def test_export_caps_hold_before_all_units_of_a_sku_leave(tmp_path):
    """Bought chips serve two periods and are all gone after them: the cap holds while they are there, not only at the end."""
    skus = [{**TABLES["skus"][0], "export_class": "adv", "life_years": "", "service_periods": 2}]
    rule = [{"export_class": "adv", "country": "NO", "rule": "cap", "cap_units": 900, "rule_id": "r"}]
    north: dict[str, Rows | None] = {**{name: [TABLES[name][0]] for name in ("sites", "halls", "grid", "offers", "job_skus")}, **NO_SERVICES}
    assert len(solved(small_case(tmp_path / "a", skus=[{**skus[0], "export_class": ""}], **north)).tables["training"]) == 1
    assert solved(small_case(tmp_path / "b", skus=skus, export=rule, **north)).tables["training"].empty


@pytest.mark.parametrize(
    ("tables", "problem"),
    [
        ({"sites": slow(1), "offers": [FLEX], "skus": [{**r, "life_years": ""} for r in TABLES["skus"]], "installed": [HERE]}, "no offer is to buy"),
        (
            {
                "sites": [*TABLES["sites"], {**TABLES["sites"][0], "site": "cloud", "power_included": 1, "deploy_mw_per_period": 1}],
                "halls": [*TABLES["halls"], {"site": "cloud", "hall": "c", "it_mw": 5, "existing": 1}],
                "offers": [*TABLES["offers"], {**FLEX, "site": "cloud"}],
                **NO_SERVICES,
            },
            "which the provider puts into service",
        ),
        ({"sites": slow(1), "offers": None, "installed": [HERE], "skus": [{**r, "life_years": ""} for r in TABLES["skus"]]}, "no chips can be bought"),
        ({"installed": [{**HERE, "retires": "2027Q1"}]}, "must lie after the first period"),
        ({"installed": [{**HERE, "retires": "2026Q1"}]}, "must lie after the first period"),
    ],
)
def test_input_without_effect_is_refused(tmp_path, tables, problem):
    """A limit on what cannot be bought, and chips that are gone at once, are mistakes."""
    with pytest.raises(DataError, match=problem):
        small_case(tmp_path, **tables)


def test_absent_means_absent(tmp_path):
    """Without the columns no row is built."""
    program, _ = assemble(build_sides(small_case(tmp_path)))
    assert not any(name.startswith("deploy_rate") for name in program.row_names)
