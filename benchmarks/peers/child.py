"""One run in a process of its own: ``python -m benchmarks.peers.child JOB.json`` reads job and arrays, writes the answer and its judgement.

The kernel's alarm clock ends the process at limit + grace, wherever it is: a run that does not stop by itself counts as without a plan.
"""

from __future__ import annotations

import importlib
import json
import math
import os
import resource
import signal
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.peers.problem import Problem, Rejected, evaluate
from benchmarks.peers.solvers import SOLVERS
from benchmarks.peers.task import Answer, NotApplicableError, Task


def main(path: str) -> int:
    """Run the job and write ``result.json`` next to it."""
    folder = Path(path).parent
    job = json.loads(Path(path).read_text(encoding="utf-8"))
    if hasattr(os, "sched_setaffinity"):  # a solver that counts the machine's cores must find only its own
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: job["cores"]])
    problem = Problem.load(folder / "problem.npz")
    result = run(problem, job, folder)
    (folder / "result.json").write_text(json.dumps(result), encoding="utf-8")
    return 0


def run(problem: Problem, job: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Return the record of one run: ``status`` is ours, ``says`` is the solver's."""
    options = {k: job[k] for k in ("formulation", "time_limit_s", "cores", "gap", "seed", "source", "python")}
    try:
        module = importlib.import_module(SOLVERS[job["solver"]].module)
        version = module.version(Task(**options, scratch=folder))
    except ImportError as error:
        return {"status": "not installed", "note": str(error)}
    signal.setitimer(signal.ITIMER_REAL, job["time_limit_s"] + job["grace_s"])
    task = Task(**options, scratch=folder)
    try:
        answer = module.solve(problem, task)
    except NotApplicableError as error:
        return {"status": "not applicable", "version": version, "note": str(error)}
    seconds = time.perf_counter() - task.began
    signal.setitimer(signal.ITIMER_REAL, 0)
    used = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return judge(problem, answer) | {"version": version, "seconds": round(seconds, 2), "peak_gb": round(max(used) / 1e6, 3)}


def judge(problem: Problem, answer: Answer) -> dict[str, Any]:
    """Return value and bound of an answer: the value recomputed from the plan, the bound as claimed (rounded up where values are integers)."""
    bound = problem.lift(answer.bound) if math.isfinite(answer.bound) else None
    found: dict[str, Any] = {"says": answer.status, "claimed": answer.claimed if math.isfinite(answer.claimed) else None, "bound": bound, "note": answer.note}
    if answer.share is None:
        return found | {"status": "no plan", "value": None}
    try:
        return found | {"status": "plan", "value": evaluate(problem, answer.share)}
    except Rejected as reason:
        return found | {"status": "rejected", "value": None, "note": f"{reason}; {answer.note}".rstrip("; ")}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
