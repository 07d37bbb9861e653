"""HiGHS through highspy, default options."""

from __future__ import annotations

from importlib.metadata import version as package_version

import highspy
import numpy as np

from benchmarks.peers.model import formulate, load_highs
from benchmarks.peers.problem import Problem
from benchmarks.peers.task import STRONG, Answer, Task


def version(task: Task) -> str:
    """Return name and version."""
    return f"HiGHS {package_version('highspy')}"


def solve(problem: Problem, task: Task) -> Answer:
    """Solve the integer program."""
    model = formulate(problem, task.formulation == STRONG)
    h = load_highs(model)
    options = {"threads": task.cores, "time_limit": task.left, "mip_rel_gap": task.gap, "random_seed": task.seed}
    for name, value in options.items():
        if h.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise RuntimeError(f"HiGHS refused {name} = {value}")
    h.run()
    info = h.getInfo()
    found = info.primal_solution_status == 2  # a feasible point; value_valid only says that numbers exist
    share = model.shares(np.array(h.getSolution().col_value)) if found else None
    return Answer(h.getModelStatus().name, share, info.objective_function_value, info.mip_dual_bound)
