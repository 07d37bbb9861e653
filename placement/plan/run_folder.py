"""The run folder: written whole or not at all, and read back."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.errors import DataError, Problem
from placement.plan.checking.tables import NUMBERS, PLAN_TABLES

SUMMARY, DUAL = "summary.json", "certificate.npz"


@dataclass(frozen=True)
class RunFolder:
    """What a run folder holds, as read back."""

    path: Path
    summary: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    prices: pd.DataFrame
    progress: tuple[Mapping[str, Any], ...]
    dual: NDArray[np.float64] | None


def check_target(out: str | Path) -> Path:
    """Return the folder to write to, or say at once why it cannot be used.

    Raises
    ------
    DataError
        If something is there that is not an old run, or its parent cannot be written to.
    """
    out = Path(out)
    if out.is_file() or (out.is_dir() and any(out.iterdir()) and not (out / SUMMARY).is_file()):
        raise DataError([Problem(str(out), "", "exists and is not a run folder", "Name another folder for --out; nothing was overwritten")])
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent):
            pass
    except OSError as error:
        raise DataError([Problem(str(out), "", f"cannot be written ({error.strerror})", "Name another folder for --out")]) from None
    return out


def write_run(out: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write into a temporary folder beside ``out``, then put it in place by renaming; an old run is kept until then."""
    work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
    try:
        fill(work)
        work.chmod(0o755)
        old = Path(tempfile.mkdtemp(prefix=f".{out.name}.old.", dir=out.parent)) / "run" if out.exists() else None
        if old:
            out.rename(old)
        work.rename(out)
        if old:
            shutil.rmtree(old.parent)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def write_files(
    folder: Path,
    summary: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    prices: pd.DataFrame,
    progress: tuple[Mapping[str, Any], ...],
    dual: NDArray[np.float64] | None,
) -> None:
    """Write the data files of a run."""
    (folder / "plan").mkdir()
    for name, table in tables.items():
        table.to_csv(folder / "plan" / f"{name}.csv", index=False)
    prices.to_csv(folder / "prices.csv", index=False)
    (folder / "progress.jsonl").write_text("".join(json.dumps(line) + "\n" for line in progress), encoding="utf-8")
    (folder / SUMMARY).write_text(json.dumps(plain(summary), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if dual is not None:
        np.savez_compressed(folder / DUAL, dual=dual)


def plain(value: Any) -> Any:
    """Return a value as JSON can hold it: numpy types become Python's, missing and infinite numbers null."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (bool, np.bool_)):
        return bool(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    if isinstance(value, (float, np.floating)):
        return float(value) if np.isfinite(value) else None
    return value if value is None else str(value)


def read_run(folder: str | Path) -> RunFolder:
    """Read a run folder.

    Raises
    ------
    DataError
        If it is not a run folder, or its summary cannot be read.
    """
    path = Path(folder)
    try:
        summary = json.loads((path / SUMMARY).read_text(encoding="utf-8"))
        lines = (path / "progress.jsonl").read_text(encoding="utf-8").splitlines()
        prices = pd.read_csv(path / "prices.csv", keep_default_na=False, dtype={"place": str, "sku": str, "period": str, "block": str})
        tables = {name: _read(path / "plan" / f"{name}.csv", t.columns) for name, t in PLAN_TABLES.items() if (path / "plan" / f"{name}.csv").is_file()}
        with np.load(path / DUAL) as saved:
            dual = saved["dual"]
    except (OSError, ValueError, KeyError) as error:
        raise DataError([Problem(str(path), "", f"is not a readable run folder ({error})", "Give the folder that `placement solve --out` wrote")]) from None
    return RunFolder(path, summary, tables, prices, tuple(json.loads(line) for line in lines), dual)


def _read(file: Path, kinds: Mapping[str, str]) -> pd.DataFrame:
    """Read a plan table with text columns as text; :func:`placement.check` is the strict reader."""
    return pd.read_csv(file, keep_default_na=False, dtype={name: str for name, kind in kinds.items() if kind not in NUMBERS})
