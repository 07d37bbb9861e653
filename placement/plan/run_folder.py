"""The run folder: written whole or not at all, and read back."""

from __future__ import annotations

import io
import json
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.errors import DataError, Problem
from placement.plan.checking.tables import NUMBERS, PLAN_TABLES

SUMMARY, CERTIFICATE = "summary.json", "certificate.npz"
POINT = "point"  # the array of the certificate that holds the values of all columns
EXPLANATION = ("infeasible.json", "conflict.csv", "repairs.csv")  # in addition, of a run without a plan
BOTTLENECKS = "bottlenecks.csv"  # in addition, of a run that `placement explain` was asked about
FILES = (SUMMARY, "plan", "prices.csv", "exclusions.csv", "progress.jsonl", "report.html", "log.txt", CERTIFICATE)
PRICES = ("resource", "kind", "place", "sku", "period", "block", "price", "unit", "label")
RELIEF = ("layer", "with_layer", "site", "step", "value_musd", "at_least_musd", "at_most_musd", "complement_musd")  # columns of it
EXCLUSIONS = ("workload", "place", "sku", "rule", "n")
_LITTER = (".DS_Store", "Thumbs.db", "desktop.ini")  # what file managers leave behind; no loss when an old run is replaced
_GIVE_A_RUN = "Give the folder that `placement solve --out` wrote"


@dataclass(frozen=True)
class RunFolder:
    """What a run folder holds, as read back; ``bottlenecks`` has no columns where they were not asked for."""

    path: Path
    summary: Mapping[str, Any]
    tables: Mapping[str, pd.DataFrame]
    prices: pd.DataFrame
    exclusions: pd.DataFrame
    progress: tuple[Mapping[str, Any], ...]
    bottlenecks: pd.DataFrame


def check_target(out: str | Path) -> Path:
    """Return the folder to write to, links followed, or say at once why it cannot be used. Creates nothing.

    Raises
    ------
    DataError
        If something is there that is not an old run, or the place cannot be written to.
    """
    try:
        target = Path(out).resolve()
        _refuse_what_would_be_lost(target, str(out))
        there = next(p for p in target.parents if p.exists())
        if not there.is_dir():
            raise DataError([Problem(str(out), "", f"cannot be made: {there} is a file", "Name another folder for --out")])
        with tempfile.TemporaryDirectory(dir=there):
            pass
    except (OSError, RuntimeError, ValueError) as error:  # Runtime: links in a circle; Value: a NUL in the name
        raise DataError([_unwritable(out, error)]) from None
    return target


def _refuse_what_would_be_lost(target: Path, shown: str) -> None:
    """Replacing a run deletes the old folder, so everything in it must be the run's own."""
    inside = sorted(p.name for p in target.iterdir() if p.name not in _LITTER) if target.is_dir() else []
    foreign = [name for name in inside if name not in (*FILES, *EXPLANATION, BOTTLENECKS)]
    if (target.exists() and not target.is_dir()) or (inside and SUMMARY not in inside):
        raise DataError([Problem(shown, "", "exists and is not a run folder", "Name another folder for --out; nothing was overwritten")])
    if foreign:
        remedy = "Move them away or name another folder for --out; nothing was overwritten"
        raise DataError([Problem(shown, "", "is a run folder with files of yours in it, which replacing it would delete", remedy, tuple(foreign))])
    if target == Path.cwd() or target in Path.cwd().parents:
        raise DataError([Problem(shown, "", "is the folder you work in, which cannot be replaced", "Name a folder inside it for --out")])


def _unwritable(out: str | Path, error: Exception) -> Problem:
    why = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return Problem(str(out), "", f"cannot be written ({why})", "Name another folder for --out, or make room and grant write permission")


def write_run(out: Path, fill: Callable[[Path], None]) -> None:
    """Let ``fill`` write into a temporary folder beside ``out``, then put it in place by renaming; an old run is kept until then.

    Raises
    ------
    DataError
        If the disk or the file system refuses; nothing is left of the attempt, and an old run is as it was.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        work = Path(tempfile.mkdtemp(prefix=f".{out.name}.", dir=out.parent))
        try:
            new = work / "new"
            new.mkdir()  # inside, so that the run gets the permissions of any new folder and not those of a temporary one
            fill(new)
            _swap(new, out, work / "old")
        finally:
            shutil.rmtree(work, ignore_errors=True)
    except OSError as error:
        raise DataError([_unwritable(out, error)]) from error


def _swap(new: Path, out: Path, old: Path) -> None:
    """Put ``new`` in the place of ``out``; if that fails or is interrupted, put back what was there."""
    try:
        if out.exists():
            out.rename(old)
        new.rename(out)
    except BaseException:
        if old.exists() and not out.exists():
            old.rename(out)
        raise


def write_files(
    folder: Path,
    summary: Mapping[str, Any],
    tables: Mapping[str, pd.DataFrame],
    prices: pd.DataFrame,
    exclusions: pd.DataFrame,
    progress: tuple[Mapping[str, Any], ...],
    certificate: Mapping[str, NDArray[Any]] | None,
) -> None:
    """Write the data files of a run."""
    (folder / "plan").mkdir()
    for name, table in tables.items():
        table.to_csv(folder / "plan" / f"{name}.csv", index=False, lineterminator="\n")
    for name, table, columns in (("prices", prices, PRICES), ("exclusions", exclusions, EXCLUSIONS)):
        shown = table if len(table.columns) else pd.DataFrame(columns=list(columns))
        shown.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    lines = (json.dumps(plain(line), allow_nan=False) for line in progress)
    (folder / "progress.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    (folder / SUMMARY).write_text(json.dumps(plain(summary), indent=1, allow_nan=False) + "\n", encoding="utf-8")
    if certificate is not None:
        np.savez_compressed(folder / CERTIFICATE, **certificate)  # type: ignore[arg-type]


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


def read_summary(folder: str | Path) -> dict[str, Any]:
    """Return ``summary.json`` of a run folder.

    Raises
    ------
    DataError
        If it is not a run folder, or its summary cannot be read.
    """
    try:
        summary = json.loads((Path(folder) / SUMMARY).read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise DataError([_unreadable(folder, error)]) from None
    if not isinstance(summary, dict) or "case_sha256" not in summary:
        raise DataError([_unreadable(folder, f"its {SUMMARY} is not the summary of a run")])
    return summary


def read_certificate(folder: str | Path) -> dict[str, NDArray[Any]] | None:
    """Return the saved arrays that prove the bound of a run; ``None`` if they are not there or cannot be read. Raises nothing."""
    try:
        data = io.BytesIO((Path(folder) / CERTIFICATE).read_bytes())  # given a path, numpy leaves a damaged file open
        with np.load(data, allow_pickle=False) as saved:
            return {name: saved[name] for name in saved.files}
    except (OSError, ValueError, KeyError, EOFError, TypeError, AttributeError, MemoryError, NotImplementedError, zipfile.BadZipFile, zlib.error):
        return None


def read_run(folder: str | Path) -> RunFolder:
    """Read a run folder.

    Raises
    ------
    DataError
        If it is not a run folder, or one of its files cannot be read.
    """
    path, summary = Path(folder), read_summary(folder)
    try:
        lines = (path / "progress.jsonl").read_text(encoding="utf-8").splitlines()
        progress = tuple(json.loads(line) for line in lines)
        prices = _read(path / "prices.csv", PRICES, ["price"])
        exclusions = _read(path / "exclusions.csv", EXCLUSIONS, ["n"])
        asked = (path / BOTTLENECKS).is_file()
        bottlenecks = _read(path / BOTTLENECKS, RELIEF, [c for c in RELIEF if c.endswith("_musd")]) if asked else pd.DataFrame()
        tables = {
            name: _read(path / "plan" / f"{name}.csv", table.columns, [c for c, kind in table.columns.items() if kind in NUMBERS])
            for name, table in PLAN_TABLES.items()
            if (path / "plan" / f"{name}.csv").is_file()
        }
    except (OSError, ValueError) as error:
        raise DataError([_unreadable(path, error)]) from None
    return RunFolder(path, summary, tables, prices, exclusions, progress, bottlenecks)


def _unreadable(folder: str | Path, error: Exception | str) -> Problem:
    return Problem(str(folder), "", f"is not a readable run folder ({error})", _GIVE_A_RUN)


def _read(file: Path, columns: Iterable[str], numbers: Iterable[str]) -> pd.DataFrame:
    """Read a table with text as text and numbers exactly as written; :func:`placement.check` is the strict reader.

    Raises
    ------
    ValueError
        If a column is missing or a number is none.
    """
    table = pd.read_csv(file, keep_default_na=False, dtype=str)
    missing = [name for name in columns if name not in table]
    if missing:
        raise ValueError(f"{file.name}: column '{missing[0]}' is missing")
    for name in numbers:
        try:
            table[name] = _numbers(table[name])
        except ValueError as error:
            raise ValueError(f"{file.name}: column '{name}': {error}") from None
    return table


def _numbers(text: pd.Series) -> pd.Series:
    # Python's own conversion: whether the parser of pandas returns the very double that was written depends on its version
    whole = len(text) > 0 and bool(text.str.fullmatch(r"-?\d{1,15}").all())
    return pd.Series([int(v) if whole else float(v or "nan") for v in text], index=text.index, dtype="int64" if whole else "float64")
