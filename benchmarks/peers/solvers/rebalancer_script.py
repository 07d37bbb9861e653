"""Solve one generalised assignment by Rebalancer's local search: ``python rebalancer_script.py GAP.json PLAN.json``. Standard library and rebalancer only."""

from __future__ import annotations

import json
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path


def main(given: str, found: str) -> None:
    """Read the problem, write the site of every job."""
    from rebalancer import ProblemSolver

    p = json.loads(Path(given).read_text(encoding="utf-8"))
    cost, use, start = p["cost"], p["use"], p["start"]
    sites, jobs = [f"s{i}" for i in range(len(cost))], [f"w{j}" for j in range(len(start))]
    top = max(map(max, cost))
    likes = [{"objectName": w, "scopeItemName": s, "affinity": top - cost[i][j]} for i, s in enumerate(sites) for j, w in enumerate(jobs)]
    moves: list[dict[str, object]] = [{"singleMoveTypeSpec": {}}, {"swapMoveTypeSpec": {}}, {"singleChainMoveTypeSpec": {}}]
    solver = ProblemSolver(service_name="rebalancer", service_scope="placement")
    solver.set_object_name("job").set_container_name("site")
    solver.set_assignment({s: [w for j, w in enumerate(jobs) if start[j] == i] for i, s in enumerate(sites)})
    solver.add_dynamic_object_dimension("use", "site", {s: dict(zip(jobs, use[i], strict=True)) for i, s in enumerate(sites)})
    solver.add_container_dimension("use", dict(zip(sites, p["capacity"], strict=True)))
    solver.add_constraint({"capacitySpec": {"name": "capacity", "scope": "site", "dimension": "use", "limit": {"globalLimit": 1.0}}})
    solver.add_goal({"assignmentAffinitiesSpec": {"name": "cost", "scope": "site", "affinities": likes}}, 1.0)
    solver.add_solver({"localSearchSolverSpec": {"solveTime": max(1, int(p["seconds"])), "randomSeed": p["seed"], "moveTypeList": moves}})
    placed = solver.solve()["assignment"]
    Path(found).write_text(json.dumps([int(placed[w][1:]) for w in jobs]), encoding="utf-8")


if __name__ == "__main__":
    if sys.argv[1] == "--version":
        try:
            print(f"Rebalancer {version('rebalancer')}")
        except PackageNotFoundError:
            sys.exit(3)
    else:
        main(sys.argv[1], sys.argv[2])
