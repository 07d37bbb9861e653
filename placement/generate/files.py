"""A generated case as a folder: ``case.toml`` and one CSV file per table, the same bytes for the same case."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from placement.case import Case
from placement.case.schema import TABLES
from placement.units import period_label

DIGITS = 6  # significant digits of numbers


def write_case(case: Case, folder: Path, note: str) -> None:
    """Write a case into an existing folder."""
    (folder / "case.toml").write_text(_settings(case, note), encoding="utf-8", newline="\n")
    for name, table in case.tables.items():
        shown = {c: _cells(case, name, str(c), table[c]) for c in table.columns}
        pd.DataFrame(shown).to_csv(folder / f"{name}.csv", index=False, lineterminator="\n", encoding="utf-8")


def _settings(case: Case, note: str) -> str:
    """Return ``case.toml``; JSON strings and numbers are TOML ones."""
    keys = {
        "name": case.name, "title": case.title, "model": case.model, "start": case.periods[0], "periods": case.n_periods, "period_months": case.period_months,
        "discount_rate": case.discount_rate, "carbon_price_usd_per_t": case.carbon_price_usd_per_t, "rtt_overhead_ms": case.rtt_overhead_ms,
        "lead_percentile": case.lead_percentile, "note": note,
    }  # fmt: skip
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in keys.items()]
    for block in case.blocks:
        lines += ["", "[[blocks]]", f"name = {json.dumps(block.name, ensure_ascii=False)}", f"share = {block.share}", f"stress = {json.dumps(block.stress)}"]
    if case.weights:
        lines += ["", "[weights]", *(f"{term} = {weight}" for term, weight in case.weights.items())]
    return "\n".join(lines) + "\n"


def _cells(case: Case, table: str, column: str, values: pd.Series) -> list[str]:
    """Return a column as text: labels of periods, 0/1, numbers to six significant digits; blank what a blank cell stands for."""
    known = next((c for c in TABLES[table] if c.name == column), None)
    kind, blank = (known.kind, known.blank_value(case.n_periods)) if known else ("text", None)
    written = _written(case, kind, values)
    return written if blank is None else ["" if cell == blank else text for cell, text in zip(values.tolist(), written, strict=True)]


def _written(case: Case, kind: str, values: pd.Series) -> list[str]:
    cells = values.tolist()
    if kind == "period":
        label = {t: period_label(case.start + int(t), case.period_months) for t in np.unique(values).tolist()}
        return [label[t] for t in cells]
    if kind == "bool":
        return ["1" if cell else "0" for cell in cells]
    if kind == "float":
        return ["" if np.isnan(cell) else f"{cell:.{DIGITS}g}" for cell in cells]
    return [str(cell) for cell in cells]
