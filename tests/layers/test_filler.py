"""Preemptible jobs: gangs on units that inference leaves idle outside the stress block."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import SETTINGS, TABLES, Rows, edited, small_case, solved, violations

#: The northern site with 500 units, no more to be had; at a peak of twice the mean the services need 400 units, and (1/2 - 0.1) / 0.9 of them in calm hours.
PLACE: dict[str, Rows | None] = {
    "sites": [TABLES["sites"][0]], "halls": [TABLES["halls"][0]], "grid": [TABLES["grid"][0]], "skus": [{**TABLES["skus"][0], "life_years": ""}],
    "offers": None, "installed": [{"domain": "north", "sku": "old", "units": 500}],
    "service_skus": [TABLES["service_skus"][0]], "links": [row for row in TABLES["links"] if row["link"] != "es"],
}  # fmt: skip
CALM = (1 / 2 - 0.1) / 0.9
LENT = 2 * 8640 * 1e6 / 86400 * 2 / 1000  # units that both metros need at their peak


def fill(units: int, periods: int = 2, **cells: object) -> dict[str, Rows | None]:
    """Return the tables with the job of so many units and periods."""
    job_skus = [{"job": "big", "sku": "old", "units": units, "duration_periods": periods}]
    return {**PLACE, "jobs": edited("jobs", **{"preemptible": 1, **cells}), "job_skus": job_skus}


def most() -> float:
    """Units that are free in calm hours."""
    return 500 - LENT * CALM


def test_filler_runs_where_another_job_has_no_room(tmp_path):
    """300 units are free in calm hours, 100 at the peak: a preemptible job of 300 runs beside all inference, an ordinary one does not."""
    assert pytest.approx(400) == LENT
    plan = solved(small_case(tmp_path / "yes", **fill(300)))
    assert plan.kpis["fillers_placed"] == 1
    assert plan.kpis["unserved_share"] == pytest.approx(0)
    assert (plan.tables["chips"]["training"] == 0).all()
    ordinary = solved(small_case(tmp_path / "no", **fill(300, preemptible=0)))
    assert ordinary.kpis["unserved_share"] > 0.1  # its value drives inference out while it runs
    assert plan.objective < ordinary.objective


@pytest.mark.parametrize(("units", "placed"), [(322, 1), (323, 0)])
def test_filler_takes_what_services_leave_in_calm_hours(tmp_path, units, placed):
    """Of 500 units 400 * 0.444 = 177.8 work for services in calm hours: 322 are left, where nothing may stay unserved."""
    assert 322 < most() < 323
    services = [{k: v for k, v in TABLES["services"][0].items() if k != "unmet_usd_per_mtok"}]
    plan = solved(small_case(tmp_path, **fill(units), services=services))
    assert len(plan.tables["training"]) == placed


def test_filler_takes_longer(tmp_path):
    """Two periods of work take two and a quarter of calm hours (0.9 of all), so three whole periods; in the window of two there is no start."""
    plan = solved(small_case(tmp_path / "three", **fill(100)))
    run = plan.tables["training"].iloc[0]
    assert (run["start"], run["end"]) == ("2027Q1", "2027Q3")
    assert plan.kpis["filler_units_mean"] == pytest.approx(100 * 3 / 4)
    case = small_case(tmp_path / "two", **fill(100, latest="2027Q2"))
    assert "dates" in set(build_sides(case).demand.exclusions["rule"])
    assert solved(case).tables["training"].empty


def test_filler_draws_power_in_calm_hours_only(tmp_path):
    """The stress block draws what inference alone does; the calm one 300 units more, above their idle draw."""
    with_job, alone = (solved(small_case(tmp_path / n, **fill(300, **cells))) for n, cells in (("a", {}), ("b", {"value_musd": 1e-4})))
    first = [plan.tables["energy"].query("period == '2027Q1'").set_index("block")["mw"] for plan in (with_job, alone)]
    assert len(alone.tables["training"]) == 0
    assert first[0]["stress"] == pytest.approx(first[1]["stress"])
    assert first[0]["calm"] - first[1]["calm"] == pytest.approx(1.1 * 0.8 * 300 / 1000)
    mwh = 3 * 1.1 * 0.8 * 0.3 * 0.9 * 3 * 730.5
    assert with_job.kpis["energy_musd"] - alone.kpis["energy_musd"] == pytest.approx(mwh * 50 / 1e6)


def test_filler_runs_without_power_in_the_stress_block(tmp_path):
    """Where the grid is interrupted then, inference goes unserved but a filler asks nothing of the stress block: `power` does not exclude it."""
    grid = [{**TABLES["grid"][0], "interruptible": 1}]
    skus = [{**TABLES["skus"][0], "idle_share": 0, "life_years": ""}]
    case = small_case(tmp_path, **{**fill(300), "grid": grid, "skus": skus})
    assert "power" not in set(build_sides(case).demand.exclusions["rule"])
    assert len(solved(case).tables["training"]) == 1


def test_filler_needs_services_on_its_chips(tmp_path):
    """Where no service may run on the SKU at the site there are no units to fill: rule `filler`."""
    services = edited("services", hbm_gb=10000)
    skus = [{**TABLES["skus"][0], "life_years": ""}]
    case = small_case(tmp_path, **{**fill(100), "services": services, "skus": skus})
    assert "filler" in set(build_sides(case).demand.exclusions["rule"])
    assert solved(case).tables["training"].empty


def test_two_fillers_share_what_is_left(tmp_path):
    """Fillers compete with one another: of two that fit alone the better one runs at a time."""
    tables = fill(300, 1)
    jobs = [{"job": n, "value_musd": v, "preemptible": 1, "latest": "2027Q2"} for n, v in (("big", 80), ("more", 90))]
    job_skus = [{"job": n, "sku": "old", "units": 300, "duration_periods": 1} for n in ("big", "more")]
    plan = solved(small_case(tmp_path, **{**tables, "jobs": jobs, "job_skus": job_skus}))
    assert plan.tables["training"]["job"].tolist() == ["more"]


def test_nothing_is_built_without_fillers(tmp_path):
    """No variable and no row; with one, a lull per place and period, and one row of services per site and period."""
    plain, full = (assemble(build_sides(small_case(tmp_path / n, **t)))[0] for n, t in (("a", fill(300, preemptible=0)), ("b", fill(300))))
    assert not any(name.startswith(("lull", "filler")) for name in (*plain.supply_names, *plain.row_names))
    assert sorted(n for n in full.supply_names if n.startswith("lull")) == [f"lull[north,old,{t}]" for t in range(4)]
    names = list(full.row_names)
    row = full.rows[[names.index("lull[north,old,0]")]]
    entries = {full.column_name(int(j)): v for j, v in zip(row.indices, row.data, strict=True)}
    assert entries["lull[north,old,0]"] == 1
    assert entries["serving[north,old,0]"] == -1
    assert sum(v for n, v in entries.items() if n.startswith("x[")) == pytest.approx(LENT * CALM)
    assert not any(n.startswith("compute") for n in names)  # the only job is a filler


@pytest.mark.parametrize(
    ("table", "edit", "rule"),
    [
        ("training", lambda df: df.assign(end="2027Q2"), "job_window"),
        ("chips", lambda df: df.assign(training=300.0), "chips.training"),
        ("energy", lambda df: df.assign(mw=df["mw"].where(df["block"] == "stress", df["mw"] - 0.01)), "power"),
        ("inference", lambda df: df.assign(share=df["share"] * 2, units=df["units"] * 2), "lull"),
    ],
)
def test_checker_sees(tmp_path, table, edit, rule):
    """A filler that works in the stress block, uses units of its own, draws no power, or meets more inference than there is room for is found."""
    plan = solved(small_case(tmp_path, **fill(322)))
    assert rule in violations(plan, table, edit)


def test_fillers_and_other_jobs_do_not_share_units(tmp_path):
    """300 units of a filler and 250 of another job are more than 500: they run one after the other, and the checker finds them together."""
    jobs = [{"job": "big", "value_musd": 80, "preemptible": 1}, {"job": "own", "value_musd": 30}]
    job_skus = [{"job": n, "sku": "old", "units": u, "duration_periods": d} for n, u, d in (("big", 300, 2), ("own", 250, 1))]
    plan = solved(small_case(tmp_path, **{**PLACE, "jobs": jobs, "job_skus": job_skus}))
    runs = plan.tables["training"].set_index("job")
    assert runs.loc["own", "start"] in ("2027Q1", "2027Q4")
    begin = runs.loc["big", "start"]
    together = runs.assign(start=begin, end=[r.end if name == "big" else begin for name, r in runs.iterrows()]).reset_index()
    assert "filler" in violations(plan, "training", lambda df: together[df.columns])


@pytest.mark.parametrize(
    ("tables", "settings", "message"),
    [
        (fill(300, min_firmness=0.9), {}, "column 'min_firmness' must be blank for a preemptible job"),
        (fill(300, duty=0.5), {}, "column 'duty' must be blank for a preemptible job"),
        (fill(300, 4, mandatory=1), {}, "column 'latest' must leave a mandatory job, from earliest on"),
        (
            {**fill(300), "skus": [{**TABLES["skus"][0], "life_years": ""}, {**TABLES["skus"][0], "sku": "own", "life_years": ""}],
             "job_skus": [{"job": "big", "sku": "own", "units": 9, "duration_periods": 1}]},
            {}, "leaves the job no place",
        ),
    ],
)  # fmt: skip
def test_bad_input(tmp_path, tables, settings, message):
    """Each rule on preemptible jobs names what is wrong."""
    with pytest.raises(DataError) as error:
        small_case(tmp_path, settings, **tables)
    assert message in str(error.value)


def test_there_must_be_calm_hours(tmp_path):
    """With one block, which is the stress block, nothing is left for a preemptible job."""
    tariffs = [{**row, "block": "all"} for row in TABLES["tariffs"] if row["block"] == "calm"]
    with pytest.raises(DataError, match="column 'preemptible' needs a block beside the stress block"):
        small_case(tmp_path, blocks="", **fill(100), tariffs=tariffs, services=edited("services", peak_to_mean=1))


def test_settings_are_those_of_the_small_case():
    """Four quarters: three of them hold the stretched job."""
    assert SETTINGS["periods"] == 4


def test_fillers_wait_for_the_service_that_waits_for_a_release(tmp_path):
    """Units are lent from the release on; a release that only such a filler could make in turn is never out, and neither are columns for it."""
    services = [{**TABLES["services"][0], "release": "v1"}, {**TABLES["services"][0], "service": "code", "release": "v2"}]
    jobs = [{"job": "big", "value_musd": 80}, {"job": "fill", "value_musd": 20, "preemptible": 1}]
    job_skus = [{"job": n, "sku": "old", "units": 50, "duration_periods": d} for n, d in (("big", 2), ("fill", 1))]
    releases = [{"release": "v1", "job": "big"}, {"release": "v2", "job": "fill"}]
    demand = [{**row, "service": s} for row in TABLES["demand"] for s in ("chat", "code")]
    service_skus = [{"service": s, "sku": "old", "tok_per_s": 1000} for s in ("chat", "code")]
    tables = {**PLACE, "jobs": jobs, "job_skus": job_skus, "services": services, "releases": releases, "demand": demand, "service_skus": service_skus}
    case = small_case(tmp_path, {"periods": 4}, **tables)
    columns = build_sides(case).columns
    ends = {
        name: frame.loc[frame["job"] == j, ["start", "end"]].to_numpy().tolist()
        for kind, _, frame in columns.blocks()
        if kind == "training"
        for j, name in enumerate(("big", "fill"))
    }
    assert ends["fill"] == [[2, 3]]  # 1 / 0.9 periods are two
    plan = solved(case)
    assert plan.tables["releases"].set_index("release")["released"].to_dict() == {"v1": "2027Q3", "v2": ""}
    assert set(plan.tables["inference"]["service"]) == {"chat"}
