"""Prices name their places whatever the ids look like."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import placement
from placement.case import Case, read_case
from placement.engine import search
from placement.plan.prices import COLUMNS, FAMILIES, prices
from placement.program import assemble, build_sides
from placement.report import terminal_summary
from placement.run import write_report

THREE_SITES = Path(__file__).parents[2] / "data" / "three-sites"
PLAIN = ("alpha", "beta", "gamma")
ODD = ("007", "a.b", "o'b", "x[1]", "[", "a,b", "compute[a,0]", "1", "NA", 'say "yes"')


def renamed(case: Case, names: dict[str, str]) -> Case:
    """Return the case with some ids replaced in every table."""
    return replace(case, tables={t: df.replace(names) for t, df in case.tables.items()})


def priced(case: Case) -> pd.DataFrame:
    """Return the prices of a dual that is different on every row."""
    program, _ = assemble(build_sides(case))
    return prices(case, program, -1.0 - np.arange(len(program.row_keys)), "made up")


def rows(table: pd.DataFrame, names: dict[str, str]) -> list[tuple[str, ...]]:
    """Return what the rows stand for, sorted (the order of rows may follow the ids), with some ids replaced."""
    what = table[["kind", "place", "sku", "period", "block", "unit", "label"]]
    return sorted(what.assign(place=what["place"].replace(names), sku=what["sku"].replace(names)).itertuples(index=False, name=None))


@pytest.mark.parametrize("first", range(0, len(ODD), 3))
def test_ids_come_back_as_written(first: int) -> None:
    """Dots, quotes, brackets and commas in ids neither change the name of a place nor are mistaken for a separator."""
    case = read_case(THREE_SITES)
    odd = dict(zip((*PLAIN, "a"), [ODD[(first + i) % len(ODD)] for i in range(4)], strict=True))
    plain, found = priced(case), priced(renamed(case, odd))
    assert set(plain["place"]) >= set(PLAIN) and set(plain["kind"]) >= {"hall_it_mw", "compute", "serve", "power", "grid_limit", "chip_stock"}
    assert list(found.columns) == list(COLUMNS) and set(found["kind"]) <= set(FAMILIES)
    assert rows(found, {}) == rows(plain, odd)


def test_supply_and_resource_rows_spell_ids_alike() -> None:
    """A hall's row and the resource that it feeds name their domain in the same way, and so do the columns."""
    program, _ = assemble(build_sides(renamed(read_case(THREE_SITES), {"alpha": "a.b", "beta": "007"})))
    assert {"hall_it_mw[007,2]", "compute[007,b,2]", "grid_limit[a.b,1,0]", "power[a.b,1,0]"} <= set(program.row_names)
    assert "built[007,h1,2]" in program.supply_names
    assert not any("'" in name for name in (*program.row_names, *program.supply_names))


def test_prices_that_were_not_computed_are_not_prices_of_zero(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Where time ran out before all columns were priced, plan, summary, terminal and report say so, and nobody says that no limit binds."""
    complete = search.settle
    monkeypatch.setattr(search, "settle", lambda *a: (found := complete(*a)) and replace(found, exact=False))
    plan = placement.solve(read_case(THREE_SITES), time_limit_s=30)
    said = "prices were not computed (time limit)"
    assert plan.prices.empty and plan.prices_note == said and said in plan.summary["notes"] and plan.summary["prices_note"] == said
    page = write_report(placement.write_plan(plan, tmp_path / "run")).read_text()
    assert "Prices were not computed (time limit)" in page and "No limit has a price" not in page
    assert ["prices:", "none", "not", "computed", "(time", "limit)"] in [line.split() for line in terminal_summary(plan.summary, plan.tables).splitlines()]


def test_prices_that_were_computed_have_no_note(solved: SimpleNamespace) -> None:
    """The note is for what is missing."""
    assert solved.plan.prices_note == "" and len(solved.plan.prices) and solved.plan.summary["notes"] == []
