"""A sound folder becomes a typed case: types, blanks, periods, Parquet, hash, speed, documentation."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from placement.case import Block, Case, read_case, schema_markdown
from placement.case.case import dtype_of
from placement.case.columns import Kind
from placement.case.describe import schema_json
from placement.case.fibre_rules import great_circle_km
from placement.case.findings import did_you_mean
from placement.case.schema import TABLES
from tests.case.conftest import MORE_EDITS, MORE_TABLES

ROOT = Path(__file__).parents[2]


def test_settings_are_read(good) -> None:
    """Every key of case.toml reaches the case."""
    case = read_case(good.path)
    assert (case.name, case.title, case.model, case.n_periods) == ("tiny", "Two sites, every layer", "placement", 4)
    assert case.periods == ("2027Q1", "2027Q2", "2027Q3", "2027Q4")
    assert case.blocks == (Block("base", 0.9), Block("stress", 0.1, True))
    assert case.stress == 1
    assert dict(case.weights) == {"carbon": 1.0}
    assert (case.discount_rate, case.carbon_price_usd_per_t, case.rtt_overhead_ms, case.lead_percentile) == (0.08, 50, 8.0, 50)
    assert case.path == good.path


def test_defaults_stand_in_for_absent_settings(good) -> None:
    """Name, start and periods are enough."""
    (good.path / "case.toml").write_text('name = "n"\nstart = "2027Q1"\nperiods = 4\n', encoding="utf-8")
    for table in ("tariffs", "profiles"):
        file = good.path / f"{table}.csv"
        rows = [line for line in file.read_text(encoding="utf-8").splitlines() if ",stress," not in line]
        file.write_text("\n".join(rows).replace("base", "all"), encoding="utf-8")
    good.edit("services.csv", "nordic,2,", "nordic,1,")
    case = read_case(good.path)
    assert case.blocks == (Block("all", 1.0, True),)
    assert (case.period_months, case.discount_rate, case.title) == (3, 0.0, "")


@pytest.mark.parametrize("name", list(TABLES))
def test_every_table_has_the_schema_columns_and_types(good, priced, name: str) -> None:
    """Tables hold the columns of the schema in order, typed, and no documentation columns."""
    for more in {name} & set(MORE_TABLES):
        good.add(f"{more}.csv", MORE_TABLES[more])
        for edit in MORE_EDITS.get(more, ()):
            good.edit(*edit)
    frame = read_case((priced if TABLES[name].layer == "pairs" else good).path)[name]
    assert len(frame)
    assert tuple(frame.columns) == TABLES[name].names
    assert [str(t) for t in frame.dtypes] == [dtype_of(c) for c in TABLES[name]]


def test_blanks_mean_what_the_schema_says(good) -> None:
    """Empty cells and absent columns get the blank value; texts stay texts."""
    case = read_case(good.path)
    sites, halls, services = case["sites"], case["halls"], case["services"]
    assert math.isnan(sites["community_mw"][0])
    assert list(sites["kind"]) == ["campus", "campus"]  # absent column
    assert list(halls["domain"]) == ["", "", "lund-a", "lund-b"]
    assert list(halls["capex_musd"]) == [0, 500, 400, 400]
    assert list(case["milestones"]["after"]) == ["", "land", "shell;land", "land", ""]
    assert math.isnan(services["unmet_usd_per_mtok"][1])
    assert services["peak_to_mean"][1] == 1.0
    assert sites["name"][0] == "Oslo, north"


def test_periods_become_indices(good) -> None:
    """Labels count from the start; earlier dates are the start, later ones stay behind the horizon."""
    good.edit("grid.csv", "2027Q2", "2025Q3").edit("grid.csv", "2027Q3", "2031Q1")
    case = read_case(good.path)
    assert list(case["grid"]["available"]) == [0, 0, 16]
    assert list(case["jobs"]["earliest"]) == [1, 0]
    assert list(case["jobs"]["latest"]) == [3, 2]
    assert list(case["budget"]["period"]) == [0, 1]


@pytest.mark.parametrize(("months", "labels"), [(1, ("2027-01", "2027-02")), (6, ("2027H1", "2027H2")), (12, ("2027", "2028"))])
def test_other_period_lengths(good, months: int, labels: tuple[str, str]) -> None:
    """Months, half-years and years have labels of their own."""
    good.edit("case.toml", "period_months = 3", f"period_months = {months}").edit("case.toml", "2027Q1", labels[0])
    for file in good.path.glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        for q in (4, 3, 2, 1):
            text = text.replace(f"2027Q{q}", {1: f"2027-0{q}", 6: f"{2026 + (q + 1) // 2}H{2 - q % 2}", 12: f"{2026 + q}"}[months])
        file.write_text(text, encoding="utf-8")
    case = read_case(good.path)
    assert case.periods[:2] == labels
    assert sorted(set(case["demand"]["period"])) == [1, 2, 3]


def test_words_that_look_like_missing_values_stay_words(good) -> None:
    """NA is a country and a fine id; 007 keeps its zeros."""
    for file in good.path.glob("*.csv"):
        text = file.read_text(encoding="utf-8")
        file.write_text(text.replace(",NO,", ",NA,").replace("code", "007").replace("gas-lund", "null"), encoding="utf-8")
    case = read_case(good.path)
    assert case["sites"]["country"][0] == "NA"
    assert case["generators"]["generator"][0] == "null"
    assert case["services"]["service"][1] == "007"


def test_spreadsheet_files_are_read(good) -> None:
    """A byte order mark, Windows line ends, quoted cells, blank lines and reordered columns do no harm."""
    plain = read_case(good.path)
    rows = [line.split(",") for line in (good.path / "grid.csv").read_text(encoding="utf-8").split()]
    text = "\r\n".join(",".join(f'"{c}"' for c in reversed(r)) for r in rows) + "\r\n\r\n"
    (good.path / "grid.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    case = read_case(good.path)
    pd.testing.assert_frame_equal(case["grid"], plain["grid"])
    assert case.sha256 == plain.sha256


def test_flags_may_be_words(good) -> None:
    """true and false are 1 and 0."""
    good.edit("halls.csv", ",2,1,,", ",2,TRUE,,").edit("halls.csv", "5,0,2027Q2", "5,false,2027Q2")
    assert list(read_case(good.path)["halls"]["existing"]) == [True, False, False, False]


def test_notes_are_welcome(good) -> None:
    """Markdown, hidden files, scenario folders and documentation columns change nothing."""
    before = read_case(good.path).sha256
    good.add("README.md", "# hello").add("SOURCES.md", "x").add(".DS_Store", "x").edit("case.toml", "[weights]", '[weights]\nnote = "why"')
    (good.path / "budget.csv").write_text('period,capex_musd,note\n2027Q1,1000,"a, b"\n2027Q2,1000,\n', encoding="utf-8")
    (good.path / "dear-power").mkdir()
    good.add("dear-power/case.toml", 'base = ".."\n').add("dear-power/budget.csv", "period,capex_musd\n2027Q1,5\n")
    assert read_case(good.path).sha256 == before
    assert read_case(good.path / "dear-power")["budget"]["capex_musd"][0] == 5


@pytest.mark.parametrize("table", ["demand", "halls", "sites"])
def test_parquet_equals_csv(good, table: str) -> None:
    """A table may be Parquet, with types of its own, and gives the same case."""
    plain = read_case(good.path)
    pd.read_csv(good.path / f"{table}.csv").to_parquet(good.path / f"{table}.parquet")
    good.drop(f"{table}.csv")
    case = read_case(good.path)
    pd.testing.assert_frame_equal(case[table], plain[table])
    assert case.sha256 == plain.sha256


def test_hash_follows_content(good) -> None:
    """The hash ignores spelling and documentation, and sees values, hall order and settings."""
    first = read_case(good.path).sha256
    good.edit("halls.csv", "50,liquid", "5e1,liquid").edit("sites.csv", "made up", "measured")
    assert read_case(good.path).sha256 == first
    good.edit("halls.csv", "5e1,liquid", "51,liquid")
    second = read_case(good.path).sha256
    good.edit("halls.csv", "51,liquid", "50,liquid").edit("case.toml", "0.08", "0.09")
    third = read_case(good.path).sha256
    good.edit("case.toml", "0.09", "0.08").edit("halls.csv", "lund,h1,lund-a,40,liquid,400,4,0,,15\n", "")
    good.add("halls.csv", "lund,h1,lund-a,40,liquid,400,4,0,,15\n")
    assert len({first, second, third, read_case(good.path).sha256}) == 4


def test_absent_layers_are_absent(good) -> None:
    """A table that is not there is empty and not in the case."""
    good.drop("budget.csv", "vendor_caps.csv")
    case = read_case(good.path)
    assert "budget" not in case
    assert case["budget"].empty
    assert "grid" in case


def test_a_large_case_is_read_quickly(good) -> None:
    """100 000 rows of demand take about a second (the limit leaves room for a busy machine)."""
    metros = [f"m{j}" for j in range(250)]
    services = [f"s{i}" for i in range(100)]
    good.drop("demand.csv", "metros.csv", "services.csv", "service_skus.csv", "links.csv", "waves.csv")
    good.add("metros.csv", "metro,country,lat_deg,lon_deg\n" + "".join(f"{m},SE,55.7,13.2\n" for m in metros))
    good.add("services.csv", "service,slo_rtt_ms,hbm_gb,price_usd_per_mtok\n" + "".join(f"{s},40,10,3\n" for s in services))
    good.add("service_skus.csv", "service,sku,tok_per_s\n" + "".join(f"{s},small,300\n" for s in services))
    good.add("links.csv", "link,a,b,km\nx,oslo,lund,600\n" + "".join(f"{m},{m},lund,9\n" for m in metros))
    good.edit("residency.csv", "nordic,SE,SE,1,r-3\n", "")
    rows = (f"{s},{m},2027Q{q},{len(s) * q / 7}\n" for s in services for m in metros for q in (1, 2, 3, 4))
    good.add("demand.csv", "service,metro,period,mtok_per_day\n" + "".join(rows))
    begin = time.perf_counter()
    case = read_case(good.path)
    assert time.perf_counter() - begin < 5
    assert len(case["demand"]) == 100_000


def test_the_schema_page_is_up_to_date() -> None:
    """data/README.md is what the schema says."""
    assert (ROOT / "data" / "README.md").read_text(encoding="utf-8") == schema_markdown()


def test_the_schema_page_names_everything() -> None:
    """Every table, column and setting is on the page and in the JSON."""
    page, data = schema_markdown(), json.loads(schema_json())
    for table in TABLES.values():
        assert f"### {table.name}\n" in page
        assert [c["name"] for c in data["tables"][table.name]["columns"]] == list(table.names)
        assert all(f"`{column}`" in page for column in table.names)
    assert "`discount_rate`" in page


def test_rules_read_columns_that_exist() -> None:
    """A typing mistake in a rule's list of columns would switch its protection off."""
    from placement.case.validation import RULES

    for rule in RULES:
        for name in rule.reads.split():
            table, _, column = name.partition(".")
            assert table == "case" or column in TABLES[table].names, name


def test_did_you_mean() -> None:
    """The nearest word is proposed whatever its case; else the known words."""
    assert did_you_mean("Oslo ", ["oslo", "lund"]) == "Did you mean 'oslo'?"
    assert did_you_mean("zzz", ["oslo", "lund"]) == "Known: lund, oslo."
    assert "Nothing" in did_you_mean("zzz", [])


def test_great_circle() -> None:
    """A quarter of a meridian is 10 007.5 km on a sphere of 6 371 km; a point is 0 km from itself."""
    km = great_circle_km(np.array([[0.0, 0.0], [59.9, 10.7]]), np.array([[90.0, 0.0], [59.9, 10.7]]))
    assert km == pytest.approx([math.pi / 2 * 6371, 0.0])


def test_kinds_are_all_read() -> None:
    """Every kind of column of the schema has a conversion."""
    from typing import get_args

    from placement.case.cells import _WORDS

    assert set(get_args(Kind)) == set(_WORDS) | {"float", "int"}


def test_case_is_what_comes_back(good) -> None:
    """read_case takes a path or a text and returns a Case."""
    assert isinstance(read_case(str(good.path)), Case)
