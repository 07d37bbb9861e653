"""On-site generation: modules, sizes, must-run, fuel, sale, late technologies (models/README.md section 2)."""

from __future__ import annotations

import pytest

from placement.case import Case
from placement.errors import DataError
from tests.layers.small import Row, edited, same_program, small_case, solved, violations

PEAK, LATER = 1.089, 0.429  # MW that the small case draws in the stress block in the job's two periods, and in the other two
HOURS = 0.25 * 8766


def gas(**cells: object) -> list[Row]:
    """A gas plant beside the running site."""
    return [{"generator": "gas", "site": "north", "tech": "gas", "max_mw": 10, "capex_musd_per_mw": 0.5, "energy_usd_per_mwh": 100, **cells}]


def short_of_grid(folder, mw: float = 0.5, **tables: object) -> Case:
    """The small case with little grid at the running site and none worth having at the other."""
    grid = [{"site": "north", "tier": "n", "mw": mw, "firmness": 0.999}, edited("grid", {"site": "south"}, capex_musd=500, life_years="")[1]]
    return small_case(folder, **{"grid": grid, "generators": gas(), **tables})  # type: ignore[arg-type]


def test_modules_come_whole(tmp_path):
    """0.589 MW more than the grid gives: of any size exactly that, in modules of 0.5 MW two of them; a year's running cost falls due on them."""
    free, whole = solved(short_of_grid(tmp_path / "a")), solved(short_of_grid(tmp_path / "b", generators=gas(unit_mw=0.5, opex_musd_per_mw_year=0.08)))
    assert free.tables["generators"]["mw"].max() == pytest.approx(PEAK - 0.5)
    assert whole.tables["generators"]["mw"].tolist() == pytest.approx([1.0] * 4)
    more = 1.0 - (PEAK - 0.5)  # MW, which replace grid at 150 $/MWh in the stress block of the two periods that need them
    extra = sum(0.08 / 4 * 1.0 * whole.case.discount[:4]) + 0.5 * more - (150 - 100) * 0.1 * HOURS * more / 1e6 * sum(whole.case.discount[:2])
    assert whole.objective == pytest.approx(free.objective + extra)
    assert "generator_modules" in violations(whole, "generators", lambda t: t.assign(mw=0.7))


def test_a_plant_has_a_least_size(tmp_path):
    """A plant of at least 3 MW is built as large, and not at all where it costs more than it carries."""
    plan = solved(short_of_grid(tmp_path / "a", generators=gas(min_mw=3)))
    assert plan.tables["generators"]["mw"].tolist() == pytest.approx([3.0] * 4)
    assert "generator_least" in violations(plan, "generators", lambda t: t.assign(mw=2.0))
    dear = solved(short_of_grid(tmp_path / "b", generators=gas(min_mw=3, capex_musd_per_mw=50)))
    assert not len(dear.tables["generators"])
    assert not len(dear.tables["training"])


def test_a_late_technology_carries_nothing_before_its_date(tmp_path):
    """Power beamed from orbit from the third quarter: the job waits for it, and takes it at no fuel."""
    orbit = {"generator": "orbit", "site": "north", "tech": "space solar", "max_mw": 5, "capex_musd_per_mw": 2, "energy_usd_per_mwh": 0, "available": "2027Q3"}
    plan = solved(short_of_grid(tmp_path / "a", generators=[orbit]))
    assert plan.tables["training"]["start"].tolist() == ["2027Q3"]
    assert set(plan.tables["generators"]["period"]) == {"2027Q3", "2027Q4"}
    never = solved(short_of_grid(tmp_path / "b", generators=[{**orbit, "available": "2031Q1"}]))
    assert not len(never.tables["training"])

    def early(table):
        return table.assign(period=table["period"].replace("2027Q3", "2027Q2"))

    assert "generator_dates" in violations(plan, "generators", early)


def test_must_run_output_is_spilled_or_sold(tmp_path):
    """A plant that must run flat out burns fuel in the job's absence too; a buyer for the rest makes it cheaper, by the price."""
    steady = solved(short_of_grid(tmp_path / "a", generators=gas(min_load=1)))
    size = steady.tables["generators"]["mw"].max()
    output = steady.tables["energy"].query("source == 'generator:gas'")
    assert output["mw"].tolist() == pytest.approx([size] * 8)
    free = solved(short_of_grid(tmp_path / "b"))
    assert steady.objective > free.objective + 0.1
    sold = solved(short_of_grid(tmp_path / "c", generators=gas(min_load=1, export_usd_per_mwh=20)))
    earned = sold.tables["exports"].assign(hours=lambda t: t["block"].map({"stress": 0.1 * HOURS, "calm": 0.9 * HOURS}))
    assert sold.objective < steady.objective - 0.01
    assert sold.kpis["export_gwh"] == pytest.approx((earned["mw"] * earned["hours"]).sum() / 1e3)
    assert "generator_min_load" in violations(steady, "energy", lambda t: t.assign(mw=t["mw"].where(t["source"] == "grid", t["mw"] / 2)))
    assert {"generator_export", "power", "cash"} <= violations(sold, "exports", lambda t: t.assign(mw=t["mw"] + 1))


def test_sales_end_at_the_connection(tmp_path):
    """Free fuel and a good price: as much is sold as the connection carries, in every block."""
    plan = solved(short_of_grid(tmp_path, mw=2, generators=gas(energy_usd_per_mwh=0, capex_musd_per_mw=0.1, export_usd_per_mwh=60, unit_mw=5)))
    assert plan.tables["exports"]["mw"].tolist() == pytest.approx([2.0] * 8)
    assert "export_limit" in violations(plan, "exports", lambda t: t.assign(mw=t["mw"] + 0.5))
    assert "exports.mw" in violations(solved(short_of_grid(tmp_path / "b")), "exports", lambda t: plan.tables["exports"])


def test_fuel_runs_out(tmp_path):
    """With fuel for one quarter of the surplus, the grid carries what it can and the plant stays within its GWh."""
    free = solved(short_of_grid(tmp_path / "a", generators=gas(energy_usd_per_mwh=1)))
    short = solved(short_of_grid(tmp_path / "b", generators=gas(energy_usd_per_mwh=1, max_gwh_per_year=4.4)))
    made = [
        p.tables["energy"].query("source == 'generator:gas'").assign(h=lambda t: t["block"].map({"stress": 0.1 * HOURS, "calm": 0.9 * HOURS}))
        for p in (free, short)
    ]
    gwh = [(t["mw"] * t["h"]).groupby(t["period"]).sum().max() / 1e3 for t in made]
    assert gwh[0] > 1.2
    assert gwh[1] == pytest.approx(1.1)
    assert "generator_fuel" in violations(short, "energy", lambda t: t.assign(mw=t["mw"] * 1.05))


def test_blank_columns_add_nothing(tmp_path):
    """The program is the same with the columns blank."""
    blank = dict.fromkeys(("opex_musd_per_mw_year", "unit_mw", "min_mw", "min_load", "max_gwh_per_year", "export_usd_per_mwh"), "")
    assert same_program(short_of_grid(tmp_path / "a"), short_of_grid(tmp_path / "b", generators=gas(**blank)))


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ({"unit_mw": 11}, "'unit_mw' must not be above max_mw"),
        ({"min_mw": 11}, "'min_mw' must not be above max_mw"),
        ({"min_mw": 1, "unit_mw": 1}, "'min_mw' must be blank beside unit_mw"),
        ({"max_gwh_per_year": 90}, "'max_gwh_per_year' has no effect"),
        ({"min_load": 1e-6}, "'min_load' must be 0 or at least"),
        ({"opex_musd_per_mw_year": 80_000}, "'opex_musd_per_mw_year' must be at most 10"),
    ],
)
def test_bad_input_is_named(tmp_path, cells, words):
    """Column and rule are said."""
    with pytest.raises(DataError) as error:
        short_of_grid(tmp_path, generators=gas(**cells))
    assert words in str(error.value)


def test_sales_need_a_connection(tmp_path):
    """Output cannot be sold where there is no grid."""
    with pytest.raises(DataError, match="no grid connection to sell through"):
        small_case(tmp_path, grid=edited("grid")[1:], generators=gas(export_usd_per_mwh=10))
