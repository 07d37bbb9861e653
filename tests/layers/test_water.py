"""Heat, water, and what the community around a site grants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import placement
from placement.errors import DataError
from placement.program import assemble, build_sides
from placement.report import render
from placement.run import check_run
from tests.layers.small import edited, small_case, solved, violations

NORTH = {"site": "north"}
JOB = 500 * 1.5 / 1e3  # MW of the gang
CHAT_PEAK = 160 * 1.5 / 1e3  # MW of the service's units at their peak


def north_mw(plan, block="stress"):
    """Return MW at the meter of north by period in a block."""
    rows = plan.tables["energy"].query("site == 'north' and block == @block")
    return rows.groupby("period")["mw"].sum().reindex(plan.case.periods).fillna(0.0).to_numpy()


def test_heat_limits_the_stress_block(tmp_path):
    """0.99 MW of IT power ran in the stress block at north; with a plant for 0.9 MW no more than that does."""
    free = solved(small_case(tmp_path / "a"))
    assert north_mw(free).max() == pytest.approx((JOB + CHAT_PEAK) * 1.1)
    tight = solved(small_case(tmp_path / "b", sites=edited("sites", NORTH, heat_mw=0.9)))
    assert north_mw(tight).max() <= 0.9 * 1.1 + 1e-9
    assert tight.objective > free.objective
    assert violations(replace(free, case=tight.case), "energy", lambda t: t) == {"heat_limit"}


def test_heat_does_not_limit_the_calm_hours(tmp_path):
    """Where the service rests in the calm block, more may run there than the plant rejects on the hottest day."""
    plan = solved(small_case(tmp_path, sites=edited("sites", NORTH, heat_mw=0.9)))
    one = assemble(build_sides(plan.case))[0]
    assert sorted(name for name in one.row_names if name.startswith("heat_limit")) == [f"heat_limit[north,{t}]" for t in range(4)]


def test_water_moves_work_away(tmp_path):
    """With half of the water that it used, the job leaves north for a site that must be built, and the plan is worse."""
    wet = edited("sites", NORTH, wue_l_per_kwh=1.8)
    free = solved(small_case(tmp_path / "a", sites=wet))
    hours = free.case.hours
    mwh = sum(float(north_mw(free, b.name).sum()) * hours[i] for i, b in enumerate(free.case.blocks)) / 1.1
    assert free.kpis["water_ml"] == pytest.approx(mwh * 1.8 / 1e3)
    half = [{**row, "water_ml_per_year": free.kpis["water_ml"] / 2} if row["site"] == "north" else row for row in wet]
    tight = solved(small_case(tmp_path / "b", sites=half))
    assert tight.kpis["water_ml"] <= free.kpis["water_ml"] / 2 * (1 + 1e-6)
    assert tight.objective > free.objective
    assert (list(free.tables["training"]["site"]), list(tight.tables["training"]["site"])) == (["north"], ["south"])
    assert violations(replace(free, case=tight.case), "energy", lambda t: t) == {"water", "water.right_ml"}


def test_power_that_is_sold_uses_no_water(tmp_path):
    """An engine whose output is all sold, and a battery's losses, leave the water used as it was; what is taken grows."""
    sites = edited("sites", wue_l_per_kwh=2.0)
    plain = solved(small_case(tmp_path / "a", sites=sites))
    engine = {"generator": "gas", "site": "north", "tech": "gas", "max_mw": 5, "capex_musd_per_mw": 0.001, "energy_usd_per_mwh": 20, "export_usd_per_mwh": 60}
    battery = {"storage": "b", "site": "north", "max_mw": 1, "hours": 4, "efficiency": 0.8}
    selling = solved(small_case(tmp_path / "b", sites=sites, generators=[engine]))
    storing = solved(small_case(tmp_path / "c", sites=sites, storage=[battery]))
    assert selling.kpis["export_gwh"] > 10 and storing.kpis["storage_gwh"] > 0.1
    assert selling.kpis["energy_gwh"] > storing.kpis["energy_gwh"] > plain.kpis["energy_gwh"]
    assert [one.kpis["water_ml"] for one in (selling, storing)] == pytest.approx([plain.kpis["water_ml"]] * 2, rel=1e-6)


def test_dry_winters_leave_water_for_the_summer(tmp_path):
    """Water is counted over the year with the WUE of each season: two quarters without any leave the right to the other two."""
    sites = edited("sites", NORTH, wue_l_per_kwh=2.0, water_ml_per_year=1.0)
    rows = [{"site": "north", "quarter": q, "wue_l_per_kwh": 0.0} for q in (1, 4)]
    case = small_case(tmp_path, sites=sites, cooling=rows)
    program = assemble(build_sides(case))[0]
    row = program.rows[[i for i, name in enumerate(program.row_names) if name.startswith("water[")]]
    assert program.row_names.count("water[north,2027]") == 1
    names = {program.column_name(int(j)): float(v) for j, v in zip(row.indices, row.data, strict=True)}
    ml_per_mw = {f"[north,{t},{b}]": 2.0 / 1.1 * case.hours[b] / 1e3 for t in (1, 2) for b in (0, 1)}
    assert names == pytest.approx({**{f"grid_mw{i}": ml for i, ml in ml_per_mw.items()}, **{f"spilled_mw{i}": -ml for i, ml in ml_per_mw.items()}})


def test_part_of_a_year_has_part_of_the_right(tmp_path):
    """A horizon of three quarters from autumn holds one quarter of the first year and two of the next."""
    case = small_case(tmp_path, {"start": "2026Q4"}, sites=edited("sites", NORTH, wue_l_per_kwh=2.0, water_ml_per_year=4.0),
                      tariffs=[{"zone": "z", "period": t, "block": b, "energy_usd_per_mwh": 50} for t in ("2026Q4", "2027Q1", "2027Q2", "2027Q3")
                               for b in ("stress", "calm")],
                      demand=[{"service": "chat", "metro": m, "period": "2027Q1", "mtok_per_day": 8640} for m in ("oslo", "madrid")])  # fmt: skip
    program = assemble(build_sides(case))[0]
    right = {name: program.row_upper[i] for i, name in enumerate(program.row_names) if name.startswith("water[")}
    assert right == {"water[north,2026]": 1.0, "water[north,2027]": 3.0}


def test_benefits_buy_power(tmp_path):
    """A cap of 0.5 MW keeps the job out of north; 1 MW more for a fee that is worth it lets it in, and is paid for while the job needs it."""
    capped = edited("sites", NORTH, community_mw=0.5)
    shut = solved(small_case(tmp_path / "a", sites=capped))
    assert north_mw(shut).max() <= 0.5 + 1e-9
    bought = solved(small_case(tmp_path / "b", sites=capped, local_benefits=[{"site": "north", "extra_mw": 1, "usd_per_mw_year": 100_000}]))
    assert north_mw(bought).max() > 0.9
    assert bought.objective < shut.objective
    extra = bought.tables["local_benefits"].set_index("period")["extra_mw"]
    needed = np.maximum(north_mw(bought) - 0.5, 0)
    assert extra.reindex(bought.case.periods).fillna(0).to_numpy() == pytest.approx(needed)
    assert bought.kpis["opex_community_musd"] == pytest.approx(needed.sum() * 0.1 / 4)
    assert violations(bought, "local_benefits", lambda t: t.assign(extra_mw=t["extra_mw"] / 2)) >= {"community_cap", "cash"}
    assert violations(bought, "local_benefits", lambda t: t.assign(extra_mw=2)) >= {"local_benefits"}


def test_benefits_buy_water(tmp_path):
    """A community's cap on water holds north down; water against benefits lets it run, priced by the megalitre and used in its year."""
    wet = {"wue_l_per_kwh": 2.0}
    free = solved(small_case(tmp_path / "a", sites=edited("sites", NORTH, **wet)))
    capped = edited("sites", NORTH, **wet, community_water_ml_per_year=4.0)
    shut = solved(small_case(tmp_path / "b", sites=capped))
    grant = [{"site": "north", "extra_water_ml_per_year": 100, "usd_per_ml": 2_000}]
    bought = solved(small_case(tmp_path / "c", sites=capped, local_benefits=grant))
    assert free.objective < bought.objective < shut.objective
    assert "local_benefits" not in shut.tables or shut.tables["local_benefits"].empty
    said = bought.tables["local_benefits"]
    assert said["extra_ml"].sum() == pytest.approx(bought.kpis["water_ml"] - 4.0 * bought.case.n_periods / 4, rel=1e-6)
    assert bought.kpis["opex_cooling_musd"] == pytest.approx(said["extra_ml"].sum() * 0.002)
    assert violations(bought, "local_benefits", lambda t: t.assign(extra_ml=t["extra_ml"] / 2)) >= {"community_water", "cash"}
    assert violations(bought, "local_benefits", lambda t: t.assign(extra_ml=200)) >= {"local_benefits"}


TWO_YEARS = {"start": "2026Q4"}
FOUR_QUARTERS = ("2026Q4", "2027Q1", "2027Q2", "2027Q3")


def test_the_table_tells_water_by_year_beside_its_limits(tmp_path):
    """Water of each calendar year by hand; the right and the community's cap for its quarters, what is granted included; blank where there is none."""
    dated = {
        "tariffs": [{"zone": "z", "period": t, "block": b, "energy_usd_per_mwh": 50} for t in FOUR_QUARTERS for b in ("stress", "calm")],
        "demand": [{"service": "chat", "metro": m, "period": t, "mtok_per_day": 8640} for m in ("oslo", "madrid") for t in FOUR_QUARTERS],
        "offers": edited("offers", period="2026Q4"),
    }
    wet = edited("sites", NORTH, wue_l_per_kwh=1.8, community_water_ml_per_year=4.0)
    grant = [{"site": "north", "extra_water_ml_per_year": 100, "usd_per_ml": 2_000}]
    plan = solved(small_case(tmp_path, TWO_YEARS, sites=wet, local_benefits=grant, **dated))
    said = plan.water.set_index(["site", "year"])
    assert list(said.index) == [("north", "2026"), ("north", "2027")]
    mw = [sum(north_mw(plan, b.name)[t] * plan.case.hours[i] for i, b in enumerate(plan.case.blocks)) for t in range(4)]
    assert said["water_ml"].to_numpy() == pytest.approx(np.array([mw[0], sum(mw[1:])]) / 1.1 * 1.8 / 1e3, rel=1e-6)
    assert said["water_ml"].sum() == pytest.approx(plan.kpis["water_ml"])
    assert said["right_ml"].isna().all()
    extra = plan.local_benefits.groupby(plan.local_benefits["period"].str[:4])["extra_ml"].sum().reindex(["2026", "2027"]).fillna(0).to_numpy()
    assert said["community_ml"].to_numpy() == pytest.approx(np.array([1.0, 3.0]) + extra)
    assert extra.sum() > 0 and (said["water_ml"] <= said["community_ml"] * (1 + 1e-6)).all()
    for column in ("water_ml", "community_ml"):
        assert violations(plan, "water", lambda t, c=column: t.assign(**{c: t[c] + 1})) == {f"water.{column}"}
    assert violations(plan, "water", lambda t: t.assign(right_ml=9.0)) == {"water.right_ml"}
    assert violations(plan, "water", lambda t: t.iloc[:1]) == {"water.water_ml"}
    assert violations(plan, "water", lambda t: t.assign(year=["2026", "2031"])) == {"format"}
    page = render(plan.case, plan.tables, plan.summary, plan.prices, plan.progress, plan.exclusions)
    assert "Water used at sites with a WUE" in page and "<td>2027</td>" in page.partition("<h3>Water</h3>")[2].partition("</table>")[0]
    placement.write_plan(plan, tmp_path / "run")
    verdict, facts = check_run(plan.case, tmp_path / "run")
    assert verdict.ok and facts["holds"]


def test_a_price_of_water_names_its_year(tmp_path):
    """Two years that bind are two rows with their years; the report shows the limit of each."""
    dated = {
        "tariffs": [{"zone": "z", "period": t, "block": b, "energy_usd_per_mwh": 50} for t in FOUR_QUARTERS for b in ("stress", "calm")],
        "demand": [{"service": "chat", "metro": m, "period": t, "mtok_per_day": 8640} for m in ("oslo", "madrid") for t in FOUR_QUARTERS],
        "offers": edited("offers", period="2026Q4"),
    }
    sites = edited("sites", wue_l_per_kwh=1.8, community_water_ml_per_year=0.5)
    plan = solved(small_case(tmp_path, TWO_YEARS, sites=sites, jobs=None, job_skus=None, **dated))
    rows = plan.prices.query("kind == 'community_water' and place == 'north'")
    assert sorted(rows["period"]) == ["2026", "2027"]
    page = render(plan.case, plan.tables, plan.summary, plan.prices, plan.progress, plan.exclusions)
    told = page.partition("Communities&#39; caps on water")[2] or page.partition("Communities' caps on water")[2] or page.partition("caps on water")[2]
    assert ">Year</th>" in told.partition("</table>")[0] and "<td>2026</td>" in told.partition("</table>")[0]


def test_power_that_must_run_and_is_spilled_uses_no_water(tmp_path):
    """The key figure and the table count what chips and workloads draw, and not the output that nobody uses."""
    engine = {
        "generator": "gas",
        "site": "north",
        "tech": "gas",
        "max_mw": 5,
        "unit_mw": 5,
        "min_load": 0.9,
        "energy_usd_per_mwh": 0.01,
        "capex_musd_per_mw": 0.01,
    }
    plan = solved(small_case(tmp_path, sites=edited("sites", NORTH, wue_l_per_kwh=2.0), generators=[engine]))
    assert plan.kpis["energy_gwh"] > 20
    chips_mwh = (JOB * 2 + CHAT_PEAK * 4) * 2191.5  # no more than that: the gang for two quarters, the service at its peak for four
    assert 0 < plan.kpis["water_ml"] < chips_mwh * 2.0 / 1e3 * 1.01


def test_absent_figures_build_nothing(tmp_path):
    """A WUE alone is told in the key figures and changes no row."""
    one = assemble(build_sides(small_case(tmp_path / "a")))[0]
    two = assemble(build_sides(small_case(tmp_path / "b", sites=edited("sites", wue_l_per_kwh=1.0))))[0]
    assert one.row_names == two.row_names
    assert not [name for name in one.row_names if name.startswith(("heat_limit", "water", "community"))]
    assert "water_ml" not in solved(small_case(tmp_path / "c")).kpis


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"sites": edited("sites", water_ml_per_year=1)}, "the site uses no water"),
        ({"cooling": [{"site": "north", "wue_l_per_kwh": 1}]}, "needs the yearly figure of the site too"),
        ({"local_benefits": [{"site": "north", "extra_mw": 1, "usd_per_mw_year": 1}]}, "the site has no community_mw"),
        ({"local_benefits": [{"site": "north", "extra_water_ml_per_year": 1}]}, "the site has no community_water_ml_per_year"),
        ({"local_benefits": [{"site": "north", "usd_per_ml": 1}]}, "extra_water_ml_per_year is blank"),
        ({"sites": edited("sites", NORTH, community_mw=1), "local_benefits": [{"site": "north"}]}, "grants nothing"),
        ({"sites": edited("sites", community_water_ml_per_year=1)}, "the site uses no water"),
        ({"sites": edited("sites", heat_mw=1), "grid": None, "tariffs": None}, "heat_mw"),
    ],
)
def test_refusals(tmp_path, tables, words):
    """Rights without use, figures without a yearly one, benefits without a cap and heat without power are refused."""
    with pytest.raises(DataError, match=words):
        small_case(tmp_path, **tables)
