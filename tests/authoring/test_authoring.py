"""A new case explains itself and solves at once; folders and workbooks hold the same case; nothing is overwritten."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pytest

import placement
from placement.authoring import comments_of, converted, initiated, shipped
from placement.authoring.shipped import NAMES
from placement.case import read_case
from placement.case.findings import Findings
from placement.case.overlays import effective_folder
from placement.case.schema import TABLES
from placement.cli import main
from placement.errors import DataError, ExitCode, OptionError

ROOT = Path(__file__).resolve().parent.parent.parent
SCENARIOS = sorted(p.parent.name for p in (ROOT / "data" / "scenarios").glob("*/case.toml"))


def text_of(path: Path) -> dict[str, dict[str, list[str]]]:
    """Return all filled columns of a case as text, documentation included."""
    tables = effective_folder(path, None, Findings()).tables
    return {name: {c: [str(v) for v in cells] for c, cells in table.columns.items() if any(cells)} for name, table in tables.items()}


@pytest.mark.parametrize("name", NAMES)
def test_there_and_back_is_the_same_case(name, tmp_path):
    """Folder, workbook, folder: equal hash, and every source, assumption and note survives; so do the pages beside the tables."""
    folder, book, again = ROOT / "data" / name, tmp_path / "case.xlsx", tmp_path / "again"
    case = read_case(folder)
    assert converted(folder, book).sha256 == case.sha256 == converted(book, again).sha256
    before, after = text_of(folder), text_of(again)
    for table, columns in before.items():
        for column, cells in columns.items():
            if column not in TABLES[table].names or TABLES[table].column(column).kind not in ("float", "int", "bool"):
                assert after[table][column] == cells, f"{table}.{column}"
    assert {p.name: p.read_text(encoding="utf-8") for p in folder.glob("*.md")} == {p.name: p.read_text(encoding="utf-8") for p in again.glob("*.md")}


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_becomes_a_whole_case(name, tmp_path):
    """What a scenario says on top of its base is written out."""
    scenario = ROOT / "data" / "scenarios" / name
    assert converted(scenario, tmp_path / "case.xlsx").sha256 == read_case(scenario).sha256
    assert "base" not in (effective_folder(tmp_path / "case.xlsx", None, Findings()).settings or {})


def test_settings_of_every_kind_survive(three_sites, tmp_path, case_copy):
    """Blocks, weights, objectives in turn, flags, texts and numbers of ``case.toml``."""
    more = (
        'title = "a \\"quoted\\" = title, with \\\\"\nbudget_carries = true\ndebt_rate = 0.0725\n[[blocks]]\nname = "all"\nshare = 1.0\nstress = true\n'
        '[weights]\ncarbon = 1.5\n[[objectives]]\nname = "served"\nweights = { unmet = 1.0, emissions_kt = 0.5 }\nslack = 0.01\n[[objectives]]\nname = "cost"\n'
    )
    text = (case_copy / "case.toml").read_text(encoding="utf-8").replace('title = "Three sites, checked by hand"\n', "")
    (case_copy / "case.toml").write_text(text + more, encoding="utf-8")
    (case_copy / "budget.csv").write_text("period,capex_musd,debt_musd\n2027,500,50\n2028,400,\n", encoding="utf-8")
    head, *rows = (case_copy / "tariffs.csv").read_text(encoding="utf-8").splitlines()
    (case_copy / "tariffs.csv").write_text("\n".join([f"{head},co2_kg_per_mwh", *(f"{row},9" for row in rows)]), encoding="utf-8")
    case = read_case(case_copy)
    assert [o.name for o in case.objectives] == ["served", "cost"] and case.budget_carries
    assert converted(case_copy, tmp_path / "book.xlsx").sha256 == case.sha256 == converted(tmp_path / "book.xlsx", tmp_path / "folder").sha256


@pytest.mark.parametrize("name", ["three-sites", "frontier-small"])
@pytest.mark.parametrize("target", ["mine", "mine.xlsx"])
def test_a_new_case_is_sound_at_once(name, target, tmp_path):
    """Apart from its name it is the case that it was begun from."""
    case = initiated(tmp_path / target, name)
    assert case.name == "mine" and case.path == tmp_path / target
    assert {n: len(t) for n, t in case.tables.items()} == {n: len(t) for n, t in read_case(ROOT / "data" / name).tables.items()}
    assert read_case(tmp_path / target).sha256 == case.sha256


def test_a_new_case_solves_at_once(tmp_path, capsys):
    """``init`` says what comes next, and that works; its optimum is the base's."""
    folder = tmp_path / "mine"
    assert main(["init", str(folder)]) == ExitCode.OK
    shown = capsys.readouterr().out
    assert f"placement validate {folder}" in shown and f"placement solve {folder} --out" in shown
    assert placement.solve(read_case(folder), time_limit_s=60).objective == pytest.approx(-205.238372)


def test_a_template_explains_every_column(tmp_path):
    """Above each header stands what each column means, its unit and range; tables that are left out wait as templates, each readable once it is filled."""
    folder = tmp_path / "mine"
    case = initiated(folder, "three-sites")
    for name, table in TABLES.items():
        file = folder / f"{name}.csv" if name in case.tables else folder / "templates" / f"{name}.csv"
        remarks = [line for line in file.read_text(encoding="utf-8").splitlines() if line.startswith("#")]
        for column in table:
            assert any(f"  {column.name}: " in line for line in remarks), f"{name}.{column.name}"
    halls = (folder / "halls.csv").read_text(encoding="utf-8")
    assert "#   it_mw: IT power of the hall (number in MW, 0.001 .. 10000; required)\n" in halls
    assert "# debt_rate = 0.0  # interest on debt" in (folder / "case.toml").read_text(encoding="utf-8")
    guide = (folder / "README.md").read_text(encoding="utf-8")
    assert "`storage`" in guide and "templates/" in guide and (folder / "BASE.md").exists()
    (folder / "templates" / "land_options.csv").rename(folder / "land_options.csv")
    with pytest.raises(DataError, match="land_options has a header but no rows"):
        read_case(folder)
    with (folder / "land_options.csv").open("a", encoding="utf-8") as file:
        file.write("beta,0.5,2028\n")
    assert len(read_case(folder)["land_options"]) == 1


def test_a_workbook_helps_where_it_is_filled(tmp_path):
    """The header stays in sight and explains its columns; texts are formatted as text; words, flags and ids are chosen from lists."""
    file = tmp_path / "mine.xlsx"
    initiated(file, "three-sites")
    halls = openpyxl.load_workbook(file)["halls"]
    by_name = {cell.value: cell for cell in halls[1]}
    assert halls.freeze_panes == "A2"
    assert "number in MW, 0.001 .. 10000; required" in by_name["it_mw"].comment.text
    assert halls["A2"].number_format == "@" and halls.column_dimensions["A"].number_format == "@"
    lists = {str(rule.sqref)[0]: rule.formula1 for rule in halls.data_validations.dataValidation}
    assert lists[by_name["cooling"].column_letter] == '"air,liquid"' and lists[by_name["existing"].column_letter] == '"0,1"'
    assert lists[by_name["site"].column_letter].startswith("sites!$A$2:$A$")
    notes = "\n".join(str(row[0].value) for row in openpyxl.load_workbook(file)["README.md"].iter_rows())
    assert "* `storage`: " in notes and "  * max_mw: " in notes


@pytest.mark.parametrize("target", ["full", "file", "book.xlsx"])
def test_nothing_is_overwritten(target, tmp_path, three_sites):
    """A folder with something in it and a file are refused, by both commands, and stay as they are."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "thesis.txt").write_text("years of work", encoding="utf-8")
    for name in ("file", "book.xlsx"):
        (tmp_path / name).write_text("mine", encoding="utf-8")
    before = {p: p.read_text(encoding="utf-8") for p in tmp_path.rglob("*") if p.is_file()}
    for arguments in (["init", str(tmp_path / target)], ["convert", str(three_sites), str(tmp_path / target)]):
        assert main(arguments) == ExitCode.BAD_INPUT
    assert {p: p.read_text(encoding="utf-8") for p in tmp_path.rglob("*") if p.is_file()} == before


def test_an_empty_folder_is_taken(tmp_path):
    """``mkdir case && placement init case``."""
    (tmp_path / "mine").mkdir()
    assert initiated(tmp_path / "mine").name == "mine"


def test_an_unknown_base(tmp_path, capsys):
    """The cases that ship are named; nothing is written."""
    assert main(["init", str(tmp_path / "mine"), "--from", "frontier-smal"]) == ExitCode.USAGE
    assert "Did you mean 'frontier-small'?" in capsys.readouterr().err and not list(tmp_path.iterdir())
    with pytest.raises(OptionError, match="neither a folder"):
        shipped("nowhere")


def test_a_broken_base_is_told_and_nothing_is_written(case_copy, tmp_path):
    """What cannot be read is not copied."""
    (case_copy / "sites.csv").write_text("site\nalpha\n", encoding="utf-8")
    with pytest.raises(DataError, match="lat_deg"):
        converted(case_copy, tmp_path / "new.xlsx")
    assert not (tmp_path / "new.xlsx").exists()


def test_texts_that_look_like_formulas_stay_texts(case_copy, tmp_path):
    """A note is never calculated by a spreadsheet, and comes back as it was."""
    offers = (case_copy / "offers.csv").read_text(encoding="utf-8").splitlines()
    evil = '=HYPERLINK("http://x";"y")'
    (case_copy / "offers.csv").write_text(f'{offers[0]},note\n{offers[1]},"{evil.replace(chr(34), chr(34) * 2)}"\n', encoding="utf-8")
    converted(case_copy, tmp_path / "case.xlsx")
    cell = next(c for row in openpyxl.load_workbook(tmp_path / "case.xlsx")["offers"].iter_rows() for c in row if c.value == evil)
    assert cell.data_type == "s" and cell.quotePrefix
    converted(tmp_path / "case.xlsx", tmp_path / "back")
    assert text_of(tmp_path / "back")["offers"]["note"] == [evil]


def test_without_openpyxl_the_extra_is_named(python, three_sites, tmp_path):
    """Reading and writing say what to install; folders need nothing."""
    (tmp_path / "case.xlsx").write_bytes(b"")
    for arguments in (["validate", str(tmp_path / "case.xlsx")], ["convert", str(three_sites), str(tmp_path / "new.xlsx")]):
        done = python("-c", f"import sys; sys.modules['openpyxl'] = None\nfrom placement.cli import main\nsys.exit(main({arguments!r}))")
        assert done.returncode == ExitCode.BAD_INPUT and "pip install 'placement[xlsx]'" in done.stdout + done.stderr
    assert not (tmp_path / "new.xlsx").exists()


def test_comments_that_are_left_behind_are_told(case_copy, tmp_path, capsys):
    """Lines of CSV and TOML files, and notes at cells of a workbook: convert says where they stand; what ``init`` wrote is not among them."""
    started = initiated(tmp_path / "begun", case_copy).path
    book = initiated(tmp_path / "begun.xlsx", case_copy).path
    assert started is not None and book is not None and comments_of(started) == comments_of(book) == []
    halls = (started / "halls.csv").read_text(encoding="utf-8")
    (started / "halls.csv").write_text(f"# ask Jo about h2\n{halls}", encoding="utf-8")
    settings = (started / "case.toml").read_text(encoding="utf-8").replace("discount_rate = 0.0 ", "discount_rate = 0.0  # or 0.12; board of May ")
    (started / "case.toml").write_text(settings, encoding="utf-8")
    assert main(["convert", str(started), str(tmp_path / "copy.xlsx")]) == ExitCode.OK
    shown = " ".join(capsys.readouterr().out.split())
    assert "note: comments are left behind: case.toml (1 line), halls.csv (1 line above the header)." in shown
    cells = openpyxl.load_workbook(book)
    cells["halls"]["B3"].comment = openpyxl.comments.Comment("ask Jo", "me")
    cells.save(book)
    assert main(["convert", str(book), str(tmp_path / "copy")]) == ExitCode.OK
    assert "comments are left behind: sheet halls (B3)." in capsys.readouterr().out
    scenario = ROOT / "data" / "scenarios" / "grid-delay"
    assert any(told.startswith("grid-delay/case.toml (") for told in comments_of(scenario))
    assert any(told.startswith("frontier-small/case.toml (") for told in comments_of(scenario))
