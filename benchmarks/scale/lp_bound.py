"""LP bound of a large facility location case: column generation (``engine/assignment/root.py``) against HiGHS on the full linear program.

    python -m benchmarks.scale.lp_bound                      # 1000 x 1000, ratio 5; one JSON line to benchmarks/results/lp_bound.jsonl
    python -m benchmarks.scale.lp_bound --sites 300 --workloads 300 --dry

The full program has a column per pair and a row ``x <= y`` per pair. HiGHS gets it by dual simplex and by interior point without crossover (enough for a
bound), each in a process of its own, and the better of the two counts; its clock leaves out building the arrays. Ours runs from the dense arrays to the
converged bound, with all that it builds. One thread each, and the ratio is one of processor seconds, so that other work on the machine does not decide it.
Where no method finishes within the cap (wall clock) the ratio is a lower limit, and the line says so.

Instances are drawn as those of Avella and Boccia's test bed TBED1 (A cutting plane algorithm for the capacitated facility location problem, COAP 43 (2009)
39-65), after Cornuejols, Sridharan and Thizy, EJOR 50 (1991): the ranges below agree with the published files i300_1 to i500_20.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import platform
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers.model import formulate, load_highs
from benchmarks.peers.problem import Problem
from placement.engine.assignment.root import solve_root
from placement.engine.assignment.structure import Assignment
from placement.engine.effort import Effort

RESULTS = Path(__file__).resolve().parents[1] / "results" / "lp_bound.jsonl"
TARGET = 20.0
AGREE = 1e-6  # relative: interior point without crossover stops at 1e-7 or so


def generate(sites: int, workloads: int, ratio: float, seed: int) -> Problem:
    """Return a seeded case: points in the unit square, demands 5 to 34, capacities that add up to ``ratio`` times the demand.

    Cost per unit of demand is 10 times the distance; opening costs are U[0, 90] + U[0, 110] sqrt(s) with s from U[10, 160] the capacity before scaling.
    """
    rng = np.random.default_rng(seed)
    here, there = rng.random((sites, 2)), rng.random((workloads, 2))
    demand = rng.integers(5, 35, workloads).astype(float)
    size = rng.integers(10, 161, sites).astype(float)
    opening = rng.uniform(0, 90, sites) + rng.uniform(0, 110, sites) * np.sqrt(size)
    capacity = np.round(size * ratio * demand.sum() / size.sum())
    distance = np.hypot(*(here[:, None, :] - there[None, :, :]).transpose(2, 0, 1))
    use = np.broadcast_to(demand, (sites, workloads)).copy()
    return Problem(cost=10 * distance * demand, use=use, capacity=capacity, open_cost=opening, siting=True, whole=False)


def by_columns(problem: Problem, cap_s: float) -> dict[str, Any]:
    """Return what column generation needs and finds."""
    a = Assignment(
        cost=problem.cost, use=problem.use, capacity=problem.capacity, open_cost=problem.open_cost, siting=problem.siting, whole=problem.whole
    )  # fmt: skip
    began, cpu = time.perf_counter(), time.process_time()
    root = solve_root(a, Effort(seconds=cap_s))
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    return {
        "seconds": round(seconds, 3), "cpu_s": round(cpu_s, 3), "bound": root.bound, "value": root.value, "converged": root.converged, "rounds": root.rounds,
        "columns": root.columns, "column_share": root.columns / problem.cost.size, "links": root.links,
    }  # fmt: skip


def by_highs(problem: Problem, method: str, cap_s: float) -> dict[str, Any]:
    """Return what HiGHS needs for the full linear program by one method, and its optimum if it finishes."""
    began = time.perf_counter()
    h = load_highs(formulate(problem, strong=True), relaxed=True)
    build_s = time.perf_counter() - began
    for name, value in {"solver": method, "threads": 1, "time_limit": cap_s, "run_crossover": "off"}.items():
        h.setOptionValue(name, value)
    began, cpu = time.perf_counter(), time.process_time()
    h.run()
    seconds, cpu_s, status = time.perf_counter() - began, time.process_time() - cpu, h.getModelStatus().name
    found = h.getInfo().objective_function_value if status == "kOptimal" else None
    return {"method": method, "status": status, "build_s": round(build_s, 2), "seconds": round(seconds, 2), "cpu_s": round(cpu_s, 2), "value": found}


def compare(sites: int, workloads: int, ratio: float, seed: int, cap_s: float, methods: tuple[str, ...] = ("simplex", "ipm")) -> dict[str, Any]:
    """Return the record: each run in a fresh process, one after another."""
    with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
        ours = pool.apply(_ours, (sites, workloads, ratio, seed, cap_s))
        print(f"columns: {ours}", file=sys.stderr, flush=True)
        theirs = []
        for method in methods:
            theirs.append(pool.apply(_theirs, (sites, workloads, ratio, seed, method, cap_s)))
            print(f"HiGHS: {theirs[-1]}", file=sys.stderr, flush=True)
    finished = [r for r in theirs if r["value"] is not None]
    best_s = min((r["cpu_s"] for r in finished), default=min(r["cpu_s"] for r in theirs))
    agree = all(abs(r["value"] - ours["bound"]) <= AGREE * abs(r["value"]) for r in finished)
    times = best_s / ours["cpu_s"]
    return {
        "benchmark": "lp_bound", "date": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "sites": sites, "workloads": workloads, "ratio": ratio,
        "seed": seed, "cap_s": cap_s, "ours": ours, "highs": theirs, "times_faster": round(times, 1), "at_least": not finished,
        "bounds_agree": agree if finished else None, "target": TARGET, "met": times >= TARGET and ours["converged"] and agree,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "versions": {"python": platform.python_version(), **{n: version(n) for n in ("highspy", "numpy", "scipy")}},
    }  # fmt: skip


def _ours(sites: int, workloads: int, ratio: float, seed: int, cap_s: float) -> dict[str, Any]:
    by_columns(generate(20, 20, ratio, seed), cap_s)  # imports and compilation
    return by_columns(generate(sites, workloads, ratio, seed), cap_s)


def _theirs(sites: int, workloads: int, ratio: float, seed: int, method: str, cap_s: float) -> dict[str, Any]:
    return by_highs(generate(sites, workloads, ratio, seed), method, cap_s)


def main(argv: list[str] | None = None) -> int:
    """Measure, append the line; return 1 if the target is missed."""
    args = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args.add_argument("--sites", type=int, default=1000)
    args.add_argument("--workloads", type=int, default=1000)
    args.add_argument("--ratio", type=float, default=5.0, help="capacity of all sites over all demand; 5 to 20 in TBED1 (default 5)")
    args.add_argument("--seed", type=int, default=0)
    args.add_argument("--cap", type=float, default=600.0, help="wall clock per method, s (default 600)")
    args.add_argument("--dry", action="store_true", help="print the line, do not append it")
    given = args.parse_args(argv)
    line = compare(given.sites, given.workloads, given.ratio, given.seed, given.cap)
    print(json.dumps(line))
    if not given.dry:
        RESULTS.parent.mkdir(parents=True, exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
    return 0 if line["met"] else 1


if __name__ == "__main__":
    sys.exit(main())
