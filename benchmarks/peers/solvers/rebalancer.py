"""Rebalancer (Meta) by local search, on generalised assignment only: it has no opening decisions and no split workloads.

It needs Python >= 3.12, so it runs in the interpreter that ``--rebalancer-python`` names. Moves are *single*, *swap* and *single chain*, from a greedy
feasible start. Settings were only tried on d20200, by single short runs: the start matters (13070 from this one, 12949 from one that sorts by absolute use),
from an extra waiting place 76 of 200 jobs stay there, and from each job's cheapest agent (with *KL search* as well) 15 s end over capacity. Its exact solver
is HiGHS, which runs here by itself. It gives no bound, and it stops when no move helps.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

from benchmarks.peers.problem import Problem
from benchmarks.peers.task import Answer, Task

SCRIPT = Path(__file__).with_name("rebalancer_script.py")


def _interpreter(task: Task) -> list[str]:
    return [task.python or sys.executable, "-P"]  # this folder's rebalancer.py must not be what the script imports


def version(task: Task) -> str:
    """Return name and version."""
    done = subprocess.run([*_interpreter(task), str(SCRIPT), "--version"], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ImportError(f"{task.python or sys.executable} cannot import rebalancer")
    return done.stdout.strip()


def solve(problem: Problem, task: Task) -> Answer:
    """Run the script in its interpreter."""
    start = greedy_start(problem)
    if start is None:
        return Answer("no feasible start")
    given, found = task.scratch / "gap.json", task.scratch / "plan.json"
    top = float(problem.cost[np.isfinite(problem.cost)].max())
    cost = np.where(problem.allowed, problem.cost, 10 * top)  # a forbidden pair would show in the judgement
    data = {"cost": cost.tolist(), "use": problem.use.tolist(), "capacity": problem.limits.tolist(), "start": start.tolist(), "cores": task.cores}
    given.write_text(json.dumps(data | {"seconds": task.left, "seed": task.seed}))
    done = subprocess.run([*_interpreter(task), str(SCRIPT), str(given), str(found)], capture_output=True, text=True, check=False)
    if done.returncode or not found.exists():
        raise RuntimeError(f"rebalancer ended with {done.returncode}: {done.stderr.strip()[-400:]}")
    at = np.array(json.loads(found.read_text()), dtype=int)
    share = np.zeros(problem.cost.shape)
    share[at, np.arange(len(at))] = 1.0
    return Answer("local optimum or limit", share, note="local search: no bound")


def greedy_start(problem: Problem) -> np.ndarray | None:
    """Return a site per workload within capacity, largest first and each where it takes the smallest part of the site; None if that gets stuck."""
    left = problem.limits.copy()
    part = np.where(problem.allowed, problem.use / np.maximum(problem.limits, 1e-9)[:, None], np.inf)
    at = np.full(problem.cost.shape[1], -1)
    for j in np.argsort(-part.min(axis=0), kind="stable"):
        fits = np.where(problem.use[:, j] <= left, part[:, j], np.inf)
        at[j] = int(fits.argmin())
        if not np.isfinite(fits[at[j]]):
            return None
        left[at[j]] -= problem.use[at[j], j]
    return at
