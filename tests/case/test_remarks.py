"""Notes on a sound case: rows that can never act, numbers that look like another unit."""

from __future__ import annotations

import dataclasses

import pytest

import placement
from placement.cli import main
from placement.errors import DataError, ExitCode
from tests.layers.small import TABLES, edited, small_case

LINKS = [{**row, "gbps": 10, "module_gbps": 100, "max_modules": 2, "module_capex_musd": 1, "lead_periods": 9} for row in TABLES["links"][:1]]
FRESH = edited("services", origin="north", weights_gb=100, refresh_hours=1)
GAS = {"generator": "gas", "site": "north", "tech": "gas", "max_mw": 5, "capex_musd_per_mw": 1, "energy_usd_per_mwh": 50, "available": "2035Q1"}
PPA = {"ppa": "p", "zone": "z", "tech": "solar", "max_mw": 5, "price_usd_per_mwh": 40, "start": "2030Q1", "tenor_periods": 40}
STEP = {"site": "south", "hall": "s1", "milestone": "permit", "lead_p10": 3, "lead_p50": 6, "lead_p90": 9}
#: Name -> tables of a case with one odd row, what its note says, and the row.
ODD = {
    "job": ({"jobs": edited("jobs", earliest="2031Q1")}, "jobs: column 'earliest' lies behind the horizon (2027Q1 to 2027Q4): the job never runs", "big"),
    "tier": ({"grid": edited("grid", {"site": "south"}, available="2035Q1")}, "grid: column 'available' lies behind", "south/s"),
    "hall": ({"halls": edited("halls", {"hall": "s1"}, earliest="2072Q1")}, "halls: column 'earliest' lies behind", "south/s1"),
    "engine": ({"generators": [GAS]}, "generators: column 'available' lies behind", "gas"),
    "contract": ({"ppas": [PPA]}, "ppas: column 'start' lies behind", "p"),
    "offer": ({"offers": edited("offers", {"offer": "q-new"}, lead_periods=4)}, "offers: column 'lead_periods' ends behind", "q-new"),
    "milestone": ({"milestones": [STEP]}, "milestones: column 'lead_p50' is as long as the horizon", "south/s1/permit"),
    "modules": ({"links": [*LINKS, *TABLES["links"][1:]], "services": FRESH}, "links: column 'lead_periods' is as long as the horizon", "no"),
    "price in k$": ({"offers": edited("offers", {"offer": "q-old"}, unit_price_usd=48.5)}, "looks like thousands of $, where $ are asked for", "q-old"),
    "rent by the hour": (
        {"offers": [*TABLES["offers"], {"offer": "r", "sku": "old", "kind": "on_demand", "period": "2027Q1", "max_units": 10, "rent_usd_per_unit_month": 2.5}]},
        "looks like $ per hour, where $ per month are asked for",
        "r",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", ODD)
def test_an_odd_row_is_noted(tmp_path, name):
    """Column, rule and row, once; the case is as good as any other."""
    tables, what, row = ODD[name]
    case = small_case(tmp_path, **tables)
    (note,) = case.notes
    assert what in note and f"In {row} ({next(iter(tables))}.csv line" in note


def test_a_plain_case_has_no_notes(tmp_path):
    """Neither has one whose dates lie at the ends of the horizon, or whose blanks stand for never."""
    assert not small_case(tmp_path / "a").notes
    at_the_end = {"jobs": edited("jobs", latest="2040Q1"), "grid": edited("grid", available="2027Q4", until="2050Q4", life_years="")}
    assert not small_case(tmp_path / "b", **at_the_end).notes


def test_notes_change_no_hash(tmp_path):
    """They are remarks on the content and no part of it."""
    case = small_case(tmp_path, **ODD["job"][0])
    assert case.notes and dataclasses.replace(case, notes=()).sha256 == placement.read_case(tmp_path).sha256


def test_validate_prints_them_and_passes(tmp_path, capsys):
    """Exit 0, on stdout beside the sizes; the first rows by name, the rest counted."""
    offers = [{**TABLES["offers"][0], "offer": f"q{i}", "lead_periods": 4} for i in range(6)]
    small_case(tmp_path, offers=[*TABLES["offers"], *offers])
    assert main(["validate", str(tmp_path)]) == ExitCode.OK
    out = capsys.readouterr().out
    assert "note: offers: column 'lead_periods' ends behind" in out and "q3 (offers.csv line 7), ... (6 rows)" in out


@pytest.mark.parametrize("kw", [0.0021, 60])
def test_power_of_an_accelerator_in_another_unit_is_refused(tmp_path, kw):
    """MW for kW, or W per thousand."""
    with pytest.raises(DataError, match=r"must be between 0\.05 and 50 kW"):
        small_case(tmp_path, skus=edited("skus", {"sku": "old"}, kw_per_unit=kw))
