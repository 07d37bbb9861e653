"""A folder to a :class:`Case`: files, overlays, types, rules, in this order; all problems reported together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from placement.case.case import Block, Case, Objective
from placement.case.cells import typed_table
from placement.case.draft import Draft
from placement.case.findings import Findings
from placement.case.overlays import effective_folder
from placement.case.remarks import remarks
from placement.case.schema import TABLES
from placement.case.settings import KEYS, read_settings
from placement.case.validation import validate
from placement.case.workbook import in_sheets, is_workbook
from placement.errors import DataError

#: Settings that count in the hash only where they differ from the default: cases older than they are keep their hash.
_YOUNGER = ("open_sites", "cost_unit")


def read_case(folder: str | Path, *, overlay: str | Path | None = None) -> Case:
    """Read and check a case folder, a scenario folder or a workbook.

    Parameters
    ----------
    folder
        Holds ``case.toml`` and one CSV or Parquet file per table; or the ``.xlsx`` file of a workbook with a sheet per table (needs
        ``placement[xlsx]``). See ``data/README.md``.
    overlay
        A scenario folder to apply on top of ``folder``; its own ``base``, if any, is not used then.

    Returns
    -------
    Case
        Typed tables; period columns hold indices from the start of the horizon. ``notes`` says what is odd but no mistake, such as rows that can never act.

    Raises
    ------
    DataError
        With every problem found, not only the first.
    """
    findings = Findings()
    source = effective_folder(Path(folder), None if overlay is None else Path(overlay), findings)
    if source.settings is None:
        findings.spoiled.add("case")
    settings, clock = read_settings(source.settings, findings) if source.settings is not None else ({"name": "", "n_periods": 1}, None)
    if clock is None:
        findings.spoiled.add("case.periods")
    tables = {name: typed_table(source.tables[name], clock, source.present, findings) for name in TABLES if name in source.tables}
    case = Case(**settings | {"name": settings["name"] or ""}, tables=tables, path=source.path)
    draft = Draft(case, source.tables, source.present, findings)
    validate(draft)
    if findings.problems:
        told = map(in_sheets, findings.problems) if is_workbook(folder) and overlay is None else findings.problems
        raise DataError(dict.fromkeys(told))
    return replace(_with_hash(case, settings, None if overlay is None else Path(overlay)), notes=remarks(draft))


def _with_hash(case: Case, settings: Mapping[str, Any], overlay: Path | None) -> Case:
    return Case(**settings, tables=case.tables, path=case.path, overlay=overlay, sha256=content_hash(settings, case.tables))


def content_hash(settings: Mapping[str, Any], tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the SHA-256 of the effective input: settings by name, tables by name with typed columns in row order.

    Equal values give equal hashes however they are written (``1`` or ``1.0``, CSV or Parquet, any column
    order); the order of rows counts, because halls enter service in it. Documentation columns do not count.
    """
    told = {k: v for k, v in settings.items() if k not in _YOUNGER or v != KEYS[k].default}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True, default=_plain).encode())
    for name in sorted(tables):
        for column in TABLES[name].names:
            digest.update(f"\n{name}.{column}:{len(tables[name])}\n".encode())
            digest.update(_bytes(tables[name][column].to_numpy()))
    return digest.hexdigest()


def _plain(value: Block | Objective) -> object:
    return [getattr(value, f.name) for f in fields(value)]


def _bytes(values: np.ndarray) -> bytes:
    if values.dtype == object:
        return "\x1f".join(values).encode()
    return (values + 0.0).astype("<f8").tobytes()  # + 0.0 turns -0.0 into 0.0
