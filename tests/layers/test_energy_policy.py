"""Where energy may come from: clean share, carbon cap, shares of technologies (models/README.md section 2)."""

from __future__ import annotations

import pytest

from placement.errors import DataError
from placement.program import assemble, build_sides
from tests.layers.small import PERIODS, Row, edited, same_program, small_case, solved, violations

PEAK, LATER, CALM, CALM_LATER = 1.089, 0.429, 0.9716667, 0.3116667  # MW drawn in the stress and the calm block: in the job's periods, and in the others
HOURS = 0.25 * 8766
#: A wind contract that blows in calm hours only, dearer than the grid there; one cell more for what is clean.
WIND = [{"ppa": "w", "zone": "z", "tech": "wind", "max_mw": 10, "price_usd_per_mwh": 60, "tenor_periods": 4, "profile": "w", "clean": 1}]
PROFILES = [{"profile": "w", "block": "stress", "factor": 0.05}, {"profile": "w", "block": "calm", "factor": 0.5}]
GAS = {"generator": "gas", "site": "north", "tech": "gas", "max_mw": 10, "capex_musd_per_mw": 0.01, "energy_usd_per_mwh": 55, "co2_kg_per_mwh": 20}


def target(share: float, matching: str, **cells: object) -> list[Row]:
    """A least clean share in every period."""
    return [{"zone": "", "period": t, "matching": matching, "share": share, **cells} for t in PERIODS]


def shares(plan) -> dict[tuple[str, str], float]:
    """Return the share of wind in what is taken, by period and block."""
    mw = plan.tables["energy"].pivot_table(index=["period", "block"], columns="source", values="mw", aggfunc="sum").fillna(0.0)
    return (mw["ppa:w"] / mw.sum(axis=1)).to_dict()


def test_hourly_matching_asks_for_more_than_certificates(tmp_path):
    """At a half, certificates of the period leave the stress block to the grid; matched by the hour every block has its half, at a higher cost."""
    tables = {"ppas": WIND, "profiles": PROFILES}
    dirty = solved(small_case(tmp_path / "0", ppas=[{**WIND[0], "clean": 0}], profiles=PROFILES))
    yearly = solved(small_case(tmp_path / "a", clean_targets=target(0.5, "period"), **tables))
    hourly = solved(small_case(tmp_path / "b", clean_targets=target(0.5, "block"), **tables))
    assert dirty.objective < yearly.objective < hourly.objective
    assert min(shares(hourly).values()) == pytest.approx(0.5)
    assert min(shares(yearly).values()) < 0.45
    assert yearly.kpis["clean_share"] == pytest.approx(0.5)
    assert "clean_match" in violations(hourly, "energy", lambda t: t.assign(mw=t["mw"].where(t["source"] == "grid", t["mw"] * 0.9)))
    assert "clean_energy" in violations(yearly, "energy", lambda t: t.assign(mw=t["mw"].where(t["source"] == "grid", t["mw"] * 0.9)))


def test_clean_share_by_hand(tmp_path):
    """A fifth of the calm hours' grid is clean: a target of a half leaves 3/8 of them to a flat clean contract at 20 $/MWh more."""
    tariffs = edited("tariffs", {"block": "calm"}, clean_share=0.2)
    flat = [{**WIND[0], "profile": "", "price_usd_per_mwh": 70}]
    targets = target(0.5, "block", zone="z")
    plan = solved(small_case(tmp_path / "a", tariffs=tariffs, ppas=flat, clean_targets=targets))
    without = solved(small_case(tmp_path / "b", ppas=[{**flat[0], "clean": 0}]))
    more = 0.0
    for t, load, peak in ((0, CALM, PEAK), (1, CALM, PEAK), (2, CALM_LATER, LATER), (3, CALM_LATER, LATER)):
        assert without.kpis["contract_share"] > 0  # the contract replaces the dear stress hours anyway
        more += plan.case.discount[t] * (70 - 50) * load * 3 / 8 * 0.9 * HOURS / 1e6
        assert peak * 0.5 < load  # so that in the stress block the contract covers the load at all times
    assert plan.objective == pytest.approx(without.objective + more, abs=1e-5)


def test_stored_energy_is_clean_as_it_was_charged(tmp_path):
    """A battery alone cannot make grid energy clean: with nothing clean at night but storage, the sun of the day pays for it."""
    sun = [{"generator": "sun", "site": "north", "tech": "solar", "max_mw": 50, "capex_musd_per_mw": 0.05, "energy_usd_per_mwh": 0, "profile": "w", "clean": 1}]
    day = [{"profile": "w", "block": "stress", "factor": 0}, {"profile": "w", "block": "calm", "factor": 0.3}]
    store = [{"storage": "b", "site": "north", "max_mw": 5, "hours": 4, "efficiency": 0.9, "capex_musd_per_mw": 0.05}]
    plan = solved(small_case(tmp_path, generators=sun, profiles=day, storage=store, clean_targets=target(1, "block")))
    flows = plan.tables["storage"].query("block == 'stress' and period == '2027Q1'")
    assert flows["discharge_mw"].tolist() == pytest.approx([PEAK], abs=1e-5)
    assert set(plan.tables["energy"]["source"]) == {"generator:sun"}


def test_power_is_not_drawn_to_be_counted(tmp_path):
    """A cheap clean plant at a site where nothing stands cannot make the other site's grid energy clean, nor can a price below zero be milked."""
    sun = [{**GAS, "generator": "sun", "site": "south", "tech": "solar", "capex_musd_per_mw": 0.0001, "energy_usd_per_mwh": 0, "co2_kg_per_mwh": 0, "clean": 1}]
    plan = solved(small_case(tmp_path / "a", generators=sun, clean_targets=target(0.5, "block")))
    energy = plan.tables["energy"].groupby(["site", "source"])["mw"].sum()
    south = plan.tables["chips"].query("site == 'south'")["installed"].sum() + plan.tables["chips"].query("site == 'south'")["deployed"].sum()
    assert south > 0 or ("south", "generator:sun") not in energy.index
    more = {"energy": lambda t: t.assign(mw=t["mw"] + 1.0)}
    assert "spill_limit" in violations(plan, "energy", more["energy"])
    paid = edited("tariffs", {"block": "calm"}, energy_usd_per_mwh=-50)
    milked = solved(small_case(tmp_path / "b", tariffs=paid))
    drawn = milked.tables["energy"].query("block == 'calm'").groupby("period")["mw"].sum()
    assert drawn.max() < 1.2  # what chips draw, not the connection's 20 MW
    assert "spill_limit" in violations(milked, "energy", lambda t: t.assign(mw=t["mw"] + 1.0))


def test_what_must_run_may_be_spilled(tmp_path):
    """Must-run output beyond the load is spilled, and counts as clean energy lost: the rest of the site is no cleaner for it."""
    steady = [
        {
            **GAS,
            "generator": "geo",
            "tech": "geothermal",
            "min_load": 1,
            "unit_mw": 3,
            "capex_musd_per_mw": 0.0001,
            "energy_usd_per_mwh": 0,
            "clean": 1,
        }
    ]
    plan = solved(small_case(tmp_path, generators=steady, clean_targets=target(0.9, "block")))
    energy = plan.tables["energy"].groupby(["site", "source"])["mw"].sum()
    assert energy["north", "generator:geo"] > 0
    own = plan.tables["energy"].query("source == 'generator:geo'").groupby(["period", "block"])["mw"].sum()
    assert own.min() >= 3 - 1e-6  # all of it runs, needed or not


def test_to_pyomo_is_the_same_where_power_is_counted(tmp_path):
    """Rows that are equalities in the arrays are equalities in Pyomo."""
    import pyomo.environ as pyo

    import placement

    case = small_case(tmp_path, ppas=WIND, profiles=PROFILES, clean_targets=target(0.5, "block"))
    model = placement.to_pyomo(case)
    pyo.SolverFactory("appsi_highs").solve(model)
    assert pyo.value(model.cost) == pytest.approx(solved(case).objective, abs=1e-5)


def test_a_carbon_cap_turns_to_cleaner_power(tmp_path):
    """Half of the emissions allowed: gas at a fifth of the grid's carbon comes in, and the cap is met to the kilogram."""
    tables = {"generators": [{**GAS, "energy_usd_per_mwh": 155}]}
    free = solved(small_case(tmp_path / "a", **tables))
    total = free.kpis["co2_kt"]
    caps = [{"period": t, "kt": total / 8} for t in PERIODS]
    capped = solved(small_case(tmp_path / "b", carbon_caps=caps, **tables))
    assert free.kpis["co2_own_generation_kt"] == 0
    assert capped.kpis["co2_own_generation_kt"] > 0
    assert capped.kpis["co2_kt"] < total / 2 + 1e-9
    assert capped.kpis["co2_kt"] == pytest.approx(capped.kpis["co2_grid_kt"] + capped.kpis["co2_own_generation_kt"] + capped.kpis["co2_contracts_kt"])
    assert "carbon_cap" in violations(capped, "energy", lambda t: t.assign(source="grid").drop_duplicates(["site", "period", "block"]).assign(mw=2.0))


def test_offsets_are_bought_by_hand(tmp_path):
    """Without another source the excess of each period is offset, at its price; beyond the most there are, demand is left."""
    free = solved(small_case(tmp_path / "a"))
    kt = (
        free.tables["energy"]
        .assign(h=lambda t: t["block"].map({"stress": 0.1 * HOURS, "calm": 0.9 * HOURS}))
        .eval("mw * h * 100 / 1e6")
        .groupby(free.tables["energy"]["period"])
        .sum()
    )
    cap = 0.05
    caps = [{"period": t, "kt": cap, "offset_usd_per_t": 80, "max_offset_kt": 1} for t in PERIODS]
    plan = solved(small_case(tmp_path / "b", carbon_caps=caps))
    excess = {t: kt[t] - cap for t in PERIODS if kt[t] > cap}
    assert dict(plan.tables["offsets"].set_index("period")["kt"]) == pytest.approx(excess, abs=1e-7)
    price = sum(plan.case.discount[PERIODS.index(t)] * x * 80 / 1e3 for t, x in excess.items())
    assert plan.objective == pytest.approx(free.objective + price, abs=1e-7)
    assert {"carbon_cap", "cash"} <= violations(plan, "offsets", lambda t: t.assign(kt=t["kt"] / 2))
    assert "offsets.kt" in violations(plan, "offsets", lambda t: t.assign(kt=1.5))
    few = solved(small_case(tmp_path / "c", carbon_caps=[{**row, "max_offset_kt": 0.01} for row in caps]))
    assert few.objective > plan.objective + 1


def test_a_technology_is_held_to_its_share(tmp_path):
    """Cheap gas would take nearly all; held to 40 % it takes that, by the plan's own table; asked for 90 % it takes that against its price."""
    cheap, dear = [{**GAS, "energy_usd_per_mwh": 40}], [{**GAS, "energy_usd_per_mwh": 160}]
    free = solved(small_case(tmp_path / "a", generators=cheap)).tables["mix"].set_index(["tech", "period"])["share"]
    assert free["gas"].min() > 0.9
    capped = solved(small_case(tmp_path / "b", generators=cheap, mix_limits=[{"tech": "gas", "period": t, "max_share": 0.4} for t in PERIODS]))
    assert capped.tables["mix"].query("tech == 'gas'")["share"].tolist() == pytest.approx([0.4] * 4)
    pushed = solved(small_case(tmp_path / "c", generators=dear, mix_limits=[{"tech": "gas", "period": t, "min_share": 0.9} for t in PERIODS]))
    assert pushed.tables["mix"].query("tech == 'gas'")["share"].tolist() == pytest.approx([0.9] * 4)
    assert "mix_max" in violations(capped, "energy", lambda t: t.assign(mw=t["mw"].where(t["source"] == "grid", t["mw"] * 1.1)))
    assert "mix_min" in violations(pushed, "energy", lambda t: t.assign(mw=t["mw"].where(t["source"] != "grid", t["mw"] * 1.5)))
    assert "mix.gwh" in violations(capped, "mix", lambda t: t[t["tech"] != "gas"])
    assert {"mix.gwh", "mix.share"} <= violations(capped, "mix", lambda t: t.assign(gwh=t["gwh"] * 2, share=t["share"] / 2))


@pytest.mark.parametrize(
    "tables",
    [
        {"tariffs": edited("tariffs", clean_share=0.5), "clean_targets": target(0.5, "block")},
        {"tariffs": edited("tariffs", clean_share=1), "clean_targets": target(1, "period")},
        {"mix_limits": [{"tech": "grid", "period": t, "min_share": 1} for t in PERIODS]},
        {"generators": [{**GAS, "available": "2027Q3"}], "mix_limits": [{"tech": "gas", "period": "2027Q1", "max_share": 0}]},
    ],
)
def test_what_every_plan_keeps_adds_no_row(tmp_path, tables):
    """Grid power that is as clean as is asked, a mix of one source, a technology that is not there yet: no row, and the plan without the limit."""
    plan = solved(small_case(tmp_path / "a", **tables))
    free = {"generators": tables.get("generators")}
    assert plan.objective == pytest.approx(solved(small_case(tmp_path / "b", **free)).objective)
    assert not [name for name in assemble(build_sides(plan.case))[0].row_names if name.startswith(("clean_", "mix_"))]


def test_blank_columns_add_nothing(tmp_path):
    """The program is the same with the columns blank."""
    tables = {"ppas": [{**WIND[0], "clean": ""}], "profiles": PROFILES, "tariffs": edited("tariffs", clean_share="")}
    assert same_program(small_case(tmp_path / "a", ppas=[{**WIND[0], "clean": 0}], profiles=PROFILES), small_case(tmp_path / "b", **tables))


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ({"ppas": WIND, "profiles": PROFILES}, "'clean' has no effect without clean_targets.csv"),
        ({"tariffs": edited("tariffs", clean_share=0.1)}, "'clean_share' has no effect without clean_targets.csv"),
        ({"clean_targets": target(0.5, "block")}, "cannot be met: no tariff, contract or generator is clean"),
        ({"carbon_caps": [{"period": "2027Q1", "kt": 1}], "tariffs": edited("tariffs", co2_kg_per_mwh=0)}, "has no effect: every co2_kg_per_mwh"),
        ({"carbon_caps": [{"period": "2027Q1", "kt": 1, "max_offset_kt": 1}]}, "'offset_usd_per_t' must be given"),
        ({"carbon_caps": [{"period": "2027Q1", "kt": 1, "offset_usd_per_t": 1}]}, "'max_offset_kt' must be above 0"),
        ({"mix_limits": [{"tech": "coal", "period": "2027Q1", "max_share": 0.5}]}, "'tech' must be a tech of ppas or generators, or grid"),
        ({"mix_limits": [{"tech": "grid", "period": "2027Q1", "max_share": 1}]}, "has no effect: neither share limits anything"),
        ({"mix_limits": [{"tech": "grid", "period": "2027Q1", "max_share": 0.5, "min_share": 0.6}]}, "'min_share' must not be above max_share"),
        ({"generators": [GAS], "mix_limits": [{"tech": k, "period": "2027Q1", "min_share": 0.6} for k in ("grid", "gas")]}, "must not sum to more than 1"),
        ({"mix_limits": [{"tech": "grid", "period": "2027Q1", "max_share": 0.5}], "grid": None, "tariffs": None, "sites": edited("sites", zone="")},
         "power is not modelled"),
    ],
)  # fmt: skip
def test_bad_input_is_named(tmp_path, tables, words):
    """Column and rule are said."""
    with pytest.raises(DataError) as error:
        small_case(tmp_path, **tables)
    assert words in str(error.value)


def test_a_target_needs_a_site(tmp_path):
    """A zone without sites takes nothing."""
    tariffs = [*edited("tariffs", clean_share=0.5), *({**row, "zone": "y", "clean_share": 0.5} for row in edited("tariffs"))]
    with pytest.raises(DataError, match="no site is in the zone"):
        small_case(tmp_path, tariffs=tariffs, clean_targets=target(0.5, "block", zone="y"))
