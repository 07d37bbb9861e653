"""Cases that say what each placement costs: read as they stand, and every mistake in them refused once, with the way out."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from placement.case import read_case
from placement.errors import DataError, Problem


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Read a folder that must be refused, and with nothing but a DataError."""
    with pytest.raises(DataError) as caught:
        read_case(folder)
    return caught.value.problems


def test_a_case_with_pairs_needs_no_real_places(priced) -> None:
    """Sites need no country, coordinates and PUE, jobs no chips, services no metros; blanks mean what the schema says."""
    case = read_case(priced.path)
    assert (case.open_sites, case.cost_unit, case.n_periods) == (2, "units", 1)
    assert list(case["sites"]["country"]) == ["", "", ""]
    assert math.isnan(case["sites"]["pue"][0])
    assert list(case["pairs"]["use"]) == [6, 6, 0, 9, 8, 4, 0]
    assert list(case["siting"]["opening_cost_musd"]) == [7, 0, 3]
    assert case["jobs"]["mandatory"].all()


def test_settings_without_a_word_on_pairs(good) -> None:
    """Other cases have any number of open sites, and M$."""
    case = read_case(good.path)
    assert (case.open_sites, case.cost_unit) == (0, "M$")


# file, text, what a planner might write instead | table, column, row, word of rule or remedy
MISTAKES = [
    ("pairs.csv", "j1,a,4,6", "j9,a,4,6", "pairs", "workload", "j9/a", "must be a job"),
    ("pairs.csv", "j1,a,4,6", "j1,z,4,6", "pairs", "site", "j1/z", "must be in sites"),
    ("pairs.csv", "j1,a,4,6", "j1,b,4,6", "pairs", "workload/site", "j1/b", "unique"),
    ("pairs.csv", "j1,a,4,6", "j1,a,,6", "pairs", "cost_musd", "j1/a", "not be blank"),
    ("pairs.csv", "j1,a,4,6", "j1,a,4,-6", "pairs", "use", "j1/a", "between 0"),
    ("pairs.csv", "j1,a,4,6", "j1,a,4,1e-9", "pairs", "use", "j1/a", "cannot be told from 0"),
    ("pairs.csv", "s1,c,20,0", "s1,c,20,1", "pairs", "use", "s1/c", "no row in capacity.csv"),
    ("pairs.csv", "s1,b,10,4\ns1,c,20,0\n", "", "services", "service", "s1", "must have a row in pairs"),
    ("pairs.csv", "j2,a,1,9\nj2,b,3.5,8\n", "", "jobs", "job", "j2", "must have a row in pairs"),
    ("sites.csv", "c,,\n", "c,,\nd,,\n", "sites", "site", "d", "no row of pairs.csv"),
    ("capacity.csv", "a,10", "a,0", "capacity", "capacity", "a", "between 1e-06"),
    ("capacity.csv", "a,10", "a,", "capacity", "capacity", "a", "not be blank"),
    ("capacity.csv", "b,12.5\n", "b,12.5\nc,5\n", "capacity", "site", "c", "no row of pairs.csv uses"),
    ("siting.csv", "a,7", "x,7", "siting", "site", "x", "must be in sites"),
    ("jobs.csv", "j1,One,1", "j1,One,0", "jobs", "mandatory", "j1", "must be 1"),
    ("jobs.csv", "j1,One,1", "j1,One,", "jobs", "mandatory", "j1", "must be 1"),
    ("services.csv", "s1,Chat\n", "s1,Chat\nj1,\n", "services", "service", "j1", "must not be the id of a job"),
    ("case.toml", "open_sites = 2", "open_sites = 4", "case.toml", "open_sites", "", "at most the number of sites"),
    ("case.toml", "open_sites = 2", "open_sites = -1", "case.toml", "open_sites", "", "whole number"),
    ("case.toml", "open_sites = 2", "open_sites = true", "case.toml", "open_sites", "", "whole number"),
    ("case.toml", '"units"', '""', "case.toml", "cost_unit", "", "must be a text"),
    ("case.toml", "periods = 1", "periods = 2", "case.toml", "periods", "", "Write periods = 1"),
    ("case.toml", "open_sites = 2", "discount_rate = 0.1", "case.toml", "discount_rate", "", "no effect"),
    ("case.toml", "open_sites = 2", "rtt_overhead_ms = 1", "case.toml", "rtt_overhead_ms", "", "no effect"),
    ("case.toml", "open_sites = 2", "lead_percentile = 90", "case.toml", "lead_percentile", "", "no effect"),
    ("case.toml", "open_sites = 2", "weights = {opening = 2.0, carbon = 2.0}", "case.toml", "weights.carbon", "", "no effect"),
]


@pytest.mark.parametrize(("file", "old", "new", "table", "column", "row", "said"), MISTAKES)
def test_one_mistake(priced, file, old, new, table, column, row, said) -> None:
    """One mistake gives one problem."""
    (problem,) = problems_of(priced.edit(file, old, new).path)
    assert (problem.table, problem.column) == (table, column)
    assert row in " ".join(problem.rows)
    assert said in str(problem)
    assert problem.remedy


NO_EFFECT = [
    ("sites", "site,pue\na,1.1\nb,\nc,\n", "pue"),
    ("sites", "site,country\na,NO\nb,\nc,\n", "country"),
    ("sites", "site,lat_deg\na,60\nb,\nc,\n", "lat_deg"),
    ("sites", "site,kind\na,edge\nb,\nc,\n", "kind"),
    ("sites", "site,zone\na,z\nb,\nc,\n", "zone"),
    ("sites", "site,community_mw\na,5\nb,\nc,\n", "community_mw"),
    ("sites", "site,outages_per_year\na,5\nb,\nc,\n", "outages_per_year"),
    ("sites", "site,opening_cost_musd\na,5\nb,\nc,\n", "opening_cost_musd"),
    ("jobs", "job,mandatory,value_musd\nj1,1,5\nj2,1,\n", "value_musd"),
    ("jobs", "job,mandatory,latest\nj1,1,2028Q1\nj2,1,\n", "latest"),
    ("jobs", "job,mandatory,residency\nj1,1,eu\nj2,1,\n", "residency"),
    ("jobs", "job,mandatory,min_firmness\nj1,1,0.9\nj2,1,\n", "min_firmness"),
    ("services", "service,slo_rtt_ms\ns1,40\n", "slo_rtt_ms"),
    ("services", "service,origin\ns1,a\n", "origin"),
    ("services", "service,price_usd_per_mtok\ns1,3\n", "price_usd_per_mtok"),
]


@pytest.mark.parametrize(("table", "text", "column"), NO_EFFECT)
def test_columns_without_effect(priced, table, text, column) -> None:
    """What a case with pairs says nothing about must be blank; one problem each."""
    (priced.path / f"{table}.csv").write_text(text, encoding="utf-8")
    (problem,) = problems_of(priced.path)
    assert (problem.table, problem.column) == (table, column)
    assert "no effect beside pairs.csv" in problem.rule


def test_columns_may_say_what_a_blank_says(priced) -> None:
    """A zero where a blank means zero is no mistake: programs that write tables fill every cell."""
    (priced.path / "sites.csv").write_text("site,kind,outages_per_year,pue,community_mw\na,campus,0,,\nb,,0.0,,\nc,,,,\n", encoding="utf-8")
    (priced.path / "jobs.csv").write_text("job,mandatory,earliest,latest,value_musd\nj1,1,2027Q1,2027Q1,0\nj2,1,,,\n", encoding="utf-8")
    assert len(read_case(priced.path)["jobs"]) == 2


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("budget", "period,capex_musd\n2027Q1,5\n"),
        ("skus", "sku,vendor,kw_per_unit,hbm_gb\nbig,acme,1,80\n"),
        ("links", "link,a,b,km\nx,a,b,7\n"),
        ("residency", "class,country,allow,rule_id\neu,NO,1,r\n"),
        ("metros", "metro,country,lat_deg,lon_deg\nOSL,NO,60,10\n"),
    ],
)
def test_tables_without_effect(priced, name, text) -> None:
    """A table of the other kind of case is refused."""
    problems = problems_of(priced.add(f"{name}.csv", text).path)
    assert any(p.table == name and "no effect beside pairs.csv" in p.rule for p in problems)
    assert len([p for p in problems if p.table == name]) == 1


def test_halls_and_pairs_do_not_mix(good) -> None:
    """Pairs added to a case with halls make those refused, and nothing that halls ask for is waived."""
    good.add("pairs.csv", "workload,site,cost_musd\npre,oslo,5\n").edit("sites.csv", "NO1,1.1", "NO1,")
    problems = problems_of(good.path)
    assert any(p.table == "halls" and "no effect beside pairs.csv" in p.rule for p in problems)
    assert any(p.table == "sites" and p.column == "pue" and p.rule == "must not be blank" for p in problems)


@pytest.mark.parametrize("name", ["capacity", "siting"])
def test_site_tables_need_pairs(good, name) -> None:
    """Capacity and siting belong to pairs."""
    header = {"capacity": "site,capacity\noslo,5\n", "siting": "site,opening_cost_musd\noslo,5\n"}
    problems = problems_of(good.add(f"{name}.csv", header[name]).path)
    assert [p.table for p in problems] == ["pairs"]
    assert name in problems[0].rows


@pytest.mark.parametrize("key", ["open_sites = 2\n", 'cost_unit = "x"\n'])
def test_settings_of_pairs_need_pairs(good, key) -> None:
    """The number of open sites and the unit of costs belong to pairs."""
    (problem,) = problems_of(good.edit("case.toml", "discount_rate", key + "discount_rate").path)
    assert "has no effect" in problem.rule


@pytest.mark.parametrize("drop", ["jobs.csv", "services.csv"])
def test_jobs_or_services_are_enough(priced, drop) -> None:
    """A case of services alone, or of jobs alone, is whole; without both there is nothing to place."""
    rows = {"jobs.csv": "s1,b,10,4\ns1,c,20,0\n", "services.csv": "j1,a,4,6\nj1,b,5,6\nj1,c,-2,\n"}[drop]
    (priced.path / "pairs.csv").write_text("workload,site,cost_musd,use\n" + rows, encoding="utf-8")
    (priced.path / "jobs.csv").write_text("job,mandatory\nj1,1\n", encoding="utf-8")
    (priced.path / "sites.csv").write_text("site\nb\nc\n" if drop == "jobs.csv" else "site\na\nb\nc\n", encoding="utf-8")
    (priced.path / "capacity.csv").write_text("site,capacity\nb,5\n" if drop == "jobs.csv" else "site,capacity\na,6\nb,6\n", encoding="utf-8")
    (priced.path / "siting.csv").write_text("site,opening_cost_musd\nb,1\nc,1\n", encoding="utf-8")
    assert len(read_case(priced.drop(drop).path)["pairs"])
    other = "services.csv" if drop == "jobs.csv" else "jobs.csv"
    problems = problems_of(priced.drop(other).path)
    assert any("both missing" in p.rule for p in problems)


def test_a_scenario_of_a_case_with_pairs(priced) -> None:
    """Scenarios change pairs as any table; a new site needs only its id."""
    new = {"sites": "site\nd\n", "pairs": "workload,site,cost_musd,use\nj1,d,1,\n", "siting": "site,opening_cost_musd\nd,1\n"}
    folder = priced.scenario("dearer", '[factors]\n"pairs.cost_musd" = 2\n', **new)
    case = read_case(folder)
    assert list(case["pairs"]["cost_musd"]) == [8, 10, -4, 2, 7, 20, 40, 1]
    assert list(case["sites"]["site"]) == ["a", "b", "c", "d"]


def test_many_pairs_are_read_quickly(tmp_path, priced) -> None:
    """250 000 pairs take a few seconds (the limit leaves room for a busy machine)."""
    import time

    m = n = 500
    (priced.path / "sites.csv").write_text("site\n" + "".join(f"s{i}\n" for i in range(m)), encoding="utf-8")
    (priced.path / "jobs.csv").write_text("job,mandatory\n" + "".join(f"j{j},1\n" for j in range(n)), encoding="utf-8")
    (priced.path / "capacity.csv").write_text("site,capacity\n" + "".join(f"s{i},9\n" for i in range(m)), encoding="utf-8")
    cost = np.random.default_rng(0).integers(1, 99, (n, m))
    rows = "".join(f"j{j},s{i},{cost[j, i]},1\n" for j in range(n) for i in range(m))
    (priced.path / "pairs.csv").write_text("workload,site,cost_musd,use\n" + rows, encoding="utf-8")
    priced.drop("siting.csv", "services.csv").edit("case.toml", "open_sites = 2", "")
    begin = time.perf_counter()
    assert len(read_case(priced.path)["pairs"]) == m * n
    assert time.perf_counter() - begin < 10
