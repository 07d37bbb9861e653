"""What the value of a plan does when single inputs are lower and higher."""

from __future__ import annotations

import os

import pandas as pd
import pytest

import placement
from placement.errors import OptionError
from placement.explain.named import named_input
from tests.conftest import ROOT
from tests.layers.small import TABLES, edited, small_case, solved

TIGHT = placement.Effort(rel_gap=0.0)


def test_each_side_is_what_solving_it_gives(tmp_path):
    """Lower and higher energy prices and job values agree with cases that say so; the widest swing comes first."""
    plan = solved(small_case(tmp_path / "a"))
    table = placement.tornado(plan, ["tariffs.energy_usd_per_mwh", "jobs.value_musd"], step=0.2, effort=TIGHT)
    assert list(table["input"]) == ["jobs.value_musd", "tariffs.energy_usd_per_mwh"]
    rows = table.set_index("input")
    for name, sign, column in (("low", 0.8, "low_value_musd"), ("high", 1.2, "high_value_musd")):
        dear = [{**row, "energy_usd_per_mwh": row["energy_usd_per_mwh"] * sign} for row in TABLES["tariffs"]]
        for key, change in (("tariffs.energy_usd_per_mwh", {"tariffs": dear}), ("jobs.value_musd", {"jobs": edited("jobs", value_musd=80 * sign)})):
            other = solved(small_case(tmp_path / f"{name}-{key}", **change))
            assert rows.loc[key, column] == pytest.approx(plan.objective - other.objective, abs=1e-5)
            assert rows.loc[key, f"{name}_at_least_musd"] - 1e-6 <= rows.loc[key, column] <= rows.loc[key, f"{name}_at_most_musd"] + 1e-6
    assert (table["swing_musd"] == (table["high_value_musd"] - table["low_value_musd"]).abs()).all()
    assert (table["swing_at_least_musd"] <= table["swing_musd"] + 1e-9).all() and (table["swing_musd"] <= table["swing_at_most_musd"] + 1e-9).all()


def test_rows_settings_whole_numbers_and_ranges(tmp_path):
    """One row by a filter, a number of case.toml, whole numbers by one, and no share above one."""
    plan = solved(small_case(tmp_path / "a"))
    names = ["grid.mw[site=north]", "discount_rate", "job_skus.duration_periods[sku=old]", "grid.firmness"]
    rows = placement.tornado(plan, names, effort=TIGHT).set_index("input")
    assert rows.loc["grid.mw[site=north]", "cells"] == 1
    assert (rows.loc["discount_rate", "low"], rows.loc["discount_rate", "high"]) == ("0.072", "0.088")
    assert rows.loc["grid.firmness", "high"] == "x 1.1, kept in range"
    longer = solved(small_case(tmp_path / "b", job_skus=edited("job_skus", {"sku": "old"}, duration_periods=3)))
    assert rows.loc["job_skus.duration_periods[sku=old]", "high_value_musd"] == pytest.approx(plan.objective - longer.objective, abs=1e-5)


def test_a_side_that_breaks_a_rule_or_has_no_plan_is_told(tmp_path):
    """A mandatory job without enough chips: the lower offers have no plan, and the row says so first."""
    case = small_case(
        tmp_path / "a", jobs=edited("jobs", mandatory=1), offers=edited("offers", max_units=1020), job_skus=[r for r in TABLES["job_skus"] if r["sku"] == "old"]
    )
    table = placement.tornado(solved(case), ["jobs.value_musd", "offers.max_units[sku=old]"], effort=TIGHT)
    assert table["input"].iloc[0] == "offers.max_units[sku=old]" and table["low_status"].iloc[0] == "infeasible"
    assert pd.isna(table["swing_musd"].iloc[0]) and table["swing_musd"].iloc[1] > 0


def test_objectives_in_turn_are_compared_with_the_own_objective_alone(tmp_path):
    """Where service came before money, an input that changes nothing has no swing."""
    text = '[[objectives]]\nname = "service"\nweights = { unmet = 1.0 }\n'
    cheap = edited("services", price_usd_per_mtok=0.0, unmet_usd_per_mtok=0.001)
    plan = placement.solve(small_case(tmp_path / "a", text=text, services=cheap), rel_gap=0.0)
    row = placement.tornado(plan, ["links.km[link=ne]"], effort=TIGHT).iloc[0]
    assert row["swing_musd"] == pytest.approx(0, abs=1e-5)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("grd.mw", "no table 'grd'. Did you mean 'grid'"),
        ("grid.mwh", "no number 'mwh'. Did you mean 'mw'"),
        ("grid.mw[site=nort]", "Did you mean 'north'"),
        ("grid.mw[place=north]", "is not column=value of grid"),
        ("milestones.lead_p50", "no table 'milestones'"),
        ("carbon_price_usd_per_t", "is 0"),
        ("sites.community_mw", "blank or zero"),
        ("grid mw", "write table.column"),
    ],
)
def test_names_that_mean_nothing(tmp_path, name, message):
    """The message names what there is."""
    with pytest.raises(OptionError, match=message.replace(".", r"\.")):
        named_input(small_case(tmp_path / "a"), name)


def test_a_step_must_be_a_share(tmp_path):
    """Neither nothing nor all of it."""
    plan = solved(small_case(tmp_path / "a"))
    for step in (0.0, 1.0, -0.1):
        with pytest.raises(OptionError, match="step"):
            placement.tornado(plan, ["grid.mw"], step=step)


@pytest.mark.skipif(not os.environ.get("PLACEMENT_LONG_TESTS"), reason="tens of seconds; set PLACEMENT_LONG_TESTS")
def test_frontier_small_example(tmp_path, python):
    """The example of the documentation: two inputs of frontier-small."""
    names = ["jobs.value_musd", "carbon_price_usd_per_t"]
    out = ["--out", tmp_path / "out", "--time-limit", "60", "--workers", "2"]
    done = python("-m", "placement", "sweep", ROOT / "data" / "frontier-small", *out, "--tornado", *names)
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= 80
    table = pd.read_csv(tmp_path / "out" / "tornado.csv")
    assert list(table["input"]) == names
    assert table["swing_musd"].tolist() == pytest.approx([1436, 20.9], rel=0.02)
    assert (table["swing_at_most_musd"] - table["swing_at_least_musd"]).max() < 20
    wrong = python("-m", "placement", "sweep", ROOT / "data" / "frontier-small", *out, "--tornado", "grid.mwh")
    assert wrong.returncode == 2 and "Did you mean 'mw'" in wrong.stderr
