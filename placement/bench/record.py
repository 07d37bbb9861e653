"""One run of one instance, as the line that is kept of it, and what is wrong with it if anything is."""

from __future__ import annotations

import hashlib
import math
import os
import platform
import time
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from placement.bench.files import check_bytes
from placement.bench.suites import Known
from placement.engine import Progress
from placement.errors import ExitCode, PlacementError
from placement.instances import read_instance
from placement.plan.plan import Plan
from placement.plan.run_folder import plain
from placement.solving import solve

#: By how much a value may undercut a proven optimum, or a bound exceed a known value, before it is called wrong, relative. Published
#: values are rounded to two to four decimals, which is up to 6e-7 of the smallest of them.
TOLERANCE = 1e-6


def run(
    entry: Known, suite: str, path: Path, *, time_limit_s: float, rel_gap: float, seed: int, workers: int, progress: Progress | None = None
) -> dict[str, Any]:  # fmt: skip
    """Solve one instance and return its record; an instance that cannot be read or solved is recorded too, with ``error``."""
    record = {
        "date": time.strftime("%Y-%m-%d"), "suite": suite, "instance": entry.instance, "model": entry.model, "sites": entry.sites, "workloads": entry.workloads,
        "capacity": entry.capacity, "best_known": entry.value, "best_bound": entry.bound, "proven": entry.proven, "time_limit_s": time_limit_s,
        "rel_gap": rel_gap, "seed": seed, "workers": workers, "cores": os.cpu_count(), "machine": f"{platform.system()} {platform.machine()}",
        "code_sha256": code_sha256()[:12],
    }  # fmt: skip
    try:
        began = time.perf_counter()
        case = read_instance(path, entry.file.format, model=entry.model, capacity=entry.capacity)
        read_s = time.perf_counter() - began
        check_bytes(entry.file, path, str(case.origin["file_sha256"]))
        plan = solve(case, time_limit_s=time_limit_s, rel_gap=rel_gap, seed=seed, workers=workers, progress=progress)
    except PlacementError as error:
        return plain(record | {"status": "error", "error": str(error)})
    return plain(record | {"read_s": round(read_s, 3)} | outcome(plan, entry))


def outcome(plan: Plan, entry: Known) -> dict[str, Any]:
    """Return what a plan is, next to what is known."""
    value, bound = plan.objective, plan.bound
    found = {
        "status": str(plan.status), "checked": bool(plan.verdict is not None and plan.verdict.ok), "value": value, "bound": bound,
        "verified_bound": plan.verified_bound, "gap": plan.gap, "gap_to_best": relative(value, entry.value),
        "bound_below_best": relative(entry.value, bound, entry.value), "seconds": plan.summary["runtime_s"], "time_to_best_s": time_to_best(plan),
        "interrupted": plan.interrupted, "versions": plan.summary["versions"],
    }  # fmt: skip
    if plan.tables and not found["checked"]:
        found["violations"] = [str(violation) for violation in plan.verdict.violations[:3]] if plan.verdict is not None else []
    return found | {"alarms": list(alarms(entry, value, bound, found["checked"]))}


def relative(value: float, reference: float, scale: float | None = None) -> float:
    """Return ``(value - reference) / |scale|``, by default the reference's own size."""
    return (value - reference) / max(abs(reference if scale is None else scale), 1e-9)


def time_to_best(plan: Plan) -> float:
    """Return the time at which the objective was first what it is in the end, s; NaN without a plan."""
    for event in plan.progress:
        objective = event["objective"]
        if objective is not None and objective <= plan.objective + 1e-9 * max(1.0, abs(plan.objective)):
            return float(event["time_s"])
    return math.nan


def alarms(entry: Known, value: float, bound: float, checked: bool) -> Iterable[str]:
    """Say what cannot be true: each means a bug here, or an error in the literature's value."""
    slack = TOLERANCE * max(abs(entry.value), 1e-9)
    if math.isfinite(value) and not checked:
        yield "the checker rejects the plan"
    if entry.proven and value < entry.value - slack:
        yield f"value {value:,.6f} is better than the proven optimum {entry.value:,.6f}"
    elif value < entry.bound - slack:
        yield f"value {value:,.6f} is better than the known bound {entry.bound:,.6f}"
    if bound > entry.value + slack:
        yield f"bound {bound:,.6f} is above the known value {entry.value:,.6f}"
    if bound > value + slack:
        yield f"bound {bound:,.6f} is above the plan's own value {value:,.6f}"


@cache
def code_sha256() -> str:
    """Return the SHA-256 of the package's source files: what ran, whatever commit it was, or none."""
    root = Path(__file__).parent.parent
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(f"{path.relative_to(root).as_posix()}\n".encode() + path.read_bytes())
    return digest.hexdigest()


def worst(records: Iterable[Mapping[str, Any]]) -> int:
    """Return the exit code of several runs: 5 if anything cannot be true, 1 if something could not be run, 4 if a plan is missing, else 0."""
    found = list(records)
    if any(r.get("alarms") for r in found):
        return ExitCode.CHECK_FAILED
    if any(r["status"] == "error" for r in found):
        return ExitCode.BAD_INPUT
    return ExitCode.OK if all(r.get("value") is not None for r in found) else ExitCode.NO_PLAN
