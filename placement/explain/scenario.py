"""Repairs as scenario folders: the files that a planner would write, read and checked like any other case."""

from __future__ import annotations

import csv
import itertools
import json
import tempfile
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from placement.case import Case, read_case
from placement.case.schema import TABLES
from placement.case.workbook import is_case_place
from placement.errors import DataError
from placement.explain.facts import SETTINGS, Edit, cell, edited, key_of, shown

Rows = Iterable[tuple[str, str]]  # table and key


def write_scenario(case: Case, base: Case, edits: Iterable[Edit], folder: Path, removed: Rows = ()) -> Path:
    """Write a scenario folder that changes a case as the edits say; return it.

    Parameters
    ----------
    case, base
        The case as it is in its folder, and with the rows of its own that edits refer to (:func:`placement.explain.facts.explicit`).
    removed
        Rows of the case that go.
    """
    folder.mkdir(parents=True, exist_ok=True)
    changed = edited(base, list(edits))
    by_table: dict[str, dict[int, list[Edit]]] = {}
    for edit in edits:
        by_table.setdefault(edit.fact.rule.table, {}).setdefault(edit.fact.row, []).append(edit)
    lines, remove, drop = [f"base = {json.dumps(str(Path(case.path or '.').resolve()))}"], dict[str, list[str]](), list[str]()
    for name, rows in by_table.items():
        if name == SETTINGS:
            lines += [f"{e.fact.rule.column} = {e.value}" for own in rows.values() for e in own]
            continue
        out = []
        for i, own in rows.items():
            known, key = i < len(case[name]), key_of(base, own[0].fact)
            blank = any(cell(changed, e.fact, e.value) == "" for e in own)
            if known and not blank:
                out.append(dict(zip(TABLES[name].key, key.split("/"), strict=True)) | {e.fact.rule.column: cell(changed, e.fact, e.value) for e in own})
                continue
            out.append(_whole_row(changed, name, i))  # a new row; or a cell that is to be blank, which takes removing the row first
            if known:
                remove.setdefault(name, []).append(key)
        _write(folder / f"{name}.csv", out)
    for name, key in removed:
        remove.setdefault(name, []).append(key)
    for name in [name for name, keys in remove.items() if len(keys) == len(case[name])]:
        drop.append(name)
        del remove[name]
    lines += [f"drop_tables = {json.dumps(drop)}"] if drop else []
    lines += ["[remove]", *(f"{name} = {json.dumps(keys)}" for name, keys in remove.items())] if remove else []
    (folder / SETTINGS).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def _whole_row(case: Case, name: str, i: int) -> dict[str, str]:
    """Return all cells of a row but those that say what a blank one says."""
    row, out = case[name].iloc[i], {}
    for column in TABLES[name]:
        value, blank = row[column.name], column.blank_value(case.n_periods)
        if blank is None or not (pd.isna(value) or value == blank):
            out[column.name] = shown(case, value, column.kind)
    return out


def _write(file: Path, rows: list[dict[str, str]]) -> None:
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(dict.fromkeys(itertools.chain(*rows))), restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def in_files(case: Case) -> bool:
    """Whether a case is what its folder alone says, so that a scenario can refer to it."""
    if case.path is None or not is_case_place(case.path):
        return False
    try:
        return read_case(case.path).sha256 == case.sha256
    except DataError:
        return False


def as_read(case: Case, base: Case, edits: Iterable[Edit]) -> tuple[Case, tuple[tuple[str, str], ...]] | None:
    """Return the case that the scenario of the edits is read as, and the rows that go as they have no effect then; ``None`` if the data's rules forbid it."""
    removed: tuple[tuple[str, str], ...] = ()
    for _ in range(2):
        with tempfile.TemporaryDirectory() as folder:
            try:
                return read_case(write_scenario(case, base, edits, Path(folder), removed)), removed
            except DataError as error:
                idle = [p for p in error.problems if "has no effect" in p.rule and "emove the row" in p.remedy]
                if len(idle) < len(error.problems):
                    return None
                removed = tuple(dict.fromkeys((p.table, row.split(" (")[0]) for p in idle for row in p.rows))
    return None
