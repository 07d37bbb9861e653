"""Grid connections: fees, temporary power, demand charges (models/README.md section 2)."""

from __future__ import annotations

import pytest

import placement
from placement.errors import DataError
from tests.layers.small import PERIODS, Row, edited, same_program, small_case, solved, violations

GAS = {"generator": "gas", "site": "north", "tech": "gas", "max_mw": 10, "capex_musd_per_mw": 0.5, "energy_usd_per_mwh": 100}


def charges(usd: float) -> list[Row]:
    """A demand charge in every period."""
    return [{"zone": "z", "period": t, "usd_per_mw_month": usd} for t in PERIODS]


def through(plan: placement.Plan) -> dict[tuple[str, str], float]:
    """Return the highest power through each connection by site and period, read from the energy table."""
    energy = plan.tables["energy"]
    own = energy[~energy["source"].str.startswith("generator:")]
    return own.groupby(["site", "period", "block"])["mw"].sum().groupby(level=[0, 1]).max().to_dict()


def test_the_peak_is_billed_once_a_period(tmp_path):
    """Without another source the plan stays, and costs the charge on its peaks more: computed here from the energy table."""
    plain, charged = solved(small_case(tmp_path / "a")), solved(small_case(tmp_path / "b", demand_charges=charges(5000)))
    case = charged.case
    bill = sum(case.discount[case.periods.index(t)] * mw * 5000 * 3 / 1e6 for (_, t), mw in through(charged).items())
    assert bill > 0.04
    assert charged.objective == pytest.approx(plain.objective + bill, rel=1e-7)
    assert dict(charged.tables["peaks"].set_index(["site", "period"])["mw"]) == pytest.approx(through(charged))


def test_a_demand_charge_shaves_the_peak(tmp_path):
    """A generator that energy prices do not pay is built once the peak has a price, and the billed peak falls."""
    without = solved(small_case(tmp_path / "a", generators=[GAS]))
    with_charge = solved(small_case(tmp_path / "b", generators=[GAS], demand_charges=charges(60_000)))
    assert not len(without.tables["generators"])
    shaved = 0.429 - 0.311667  # MW by which inference's peak stands above its mean: the only hours in which the generator runs
    assert with_charge.tables["generators"]["mw"].max() == pytest.approx(shaved, abs=1e-6)
    assert max(through(with_charge).values()) == pytest.approx(max(through(without).values()) - shaved, abs=1e-6)


def test_without_charges_the_program_is_the_same(tmp_path):
    """Blank columns and an absent table add nothing."""
    grid = edited("grid", opex_musd_per_year="", until="")
    assert same_program(small_case(tmp_path / "a"), small_case(tmp_path / "b", grid=grid))


def test_the_checker_knows_peaks(tmp_path):
    """A billed peak below what flows, or in a zone without a charge, is found."""
    plan = solved(small_case(tmp_path, demand_charges=charges(5000)[:2]))
    assert violations(plan, "peaks", lambda t: t.assign(mw=t["mw"] / 2)) >= {"demand_peak", "cash"}
    assert "peaks.mw" in violations(plan, "peaks", lambda t: t.assign(period=t["period"].replace("2027Q2", "2027Q4")))


def test_a_fee_makes_a_tier_a_decision(tmp_path):
    """A tier at a fee is taken where its power pays and left where it does not; the fee falls due while it is on."""
    spare = {"site": "north", "tier": "spare", "mw": 5, "opex_musd_per_year": 2}
    grid = [*edited("grid", {"site": "north"}, mw=1), spare]
    plan = solved(small_case(tmp_path / "a", grid=grid))
    on = plan.tables["grid"].query("tier == 'spare'")["in_service"].tolist()
    assert on == ["2027Q1"]
    fees = plan.verdict.cash.query("term == 'opex'")["musd"].sum()  # type: ignore[union-attr]
    halls = 1.0 * len(plan.tables["halls"].query("site == 'north'")) + sum(
        1.0 * (4 - PERIODS.index(t)) / 4 for t in plan.tables["halls"].query("site == 'south'")["in_service"]
    )
    assert fees == pytest.approx(halls + 2.0)
    dear = [*edited("grid"), {**spare, "opex_musd_per_year": 40}]
    assert "spare" not in solved(small_case(tmp_path / "b", grid=dear)).tables["grid"]["tier"].tolist()
    assert violations(plan, "grid", lambda t: t[t["tier"] != "spare"]) >= {"grid_limit", "cash"}


def test_temporary_power_ends(tmp_path):
    """Turbines that stand for two quarters carry the job, which runs only then; without them it does not run at all."""
    base = {"site": "north", "tier": "n", "mw": 0.5, "firmness": 0.999}
    away = edited("grid", {"site": "south"}, capex_musd=500, life_years="")[1]
    temporary = {"site": "north", "tier": "turbines", "mw": 20, "until": "2027Q2"}
    plan = solved(small_case(tmp_path / "a", jobs=edited("jobs", earliest="2027Q1"), grid=[base, temporary, away]))
    assert plan.tables["training"]["end"].tolist() == ["2027Q2"]
    flows = plan.tables["energy"].groupby("period")["mw"].max()
    assert flows["2027Q2"] > 1
    assert flows[["2027Q3", "2027Q4"]].max() <= 0.5
    assert not len(solved(small_case(tmp_path / "b", grid=[base, away])).tables["training"])

    def later(table):
        return table.assign(period=table["period"].replace({"2027Q1": "2027Q3", "2027Q3": "2027Q1"}))

    assert "grid_limit" in violations(plan, "energy", later)


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"grid": edited("grid", until="2026Q4", life_years="")}, "grid: column 'until' must not lie before available"),
        ({"grid": edited("grid", {"site": "south"}, until="2027Q3")}, "column 'life_years' must be blank for a tier that ends"),
        ({"grid": edited("grid")[:1], "demand_charges": [{"zone": "y", "period": "2027Q1", "usd_per_mw_month": 1}]}, "must be in tariffs.zone"),
        ({"demand_charges": [{"zone": "z", "period": "2027Q1", "usd_per_mw_month": 0}]}, "'usd_per_mw_month' must be between 0.01"),
    ],
)
def test_bad_input_is_named(tmp_path, tables, words):
    """Table, column and rule are said."""
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **tables)
    assert words in str(error.value)


def test_a_charge_needs_a_connection(tmp_path):
    """A charge in a zone whose sites have no connection has no effect."""
    sites = edited("sites", {"site": "south"}, zone="y")
    tariffs = [{**row, "zone": zone} for zone in ("z", "y") for row in edited("tariffs")]
    with pytest.raises(DataError, match="no site of the zone has a grid connection"):
        small_case(tmp_path, sites=sites, tariffs=tariffs, grid=edited("grid")[:1], demand_charges=[{"zone": "y", "period": "2027Q1", "usd_per_mw_month": 9}])
