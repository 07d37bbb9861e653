"""Assumptions and sources on the page are those of the case's tables."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import placement
from placement.case.documentation import documentation, sources_file
from placement.report.facts import Facts
from placement.report.sections_sources import sources_section
from tests.conftest import ROOT
from tests.report.conftest import cells


def written(folder: Path, column: str) -> set[tuple[str, str]]:
    """Return (table, text) of a documentation column as the files have it."""
    out = set()
    for file in folder.glob("*.csv"):
        with file.open(encoding="utf-8", newline="") as lines:
            out |= {(file.stem, row[column].strip()) for row in csv.DictReader(lines) if row.get(column, "").strip()}
    return out


def test_every_text_is_there_once_with_its_rows(corner) -> None:
    """Texts by table are those of the files; rows add up; the file of sources is named."""
    folder = ROOT / "data" / "frontier-small"
    df = documentation(corner.case)
    for column in ("source", "assumption"):
        found = df.loc[df["column"] == column]
        assert set(zip(found["table"], found["text"], strict=True)) == written(folder, column) and not found.duplicated(["table", "text"]).any()
    with (folder / "jobs.csv").open(encoding="utf-8") as lines:
        n = sum(bool(row["source"].strip()) for row in csv.DictReader(lines))
    assert df.loc[(df["table"] == "jobs") & (df["column"] == "source"), "rows"].sum() == n
    page = sources_section(corner.facts)
    assert "frontier-small/SOURCES.md has the sources in full" in page
    assert {r[1] for r in cells(page) if len(r) == 3 and r[0] == "residency"} >= {
        t for name, t in written(folder, "source") if name == "residency" and "&" not in t
    }


def test_a_scenario_adds_its_own(tmp_path) -> None:
    """A case with a scenario on top is documented by both."""
    base, top = ROOT / "data" / "frontier-small", tmp_path / "top"
    top.mkdir()
    (top / "case.toml").write_text('name = "top"\n', encoding="utf-8")
    (top / "budget.csv").write_text("period,capex_musd,source\n2026Q4,4600,a letter of the board\n", encoding="utf-8")
    case = placement.read_case(base, overlay=top)
    assert {"a letter of the board"} < set(documentation(case)["text"]) and sources_file(case) == "frontier-small/SOURCES.md"


def test_a_case_in_memory_says_that_nothing_is_known(corner) -> None:
    """Without a folder, or when it is gone, the page says so and renders."""
    memory = replace(corner.case, path=None)
    assert documentation(memory).empty and "was not read from a folder" in sources_section(Facts.of(memory, {}))
    gone = replace(corner.case, path=Path("no/such/folder"))
    assert documentation(gone).empty and sources_file(gone) == ""
