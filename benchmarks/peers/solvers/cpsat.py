"""CP-SAT of OR-Tools, default options with ``cores`` workers (it is made for eight and more, where it runs a portfolio).

It knows integers only: :mod:`benchmarks.peers.integers` says how a problem is scaled and bounds the rounding error, by which the claimed bound is lowered.
OR-Tools brings its own HiGHS, which cannot be loaded next to highspy: nothing here may import that.
"""

from __future__ import annotations

import math
from importlib.metadata import version as package_version

import numpy as np
from ortools.sat.python import cp_model

from benchmarks.peers.integers import Integers, to_integers
from benchmarks.peers.problem import Problem
from benchmarks.peers.task import STRONG, Answer, Task


def version(task: Task) -> str:
    """Return name and version."""
    return f"CP-SAT (OR-Tools {package_version('ortools')})"


def solve(problem: Problem, task: Task) -> Answer:
    """Solve in integers; the answer's bound is lowered by the rounding error."""
    data = to_integers(problem)
    model, pairs = _model(problem, data, task.formulation == STRONG)
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = task.cores
    solver.parameters.relative_gap_limit = task.gap
    solver.parameters.random_seed = task.seed
    solver.parameters.max_time_in_seconds = task.left
    status = solver.solve(model)
    bound = solver.best_objective_bound / data.scale - data.error if status != cp_model.MODEL_INVALID else -math.inf
    note = f"costs x {data.scale:.6g}, rounding error <= {data.error:.3g}"
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return Answer(solver.status_name(status), bound=bound, note=note)
    share = np.zeros(problem.cost.shape)
    share[data.site, data.workload] = np.array([solver.value(v) for v in pairs]) / data.most
    return Answer(solver.status_name(status), share, solver.objective_value / data.scale, bound, note)


def _model(problem: Problem, data: Integers, strong: bool) -> tuple[cp_model.CpModel, list[cp_model.IntVar]]:
    model = cp_model.CpModel()
    m, n = problem.cost.shape
    whole = problem.whole
    pairs = [model.new_bool_var("") if whole else model.new_int_var(0, int(top), "") for top in data.most]
    opens = [model.new_bool_var("") for _ in range(m)] if problem.siting else []
    by_workload: list[list[int]] = [[] for _ in range(n)]
    by_site: list[list[int]] = [[] for _ in range(m)]
    for p, (i, j) in enumerate(zip(data.site.tolist(), data.workload.tolist(), strict=True)):
        by_workload[j].append(p)
        by_site[i].append(p)
        if opens and strong:
            if whole:
                model.add_implication(pairs[p], opens[i])
            else:
                model.add(pairs[p] <= int(data.most[p]) * opens[i])
    for of in by_workload:
        if whole:
            model.add_exactly_one([pairs[p] for p in of])
        else:
            model.add(sum(pairs[p] for p in of) == int(data.most[of[0]]))
    for i, of in enumerate(by_site):
        weights = data.use[of].tolist() if whole else [1] * len(of)
        load = cp_model.LinearExpr.weighted_sum([pairs[p] for p in of], weights)
        model.add(load <= (int(data.capacity[i]) * opens[i] if opens else int(data.capacity[i])))
    costs = [*data.cost.tolist(), *(data.open_cost.tolist() if opens else [])]
    model.minimize(cp_model.LinearExpr.weighted_sum([*pairs, *opens], costs))
    return model, pairs
