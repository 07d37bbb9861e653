"""Storage over the representative day (models/README.md section 2)."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from tests.layers.small import Row, edited, small_case, solved, violations

PEAK, LATER = 1.089, 0.429  # MW that the small case draws in the stress block in the job's two periods, and in the other two
STRESS_HOURS = 0.1 * 0.25 * 8766


def battery(**cells: object) -> list[Row]:
    """Four hours, a tenth lost."""
    return [{"storage": "b", "site": "north", "max_mw": 5, "hours": 4, "efficiency": 0.9, "capex_musd_per_mw": 0.02, "capex_musd_per_mwh": 0.01, **cells}]


def test_storage_moves_cheap_hours_into_dear_ones(tmp_path):
    """Worked by hand: a MW saves 219 h x (150 - 50 / 0.9) $ a quarter, 0.021 M$, and costs 0.06 M$: it pays for the load that is there in all quarters."""
    plain, plan = solved(small_case(tmp_path / "a")), solved(small_case(tmp_path / "b", storage=battery()))
    saving = STRESS_HOURS * (150 - 50 / 0.9) / 1e6
    assert plan.tables["storage"]["capacity_mw"].tolist() == pytest.approx([LATER] * 8, abs=1e-5)
    by_hand = plain.objective + 0.06 * LATER - saving * LATER * plan.case.discount[:4].sum()
    assert plan.objective == pytest.approx(by_hand, abs=1e-6)
    assert plan.kpis["storage_gwh"] == pytest.approx(4 * LATER * STRESS_HOURS / 1e3, rel=1e-4)


def test_a_small_store_gives_less(tmp_path):
    """With 1.2 h, half of the stress block's 2.4 h a day, a MW of battery gives half a MW, and one cycle a day is the limit."""
    plan = solved(small_case(tmp_path / "a", storage=battery(hours=1.2, capex_musd_per_mw=0.02, capex_musd_per_mwh=0)))
    stress = plan.tables["storage"].query("block == 'stress'")
    assert (stress["discharge_mw"] / stress["capacity_mw"]).max() == pytest.approx(0.5)
    lazy = solved(small_case(tmp_path / "b", storage=battery(hours=1.2, cycles_per_day=0.5, capex_musd_per_mw=0.005, capex_musd_per_mwh=0)))
    stress = lazy.tables["storage"].query("block == 'stress'")
    assert (stress["discharge_mw"] / stress["capacity_mw"]).max() == pytest.approx(0.25)
    busy = solved(small_case(tmp_path / "c", storage=battery(hours=1.2, cycles_per_day=4, capex_musd_per_mw=0.02, capex_musd_per_mwh=0)))
    assert busy.objective == pytest.approx(plan.objective)  # the store itself, not its cycles, holds it back


def test_storage_carries_a_peak_beyond_the_connection(tmp_path):
    """A connection for the mean but not for the peak is enough with a battery."""
    grid = [{"site": "north", "tier": "n", "mw": 1.0, "firmness": 0.999}, edited("grid", {"site": "south"}, capex_musd=500, life_years="")[1]]
    without, with_store = solved(small_case(tmp_path / "a", grid=grid)), solved(small_case(tmp_path / "b", grid=grid, storage=battery()))
    assert without.kpis["unserved_share"] > 0.01 or not len(without.tables["training"])
    assert len(with_store.tables["training"]) == 1
    assert with_store.kpis["unserved_share"] < 1e-9


def test_storage_is_firm_as_long_as_it_lasts(tmp_path):
    """The job's 0.825 MW must be firm: at 1.2 h for 2.4 h of stress twice the capacity is bought; storage that is not firm does not help."""
    weak = [*edited("grid", {"site": "north"}, firmness=0.9)[:1], edited("grid", {"site": "south"}, capex_musd=500, life_years="", firmness=0.9)[1]]
    tables = {"grid": weak, "jobs": edited("jobs", min_firmness=0.999)}
    store = battery(hours=1.2, capex_musd_per_mw=0.5, capex_musd_per_mwh=0)
    assert not len(solved(small_case(tmp_path / "a", storage=store, **tables)).tables["training"])
    plan = solved(small_case(tmp_path / "b", storage=[{**store[0], "firmness": 0.999}], **tables))
    assert len(plan.tables["training"]) == 1
    assert plan.tables["storage"]["capacity_mw"].max() == pytest.approx(2 * 0.825)
    assert "firm" in violations(plan, "storage", lambda t: t.assign(capacity_mw=1.0, charge_mw=0.0, discharge_mw=0.0))


def test_the_checker_follows_the_energy(tmp_path):
    """Energy from nowhere, more than the store holds, more than the power, and capacity that comes and goes are found."""
    plan = solved(small_case(tmp_path, storage=battery(opex_musd_per_mw_year=0.001)))
    assert {"storage_balance", "power"} <= violations(plan, "storage", lambda t: t.assign(charge_mw=0.0, discharge_mw=t["discharge_mw"] * 0.9))
    assert {"storage_power", "cash"} <= violations(plan, "storage", lambda t: t.assign(capacity_mw=t["capacity_mw"] / 2))
    assert "storage_step" in violations(plan, "storage", lambda t: t[t["period"] != "2027Q3"])
    assert "storage.capacity_mw" in violations(plan, "storage", lambda t: t.assign(capacity_mw=t["capacity_mw"].where(t["block"] == "calm", 5.0)))
    assert {"storage_max", "storage_cycles"} & violations(plan, "storage", lambda t: t.assign(capacity_mw=9.0))

    def all_day(table):
        return table.assign(discharge_mw=table["capacity_mw"] / 2, charge_mw=table["capacity_mw"] / 2)

    assert {"storage_cycles", "storage_energy"} <= violations(plan, "storage", all_day)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"storage": battery(), "grid": None, "tariffs": None, "sites": edited("sites", zone="")}, "power is not modelled"),
        ({"storage": battery(capex_musd_per_mw=0, capex_musd_per_mwh=0, life_years=10)}, "'life_years' has no effect where both costs are 0"),
        ({"storage": battery(efficiency=1.1)}, "'efficiency' must be between 0.05 and 1"),
        ({"storage": battery(capex_musd_per_mwh=250)}, "'capex_musd_per_mwh' must be at most 10"),
    ],
)
def test_bad_input_is_named(tmp_path, tables, words):
    """Column and rule are said."""
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **tables)
    assert words in str(error.value)
