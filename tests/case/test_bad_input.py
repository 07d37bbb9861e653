"""Each small mistake in a sound case is refused with table, column, row and the way out, and reported once."""

from __future__ import annotations

import contextlib
import random
from pathlib import Path

import pandas as pd
import pytest

from placement.case import read_case
from placement.errors import DataError, Problem


def problems_of(folder: Path, **options: Path) -> tuple[Problem, ...]:
    """Read a folder that must be refused, and with nothing but a DataError."""
    with pytest.raises(DataError) as caught:
        read_case(folder, **options)
    assert all(p.rule and p.remedy for p in caught.value.problems)
    assert str(caught.value).count("\n") >= len(caught.value.problems) - 1
    return caught.value.problems


def assert_reported(problems: tuple[Problem, ...], table: str, column: str, row: str, remedy: str) -> None:
    """Some problem names the table, the column and the row, and says the remedy."""
    said = "\n".join(str(p) for p in problems)
    fitting = [p for p in problems if p.table == table and p.column == column]
    assert fitting, f"no problem for {table}.{column} in:\n{said}"
    assert any(row in " ".join(p.rows) and remedy in str(p) for p in fitting), f"{row!r} and {remedy!r} are not in:\n{said}"


# file, text, what a planner might write instead | table, column, row, word of rule or remedy
CELLS = [
    # numbers
    ("sites.csv", "NO1,1.1", "NO1,130", "sites", "pue", "oslo (sites.csv line 2)", "between 1 and 3"),
    ("sites.csv", "NO1,1.1", "NO1,abc", "sites", "pue", "oslo", "digits"),
    ("sites.csv", "NO1,1.1", "NO1,nan", "sites", "pue", "oslo", "finite"),
    ("sites.csv", "NO1,1.1", "NO1,inf", "sites", "pue", "oslo", "finite"),
    ("sites.csv", "NO1,1.1", "NO1,", "sites", "pue", "oslo", "Fill in"),
    ("sites.csv", "NO1,1.1", "NO1,0.9", "sites", "pue", "oslo", "unit"),
    ("halls.csv", "50,liquid", "-inf,liquid", "halls", "it_mw", "oslo/h1 (halls.csv line 3)", "finite"),
    ("halls.csv", "50,liquid", "1_0,liquid", "halls", "it_mw", "oslo/h1", "separators"),
    ("halls.csv", "50,liquid", "0x10,liquid", "halls", "it_mw", "oslo/h1", "digits"),
    ("halls.csv", "50,liquid", " 50,liquid", "halls", "it_mw", "oslo/h1", "blanks"),
    ("halls.csv", "50,liquid", "50 MW,liquid", "halls", "it_mw", "oslo/h1", "units"),
    ("halls.csv", "50,liquid", '"50,5",liquid', "halls", "it_mw", "oslo/h1", "point"),
    ("halls.csv", "50,liquid", "1e999,liquid", "halls", "it_mw", "oslo/h1", "finite"),
    ("halls.csv", "50,liquid", "٥٠,liquid", "halls", "it_mw", "oslo/h1", "digits"),
    ("halls.csv", "50,liquid", "50000,liquid", "halls", "it_mw", "oslo/h1", "MW"),
    ("halls.csv", "50,liquid", "-50,liquid", "halls", "it_mw", "oslo/h1", "between"),
    ("skus.csv", "acme,1.4", "acme,1400", "skus", "kw_per_unit", "big (skus.csv line 2)", "kW"),
    ("job_skus.csv", "12000,2", "12000,2.5", "job_skus", "duration_periods", "pre/big (job_skus.csv line 2)", "whole"),
    ("job_skus.csv", "12000,2", "12000.5,2", "job_skus", "units", "pre/big", "whole"),
    ("ppas.csv", "40,0.8", "40,1.8", "ppas", "take_share", "wind-se (ppas.csv line 2)", "between 0 and 1"),
    # flags, choices, countries
    ("grid.csv", ",,,0", ",,,yes", "grid", "interruptible", "oslo/t1 (grid.csv line 2)", "0 or 1"),
    ("halls.csv", ",2,1,,", ",2,2,,", "halls", "existing", "oslo/h0", "0 or 1"),
    ("halls.csv", "20,liquid", "20,liqiud", "halls", "cooling", "oslo/h0", "'liquid'"),
    ("offers.csv", "take_or_pay", "take-or-pay", "offers", "kind", "big-1 (offers.csv line 2)", "take_or_pay"),
    ("sites.csv", ",NO,", ",Norway,", "sites", "country", "oslo", "two capital letters"),
    ("sites.csv", ",NO,", ",no,", "sites", "country", "oslo", "two capital letters"),
    ("metros.csv", ",SE,", ",*,", "metros", "country", "STO (metros.csv line 2)", "two capital letters"),
    ("sites.csv", ",NO,", ",UK,", "sites", "country", "oslo", "Did you mean 'GB'?"),
    ("sites.csv", ",NO,", ",XX,", "sites", "country", "oslo", "not 'XX', which is assigned to no country"),
    ("metros.csv", ",SE,", ",EU,", "metros", "country", "STO (metros.csv line 2)", "the European Union and no country"),
    ("residency.csv", "nordic,SE,SE", "nordic,*,SE", "residency", "origin", "(residency.csv line 4)", "two capital letters"),
    # periods
    ("grid.csv", "2027Q2", "2027-04", "grid", "available", "lund/t1", "2027Q3"),
    ("grid.csv", "2027Q2", "Q2 2027", "grid", "available", "lund/t1", "2027Q3"),
    ("grid.csv", "2027Q2", "2027Q5", "grid", "available", "lund/t1", "2027Q3"),
    ("demand.csv", "chat,STO,2027Q2", "chat,STO,2028Q2", "demand", "period", "chat/STO/2028Q2 (demand.csv line 2)", "2027Q1 to 2027Q4"),
    ("budget.csv", "2027Q1", "2026Q4", "budget", "period", "2026Q4 (budget.csv line 2)", "within the horizon"),
    ("offers.csv", "2027Q1,20000", "2029Q1,20000", "offers", "period", "big-1", "within the horizon"),
    # ids
    ("grid.csv", "lund,t2", "lund, t2", "grid", "tier", "lund/ t2 (grid.csv line 4)", "blank"),
    ("grid.csv", "lund,t2", "lund,t2 ", "grid", "tier", "lund/t2 ", "blank"),
    ("grid.csv", "lund,t2", 'lund,"t,2"', "grid", "tier", "lund/t,2", "comma"),
    ("grid.csv", "lund,t2", "lund,t;2", "grid", "tier", "lund/t;2", "semicolon"),
    ("grid.csv", "lund,t2", 'lund,"t\n2"', "grid", "tier", "line 4", "line breaks"),
    ("grid.csv", "lund,t2", "lund,t\u200b2", "grid", "tier", "line 4", "invisible"),
    ("grid.csv", "lund,t2", "lund,t\u00a02", "grid", "tier", "line 4", "invisible"),
    ("grid.csv", "lund,t2", "lund,u\u0308", "grid", "tier", "line 4", "NFC"),
    ("grid.csv", "lund,t2", "lund,", "grid", "tier", "lund/ (grid.csv line 4)", "Fill in"),
    # keys and references
    ("grid.csv", "lund,t2", "lund,t1", "grid", "site/tier", "lund/t1 (grid.csv line 4)", "unique"),
    ("budget.csv", "2027Q2", "2027Q1", "budget", "period", "2027Q1 (budget.csv line 3)", "unique"),
    ("sites.csv", "\nlund", "\noslo,,NO,59.9,10.7,NO1,1.1,,,,\nlund", "sites", "site", "oslo (sites.csv line 3)", "unique"),
    ("generators.csv", "gas-lund,lund", "gas-lund,Lund", "generators", "site", "gas-lund (generators.csv line 2)", "'lund'"),
    ("job_skus.csv", "pre,big", "pre,bigg", "job_skus", "sku", "pre/bigg", "'big'"),
    ("sites.csv", "NO1,1.1", "NO2,1.1", "sites", "zone", "oslo", "'NO1'"),
    ("tariffs.csv", "NO1,2027Q1,base", "NO1,2027Q1,bsae", "tariffs", "block", "NO1/2027Q1/bsae", "'base'"),
    ("ppas.csv", "35,wind", "35,wnd", "ppas", "profile", "wind-se", "'wind'"),
    ("vendor_caps.csv", "acme", "amce", "vendor_caps", "vendor", "amce", "'acme'"),
    ("jobs.csv", "2027Q2,,nordic", "2027Q2,,nordics", "jobs", "residency", "pre (jobs.csv line 2)", "'nordic'"),
    ("services.csv", "24,oslo", "24,olso", "services", "origin", "chat (services.csv line 2)", "'oslo'"),
    ("export.csv", "top,SE", "tpo,SE", "export", "export_class", "tpo/SE", "'top'"),
    # rules across rows: sites, halls, milestones
    ("sites.csv", "10.7,NO1", "10.7,", "sites", "zone", "oslo", "Name a zone"),
    ("sites.csv", "59.9,10.7", "0,0", "sites", "lat_deg", "oslo", "coordinates"),
    ("sites.csv", "1.1,2,,,", "1.1,2,,9,", "sites", "opening_cost_musd", "oslo", "open already"),
    ("halls.csv", "lund,h1,lund-a", "lund,h1,oslo", "halls", "domain", "lund/h1", "another site"),
    ("halls.csv", "oslo,h1,", "oslo,h1,lund-a", "halls", "domain", "lund/h1", "two sites"),
    ("halls.csv", ",,2,1,,", ",7,2,1,,", "halls", "capex_musd", "oslo/h0", "existing"),
    ("halls.csv", ",2,1,,", ",2,1,2027Q2,", "halls", "earliest", "oslo/h0", "existing"),
    ("halls.csv", "oslo,h0,,20,liquid,,2,1,,\noslo,h1,,50,liquid,500,5,0,2027Q2,15",
     "oslo,h1,,50,liquid,500,5,0,2027Q2,15\noslo,h0,,20,liquid,,2,1,,", "halls", "existing", "oslo/h0", "Move the row up"),
    ("milestones.csv", "oslo,h1,shell", "oslo,h7,shell", "milestones", "hall", "oslo/h7/shell", "'oslo/h1'"),
    ("milestones.csv", "oslo,h1,shell", "oslo,h0,shell", "milestones", "hall", "oslo/h0/shell", "existing"),
    ("milestones.csv", "oslo,h1,shell", "oslo,,shell", "milestones", "hall", "oslo//shell", "existing hall"),
    ("milestones.csv", "h2,shell,land", "h2,shell,lnad", "milestones", "after", "lund/h2/shell", "'land'"),
    ("milestones.csv", "shell;land", "shell; land", "milestones", "after", "lund/h1/energise", "'land'"),
    ("milestones.csv", "lund,,land,,", "lund,,land,shell,", "milestones", "after", "lund//land", "shared"),
    ("milestones.csv", "lund,h1,shell,land", "lund,h1,shell,energise", "milestones", "after", "lund", "h1/energise"),
    ("milestones.csv", "lund,h1,shell,land", "lund,h1,shell,shell", "milestones", "after", "lund", "circle"),
    ("milestones.csv", "lund,h1,energise,shell;land", "lund,h1,land,shell;land", "milestones", "after", "lund/h1/land", "Rename"),
    ("milestones.csv", "0,0.5,1,1", "0.7,0.5,1,1", "milestones", "lead_p50", "lund//land", "rising"),
    # magnitudes: dollars instead of M$
    ("halls.csv", "liquid,500", "liquid,500000000", "halls", "capex_musd", "oslo/h1", "in M$"),
    ("jobs.csv", "pre,900", "pre,900000000", "jobs", "value_musd", "pre", "in M$"),
    ("generators.csv", "1.1,90", "1100000,90", "generators", "capex_musd_per_mw", "gas-lund", "in M$"),
    # power
    ("ppas.csv", "SE4,wind", "NO9,wind", "ppas", "zone", "wind-se", "'NO1'"),
    ("ppas.csv", "2027Q2,40", "2026Q2,40", "ppas", "start", "wind-se", "remains"),
    ("profiles.csv", "wind,stress,0.1\n", "", "profiles", "profile/block", "wind/stress", "Add the missing rows"),
    ("tariffs.csv", "SE4,2027Q3,stress,43,30\n", "", "tariffs", "zone/period/block", "SE4/2027Q3/stress", "Add the missing rows"),
    # chips and export
    ("vendor_caps.csv", "acme,0.95", "acme,0.5\nbolt,0.4", "vendor_caps", "max_spend_share", "acme", "at least 1"),
    ("offers.csv", "40000,0.5", "40000,", "offers", "take_share", "big-1", "above 0"),
    ("offers.csv", "20000,,0", "20000,0.3,0", "offers", "take_share", "small-1", "take_or_pay"),
    ("installed.csv", "oslo,big", "olso,big", "installed", "domain", "olso/big (installed.csv line 2)", "'oslo'"),
    ("installed.csv", "oslo,big", "lund-a,big", "installed", "domain", "lund-a/big", "existing"),
    ("installed.csv", "4000", "40000", "installed", "units", "oslo/big", "20 MW"),
    ("halls.csv", "20,liquid", "20,air", "installed", "units", "oslo/big", "liquid"),
    ("export.csv", "cap,30000", "cap,", "export", "cap_units", "top/SE", "Give the cap"),
    ("export.csv", "allow,", "allow,9000", "export", "cap_units", "top/*", "blank"),
    ("export.csv", "top,*,allow", "top,*,deny", "installed", "sku", "oslo/big", "denies"),
    ("export.csv", "top,*,allow,", "top,*,cap,100", "export", "cap_units", "top/*", "installed already"),
    # training and inference
    ("jobs.csv", "0,2027Q2,,nordic", "0,2027Q3,2027Q2,nordic", "jobs", "latest", "pre", "before earliest"),
    ("jobs.csv", "2027Q3", "2026Q3", "jobs", "latest", "tune (jobs.csv line 3)", "before the first period"),
    ("jobs.csv", "1,,2027Q3", "1,2028Q3,", "jobs", "latest", "tune", "mandatory"),
    ("jobs.csv", "pre,900,0", "pre,,0", "jobs", "value_musd", "pre", "worth nothing"),
    ("job_skus.csv", "pre,big,12000,2\n", "", "jobs", "job", "pre", "job_skus.csv"),
    ("service_skus.csv", "code,small,300", "chat,small,300", "services", "service", "code", "service_skus.csv"),
    ("services.csv", "nordic,2,", "nordic,20,", "services", "peak_to_mean", "chat", "at most 10"),
    ("services.csv", "700,24,oslo", "700,24,", "services", "weights_gb", "chat", "origin"),
    ("services.csv", "700,24,oslo", ",24,oslo", "services", "origin", "chat", "weights_gb"),
    ("services.csv", "80,2,,", "80,0,0,", "services", "price_usd_per_mtok", "code", "earns nothing"),
    ("residency.csv", "nordic,SE,SE", "nordic,FI,SE", "residency", "origin", "nordic/FI/SE", "no metro"),
    ("residency.csv", "nordic,SE,SE,1,r-3", "baltic,,SE,1,r-3", "residency", "class", "baltic//SE", "no effect"),
    # fibre
    ("links.csv", "l2,lund,CPH", "l2,lund,lund", "links", "b", "l2 (links.csv line 3)", "two nodes"),
    ("links.csv", "l3,STO,lund", "l3,CPH,lund", "sites", "site", "lund", "cut off"),
    ("links.csv", "l2,lund,CPH", "l2,lund,CHP", "metros", "metro", "CPH (metros.csv line 3)", "node"),
    ("links.csv", "400,400,2,4", "400,,2,4", "links", "module_gbps", "l1", "one module"),
    ("links.csv", "400,400,2,4", "400,400,2,", "links", "max_modules", "l1", "at least 1"),
    ("links.csv", "400,400,2,4", ",400,2,4", "links", "gbps", "l1", "limited"),
    ("links.csv", "60,400,,,,,", "60,400,,7,,,", "links", "module_capex_musd", "l2", "without modules"),
    ("links.csv", "620", "62", "links", "km", "l3", "straight line"),
    # case.toml
    ("case.toml", 'start = "2027Q1"', 'start = "2027Q7"', "case.toml", "start", "", "2027Q3"),
    ("case.toml", 'start = "2027Q1"', "start = 2027", "case.toml", "start", "", "in quotes"),
    ("case.toml", 'start = "2027Q1"\n', "", "case.toml", "start", "", "Add start"),
    ("case.toml", "periods = 4", "periods = 0", "case.toml", "periods", "", "from 1"),
    ("case.toml", "periods = 4", "periods = true", "case.toml", "periods", "", "whole number"),
    ("case.toml", "period_months = 3", "period_months = 4", "case.toml", "period_months", "", "1, 3, 6 or 12"),
    ("case.toml", "0.08", "8", "case.toml", "discount_rate", "", "0.08 is 8 %"),
    ("case.toml", "0.08", "nan", "case.toml", "discount_rate", "", "between 0 and 1"),
    ("case.toml", "discount_rate", "discont_rate", "case.toml", "discont_rate", "", "'discount_rate'"),
    ("case.toml", "periods = 4", "periods = 4\nlead_percentile = 95", "case.toml", "lead_percentile", "", "10, 50 or 90"),
    ("case.toml", "_per_t = 50", "_per_t = -50", "case.toml", "carbon_price_usd_per_t", "", "between 0"),
    ("case.toml", "share = 0.9", "share = 0.8", "case.toml", "blocks.share", "", "sum to 1"),
    ("case.toml", "stress = true", "stress = false", "case.toml", "blocks.stress", "", "exactly one"),
    ("case.toml", 'name = "stress"', 'name = "base"', "case.toml", "blocks.name", "", "Rename"),
    ("case.toml", "stress = true", "stres = true", "case.toml", "blocks.stres", "", "'stress'"),
    ("case.toml", "carbon = 1.0", "carbn = 1.0", "case.toml", "weights.carbn", "", "'carbon'"),
    ("case.toml", "carbon = 1.0", "carbon = -1.0", "case.toml", "weights.carbon", "", ">= 0"),
    ("case.toml", "carbon = 1.0", "carbon = inf", "case.toml", "weights.carbon", "", "finite"),
    ("case.toml", "carbon = 1.0", f"carbon = 1{'0' * 400}", "case.toml", "weights.carbon", "", "finite"),
    ("case.toml", "0.08", f"1{'0' * 400}", "case.toml", "discount_rate", "", "between 0 and 1"),
    ("case.toml", 'name = "tiny"', "name = tiny", "case.toml", "", "case.toml", "quotes"),
    ("case.toml", 'name = "tiny"', 'name = "tiny"\ndrop_tables = ["budget"]', "case.toml", "drop_tables", "", "scenario"),
    # headers and rows
    ("halls.csv", "it_mw", "it_MW", "halls", "it_MW", "halls.csv line 1", "'it_mw'"),
    ("halls.csv", "it_mw", "it_kw", "halls", "it_kw", "halls.csv line 1", "lacks 'it_mw'"),
    ("halls.csv", "it_mw", "power", "halls", "it_mw", "", "Add the column"),
    ("sites.csv", "outages_per_year", "outage_per_year", "sites", "outage_per_year", "", "'outages_per_year'"),
    ("sites.csv", "site,name", "site,site", "sites", "", "sites.csv line 1", "'site' twice"),
    ("sites.csv", "site,name", "site,", "sites", "", "sites.csv line 1", "no name"),
    ("links.csv", "l4,oslo,hub,200,,,,,,", "l4,oslo,hub,200", "links", "", "l4 (links.csv line 5, 4 cells)", "commas"),
    ("links.csv", "l4,oslo,hub,200,,,,,,", "l4,oslo,hub,200,,,,,,,", "links", "", "11 cells", "commas"),
    ("sites.csv", '"Oslo, north"', '"Oslo, north', "sites", "", "sites.csv", "quotes"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "table", "column", "row", "remedy"), CELLS)
def test_one_mistake(good, file, old, new, table, column, row, remedy) -> None:
    """One wrong cell is reported for its table, column and row, with a remedy."""
    good.edit(file, old, new)
    problems = problems_of(good.path)
    assert_reported(problems, table, column, row, remedy)
    assert len(problems) <= 2, "one mistake must not be reported through everything that depends on it"


WORK = ("jobs", "job_skus", "releases", "services", "service_skus", "demand")

FOLDERS = [
    # what happens to the folder | table, row, word of rule or remedy
    (lambda f: f.add("demnad.csv", "a,b\n"), "demnad.csv", "", "'demand.csv'"),
    (lambda f: f.add("demand.xlsx", "PK"), "demand.xlsx", "", "CSV"),
    (lambda f: f.add("sites (1).csv", "a,b\n"), "sites (1).csv", "", "'sites.csv'"),
    (lambda f: f.add("Sites.CSV", "a,b\n"), "Sites.CSV", "", "'sites.csv'"),
    (lambda f: f.add("notes.txt", "hello"), "notes.txt", "", ".md"),
    (lambda f: (f.path / "sites.parquet").mkdir(), "sites.parquet/", "", "folder"),
    (lambda f: [(f.path / "old").mkdir(), f.add("old/sites.csv", "site\n")], "old/", "sites.csv", "not read"),
    (lambda f: (f.path / "budget.csv").write_bytes(b""), "budget", "budget.csv", "empty file"),
    (lambda f: (f.path / "budget.csv").write_bytes(b"\n \n"), "budget", "budget.csv", "empty file"),
    (lambda f: (f.path / "budget.csv").write_text("period,capex_musd\n"), "budget", "budget.csv", "no rows"),
    (lambda f: (f.path / "budget.csv").write_bytes(b"period,capex_musd\n2027Q1,1\x00\n"), "budget", "budget.csv line 2", "NUL"),
    (lambda f: (f.path / "sites.csv").write_bytes("site,name\noslo,\u00c5s\n".encode("latin-1")), "sites", "sites.csv line 2", "UTF-8"),
    (lambda f: (f.path / "sites.csv").write_text("site,name\n", encoding="utf-16"), "sites", "sites.csv line 1", "UTF-8"),
    (lambda f: (f.path / "budget.csv").write_text("period;capex_musd\n2027Q1;1,5\n"), "budget", "budget.csv line 1", "commas"),
    (lambda f: (f.path / "case.toml").write_bytes(b"\xff"), "case.toml", "case.toml line 1", "UTF-8"),
    (lambda f: (f.path / "budget.parquet").write_bytes(b"x"), "budget", "budget.parquet", "twice"),
    (lambda f: [f.drop("budget.csv"), (f.path / "budget.parquet").write_bytes(b"x")], "budget", "budget.parquet", "readable"),
    (lambda f: f.drop("case.toml"), "case.toml", "", "missing"),
    (lambda f: f.drop("tariffs.csv"), "tariffs", "grid", "Add tariffs.csv"),
    (lambda f: f.drop("halls.csv"), "halls", "jobs", "Add halls.csv"),
    (lambda f: f.drop("job_skus.csv"), "job_skus", "jobs", "Add job_skus.csv"),
    (lambda f: f.drop("demand.csv"), "demand", "services", "Add demand.csv"),
    (lambda f: f.drop("links.csv"), "links", "metros", "Add links.csv"),
    (lambda f: f.drop("sites.csv"), "sites", "", "Add sites.csv"),
    (lambda f: f.drop(*(f"{t}.csv" for t in WORK)), "jobs", "offers", "no table has an effect"),
    (lambda f: f.drop("ppas.csv"), "profiles", "wind/base", "no effect"),
    (lambda f: f.drop("services.csv", "service_skus.csv"), "services", "demand", "needed"),
    (lambda f: f.drop("services.csv", "service_skus.csv", "demand.csv"), "metros", "", "has no effect without"),
    (lambda f: f.drop("services.csv", "service_skus.csv", "demand.csv"), "links", "", "has no effect without"),
    (lambda f: f.drop("milestones.csv").edit("case.toml", "periods", "lead_percentile = 10\nperiods"), "case.toml", "", "milestones.csv"),
    (lambda f: f.add("case.toml", "lead_percentile = 10\n"), "case.toml", "", "weights.lead_percentile"),
    (lambda f: f.add("case.toml", "carbon = 2\n"), "case.toml", "case.toml", "TOML"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "table", "row", "remedy"), FOLDERS)
def test_one_wrong_file(good, spoil, table, row, remedy) -> None:
    """A file that is missing, foreign, damaged or useless is reported."""
    spoil(good)
    problems = problems_of(good.path)
    fitting = [p for p in problems if p.table == table and row in " ".join(p.rows) and remedy in str(p)]
    assert fitting, "\n".join(map(str, problems))
    assert len(problems) <= 3, "one mistake must not be reported through everything that depends on it"


USELESS = [
    ("tariffs.csv", "DK1,2027Q1,base,1,1\n", "tariffs", "zone", "DK1/2027Q1/base"),
    ("profiles.csv", "sun,base,0.1\nsun,stress,0\n", "profiles", "profile", "sun/base"),
    ("skus.csv", "odd,,acme,1,,80,,,,,\n", "skus", "sku", "odd"),
    ("sites.csv", "bergen,,NO,60.4,5.3,NO1,1.1,,,,\n", "sites", "site", "bergen"),
    ("metros.csv", "oslo,,NO,59.9,10.8\n", "metros", "metro", "oslo"),
    ("residency.csv", "rest,,NO,1,r-9\n", "residency", "class", "rest//NO"),
]


@pytest.mark.parametrize(("file", "rows", "table", "column", "row"), USELESS)
def test_rows_without_effect(good, file, rows, table, column, row) -> None:
    """A row that nothing uses is refused, so that nobody waits for an effect that cannot come."""
    good.add(file, rows)
    assert_reported(problems_of(good.path), table, column, row, "no effect")


def test_limits_without_their_layer_have_no_effect(good) -> None:
    """Caps on power, a carbon price and fibre capacities need the layers that they limit."""
    good.drop("grid.csv", "tariffs.csv", "ppas.csv", "generators.csv", "profiles.csv", "clean_targets.csv")
    good.edit("sites.csv", "10.7,NO1", "10.7,").edit("sites.csv", "13.2,SE4", "13.2,").edit("services.csv", "700,24,oslo", ",24,")
    problems = problems_of(good.path)
    assert_reported(problems, "sites", "community_mw", "lund", "power is not modelled")
    assert_reported(problems, "jobs", "min_firmness", "pre", "power is not modelled")
    assert_reported(problems, "case.toml", "carbon_price_usd_per_t", "", "no effect")
    assert_reported(problems, "links", "gbps", "l1", "no refresh traffic")
    assert len(problems) == 4


def test_all_mistakes_are_reported_at_once(good) -> None:
    """Mistakes of five kinds, in files, cells, keys, references and rules, come in one error."""
    good.add("budgets.csv", "period,capex_musd\n")
    good.edit("sites.csv", "NO1,1.1", "NO1,130")
    good.edit("grid.csv", "lund,t2", "lund,t1")
    good.edit("job_skus.csv", "pre,big", "pre,bigg")
    good.edit("milestones.csv", "lund,h1,shell,land", "lund,h1,shell,energise")
    problems = problems_of(good.path)
    assert_reported(problems, "budgets.csv", "", "", "'budget.csv'")
    assert_reported(problems, "sites", "pue", "oslo", "between 1 and 3")
    assert_reported(problems, "grid", "site/tier", "lund/t1", "unique")
    assert_reported(problems, "job_skus", "sku", "pre/bigg", "'big'")
    assert_reported(problems, "milestones", "after", "lund", "circle")
    assert len(problems) == 5


def test_every_row_of_a_mistake_is_named(good) -> None:
    """The error lists all rows that break a rule; its text shows the first five."""
    text = (good.path / "demand.csv").read_text(encoding="utf-8").replace("000\n", "000x\n")
    (good.path / "demand.csv").write_text(text, encoding="utf-8")
    (problem,) = problems_of(good.path)
    assert len(problem.rows) == 12
    assert "(12 rows)" in str(problem)


def test_a_folder_that_is_not_there(tmp_path: Path, good) -> None:
    """A missing folder, or a file in its place, is an error that says so."""
    (problem,) = problems_of(tmp_path / "nowhere")
    assert "does not exist" in problem.rule
    (problem,) = problems_of(good.path / "case.toml")
    assert "not a folder" in problem.rule


def test_parquet_cells_are_checked_like_text(good) -> None:
    """A true NaN in Parquet is refused; a null is an empty cell."""
    good.drop("budget.csv")
    pd.DataFrame({"period": ["2027Q1"], "capex_musd": ["nan"]}).to_parquet(good.path / "budget.parquet")
    assert_reported(problems_of(good.path), "budget", "capex_musd", "2027Q1 (budget.parquet line 1)", "finite")
    pd.DataFrame({"period": ["2027Q1"], "capex_musd": [None]}).to_parquet(good.path / "budget.parquet")
    assert_reported(problems_of(good.path), "budget", "capex_musd", "2027Q1", "limits nothing")


JUNK = ("", " ", "NA", "nan", "-1", "0", "1e400", "x", "2031Q1", "*", ";", "oslo", "lund", "h1", "big", "stress", "\u0000x", '"', "a,b")


@pytest.mark.parametrize("seed", range(30))
def test_random_damage_never_escapes_as_another_error(good, seed: int) -> None:
    """Whatever junk stands in the cells, reading either succeeds or raises a DataError."""
    rng = random.Random(seed)
    for file in rng.sample(sorted(good.path.glob("*.csv")), 4):
        lines = file.read_text(encoding="utf-8").splitlines()
        for _ in range(rng.randint(1, 3)):
            at = rng.randrange(len(lines))
            cells = lines[at].split(",")
            cells[rng.randrange(len(cells))] = rng.choice(JUNK)
            lines[at] = ",".join(cells)
        if rng.random() < 0.2:
            lines.pop(rng.randrange(len(lines)))
        file.write_text("\n".join(lines), encoding="utf-8")
    if rng.random() < 0.3:
        rng.choice(sorted(good.path.glob("*.csv"))).unlink()
    with contextlib.suppress(DataError):
        read_case(good.path)
