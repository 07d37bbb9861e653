"""Solve the cases of ``data/`` under a protocol, append one line per run to ``results/cases.jsonl``, and write the table of README.md.

    python benchmarks/cases.py data/frontier:300 data/frontier-small:60     # CASE:TIME_LIMIT_S
    python benchmarks/cases.py --raw data/frontier:300                      # the same program given to HiGHS as it is, for comparison
    python benchmarks/cases.py --table                                      # only rewrite the table

Protocol: one run at a time on an otherwise idle machine; time limit counts from the start of the build; gap = |objective - bound| / |objective|;
the verified bound is recomputed without a solver; every run is recorded, failures too.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import resource
import subprocess
import sys
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import placement
from placement.engine.highs import Run, solve
from placement.engine.outcome import relative_gap
from placement.engine.search import arrays
from placement.options import REL_GAP
from placement.program import assemble, build_sides

HERE = Path(__file__).parent
RESULTS, README = HERE / "results" / "cases.jsonl", HERE / "README.md"
BEGIN, END = "<!-- table: written by cases.py -->", "<!-- end of table -->"


def run(case_path: str, time_limit_s: float, seed: int, workers: int) -> dict[str, object]:
    """Solve one case and return the record of the run."""
    began = time.perf_counter()
    case = placement.read_case(case_path)
    read_s = time.perf_counter() - began
    plan = placement.solve(case, time_limit_s=time_limit_s, seed=seed, workers=workers)
    phases = {str(p["phase"]): p["seconds"] for p in plan.summary["phases"]}
    return {
        "date": time.strftime("%Y-%m-%d"), "commit": _commit(), "case": Path(case_path).name, "case_sha256": case.sha256[:12],
        "time_limit_s": time_limit_s, "seed": seed, "workers": workers, "status": str(plan.status),
        "objective": plan.summary["objective"], "bound": plan.summary["bound"], "verified_bound": plan.verified_bound,
        "gap": plan.summary["gap"], "verified_gap": plan.summary["verified_gap"], "checked": bool(plan.verdict and plan.verdict.ok),
        "read_s": round(read_s, 3), "build_s": phases.get("build"), "root_s": phases.get("root"), "runtime_s": plan.summary["runtime_s"],
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 3), "sizes": plan.summary["sizes"],
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "versions": plan.summary["versions"],
    }  # fmt: skip


def run_raw(case_path: str, time_limit_s: float, seed: int, workers: int) -> dict[str, object]:
    """Give the whole program of a case to HiGHS with its default options and return the record of the run; its bound is only claimed."""
    began = time.perf_counter()
    case = placement.read_case(case_path)
    read_s = time.perf_counter() - began
    program, _ = assemble(build_sides(case))
    build_s = time.perf_counter() - began - read_s
    answer = solve(arrays(program), Run(time_limit_s=time_limit_s - build_s, rel_gap=REL_GAP, seed=seed, threads=workers))
    return {
        "date": time.strftime("%Y-%m-%d"), "commit": _commit(), "case": Path(case_path).name, "solver": "HiGHS alone", "case_sha256": case.sha256[:12],
        "time_limit_s": time_limit_s, "seed": seed, "workers": workers, "status": answer.status,
        "objective": None if answer.x is None else answer.objective, "bound": answer.bound if math.isfinite(answer.bound) else None,
        "gap": relative_gap(answer.objective, answer.bound) if answer.x is not None and math.isfinite(answer.bound) else None,
        "read_s": round(read_s, 3), "build_s": round(build_s, 3), "runtime_s": round(time.perf_counter() - began - read_s, 3),
        "peak_gb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6, 3), "sizes": program.sizes,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores", "versions": {"highspy": metadata.version("highspy")},
    }  # fmt: skip


def _commit() -> str:
    done = subprocess.run(["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _checked(record: dict[str, Any]) -> str:
    """Return whether the checker passed the plan; raw runs have no plan in the planner's words."""
    return "" if "checked" not in record else ", checked" if record["checked"] else ", NOT checked"


def _shown(value: float | None, form: str) -> str:
    """Return a figure; a line taken from a run folder has no peak memory, a raw run no verified bound, and maybe no plan."""
    return "-" if value is None else format(value, form)


def table() -> str:
    """Return the Markdown table of the latest run of each case and limit."""
    latest = {(r["case"], r.get("solver", "placement"), r["time_limit_s"]): r for r in map(json.loads, RESULTS.read_text().splitlines())}
    head = "| case | solver | limit s | status | objective M$ | verified bound M$ | verified gap | solver's gap "
    head += "| build s | root s | total s | peak GB | columns | date, commit |"
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for r in latest.values():
        cells = [
            r["case"], r.get("solver", "placement"), f"{r['time_limit_s']:g}", f"{r['status']}{_checked(r)}",
            _shown(r["objective"], ",.1f"), _shown(r.get("verified_bound"), ",.1f"), _shown(r.get("verified_gap"), ".2%"), _shown(r["gap"], ".2%"),
            f"{(r['read_s'] or 0) + r['build_s']:.1f}", _shown(r.get("root_s"), ".1f"), f"{r['runtime_s']:.1f}", _shown(r["peak_gb"], ".2f"),
            f"{r['sizes']['columns']:,}", f"{r['date']}, {r['commit']}",
        ]  # fmt: skip
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE:SECONDS")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--raw", action="store_true", help="give the whole program to HiGHS alone")
    parser.add_argument("--table", action="store_true", help="only rewrite the table")
    args = parser.parse_args()
    for text in args.cases:
        path, _, seconds = text.rpartition(":")
        record = (run_raw if args.raw else run)(path, float(seconds), args.seed, args.workers)
        print(json.dumps(record), file=sys.stderr)
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
