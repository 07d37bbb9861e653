"""The table of results, made from the recorded lines and from nothing else."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from placement.bench.record import TOLERANCE
from placement.errors import DataError, Problem

Record = Mapping[str, Any]

SHIFT = 1e-4  # 0.01 %, of the shifted geometric mean: closer than that counts as reached
_HEAD = (
    "suite", "limit s", "workers", "runs", "at or below best known", "proven here", "mean gap to best known", "largest", "shifted geometric mean",
    "mean bound below best known", "mean s to best", "cores", "date",
)  # fmt: skip


def read_records(path: Path) -> list[dict[str, Any]]:
    """Return the lines of a results file; none if it is not there.

    Raises
    ------
    DataError
        If a line is not a record.
    """
    records = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines() if path.is_file() else [], start=1):
        try:
            record = json.loads(line)
            record["suite"], record["instance"], record["model"], record["time_limit_s"], record["seed"], record["workers"], record["best_known"]
        except (ValueError, KeyError, TypeError):
            raise DataError([Problem(str(path), "", f"line {number} is not a record of placement bench", "Restore the file; it only grows.")]) from None
        records.append(record)
    return records


def table(records: Iterable[Record]) -> str:
    """Return one Markdown row per suite, limit and workers, from the latest run of each instance and seed; failures count, too."""
    groups: dict[tuple[str, float, int], dict[tuple[str, str, int], Record]] = {}
    for r in records:
        group = groups.setdefault((r["suite"], r["time_limit_s"], r["workers"]), {})
        key = (r["instance"], r["model"], r["seed"])
        group.pop(key, None)
        group[key] = r
    rows = [_row(*key, list(group.values())) for key, group in sorted(groups.items())]
    return "\n".join(f"| {' | '.join(row)} |" for row in (_HEAD, ("---",) * len(_HEAD), *rows))


def _row(suite: str, limit: float, workers: int, runs: list[Record]) -> tuple[str, ...]:
    planned = [r for r in runs if r.get("value") is not None and not r.get("alarms")]
    gaps = [max(0.0, r["gap_to_best"]) for r in planned]
    below = [r["bound_below_best"] for r in planned if r.get("bound") is not None]
    failed = len(runs) - len(planned)
    return (
        suite, f"{limit:g}", f"{workers}", f"{len(runs)}" + (f" ({failed} without a valid plan)" if failed else ""),
        f"{sum(g <= TOLERANCE for g in gaps)}", f"{sum(r['status'] == 'optimal' for r in planned)}",
        _percent(_mean(gaps)), _percent(max(gaps, default=math.nan)), _percent(geometric(gaps)), _percent(_mean(below)),
        _number(_mean([r["time_to_best_s"] for r in planned if r.get("time_to_best_s") is not None])),
        ", ".join(sorted({f"{r['cores']}" for r in runs})), max(r["date"] for r in runs),
    )  # fmt: skip


def geometric(gaps: Iterable[float]) -> float:
    """Return the shifted geometric mean of gaps, NaN of none.

    Examples
    --------
    >>> [round(geometric(gaps), 6) for gaps in ([0.0, 0.0], [0.0, 0.0099])]
    [0.0, 0.0009]
    """
    logs = [math.log(gap + SHIFT) for gap in gaps]
    return math.exp(math.fsum(logs) / len(logs)) - SHIFT if logs else math.nan


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else math.nan


def _percent(share: float) -> str:
    return "-" if math.isnan(share) else f"{abs(share) if abs(share) < 5e-8 else share:.3%}"


def _number(value: float) -> str:
    return "-" if math.isnan(value) else f"{value:.1f}"
