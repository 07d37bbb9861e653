"""The registry of solvers: one file each, one line here.

A solver module has ``version(task) -> str`` and ``solve(problem, task) -> Answer``, which stops at ``task.left`` by the solver's own limit; a process that
does not is killed. Importing it, or asking its version, raises ``ImportError`` where the solver is not installed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from benchmarks.peers.problem import Problem
from benchmarks.peers.task import OWN, row_formulations


@dataclass(frozen=True, slots=True)
class Solver:
    """Where a solver's module is (imported in the run's own process only), the forms it is run in, and how to get it."""

    module: str
    formulations: Callable[[Problem], list[str]]
    install: str


def _given_sites_only(problem: Problem) -> list[str]:
    return [] if problem.siting or not problem.whole else [OWN]


SOLVERS: dict[str, Solver] = {
    "highs": Solver("benchmarks.peers.solvers.highs", row_formulations, "pip install highspy"),
    "scip": Solver("benchmarks.peers.solvers.scip", row_formulations, "pip install pyscipopt"),
    "cpsat": Solver("benchmarks.peers.solvers.cpsat", row_formulations, "pip install ortools"),
    "cbc": Solver("benchmarks.peers.solvers.cbc", row_formulations, "pip install pulp"),
    "rebalancer": Solver(
        "benchmarks.peers.solvers.rebalancer", _given_sites_only, "pip install rebalancer (Python >= 3.12), name its python: --rebalancer-python"
    ),
    "placement": Solver("benchmarks.peers.solvers.ours", lambda _: [OWN], "pip install -e ."),
}
