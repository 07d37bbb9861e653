"""Cells and rows without effect, and numbers too small or too large for a solver, are refused; what has an effect is not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from placement.case import read_case
from placement.case.magnitudes import FLOORS
from placement.errors import DataError, Problem
from placement.program import assemble, build_sides
from tests.case.conftest import CaseFolder

Edit = Callable[[CaseFolder], Any]


def problems_of(folder: Path) -> tuple[Problem, ...]:
    """Return the problems of a folder; none if it can be read."""
    try:
        read_case(folder)
    except DataError as error:
        return error.problems
    return ()


REFUSED: list[tuple[Edit, str, str, str, str]] = [
    # what is edited | table, column, row, word of rule or remedy
    (lambda f: f.edit("jobs.csv", "0.9,100,6", "0.9,100,"), "sites", "outages_per_year", "oslo", "loss_hours_per_outage"),
    (lambda f: f.edit("sites.csv", "1.1,2", "1.1,0").edit("sites.csv", "1.2,4", "1.2,"), "jobs", "loss_hours_per_outage", "pre", "outages_per_year"),
    (lambda f: f.edit("halls.csv", ",2,1,,", ",2,1,,15"), "halls", "life_years", "oslo/h0", "existing"),
    (lambda f: f.edit("halls.csv", "lund-a,40,liquid,400", "lund-a,40,liquid,"), "halls", "life_years", "lund/h1", "capex_musd is 0"),
    (lambda f: f.edit("grid.csv", "interruptible", "interruptible,life_years").edit("grid.csv", ",,,0", ",,,0,30").edit("grid.csv", "30,0", "30,0,")
        .edit("grid.csv", "10,1", "10,1,"), "grid", "life_years", "oslo/t1", "capex_musd is 0"),
    (lambda f: f.edit("generators.csv", "1.1,90", "0,90"), "generators", "life_years", "gas-lund", "capex_musd_per_mw is 0"),
    (lambda f: f.edit("links.csv", "400,400,2,4", "400,400,0,4"), "links", "life_years", "l1", "module_capex_musd is 0"),
    (lambda f: f.edit("offers.csv", "5000,20000", "5000,0"), "skus", "life_years", "small", "no offer"),
    (lambda f: f.edit("skus.csv", "8,air,,5", "8,air,low,5"), "skus", "export_class", "small", "no row for the class"),
    (lambda f: f.drop("export.csv"), "skus", "export_class", "big", "no export.csv"),
    (lambda f: f.edit("export.csv", "top,SE", "top,DK"), "export", "country", "top/DK", "no site"),
    (lambda f: f.add("residency.csv", "nordic,,DK,1,r-4\n"), "residency", "country", "nordic//DK", "no site"),
    (lambda f: f.add("residency.csv", "nordic,,DK,0,r-4\n"), "residency", "country", "nordic//DK", "no site"),
    (lambda f: f.add("residency.csv", "nordic,SE,DK,1,r-4\n"), "residency", "country", "nordic/SE/DK", "no site"),
    (lambda f: f.edit("demand.csv", "chat,STO,2027Q2,2000", "chat,STO,2027Q2,0"), "demand", "mtok_per_day", "chat/STO/2027Q2", "no demand"),
    # too small, or too large
    (lambda f: f.edit("demand.csv", "chat,STO,2027Q2,2000", "chat,STO,2027Q2,1e-6"), "demand", "mtok_per_day", "chat/STO/2027Q2", "1e-06 accelerators"),
    (lambda f: f.edit("demand.csv", "chat,STO,2027Q2,2000", "chat,STO,2027Q2,1e-4").edit("services.csv", "700,24", "1e-9,24"),
        "demand", "mtok_per_day", "chat/STO/2027Q2", "told from 0"),
    (lambda f: f.edit("service_skus.csv", "small,300", "small,1e-6"), "demand", "mtok_per_day", "code/STO/2027Q2", "so large"),
    (lambda f: f.edit("skus.csv", "1.4,0.2", "1.4,1e-10"), "skus", "idle_share", "big", "clearly between"),
    (lambda f: f.edit("skus.csv", "1.4,0.2", "1.4,0.9999999999"), "skus", "idle_share", "big", "clearly between"),
    (lambda f: f.edit("vendor_caps.csv", "0.95", "0.999999999999"), "vendor_caps", "max_spend_share", "acme", "clearly between"),
    (lambda f: f.edit("vendor_caps.csv", "0.95", "1e-8"), "vendor_caps", "max_spend_share", "acme", "clearly between"),
    (lambda f: f.edit("profiles.csv", "stress,0.1", "stress,1e-10"), "profiles", "factor", "wind/stress", "at least 1e-05"),
    (lambda f: f.edit("ppas.csv", "40,0.8", "40,1e-9"), "ppas", "take_share", "wind-se", "at least 0.001"),
    (lambda f: f.edit("offers.csv", "40000,0.5", "40000,1e-9"), "offers", "take_share", "big-1", "at least 0.001"),
    (lambda f: f.edit("offers.csv", "20000,40000", "20000,0.001"), "offers", "unit_price_usd", "big-1", "at least 0.01"),
    (lambda f: f.edit("halls.csv", "liquid,500,", "liquid,1e-8,"), "halls", "capex_musd", "oslo/h1", "at least 1e-05"),
    (lambda f: f.edit("milestones.csv", "0,0.5,1,1", "0,0.5,1,1e-9"), "milestones", "cost_musd", "lund//land", "at least 1e-05"),
]  # fmt: skip


@pytest.mark.parametrize(("edit", "table", "column", "row", "words"), REFUSED)
def test_refused(good: CaseFolder, edit: Edit, table: str, column: str, row: str, words: str) -> None:
    """Every such cell is reported once, with its row and what to do."""
    edit(good)
    found = problems_of(good.path)
    assert [(p.table, p.column) for p in found].count((table, column)) == 1, "\n".join(map(str, found))
    problem = next(p for p in found if (p.table, p.column) == (table, column))
    assert any(r.startswith(row) for r in problem.rows) and words in str(problem), str(problem)
    assert len(found) <= 2


ALLOWED: list[Edit] = [
    lambda f: f,
    lambda f: f.edit("sites.csv", "1.1,2", "1.1,0"),  # one site with outages is enough
    lambda f: f.edit("skus.csv", "8,air,,5", "8,air,,"),
    lambda f: f.edit("skus.csv", "1.4,0.2", "1.4,1").edit("skus.csv", "0.7,0.2", "0.7,0"),
    lambda f: f.edit("vendor_caps.csv", "0.95", "1"),
    lambda f: f.edit("profiles.csv", "stress,0.1", "stress,0"),
    lambda f: f.add("residency.csv", "nordic,DK,DK,1,r-4\n"),  # denies every site for users in DK
    lambda f: f.add("residency.csv", "nordic,DK,FI,0,r-4\n"),  # sets the general rows aside for users in DK
    lambda f: f.add("residency.csv", "nordic,,*,0,r-4\n"),
    lambda f: f.edit("demand.csv", "chat,STO,2027Q2,2000", "chat,STO,2027Q2,0.001"),
]


@pytest.mark.parametrize("edit", ALLOWED)
def test_allowed(good: CaseFolder, edit: Edit) -> None:
    """What changes what a plan may do is no mistake, and can be solved."""
    edit(good)
    assert problems_of(good.path) == ()
    assemble(build_sides(read_case(good.path)))


def test_residency_rows_elsewhere_change_rulings(good: CaseFolder, case_folder: Callable[[str], CaseFolder]) -> None:
    """The rows that are allowed although no site stands in their country do exclude sites, or let them in."""
    base = build_sides(read_case(good.path)).demand.exclusions
    for name, row in (("denies", "nordic,DK,DK,1,r-4\n"), ("frees", "nordic,DK,FI,0,r-4\n")):
        folder = case_folder(name).edit("residency.csv", "nordic,,SE,1,r-2\n", "").add("residency.csv", row)
        assert not build_sides(read_case(folder.path)).demand.exclusions.equals(base)


def test_the_smallest_allowed_numbers_can_be_solved(good: CaseFolder) -> None:
    """With every floor reached at once, and a budget, no coefficient is lost: ``program.guard`` lets it pass."""
    least = {(f.table, f.column): f.least for f in FLOORS}
    good.edit("vendor_caps.csv", "0.95", "0.5")  # of chips at one cent
    good.edit("domestic_shares.csv", "0.02", "0.5")
    good.edit("grid.csv", "interruptible\n", "interruptible,opex_musd_per_year\n").edit("grid.csv", ",30,0\n", ",30,0,1\n")
    good.edit("grid.csv", "1,,,0\n", "1,,,0,\n").edit("grid.csv", ",10,1\n", ",10,1,\n")
    for file in sorted(good.path.glob("*.csv")):
        head, *lines = file.read_text(encoding="utf-8").splitlines()
        columns = head.split(",")
        for i, line in enumerate(lines):
            if '"' not in line:
                cells = line.split(",")
                for j, name in enumerate(columns):
                    if (file.stem, name) in least and cells[j] not in ("", "0"):
                        cells[j] = repr(least[file.stem, name])
                lines[i] = ",".join(cells)
        file.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
    case = read_case(good.path)
    heads = {file.stem: file.read_text(encoding="utf-8").split("\n", 1)[0].split(",") for file in good.path.glob("*.csv")}
    for table, column in least:
        if table not in ("sites", "pairs") and column in heads.get(table, ()):  # a column that the case leaves out stands at its blank
            assert (case[table][column] == least[table, column]).any(), (table, column)
    assemble(build_sides(case))


@pytest.mark.parametrize("floor", FLOORS, ids=lambda f: f"{f.table}.{f.column}")
def test_floors_are_numbers_of_the_schema(floor: Any) -> None:
    """Every floor stands on a column that is there and may be 0."""
    from placement.case.schema import TABLES

    assert TABLES[floor.table].column(floor.column).minimum == 0
