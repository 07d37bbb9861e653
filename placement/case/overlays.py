"""Scenario folders: a case that says only what differs from another case.

A scenario is applied on the text of its base, so the effective case is typed and checked as any other, and
messages still name the file and line that a row came from. Order: drop tables, remove rows, multiply by
factors, then merge the scenario's own rows, which are meant as they stand.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from placement.case.cells import parse_numbers
from placement.case.files import SETTINGS, Folder, Text, TextTable, read_folder, read_toml
from placement.case.findings import Findings, did_you_mean, suggest
from placement.case.schema import TABLES, Column
from placement.case.workbook import ENDING, is_case_place, is_workbook, read_workbook
from placement.errors import DataError, Problem

#: Keys of ``case.toml`` that only a scenario has.
OVERLAY_KEYS = ("base", "factors", "remove", "drop_tables")
_SCENARIO = f'Make the scenario a folder whose {SETTINGS} says base = "CASE.xlsx"; its tables are CSV files.'


def effective_folder(folder: Path, overlay: Path | None, findings: Findings) -> Folder:
    """Return the case as text with all scenarios applied.

    Raises
    ------
    DataError
        If a folder is missing or the bases form a circle; nothing can be checked then.
    """
    chain = chain_of(folder)
    if overlay is not None:
        chain.append(_scenario(overlay))
    prefixes = ["" if len(chain) == 1 else f"{path.name} " if is_workbook(path) else f"{path.name}/" for path in chain]
    effective = (read_workbook if is_workbook(chain[0]) else read_folder)(chain[0], findings, prefixes[0])
    _refuse_overlay_keys(effective, prefixes[0] + SETTINGS, findings)
    for path, prefix in zip(chain[1:], prefixes[1:], strict=True):
        effective = _apply(effective, read_folder(path, findings, prefix), prefix, findings)
    return replace(effective, path=folder)


def _existing(folder: Path, role: str) -> Path:
    """Return a case folder or a workbook, links followed."""
    resolved = folder.resolve()
    if not is_case_place(resolved):
        what = "does not exist" if not resolved.exists() else "is a folder, not a workbook" if is_workbook(resolved) else "is a file, not a folder"
        raise DataError([Problem(role, "", f"'{folder}' {what}", f"Give the folder that holds {SETTINGS}, or an {ENDING} workbook.")])
    books = [] if is_workbook(resolved) or (resolved / SETTINGS).exists() else sorted(b.name for b in resolved.glob(f"[!.~]*{ENDING}"))
    if books:
        raise DataError([Problem(role, "", f"'{folder}' holds a workbook and no {SETTINGS}", f"Give the workbook itself: {folder / books[0]}")])
    return resolved


def _scenario(overlay: Path) -> Path:
    if is_workbook(overlay):
        raise DataError([Problem("overlay", "", f"'{overlay}' is a workbook, and a scenario is a folder", _SCENARIO)])
    return _existing(overlay, "overlay")


def chain_of(folder: Path) -> list[Path]:
    """Return the folders from the first base, which may be a workbook, to ``folder``, links followed.

    Raises
    ------
    DataError
        If a folder is missing or the bases form a circle.
    """
    chain = [_existing(folder, "case folder")]
    while (base := _base_of(chain[0])) is not None:
        if not isinstance(base, str) or not base.strip():
            raise DataError([Problem(SETTINGS, "base", "must be the relative path of a case folder", 'Write base = "../frontier".')])
        above = _existing(chain[0] / base, f"{chain[0].name}/{SETTINGS}: base")
        if above in chain:
            steps = [*reversed(chain[: chain.index(above) + 1]), above]
            rule = f"forms a circle: {' -> '.join(step.name for step in steps)}"
            raise DataError([Problem(SETTINGS, "base", rule, "Let one of these folders be a whole case without base.")])
        chain.insert(0, above)
    return chain


def _base_of(folder: Path) -> Any:
    if is_workbook(folder):
        return None
    silent = Findings()  # the file is read again later, with its problems reported
    return (read_toml(folder / SETTINGS, "", silent) or {}).get("base")


def _refuse_overlay_keys(folder: Folder, shown: str, findings: Findings) -> None:
    settings = folder.settings or {}
    for key in [k for k in OVERLAY_KEYS if k in settings]:
        if is_workbook(folder.path):
            findings.add("sheet case", key, "belongs in a scenario, and a workbook is a whole case", _SCENARIO)
        else:
            findings.add(shown, key, "belongs in a scenario, and this folder has no base", 'Add base = "...", or remove the key.')
        del settings[key]


def _apply(base: Folder, over: Folder, prefix: str, findings: Findings) -> Folder:
    wishes = over.settings or {}
    tables, present = dict(base.tables), set(base.present)
    shown = prefix + SETTINGS
    _drop(wishes.get("drop_tables", []), tables, present, shown, findings)
    _remove(wishes.get("remove", {}), tables, shown, findings)
    _multiply(wishes.get("factors", {}), tables, shown, findings)
    for name, changes in over.tables.items():
        if name in tables:
            tables[name] = merge_rows(tables[name], changes, frozenset(present | over.present), findings)
        elif name not in present:  # else the base's file is unreadable, and reported
            tables[name] = changes
    settings = None if base.settings is None or over.settings is None else merge_settings(base.settings, wishes)
    return Folder(over.path, settings, tables, frozenset(present | over.present))


def merge_settings(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the keys of ``over``; tables are merged key by key, lists are replaced."""
    merged = {k: v for k, v in base.items() if k not in OVERLAY_KEYS}
    for key in (k for k in over if k not in OVERLAY_KEYS):
        both = isinstance(merged.get(key), dict) and isinstance(over[key], dict)
        merged[key] = {**merged[key], **over[key]} if both else over[key]
    return merged


def _drop(names: Any, tables: dict[str, TextTable], present: set[str], shown: str, findings: Findings) -> None:
    if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
        findings.add(shown, "drop_tables", "must be a list of table names", 'Write drop_tables = ["budget"].')
        return
    for name in names:
        if name not in present:
            findings.add(shown, "drop_tables", f"names '{name}', which the base does not have", did_you_mean(name, present))
        tables.pop(name, None)
        present.discard(name)


def _remove(wanted: Any, tables: dict[str, TextTable], shown: str, findings: Findings) -> None:
    if not isinstance(wanted, dict) or not all(isinstance(keys, list) for keys in wanted.values()):
        findings.add(shown, "remove", "must be a table of lists of keys", '[remove] then halls = ["oslo/h1"].')
        return
    for name, keys in wanted.items():
        if name not in tables:
            findings.add(shown, f"remove.{name}", "names a table that the base does not have", did_you_mean(name, tables))
            continue
        table = tables[name]
        have = np.array(table.key(np.arange(len(table))), dtype=object)
        missing = [str(k) for k in keys if k not in set(have)]
        if missing:
            form = "/".join(TABLES[name].key)
            findings.add(shown, f"remove.{name}", f"hits no row (keys have the form {form})", suggest(missing, have), missing)
        keep = ~np.isin(have.astype(str), np.array([str(k) for k in keys], dtype=str))
        if keep.any():
            tables[name] = _take(table, keep)
        else:
            findings.add(shown, f"remove.{name}", "removes every row", f'Write drop_tables = ["{name}"] to leave the layer out.')


def _take(table: TextTable, keep: np.ndarray) -> TextTable:
    return replace(table, columns={c: cells[keep] for c, cells in table.columns.items()}, files=table.files[keep], lines=table.lines[keep])


def _multiply(factors: Any, tables: dict[str, TextTable], shown: str, findings: Findings) -> None:
    if not isinstance(factors, dict):
        findings.add(shown, "factors", "must be a table", '[factors] then "tariffs.energy_usd_per_mwh" = 1.2.')
        return
    for name, factor in _flat(factors):
        problem = _factor_problem(name, factor, tables)
        if problem:
            findings.add(shown, f"factors.{name}", *problem)
            continue
        table, _, column = name.partition(".")
        scaled = _scaled(tables[table], TABLES[table].column(column), float(factor))
        if scaled is None:
            findings.add(shown, f"factors.{name}", "hits no number: the column is blank or zero throughout", "Remove the factor, or give rows.")
        else:
            tables[table] = replace(tables[table], columns=tables[table].columns | {column: scaled})


def _flat(factors: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return (``table.column``, factor), written with quotes or, as TOML allows, as a dotted key."""
    pairs: list[tuple[str, Any]] = []
    for key, value in factors.items():
        pairs += [(f"{key}.{k}", v) for k, v in value.items()] if isinstance(value, dict) else [(key, value)]
    return pairs


def _factor_problem(name: str, factor: Any, tables: Mapping[str, TextTable]) -> tuple[str, str] | None:
    table, _, column = name.partition(".")
    if isinstance(factor, bool) or not isinstance(factor, int | float) or not 0 <= factor <= 1e9:
        return f"must be a finite number >= 0 (at most 1e9), not {factor!r}", "Correct the factor; 1.2 means 20 % more."
    if table not in tables:
        return "names a table that the base does not have", did_you_mean(table, tables)
    numeric = [c.name for c in TABLES[table] if c.kind in ("float", "int")]
    if column not in numeric:
        return "does not name a numeric column", did_you_mean(column, numeric)
    return None


def _scaled(table: TextTable, column: Column, factor: float) -> Text | None:
    """Return the column times the factor; blanks count as what they stand for, wrong cells stay. ``None`` if nothing is hit."""
    cells = table.columns.get(column.name, np.full(len(table), "", dtype=object))
    numbers = parse_numbers(np.where(cells == "", "" if column.blank is None else str(column.blank), cells))
    hit = np.isfinite(numbers) & (numbers != 0)
    if not hit.any():
        return None
    scaled = cells.copy()
    scaled[hit] = [f"{value:.15g}" for value in numbers[hit] * factor]  # 15 digits: 1.1 * 3 stays 3.3
    return scaled


def merge_rows(base: TextTable, changes: TextTable, present: Collection[str], findings: Findings) -> TextTable:
    """Return ``base`` with the filled cells of ``changes`` in rows of the same key, and rows of new keys at the end.

    ``present``: the tables of the effective case.
    """
    at = {key: i for i, key in enumerate(base.key(np.arange(len(base))))}
    keys = changes.key(np.arange(len(changes)))
    target = np.array([at.get(key, -1) for key in keys])
    known, new = target >= 0, (target < 0) & ~_incomplete(base, changes, target < 0, present, findings)
    _refuse_repeats(changes, keys, findings)
    columns: dict[str, Text] = {}
    changed = np.zeros(len(changes), dtype=bool)
    for name in dict.fromkeys((*base.columns, *changes.columns)):
        old = base.columns.get(name, np.full(len(base), "", dtype=object)).copy()
        cells = changes.columns.get(name, np.full(len(changes), "", dtype=object))
        write = known & (cells != "")
        changed[write] |= old[target[write]] != cells[write]
        old[target[write]] = cells[write]
        columns[name] = np.concatenate((old, cells[new]))
    _refuse_idle(changes, known & ~changed, findings)
    files, lines = base.files.copy(), base.lines.copy()
    files[target[known]], lines[target[known]] = changes.files[known], changes.lines[known]
    return replace(base, columns=columns, files=np.concatenate((files, changes.files[new])), lines=np.concatenate((lines, changes.lines[new])))


def _incomplete(base: TextTable, changes: TextTable, new: np.ndarray, present: Collection[str], findings: Findings) -> np.ndarray:
    """Return (and report) the new rows that lack a required cell: often a key that was meant to be a known one."""
    needed = [c.name for c in TABLES[base.name] if c.required_beside(present)]
    blank = np.full(len(changes), "", dtype=object)
    lacking = {name: new & (changes.columns.get(name, blank) == "") for name in needed}
    bad = np.any(list(lacking.values()), axis=0)
    if bad.any():
        names = ", ".join(name for name, mask in lacking.items() if mask.any())
        have = base.key(np.arange(len(base)))
        remedy = f"{suggest(changes.key(np.flatnonzero(bad)), have)} A new row needs every required column."
        findings.add(base.name, "", f"has rows that are not in the base and lack {names}", remedy, changes.rows(bad))
    return bad


def _refuse_repeats(changes: TextTable, keys: list[str], findings: Findings) -> None:
    first: dict[str, int] = {}
    twice = np.array([first.setdefault(key, i) != i for i, key in enumerate(keys)])
    if twice.any():
        findings.add(
            changes.name,
            "/".join(TABLES[changes.name].key),
            "must be unique in a scenario's table",
            "Merge or delete rows.",
            changes.rows(twice),
        )


def _refuse_idle(changes: TextTable, idle: np.ndarray, findings: Findings) -> None:
    if idle.any():
        remedy = "Delete the rows. An empty cell keeps the base's value; to empty a cell, list the key under [remove] and give the row in full."
        findings.add(changes.name, "", "has rows that change nothing in the base", remedy, changes.rows(idle))
