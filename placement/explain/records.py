"""The records of a sweep, one per scenario, and their table."""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from placement.errors import ExitCode
from placement.explain.changed import Value

BASE = "base"  # name of the run that the others are compared with
#: Key figures that the table shows, with what they are against the base; units are in the names.
KPIS = (
    "npv_musd", "spend_musd", "capex_musd", "energy_musd", "placing_musd", "opening_musd", "it_mw_built", "units_ordered", "jobs_placed", "unserved_share",
    "co2_kt", "rtt_p95_ms",
)  # fmt: skip
FIRST = ("scenario", "status", "objective_musd", "bound_musd", "verified_gap", "value_delta_musd", "at_least_musd", "at_most_musd")
LAST = ("seconds", "note", "run")
CODES = {
    "optimal": ExitCode.OK, "feasible": ExitCode.OK, "bad input": ExitCode.BAD_INPUT, "failed": ExitCode.BAD_INPUT, "infeasible": ExitCode.INFEASIBLE,
    "no plan": ExitCode.NO_PLAN, "check failed": ExitCode.CHECK_FAILED, "interrupted": ExitCode.INTERRUPTED,
}  # fmt: skip

Record = Mapping[str, Any]


def record_of(summary: Mapping[str, Any], run: Path) -> dict[str, Any]:
    """Return what the table needs of a summary."""
    check = summary.get("check") or {}
    status = "check failed" if check and not check.get("ok") else str(summary["status"])
    notes = ["interrupted"] if summary.get("interrupted") else []
    notes += [str(v) for v in (check.get("violations") or [])[:1]]
    notes += [str(u) for u in (summary.get("unservable") or [])[:1]] if status == "infeasible" else []
    numbers = {name: _number(summary.get(name), missing) for name, missing in (("objective", math.inf), ("verified_bound", -math.inf))}
    return {
        "status": status, **numbers, "verified_gap": _number(summary.get("verified_gap"), math.inf), "kpis": dict(summary.get("kpis") or {}),
        "seconds": float(summary.get("runtime_s", 0.0)), "note": "; ".join(notes), "run": str(run),
    }  # fmt: skip


def _number(value: object, missing: float) -> float:
    return float(value) if isinstance(value, int | float) else missing


def failure(status: str, why: object, seconds: float = 0.0) -> dict[str, Any]:
    """Return the record of a scenario without a plan."""
    note = str(why).splitlines()[0] if str(why) else ""
    return {
        "status": status,
        "objective": math.inf,
        "verified_bound": -math.inf,
        "verified_gap": math.inf,
        "kpis": {},
        "seconds": seconds,
        "note": note,
        "run": "",
    }


def table_of(records: Mapping[str, Record], names: Sequence[str]) -> pd.DataFrame:
    """Return the table of the runs that have ended, in the order of the names."""
    base = records[BASE]
    shown = [k for k in KPIS if any(k in r["kpis"] for r in records.values())]
    rows = [_row(name, records[name], base, shown) for name in names if name in records]
    columns = [*FIRST, *(c for k in shown for c in (k, f"{k}_delta")), *LAST]
    return pd.DataFrame(rows, columns=columns)


def _row(name: str, record: Record, base: Record, shown: Sequence[str]) -> dict[str, Any]:
    value, least, most = Value(record["objective"], record["verified_bound"]).better_than(Value(base["objective"], base["verified_bound"]))
    same = name == BASE
    figures = {k: float(record["kpis"].get(k, math.nan)) for k in shown}
    return {
        "scenario": name, "status": record["status"], "objective_musd": _finite(record["objective"]), "bound_musd": _finite(record["verified_bound"]),
        "verified_gap": _finite(record["verified_gap"]), "value_delta_musd": 0.0 if same else value, "at_least_musd": 0.0 if same else least,
        "at_most_musd": 0.0 if same else most, **figures, **{f"{k}_delta": v - float(base["kpis"].get(k, math.nan)) for k, v in figures.items()},
        "seconds": record["seconds"], "note": record["note"], "run": record["run"],
    }  # fmt: skip


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan


def write_table(table: pd.DataFrame, file: Path) -> None:
    """Write a table as CSV, whole or not at all."""
    write_whole(file, table.to_csv(index=False, lineterminator="\n"))


def write_whole(file: Path, text: str) -> Path:
    """Write a text file, whole or not at all; return it."""
    with tempfile.TemporaryDirectory(dir=file.parent, prefix=f".{file.name}.") as work:
        fresh = Path(work) / file.name
        fresh.write_text(text, encoding="utf-8", newline="")
        os.replace(fresh, file)
    return file


def exit_code(table: pd.DataFrame) -> int:
    """Return 0 if every run has a plan, else the highest of the codes of the runs."""
    return max(int(CODES[str(status)]) for status in table["status"])
