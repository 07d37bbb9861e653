"""SCIP through PySCIPOpt, default options; the model goes in as an MPS file, which is far faster than row by row from Python. Always one thread."""

from __future__ import annotations

import math
from importlib.metadata import version as package_version

import numpy as np
import pyscipopt

from benchmarks.peers.model import formulate, write_mps
from benchmarks.peers.problem import Problem
from benchmarks.peers.task import STRONG, Answer, Task

WALL_CLOCK = 2


def version(task: Task) -> str:
    """Return name and version."""
    return f"SCIP {pyscipopt.Model().version()} (PySCIPOpt {package_version('pyscipopt')})"


def solve(problem: Problem, task: Task) -> Answer:
    """Solve the integer program."""
    model = formulate(problem, task.formulation == STRONG)
    path = task.scratch / "model.mps"
    write_mps(model, path)
    scip = pyscipopt.Model()
    scip.hideOutput()
    scip.readProblem(str(path))
    scip.setParams({"timing/clocktype": WALL_CLOCK, "limits/gap": task.gap, "randomization/randomseedshift": task.seed})
    columns = {v.name: v for v in scip.getVars()}
    scip.setParam("limits/time", task.left)
    scip.optimize()
    bound = scip.getDualbound()
    bound = bound if abs(bound) < scip.infinity() else -math.inf
    best = scip.getBestSol() if scip.getNSols() else None
    if best is None:
        return Answer(scip.getStatus(), bound=bound)
    values = np.array([best[columns[f"c{k}"]] for k in range(len(model.cost))])
    return Answer(scip.getStatus(), model.shares(values), scip.getObjVal(), bound)
