"""Scenario folders: what they replace, multiply, remove and add, and what they may not do."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from placement.case import read_case
from placement.errors import DataError, Problem


def problems_of(folder: Path, **options: Path) -> tuple[Problem, ...]:
    """Read a scenario that must be refused."""
    with pytest.raises(DataError) as caught:
        read_case(folder, **options)
    return caught.value.problems


def test_an_empty_scenario_is_its_base(good) -> None:
    """A scenario that changes nothing in tables and settings is the base, hash included."""
    base, same = read_case(good.path), read_case(good.scenario("same"))
    assert same.sha256 == base.sha256
    assert same.path is not None
    assert same.path.name == "same"


def test_settings_replace_and_weights_merge(good) -> None:
    """A key of the scenario wins; [weights] is merged by key; lists are replaced."""
    case = read_case(good.scenario("s", 'name = "s"\ndiscount_rate = 0.1\n[weights]\nopex = 2\n'))
    assert (case.name, case.discount_rate, case.n_periods) == ("s", 0.1, 4)
    assert dict(case.weights) == {"carbon": 1.0, "opex": 2.0}


def test_factors_multiply_a_column(good) -> None:
    """Every number of the column is multiplied; blanks count as what they stand for, no limit stays no limit."""
    text = '[factors]\n"tariffs.energy_usd_per_mwh" = 1.5\n"services.peak_to_mean" = 1.2\nsites.community_mw = 0.5\n"job_skus.units" = 2\n'
    base, case = read_case(good.path), read_case(good.scenario("s", text))
    assert case["tariffs"]["energy_usd_per_mwh"].to_numpy() == pytest.approx(base["tariffs"]["energy_usd_per_mwh"] * 1.5)
    assert list(case["services"]["peak_to_mean"]) == [2.4, 1.2]
    assert case["sites"]["community_mw"][1] == 150
    assert pd.isna(case["sites"]["community_mw"][0])
    assert list(case["job_skus"]["units"]) == [24000, 4000, 8000]


def test_rows_are_removed_and_tables_dropped(good) -> None:
    """[remove] takes rows away by key, drop_tables whole layers."""
    case = read_case(good.scenario("s", 'drop_tables = ["budget", "vendor_caps"]\n[remove]\ngrid = ["lund/t2"]\nexport = ["top/SE"]\n'))
    assert "budget" not in case
    assert list(case["grid"]["tier"]) == ["t1", "t1"]
    assert list(case["export"]["country"]) == ["*"]


def test_rows_change_by_key_and_new_rows_are_added(good) -> None:
    """Only the given cells change; a complete new row comes at the end; order stays."""
    scenario = good.scenario("s", halls="site,hall,it_mw,capex_musd\nlund,h1,44,\nlund,h3,60,600\n", grid="site,tier,available\nlund,t1,2027Q4\n")
    base, case = read_case(good.path), read_case(scenario)
    assert list(case["halls"]["hall"]) == ["h0", "h1", "h1", "h2", "h3"]
    assert list(case["halls"]["it_mw"]) == [20, 50, 44, 40, 60]
    assert list(case["halls"]["capex_musd"]) == [0, 500, 400, 400, 600]
    assert list(case["grid"]["available"]) == [0, 3, 2]
    pd.testing.assert_frame_equal(case["sites"], base["sites"])


def test_own_rows_are_not_multiplied(good) -> None:
    """Factors come first, so the scenario's own rows stand as written."""
    case = read_case(good.scenario("s", '[factors]\n"budget.capex_musd" = 2\n', budget="period,capex_musd\n2027Q2,7\n"))
    assert list(case["budget"]["capex_musd"]) == [2000, 7]


def test_a_removed_row_can_be_given_anew(good) -> None:
    """Removing a key and giving the row in full empties cells; dropping a table and giving it replaces it."""
    site = "site,country,lat_deg,lon_deg,zone,pue\nlund,SE,55.7,13.2,SE4,1.2\n"
    text = 'drop_tables = ["budget"]\n[remove]\nsites = ["lund"]\n'
    case = read_case(good.scenario("s", text, sites=site, budget="period,capex_musd\n2027Q4,1\n"))
    assert pd.isna(case["sites"]["community_mw"][1])
    assert list(case["budget"]["period"]) == [3]


def test_scenarios_stack(good) -> None:
    """A scenario of a scenario sees the first one's rows."""
    good.scenario("one", budget="period,capex_musd\n2027Q3,500\n")
    two = good.scenario("two", '[factors]\n"budget.capex_musd" = 2\n')
    (two / "case.toml").write_text('base = "../one"\n[factors]\n"budget.capex_musd" = 2\n', encoding="utf-8")
    assert list(read_case(two)["budget"]["capex_musd"]) == [2000, 2000, 1000]


def test_an_overlay_can_be_named_in_the_call(good, case_folder, tmp_path: Path) -> None:
    """read_case(folder, overlay=...) needs no base, and does not use one."""
    loose = tmp_path / "loose"
    loose.mkdir()
    (loose / "case.toml").write_text("discount_rate = 0.2\n", encoding="utf-8")
    assert read_case(good.path, overlay=loose).discount_rate == 0.2
    other = case_folder("other").edit("case.toml", '"tiny"', '"other"')
    bound = good.scenario("bound", "discount_rate = 0.3\n")
    case = read_case(other.path, overlay=bound)
    assert (case.name, case.discount_rate) == ("other", 0.3)


def test_circles_and_missing_bases_are_named(good, tmp_path: Path) -> None:
    """A circle of bases is written out; a base that is not there is named."""
    one, two = good.scenario("one"), good.scenario("two")
    (one / "case.toml").write_text('base = "../two"\n', encoding="utf-8")
    (two / "case.toml").write_text('base = "../one"\n', encoding="utf-8")
    (problem,) = problems_of(one)
    assert "one -> two -> one" in problem.rule
    (two / "case.toml").write_text('base = "../three"\n', encoding="utf-8")
    (problem,) = problems_of(two)
    assert "three' does not exist" in problem.rule
    assert "two/case.toml" in problem.table
    (two / "case.toml").write_text('base = "."\n', encoding="utf-8")
    assert "circle" in problems_of(two)[0].rule
    (two / "case.toml").write_text("base = 3\n", encoding="utf-8")
    assert "relative path" in problems_of(two)[0].rule
    (problem,) = problems_of(good.path, overlay=tmp_path / "nowhere")
    assert "does not exist" in problem.rule


BAD = [
    ('[factors]\n"tariff.energy_usd_per_mwh" = 2', {}, "factors.tariff.energy_usd_per_mwh", "'tariffs'"),
    ('[factors]\n"tariffs.energy_usd_mwh" = 2', {}, "factors.tariffs.energy_usd_mwh", "'energy_usd_per_mwh'"),
    ('[factors]\n"tariffs.zone" = 2', {}, "factors.tariffs.zone", "numeric"),
    ('[factors]\n"tariffs.energy_usd_per_mwh" = "2"', {}, "factors.tariffs.energy_usd_per_mwh", "finite number"),
    ('[factors]\n"tariffs.energy_usd_per_mwh" = -1', {}, "factors.tariffs.energy_usd_per_mwh", ">= 0"),
    ('[factors]\n"skus.hbm_gb" = nan', {}, "factors.skus.hbm_gb", "finite"),
    ('[factors]\n"grid.life_years" = 2', {}, "factors.grid.life_years", "hits no number"),
    ("factors = 2", {}, "factors", "table"),
    ('[remove]\nhalls = ["lund/h9"]', {}, "remove.halls", "'lund/h"),
    ('[remove]\nhall = ["lund/h1"]', {}, "remove.hall", "'halls'"),
    ('[remove]\nbudget = ["2027Q1", "2027Q2"]', {}, "remove.budget", "drop_tables"),
    ('remove = ["halls"]', {}, "remove", "lists of keys"),
    ('drop_tables = ["budgets"]', {}, "drop_tables", "'budget'"),
    ('drop_tables = "budget"', {}, "drop_tables", "list"),
    ("discont_rate = 0.1", {}, "discont_rate", "'discount_rate'"),
    ("", {"halls": "site,hall,it_mw\nlund,h1,40\n"}, "", "change nothing"),
    ("", {"halls": "site,hall,capex_musd\nlund,hh1,40\n"}, "", "'lund/h1'"),
    ("", {"halls": "site,hall,it_mw\nlund,h1,41\nlund,h1,42\n"}, "site/hall", "unique"),
    ("", {"halls": "site,hall,it_MW\nlund,h1,41\n"}, "it_MW", "'it_mw'"),
    ("", {"halls": "site,hall,it_mw\nlund,h1,41 MW\n"}, "it_mw", "s/halls.csv line 2"),
    ('[factors]\n"job_skus.duration_periods" = 1.5', {}, "duration_periods", "whole number"),
    ('[factors]\n"sites.pue" = 3', {}, "pue", "tiny/sites.csv line 2"),
    ('[remove]\ntariffs = ["NO1/2027Q1/base"]', {}, "zone/period/block", "NO1/2027Q1/base"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "tables", "column", "word"), BAD)
def test_scenarios_that_miss_are_refused(good, settings, tables, column, word) -> None:
    """A factor, removal or row that hits nothing is an error, and the effective case is checked as a whole."""
    problems = problems_of(good.scenario("s", settings + "\n", **tables))
    fitting = [p for p in problems if p.column == column and word in str(p)]
    assert fitting, "\n".join(map(str, problems))
