"""Deferrable jobs: a share of the hours at full power, in the hours that suit the site."""

from __future__ import annotations

import numpy as np
import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import BLOCKS, TABLES, Rows, edited, small_case, solved, violations

NO_SERVICES: dict[str, Rows | None] = {"services": None, "service_skus": None, "demand": None, "metros": None, "links": None}
ALONE: dict[str, Rows | None] = {  # the northern site, which runs already, with one SKU
    **NO_SERVICES, "sites": [TABLES["sites"][0]], "halls": [TABLES["halls"][0]], "grid": [TABLES["grid"][0]], "skus": [TABLES["skus"][0]],
    "offers": [TABLES["offers"][0]], "job_skus": [TABLES["job_skus"][0]],
}  # fmt: skip
IT = 0.8  # MW above idle of the job's 1000 units of 1 kW
ACTIVE = 1.1 * IT  # at the meter
HOURS = 3 * 730.5


def energy(plan, block: str) -> float:
    """Return MW taken in the first period in a block."""
    table = plan.tables["energy"]
    return float(table.loc[(table["block"] == block) & (table["period"] == "2027Q1"), "mw"].sum())


def test_prices_move_energy_to_calm_hours(tmp_path):
    """At duty 0.5 half the energy is drawn, and none of it in the stress block, whose energy is dear."""
    plan = solved(small_case(tmp_path, **{**ALONE, "jobs": edited("jobs", duty=0.5)}))
    always = solved(small_case(tmp_path / "1", **ALONE))
    idle = 1.1 * 0.2
    assert energy(always, "stress") == pytest.approx(idle + ACTIVE)
    assert energy(plan, "stress") == pytest.approx(idle)
    assert energy(plan, "calm") == pytest.approx(idle + 0.5 / 0.9 * ACTIVE)
    shift = plan.tables["shifts"].query("period == '2027Q1'").set_index("block")["mw"]
    assert shift.to_dict() == pytest.approx({"stress": -0.5 * IT, "calm": 0.5 * 0.1 / 0.9 * IT})
    assert plan.kpis["shifted_gwh"] == pytest.approx(2 * 0.5 * 0.1 * IT * HOURS / 1e3)
    saved = 2 * ACTIVE * HOURS * (0.1 * 150 + 0.4 * 50) / 1e6  # two periods: all of the stress hours, 0.4 of the calm ones
    assert always.kpis["energy_musd"] - plan.kpis["energy_musd"] == pytest.approx(saved)


@pytest.mark.parametrize(("duty", "placed"), [(1.0, 0), (0.95, 0), (0.9, 1), (0.5, 1)])
def test_power_that_is_interrupted_in_the_stress_block(tmp_path, duty, placed):
    """Where the grid gives nothing in the stress block, a tenth of the hours, jobs run that need nine tenths of the hours at most."""
    tables = {**ALONE, "grid": [{**TABLES["grid"][0], "interruptible": 1}], "skus": [{**TABLES["skus"][0], "idle_share": 0}]}
    case = small_case(tmp_path, **{**tables, "jobs": edited("jobs", duty=duty)})
    assert len(solved(case).tables["training"]) == placed
    assert ("power" in set(build_sides(case).demand.exclusions["rule"])) == (not placed)


def test_each_duty_has_its_own_balance(tmp_path):
    """A job of duty 0.95 cannot leave the stress block empty because another one of duty 0.1 has hours to spare."""
    jobs = [{"job": "busy", "value_musd": 90, "duty": 0.95}, {"job": "idle", "value_musd": 90, "duty": 0.1}]
    job_skus = [{"job": j["job"], "sku": "old", "units": 1000, "duration_periods": 4} for j in jobs]
    plan = solved(small_case(tmp_path, **{**ALONE, "jobs": jobs, "job_skus": job_skus}))
    assert len(plan.tables["training"]) == 2
    least = (0.95 - 0.9) / 0.1 * ACTIVE  # of the busy job, in the stress block with all calm hours full
    assert energy(plan, "stress") == pytest.approx(2 * 1.1 * 0.2 + least)


def test_jobs_of_one_duty_share_the_hours(tmp_path):
    """A stress limit that leaves power for one of two jobs at a time is met by shifting; the bound of each block is the jobs' full power."""
    jobs = [{"job": n, "value_musd": 90, "duty": 0.6} for n in ("a", "b")]
    job_skus = [{"job": j["job"], "sku": "old", "units": 1000, "duration_periods": 4} for j in jobs]
    grid = [{"site": "north", "tier": "n", "mw": 2 * 1.1 * 0.2 + 1.3 * ACTIVE, "firmness": 0.999}]
    plan = solved(small_case(tmp_path, **{**ALONE, "jobs": jobs, "job_skus": job_skus, "grid": grid}))
    assert len(plan.tables["training"]) == 2
    always = [{**j, "duty": 1} for j in jobs]
    plan = solved(small_case(tmp_path / "1", **{**ALONE, "jobs": always, "job_skus": job_skus, "grid": grid}))
    assert len(plan.tables["training"]) == 1


def test_nothing_is_built_without_deferrable_jobs(tmp_path):
    """A duty of 1 is no duty: the program is the same to the last coefficient."""
    plain, full = (assemble(build_sides(small_case(tmp_path / n, **t)))[0] for n, t in (("a", {}), ("b", {"jobs": edited("jobs", duty=1)})))
    assert plain.row_names == full.row_names
    assert plain.supply_names == full.supply_names
    assert (plain.matrix != full.matrix).nnz == 0
    assert not any("shift" in name or "deferrable" in name for name in (*plain.row_names, *plain.supply_names))


def test_rows_as_written(tmp_path):
    """Per site, duty and period: one balance, and two limits per block."""
    program = assemble(build_sides(small_case(tmp_path, **{**ALONE, "jobs": edited("jobs", duty=0.5)})))[0]
    names = list(program.row_names)
    row = program.rows[[names.index("deferrable[north,0.5,0]")]]
    entries = {program.column_name(int(j)): v for j, v in zip(row.indices, row.data, strict=True)}
    assert entries == pytest.approx({"deferrable_mw[north,0.5,0]": 1.0, "x[0]": -IT})
    assert sum(n.startswith("shift_energy") for n in names) == 4
    assert sum(n.startswith(("shift_up", "shift_down")) for n in names) == 4 * 2 * 2
    power = program.rows[[names.index("power[north,0,0]")]]
    assert dict(zip(map(program.column_name, power.indices.tolist()), np.round(power.data, 9), strict=True))["x[0]"] == pytest.approx(0.5 * ACTIVE)


@pytest.mark.parametrize(
    ("table", "column", "edit", "rules"),
    [
        ("shifts", "mw", lambda x: 2 * x, {"shift_down", "power"}),
        ("shifts", "mw", lambda x: x.clip(upper=0), {"shift_energy"}),
        ("shifts", "mw", lambda x: x.abs() + 1, {"shift_up", "shift_energy", "power"}),
        ("shifts", "duty", lambda x: x + 0.1, {"shifts.duty", "power"}),
        ("shifts", "mw", lambda x: 0 * x, {"power"}),
    ],
)
def test_checker_sees(tmp_path, table, column, edit, rules):
    """Shifts that are too large, do not balance, or of jobs that are not there are found, and power that is then missing."""
    plan = solved(small_case(tmp_path, **{**ALONE, "jobs": edited("jobs", duty=0.5)}))
    assert rules <= violations(plan, table, lambda df: df.assign(**{column: edit(df[column])}))


def test_duty_needs_power(tmp_path):
    """Where power is not modelled a duty says nothing."""
    with pytest.raises(DataError, match="column 'duty' has no effect: power is not modelled"):
        small_case(tmp_path, **{**ALONE, "grid": None, "tariffs": None, "jobs": edited("jobs", duty=0.5)})


def test_the_case_has_two_blocks():
    """The figures above are of a stress block of a tenth of the hours."""
    assert BLOCKS.count("[[blocks]]") == 2
    assert "share = 0.1" in BLOCKS
