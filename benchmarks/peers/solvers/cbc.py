"""CBC, the binary that PuLP ships, on an MPS file: the same solver as through PuLP without PuLP's minutes of model building at 250,000 rows."""

from __future__ import annotations

import math
import re
import subprocess
from importlib.metadata import version as package_version

import numpy as np
import pulp

from benchmarks.peers.model import Model, formulate, write_mps
from benchmarks.peers.problem import Floats, Problem
from benchmarks.peers.task import STRONG, Answer, Task


def _binary() -> str:
    command = pulp.PULP_CBC_CMD(msg=False)
    if not command.available():
        raise ImportError("this PuLP has no CBC for this machine")
    return str(command.path)


def version(task: Task) -> str:
    """Return name and version."""
    log = subprocess.run([_binary(), "-quit"], capture_output=True, text=True, check=False).stdout
    found = re.search(r"^Version: (\S+)", log, re.MULTILINE)
    return f"CBC {found.group(1) if found else '?'} (PuLP {package_version('pulp')})"


def solve(problem: Problem, task: Task) -> Answer:
    """Solve the integer program."""
    model = formulate(problem, task.formulation == STRONG)
    mps, solution = task.scratch / "model.mps", task.scratch / "solution.txt"
    write_mps(model, mps)
    threads = ["-threads", str(task.cores)] if task.cores > 1 else []
    options = ["-sec", f"{task.left:.2f}", "-timeMode", "elapsed", "-ratio", str(task.gap), "-randomCbcSeed", str(task.seed + 1), *threads]
    done = subprocess.run([_binary(), str(mps), *options, "-solve", "-solution", str(solution)], capture_output=True, text=True, check=False)
    text = solution.read_text() if solution.exists() else ""
    status = text.partition(" - ")[0].strip() or "no solution file"
    values = _values(text, model)
    claimed = re.search(r"^Objective value:\s+(\S+)", done.stdout, re.MULTILINE)
    value = float(claimed.group(1)) if claimed else math.nan
    return Answer(status, None if values is None else model.shares(values), value, _bound(done.stdout, status, value))


def _values(text: str, model: Model) -> Floats | None:
    """Return the point in a solution file; columns that are not listed are 0. A file that marks broken rows (``**``) is left to the judge."""
    lines = [line.replace("**", " ").split() for line in text.splitlines()[1:]]
    if not lines or "no integer solution" in text.partition("\n")[0].lower():  # then the file holds the relaxation's point
        return None
    values = np.zeros(len(model.cost))
    for _, name, value, *_ in lines:
        if name.startswith("c"):
            values[int(name[1:])] = float(value)
    return values


def _bound(log: str, status: str, value: float) -> float:
    """Return the bound: printed at the end when a limit struck, else in the last progress line; a finished run has its value for a bound."""
    if status == "Optimal":
        return value
    found = re.findall(r"^Lower bound:\s+(\S+)", log, re.MULTILINE) or re.findall(r"best possible (-?[\d.e+]+)", log)
    return float(found[-1]) if found and abs(float(found[-1])) < 1e50 else -math.inf
