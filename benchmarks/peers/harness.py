"""Run every (instance, solver, formulation) in a process of its own, one after another, and append one line each."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import shlex
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.peers.problem import Problem
from benchmarks.peers.solvers import SOLVERS
from placement.bench.suites import Known

ROOT = Path(__file__).resolve().parents[2]
Record = dict[str, Any]
#: A run is the same as an earlier one, and skipped with ``--resume``, if these agree.
SAME = ("instance", "model", "solver", "formulation", "time_limit_s", "cores", "gap", "seed")
ALARM = 1e-6  # relative: beyond that a bound above the best-known value, or a value below a proven optimum, is an error of somebody


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What all runs share.

    Attributes
    ----------
    gap
        Relative gap at which every solver may stop.
    grace_s
        A process is killed this long after its limit.
    launcher
        Command that each process is started by, such as ``taskset -c 1``; waiting in it does not count.
    """

    suite: str
    time_limit_s: float
    cores: int
    gap: float = 1e-6
    seed: int = 0
    grace_s: float = 30.0
    launcher: str = ""
    rebalancer_python: str = ""


def jobs(entry: Known, problem: Problem, solvers: Iterable[str], protocol: Protocol, file: Path) -> Iterator[Record]:
    """Yield the jobs of one instance."""
    source = {
        "file": str(file.resolve()),
        "format": entry.file.format,
        "model": entry.model,
        "capacity": "" if entry.capacity is None else repr(entry.capacity),
    }
    for solver in solvers:
        for formulation in SOLVERS[solver].formulations(problem):
            yield {
                "instance": entry.instance, "model": entry.model, "solver": solver, "formulation": formulation, "time_limit_s": protocol.time_limit_s,
                "cores": protocol.cores, "gap": protocol.gap, "seed": protocol.seed, "grace_s": protocol.grace_s, "source": source,
                "python": protocol.rebalancer_python if solver == "rebalancer" else "",
            }  # fmt: skip


def run(job: Record, problem: Problem, launcher: str = "") -> Record:
    """Run one job in its own process group and return what it wrote; a process that was killed or failed gives a record too."""
    with tempfile.TemporaryDirectory(prefix="peers-") as name:
        folder = Path(name)
        problem.save(folder / "problem.npz")
        (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), str(job["cores"]))
        environment = os.environ | threads | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])}
        command = [*shlex.split(launcher), sys.executable, "-m", "benchmarks.peers.child", str(folder / "job.json")]
        began = time.perf_counter()
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            _, errors = process.communicate()
        finally:  # also what the process started itself, and also after Ctrl-C
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        result = folder / "result.json"
        if result.is_file():
            return dict(json.loads(result.read_text(encoding="utf-8")))
        if process.returncode in (-signal.SIGALRM, 128 + signal.SIGALRM):
            return {"status": "no plan", "says": "killed at limit + grace", "value": None, "bound": None, "seconds": job["time_limit_s"] + job["grace_s"]}
        seconds = round(time.perf_counter() - began, 2)
        return {"status": "failed", "says": f"exit {process.returncode}", "value": None, "bound": None, "seconds": seconds, "note": errors.strip()[-500:]}


def record(job: Record, result: Record, entry: Known, suite: str) -> Record:
    """Return the line that is kept: what was asked, what came out, how far it is from the best known, what cannot be true."""
    kept = {k: v for k, v in job.items() if k not in ("source", "python")}
    value, bound, best = result.get("value"), result.get("bound"), entry.value
    scale = max(abs(best), 1e-9)
    alarms = []
    if value is not None and value < (best if entry.proven else entry.bound) - ALARM * scale:
        alarms.append(
            f"value {value:.9g} is better than {'the proven optimum' if entry.proven else 'the known bound'} {best if entry.proven else entry.bound:.9g}"
        )
    if bound is not None and bound > best + ALARM * scale:
        alarms.append(f"bound {bound:.9g} is above the best-known value {best:.9g}")
    proven = value is not None and bound is not None and value - bound <= max(job["gap"], ALARM) * max(abs(value), 1e-9)
    return {
        "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "suite": suite, **kept, "best_known": best, "best_bound": _finite(entry.bound), **result,
        "gap_to_best": None if value is None else (value - best) / scale, "bound_below_best": None if bound is None else (best - bound) / scale,
        "proven": proven, "alarms": alarms, "harness_sha256": harness_sha256(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores", "interpreter": platform.python_version(),
    }  # fmt: skip


def _finite(value: float) -> float | None:
    return value if abs(value) < float("inf") else None


def harness_sha256() -> str:
    """Return the first digits of the SHA-256 of this folder's sources."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def key(line: Record) -> tuple[Any, ...]:
    """Return what makes two runs the same."""
    return tuple(line.get(k) for k in SAME)


def read_lines(path: Path) -> list[Record]:
    """Return the lines of a results file, none if it is not there."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()] if path.is_file() else []
