"""Time every answer about a finished run as a user asks it, append one line per answer to ``results/answers.jsonl``, and write the table of README.md.

    python benchmarks/answers.py RUN [--only NAME ...]     # RUN: a folder of `placement solve`
    python benchmarks/answers.py --table                   # only rewrite the table

Protocol: one answer at a time on an otherwise idle machine (the load before each is recorded), each a process of its own with default limits and all workers.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from placement.run import read_plan

HERE = Path(__file__).parent
RESULTS, README = HERE / "results" / "answers.jsonl", HERE / "README.md"
BEGIN, END = "<!-- answers: written by answers.py -->", "<!-- end of answers -->"


def questions(run: Path, out: Path) -> dict[str, list[str]]:
    """Return the command of each answer; the job and site of ``why-not`` are the first unplaced job and the first site with a hall."""
    plan = read_plan(run)
    job = plan.unplaced["job"].iloc[0] if len(plan.unplaced) else plan.training["job"].iloc[0]
    case, explain = str(plan.case.path), ["explain", str(run)]
    return {
        "layers and prices": explain,
        "why not": [*explain, "--why-not", f"{job}@{plan.halls['site'].iloc[0]}"],
        "why not, all sites": [*explain, "--why-not", str(job)],
        "verified prices": [*explain, "--verify-prices", "10"],
        "alternatives": [*explain, "--alternatives", "0.01"],
        "without building": [*explain, "--existing-only"],
        "tornado": ["sweep", case, "--out", str(out / "tornado"), "--start", str(run), "--tornado"],
        "front": ["sweep", case, "--out", str(out / "front"), "--start", str(run), "--pareto", "cost", "emissions_kt"],
    }


def ask(name: str, command: list[str], case: str) -> dict[str, object]:
    """Run one command and return its record."""
    load, before, began = os.getloadavg()[0], resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime, time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "placement", *command], stdout=subprocess.DEVNULL, check=False)
    return {
        "date": time.strftime("%Y-%m-%d"), "case": case, "answer": name, "seconds": round(time.perf_counter() - began, 1),
        "processor_s": round(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before, 1), "exit_code": done.returncode,
        "load_before": round(load, 1), "machine": f"{platform.machine()}, {os.cpu_count()} cores",
    }  # fmt: skip


def table() -> str:
    """Return the Markdown table of the latest record of each case and answer."""
    latest = {(r["case"], r["answer"]): r for r in map(json.loads, RESULTS.read_text(encoding="utf-8").splitlines())}
    lines = ["| case | answer | seconds | processor s | load before | date |", "|---|---|---|---|---|---|"]
    for r in latest.values():
        failed = "" if r["exit_code"] == 0 else f" (exit code {r['exit_code']})"
        lines.append(f"| {r['case']} | {r['answer']}{failed} | {r['seconds']:.0f} | {r['processor_s']:.0f} | {r['load_before']:.1f} | {r['date']} |")
    return "\n".join(lines)


def main() -> None:
    """Run what the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("run", nargs="?", type=Path)
    parser.add_argument("--only", nargs="+", metavar="NAME")
    parser.add_argument("--table", action="store_true", help="only rewrite the table")
    args = parser.parse_args()
    if args.run is not None:
        case = read_plan(args.run).case.name
        with tempfile.TemporaryDirectory() as scratch:
            for name, command in questions(args.run, Path(scratch)).items():
                if args.only is None or name in args.only:
                    record = ask(name, command, case)
                    print(json.dumps(record), file=sys.stderr)
                    with RESULTS.open("a", encoding="utf-8") as file:
                        file.write(json.dumps(record) + "\n")
    text = README.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    README.write_text(f"{before}{BEGIN}\n{table()}\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()
