"""A workbook is read like a folder, and what a spreadsheet changes behind its user's back is told with sheet and cell."""

from __future__ import annotations

import datetime
import json
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from placement.authoring import converted
from placement.case import read_case
from placement.cli import main
from placement.errors import DataError, ExitCode, Problem

Edit = Callable[[Any], None]


@pytest.fixture
def book(good, tmp_path) -> Path:
    """The sound case of this folder's tests as a workbook."""
    converted(good.path, tmp_path / "tiny.xlsx")
    return tmp_path / "tiny.xlsx"


def edited(file: Path, edit: Edit) -> Path:
    """Change a workbook in place."""
    work = openpyxl.load_workbook(file)
    edit(work)
    work.save(file)
    return file


def column(sheet: Any, name: str) -> str:
    """Return the letter of a column by its header."""
    return next(c.column_letter for c in sheet[1] if c.value == name)


def put(sheet: str, name: str, row: int, value: object, form: str | None = None) -> Edit:
    """Return the edit that puts a value into a cell."""

    def edit(work: Any) -> None:
        cell = work[sheet][f"{column(work[sheet], name)}{row}"]
        cell.value = value
        if form:
            cell.number_format = form

    return edit


def problems_of(file: Path, **options: Any) -> tuple[Problem, ...]:
    """Read a workbook that must be refused."""
    with pytest.raises(DataError) as caught:
        read_case(file, **options)
    return caught.value.problems


def all_of(*edits: Edit) -> Edit:
    """Return the edits one after another."""
    return lambda work: [edit(work) for edit in edits] and None


def move_down(work: Any) -> None:
    """Put two remarks and a blank row above a table, a blank row into it and blank formatted cells beside it."""
    work["grid"].insert_rows(1, 3)
    work["grid"]["A1"] = "# what the utility said in May"
    work["grid"].insert_rows(6)
    work["grid"]["Z40"].number_format = "0.00"
    work.create_sheet("Sheet1")


SAME = {
    "numbers as text": all_of(put("halls", "it_mw", 3, "50", "@"), put("halls", "capex_musd", 3, "500", "@"), put("case", "value", 7, "0.08", "@")),
    "whole numbers as floats": all_of(put("halls", "it_mw", 3, 50.0), put("installed", "units", 2, 4000.0)),
    "truth values as flags": all_of(put("halls", "existing", 2, True), put("halls", "existing", 3, False), put("blocks", "stress", 3, 1)),
    "flags as words": put("grid", "interruptible", 2, "FALSE"),
    "blank rows, remarks, an empty sheet": move_down,
    "notes": lambda work: work.create_sheet("diary.md").append(["called the utility"]),
    "columns in another order": lambda work: work["budget"].move_range("A1:A3", cols=3),
    "a hidden row and a filter": lambda work: setattr(work["grid"].row_dimensions[3], "hidden", True),
}


@pytest.mark.parametrize("name", SAME)
def test_it_is_the_same_case(name, book, good):
    """Ways of writing that mean the same are read the same."""
    assert read_case(edited(book, SAME[name])).sha256 == read_case(good.path).sha256


def formula_without_value(work: Any) -> None:
    """Write a formula as a program does that cannot calculate."""
    put("halls", "it_mw", 3, "=20+30")(work)


def hide(work: Any) -> None:
    work["budget"].sheet_state = "hidden"


WRONG = {
    "a formula that was never calculated": (formula_without_value, "halls", "it_mw", "sheet halls cell D3", "save it"),
    "an error": (put("grid", "mw", 2, "#N/A"), "grid", "mw", "sheet grid cell C2", "formulas that give an error"),
    "a date among texts": (put("jobs", "job", 2, datetime.datetime(2027, 3, 1)), "jobs", "job", "sheet jobs cell A2", "Format the cells as text"),
    "a date among numbers": (put("halls", "it_mw", 2, datetime.date(2027, 1, 2)), "halls", "it_mw", "sheet halls cell D2", "Format the cells"),
    "a time": (put("halls", "it_mw", 2, datetime.time(1, 5)), "halls", "it_mw", "sheet halls cell D2", "Format the cells"),
    "a date in place of a quarter": (put("grid", "available", 3, datetime.datetime(2027, 4, 1)), "grid", "available", "cell E3", "2027Q3, not '2027-04'"),
    "a truth value among texts": (put("skus", "sku", 2, True), "skus", "sku", "sheet skus cell A2", "TRUE or FALSE"),
    "a truth value among numbers": (put("halls", "it_mw", 2, True), "halls", "it_mw", "sheet halls cell D2", "TRUE or FALSE"),
    "a decimal comma": (put("halls", "it_mw", 3, "50,5"), "halls", "it_mw", "oslo/h1 (sheet halls cell D3)", "point"),
    "a blank behind an id": (put("grid", "tier", 4, "t2 "), "grid", "tier", "lund/t2  (sheet grid cell B4)", "blank"),
    "a blank where a value must be": (put("halls", "it_mw", 3, None), "halls", "it_mw", "sheet halls cell D3", "Fill in"),
    "a text where a number must be": (put("halls", "it_mw", 3, "fifty"), "halls", "it_mw", "cell D3", "digits"),
    "an unknown site": (put("generators", "site", 2, "Lund"), "generators", "site", "sheet generators cell B2", "'lund'"),
    "a duplicate key": (put("grid", "tier", 4, "t1"), "grid", "site/tier", "sheet grid row 4", "unique"),
    "merged cells": (lambda work: work["halls"].merge_cells("A4:A5"), "sheet halls", "", "", "A4:A5"),
    "a hidden sheet": (hide, "sheet budget", "", "", "Unhide"),
    "a sheet of another name": (lambda work: setattr(work["halls"], "title", "hals"), "sheet hals", "", "", "Did you mean 'halls'?"),
    "a sheet of thoughts": (lambda work: work.create_sheet("thoughts").append(["hm"]), "sheet thoughts", "", "", "'.md'"),
    "cells without a header": (lambda work: work["grid"].__setitem__("K3", "why?"), "grid", "", "sheet grid cell K3", "Name the columns"),
    "an unknown column": (lambda work: work["grid"].__setitem__("C1", "megawatts"), "grid", "megawatts", "sheet grid row 1", "note"),
    "no rows": (lambda work: work["budget"].delete_rows(2, 9), "budget", "", "sheet budget", "delete the sheet"),
    "nothing at all": (lambda work: work["budget"].delete_rows(1, 9), "budget", "", "sheet budget", "delete the sheet"),
    "no sheet of settings": (lambda work: work.remove(work["case"]), "sheet case", "", "", "columns key and value"),
    "an unknown setting": (put("case", "key", 7, "discont_rate"), "sheet case", "discont_rate", "", "'discount_rate'"),
    "a setting out of range": (put("case", "value", 7, 8), "sheet case", "discount_rate", "", "0.08 is 8 %"),
    "a setting twice": (put("case", "key", 7, "name"), "sheet case", "name", "", "twice"),
    "a word for a number": (put("case", "value", 5, "four"), "sheet case", "periods", "", "whole number"),
    "shares that do not add up": (put("blocks", "share", 2, 0.8), "sheet blocks", "share", "", "sum to 1"),
    "an unknown weight": (put("weights", "term", 2, "carbn"), "sheet weights", "carbn", "", "'carbon'"),
    "a base": (put("case", "key", 3, "base"), "sheet case", "base", "", "Make the scenario a folder"),
    "an unknown column of settings": (lambda work: work["case"].__setitem__("C1", "vlaue"), "sheet case", "vlaue", "sheet case row 1", "'value'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_told_with_its_cell(name, book):
    """Sheet, cell and way out; one mistake is not told many times over, and no message speaks of files that are not there."""
    edit, table, col, row, word = WRONG[name]
    problems = problems_of(edited(book, edit))
    said = "\n".join(map(str, problems))
    assert any(p.table == table and p.column == col and row in " ".join(p.rows) and word in str(p) for p in problems), said
    assert ".csv" not in said.replace("CSV files", "") and ("case.toml" not in said or name == "a base")
    assert len(problems) <= 3, said


@pytest.mark.parametrize(("cell", "value"), [("<f>20+30</f><v>50</v>", 50.0), ('<f>IF(1,"","")</f><v></v>', None)])
def test_formulas_count_as_they_were_last_calculated(cell, value, book, tmp_path):
    """A saved number is that number, and a saved empty text is a blank cell, which is told as such and not as a formula."""
    kind = ' t="str"' if value is None else ""
    calculated = tmp_path / "calculated.xlsx"
    name = openpyxl.load_workbook(book).sheetnames.index("halls") + 1
    with zipfile.ZipFile(book) as old, zipfile.ZipFile(calculated, "w") as new:
        for item in old.namelist():
            data = old.read(item)
            if item == f"xl/worksheets/sheet{name}.xml":
                data, n = re.subn(rb'<c r="D3"[^>]*>.*?</c>', f'<c r="D3"{kind}>{cell}</c>'.encode(), data)
                assert n == 1
            new.writestr(item, data)
    if value is not None:
        assert read_case(calculated)["halls"]["it_mw"].iloc[1] == value
        return
    (problem,) = problems_of(calculated)
    assert problem.rule == "must not be blank" and problem.rows == ("oslo/h1 (sheet halls cell D3)",)


def test_years_and_months_are_periods(three_sites, tmp_path):
    """Years typed as numbers are labels of years; a month that became the first of that month is that month."""
    converted(three_sites, tmp_path / "years.xlsx")
    work = openpyxl.load_workbook(tmp_path / "years.xlsx")
    for sheet, name in (("case", "value"), ("demand", "period"), ("grid", "available")):
        for row in work[sheet].iter_rows(min_row=2):
            cell = row[next(i for i, c in enumerate(work[sheet][1]) if c.value == name)]
            cell.value = int(cell.value) if str(cell.value).isdigit() else cell.value
    work.save(tmp_path / "years.xlsx")
    assert read_case(tmp_path / "years.xlsx").sha256 == read_case(three_sites).sha256


def test_months_that_became_dates(good, tmp_path):
    """2027-01 typed into a spreadsheet is a date there, and a month here."""
    for file in good.path.iterdir():
        text = file.read_text(encoding="utf-8").replace("period_months = 3", "period_months = 1")
        for quarter in range(1, 5):
            text = text.replace(f"2027Q{quarter}", f"2027-0{quarter}")
        file.write_text(text, encoding="utf-8")
    converted(good.path, tmp_path / "months.xlsx")

    def edit(work: Any) -> None:
        for name in ("demand", "case"):
            for row in work[name].iter_rows(min_row=2):
                for cell in row:
                    if isinstance(cell.value, str) and cell.value.startswith("2027-0"):
                        cell.value = datetime.datetime(2027, int(cell.value[-1]), 1)

    assert read_case(edited(tmp_path / "months.xlsx", edit)).sha256 == read_case(good.path).sha256


def test_a_stray_cell_far_below_costs_nothing(book):
    """A sheet with a cell in its very last row is read as quickly as any other, and the cell is told."""

    def edit(work: Any) -> None:
        work["grid"]["XFD1048576"] = "?"
        work["halls"]["A1048576"].number_format = "@"

    began = time.monotonic()
    (problem,) = problems_of(edited(book, edit))
    assert problem.rows == ("sheet grid cell XFD1048576",) and time.monotonic() - began < 30


def test_ids_with_leading_zeros(book):
    """A number that is shown as 007 is the id 007."""

    def edit(work: Any) -> None:
        for sheet, name in (("jobs", "job"), ("job_skus", "job")):
            for row in work[sheet].iter_rows(min_row=2):
                cell = row[next(i for i, c in enumerate(work[sheet][1]) if c.value == name)]
                if cell.value == "pre":
                    cell.value, cell.number_format = 7, "000"

    assert "007" in set(read_case(edited(book, edit))["jobs"]["job"])


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 and no more", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 an old or locked workbook"])
def test_a_damaged_workbook(content, tmp_path):
    """What is no workbook is told, whatever it is."""
    (tmp_path / "case.xlsx").write_bytes(content)
    (problem,) = problems_of(tmp_path / "case.xlsx")
    assert "is not a readable workbook" in problem.rule and "without a password" in problem.remedy


def test_a_workbook_that_is_not_there(tmp_path):
    """A missing file, and a folder of such a name."""
    (problem,) = problems_of(tmp_path / "case.xlsx")
    assert "does not exist" in problem.rule
    (tmp_path / "case.xlsx").mkdir()
    (problem,) = problems_of(tmp_path / "case.xlsx")
    assert "is a folder, not a workbook" in problem.rule


def test_a_scenario_stands_on_a_workbook(book, good):
    """A folder with a workbook as its base is the same as one with a folder; its own rows are called by their file, the others by their cell."""
    over_folder = good.scenario("a", grid="site,tier,mw\noslo,t1,81\n")
    over_book = good.scenario("b", grid="site,tier,mw\noslo,t1,81\n")
    (over_book / "case.toml").write_text('base = "../tiny.xlsx"\n', encoding="utf-8")
    assert read_case(over_folder).sha256 == read_case(over_book).sha256 == read_case(book, overlay=over_folder).sha256
    (over_book / "grid.csv").write_text("site,tier,mw\noslo,t1,-81\n", encoding="utf-8")
    (problem,) = problems_of(over_book)
    assert problem.rows == ("oslo/t1 (b/grid.csv line 2): -81",)
    edited(book, put("grid", "firmness", 3, 9))
    assert "lund/t1 (tiny.xlsx sheet grid cell D3): 9" in [row for p in problems_of(over_book) for row in p.rows]


def test_a_workbook_is_no_scenario(book, good):
    """It is refused as an overlay, with the way out."""
    (problem,) = problems_of(good.path, overlay=book)
    assert "a scenario is a folder" in problem.rule


def test_every_command_takes_a_workbook(three_sites, tmp_path, capsys):
    """Solve, validate, check, report and the answers; the run remembers the workbook, and notices when it changes."""
    file, run = tmp_path / "case.xlsx", tmp_path / "run"
    converted(three_sites, file)
    assert main(["validate", str(file)]) == ExitCode.OK
    assert main(["solve", str(file), "--out", str(run), "--time-limit", "60", "--quiet"]) == ExitCode.OK
    assert json.loads((run / "summary.json").read_text(encoding="utf-8"))["case_path"] == str(file.resolve())
    for command in (["check", str(file), str(run)], ["check", str(three_sites), str(run)], ["report", str(run)], ["explain", str(run), "--why-not", "weak"]):
        assert main(command) == ExitCode.OK
    assert "holds: plan, cost and bound" in capsys.readouterr().out
    edited(file, put("jobs", "value_musd", 2, 31))
    assert main(["report", str(run)]) == ExitCode.BAD_INPUT
    file.unlink()
    assert main(["report", str(run)]) == ExitCode.BAD_INPUT
    assert "names a workbook that is not there" in " ".join(capsys.readouterr().err.split())


def test_a_run_may_not_replace_the_folder_of_its_workbook(three_sites, tmp_path, capsys):
    """A run folder is replaced as a whole, so that it may not hold the case."""
    (tmp_path / "mine").mkdir()
    converted(three_sites, tmp_path / "mine" / "case.xlsx")
    assert main(["solve", str(tmp_path / "mine" / "case.xlsx"), "--out", str(tmp_path / "mine"), "--quiet"]) == ExitCode.BAD_INPUT
    assert "placement" in capsys.readouterr().err


def test_a_folder_that_holds_only_a_workbook(three_sites, tmp_path):
    """Someone names the folder and not the workbook in it."""
    converted(three_sites, tmp_path / "mine" / "case.xlsx")
    said = "\n".join(map(str, problems_of(tmp_path / "mine")))
    assert said.endswith(f"Give the workbook itself: {tmp_path / 'mine' / 'case.xlsx'}")


def test_a_workbook_beside_tables(three_sites, case_copy):
    """A case has one place; what spreadsheets leave behind while they are open is not looked at."""
    (case_copy / "~$sites.csv").write_bytes(b"\0")
    assert read_case(case_copy).sha256 == read_case(three_sites).sha256
    converted(three_sites, case_copy / "case.xlsx")
    (problem,) = problems_of(case_copy)
    assert problem.table == "case.xlsx" and "move one of them away" in problem.remedy
