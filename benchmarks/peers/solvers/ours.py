"""`placement` itself, by its command line: it starts and reads the published file on the clock; its own limit begins after that, with the build."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pandas as pd

from benchmarks.peers.problem import Floats, Problem
from benchmarks.peers.task import Answer, Task

NO_PLAN = 4


def version(task: Task) -> str:
    """Return name and version."""
    import placement

    return f"placement {placement.__version__}"


def solve(problem: Problem, task: Task) -> Answer:
    """Run ``placement solve`` and read its run folder."""
    out = task.scratch / "run"
    source = task.source
    command = [sys.executable, "-m", "placement", "solve", "--format", source["format"], source["file"], "--model", source["model"], "--out", str(out)]
    command += ["--capacity", source["capacity"]] if source["capacity"] else []
    command += ["--time-limit", f"{task.left:.2f}", "--workers", str(task.cores), "--gap", str(task.gap), "--seed", str(task.seed), "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if not (out / "summary.json").is_file():
        if done.returncode == NO_PLAN:
            return Answer("no plan")
        raise RuntimeError(f"placement solve ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    summary = json.loads((out / "summary.json").read_text(encoding="utf-8"))
    objective, bound = summary.get("objective"), summary.get("bound")
    verified = summary.get("verified_bound")
    share = _shares(problem, task) if objective is not None else None
    note = f"verified bound {verified:.9g}" if verified is not None else ""
    return Answer(str(summary["status"]), share, math.nan if objective is None else objective, -math.inf if bound is None else bound, note)


def _shares(problem: Problem, task: Task) -> Floats:
    """Return the plan tables as shares."""
    name, key = ("training", "job") if problem.whole else ("inference", "service")
    table = pd.read_csv(task.scratch / "run" / "plan" / f"{name}.csv", dtype={key: str, "site": str})
    site = table["site"].map({s: i for i, s in enumerate(problem.sites)})
    workload = table[key].map({w: j for j, w in enumerate(problem.workloads)})
    share = np.zeros(problem.cost.shape)
    np.add.at(share, (site.to_numpy(int), workload.to_numpy(int)), 1.0 if problem.whole else table["share"].to_numpy(float))
    return share
