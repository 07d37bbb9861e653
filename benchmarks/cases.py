"""Solve the cases of ``data/`` under a protocol, append one line per run to ``results/cases.jsonl``, and write the table of README.md.

    python benchmarks/cases.py data/frontier:300 data/frontier-small:60     # CASE:TIME_LIMIT_S
    python benchmarks/cases.py --table                                      # only rewrite the table

Protocol: one run at a time on an otherwise idle machine; time limit counts from the start of the build; gap = |objective - bound| / |objective|;
the verified bound is recomputed without a solver; every run is recorded, failures too.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path

import placement

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


def _commit() -> str:
    done = subprocess.run(["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def _gigabytes(peak: float | None) -> str:
    """Return peak memory, which a line taken from a run folder does not have (nor the time to read)."""
    return "-" if peak is None else f"{peak:.2f}"


def table() -> str:
    """Return the Markdown table of the latest run of each case and limit."""
    latest = {(r["case"], r["time_limit_s"]): r for r in map(json.loads, RESULTS.read_text().splitlines())}
    head = "| case | limit s | status | objective M$ | verified bound M$ | verified gap | solver's gap "
    head += "| build s | root s | total s | peak GB | columns | date, commit |"
    lines = [head, "|" + "---|" * (head.count("|") - 1)]
    for r in latest.values():
        lines.append(
            f"| {r['case']} | {r['time_limit_s']:g} | {r['status']}, {'checked' if r['checked'] else 'NOT checked'} "
            f"| {r['objective']:,.1f} | {r['verified_bound']:,.1f} "
            f"| {r['verified_gap']:.2%} | {r['gap']:.2%} | {(r['read_s'] or 0) + r['build_s']:.1f} | {r['root_s']:.1f} "
            f"| {r['runtime_s']:.1f} | {_gigabytes(r['peak_gb'])} "
            f"| {r['sizes']['columns']:,} | {r['date']}, {r['commit']} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE:SECONDS")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--table", action="store_true", help="only rewrite the table")
    args = parser.parse_args()
    for text in args.cases:
        path, _, seconds = text.rpartition(":")
        record = run(path, float(seconds), args.seed, args.workers)
        print(json.dumps(record), file=sys.stderr)
        RESULTS.parent.mkdir(exist_ok=True)
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
