"""``python -m benchmarks.peers SUITE``: open solvers and `placement` on the same instances, side by side in one run.

    python -m benchmarks.peers joint --time-limit 60 --cores 1 --solvers highs,scip,cpsat,cbc,placement --out benchmarks/results/peers.jsonl
    python -m benchmarks.peers all --only gap:d20200 cflp:orlib/capa1 --resume      # of every known instance, in this order; go on where it stopped
    python -m benchmarks.peers --table                                              # only write the tables into benchmarks/README.md

The clock of a run starts when the arrays are in memory and the solver is imported (for `placement`: before it reads the file). Reported are all runs, failures
too. Exit codes: 0; 1 bad input; 3 if a solver asked for is not installed; 5 if something cannot be true.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from benchmarks.peers.harness import ROOT, Protocol, Record, jobs, key, read_lines, record, run
from benchmarks.peers.reading import entries, read
from benchmarks.peers.solvers import SOLVERS
from benchmarks.peers.table import show, write_readme
from placement.bench.files import instance_file
from placement.errors import PlacementError

RESULTS = ROOT / "benchmarks" / "results" / "peers.jsonl"
MISSING, WRONG = 3, 5


def main(argv: list[str] | None = None) -> int:
    """Run what the arguments ask for."""
    args = _parser().parse_args(argv)
    if args.suite is None:
        if not args.table:
            _parser().error("name a SUITE, or --table")
        write_readme(read_lines(args.out))
        return 0
    solvers = args.solvers.split(",")
    unknown = [s for s in solvers if s not in SOLVERS]
    if unknown:
        _parser().error(f"unknown solver {', '.join(unknown)}; known: {', '.join(SOLVERS)}")
    protocol = Protocol(
        suite=args.suite, time_limit_s=args.time_limit, cores=args.cores, gap=args.gap, seed=args.seed, grace_s=args.grace, launcher=args.launcher,
        rebalancer_python=args.rebalancer_python,
    )  # fmt: skip
    try:
        lines = _run_all(args, solvers, protocol)
    except PlacementError as error:
        print(f"peers: {error}", file=sys.stderr)
        return 1
    print(show(lines))
    if args.table:
        write_readme(read_lines(args.out))
    missing = sorted({line["solver"] for line in lines if line["status"] == "not installed"})
    if missing:
        print(f"peers: NOT INSTALLED, so NOT COMPARED WITH: {', '.join(f'{s} ({SOLVERS[s].install})' for s in missing)}", file=sys.stderr)
    if any(line["alarms"] for line in lines):
        return WRONG
    return MISSING if missing else 0


def _run_all(args: argparse.Namespace, solvers: list[str], protocol: Protocol) -> list[Record]:
    """Run and append; return the lines of this run, with ``--resume`` also the earlier ones that were taken over."""
    chosen = entries(args.suite, args.only)
    before = {key(line): line for line in read_lines(args.out) if line["status"] not in ("failed", "not installed")} if args.resume else {}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    lines, missing = [], set()
    for entry in chosen:
        file = instance_file(entry.file, args.instances)
        problem = read(entry, file)
        for job in jobs(entry, problem, solvers, protocol, file):
            if key(job) in before:
                lines.append(before[key(job)])
                continue
            result = {"status": "not installed"} if job["solver"] in missing else run(job, problem, protocol.launcher)
            line = record(job, result, entry, args.suite)
            lines.append(line)
            if result["status"] == "not installed":
                missing.add(job["solver"])
            else:
                with args.out.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps(line) + "\n")
            _tell(line)
    return lines


def _tell(line: Record) -> None:
    """Print one line on stderr."""
    gap = "-" if line["gap_to_best"] is None else f"{line['gap_to_best']:.4%}"
    value, bound = ("-" if v is None else f"{v:,.3f}" for v in (line.get("value"), line.get("bound")))
    name = f"{line['model']}:{line['instance']}"
    said = f"{line['status']} ({line.get('says', '')})" + ("" if line["status"] == "plan" else f" {line.get('note', '')}")
    print(
        f"{name:<32} {line['solver']:<10} {line['formulation']:<12} value {value:>16} gap {gap:>10} bound {bound:>16} {line.get('seconds', 0):7.1f} s {said}",
        file=sys.stderr,
        flush=True,
    )
    if line["status"] == "not installed":
        print(f"peers: {line['solver']} IS NOT INSTALLED ({SOLVERS[line['solver']].install}): left out of this comparison", file=sys.stderr)
    for alarm in line["alarms"]:
        print(f"peers: WRONG: {name} by {line['solver']} ({line['formulation']}): {alarm}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("suite", metavar="SUITE", nargs="?", help="a suite of benchmarks/published, or 'all'")
    parser.add_argument("--only", metavar="NAME", nargs="+", help="only these, in this order: name or MODEL:SET/NAME")
    parser.add_argument("--time-limit", metavar="S", type=float, default=60.0, help="wall clock per run, s (default 60)")
    parser.add_argument("--cores", metavar="N", type=int, default=1, help="cores and threads of each run (default 1)")
    parser.add_argument("--solvers", metavar="LIST", default="highs,scip,cpsat,cbc,placement", help=f"of {', '.join(SOLVERS)} (default: all but rebalancer)")
    parser.add_argument("--gap", metavar="G", type=float, default=1e-6, help="relative gap at which a solver may stop (default 1e-6)")
    parser.add_argument("--seed", metavar="N", type=int, default=0)
    parser.add_argument("--grace", metavar="S", type=float, default=30.0, help="kill a process this long after its limit, s (default 30)")
    parser.add_argument("--rebalancer-python", metavar="PATH", default=os.environ.get("REBALANCER_PYTHON", ""), help="interpreter that has rebalancer")
    parser.add_argument("--launcher", metavar="CMD", default="", help="command that starts each process, such as 'taskset -c 1'")
    parser.add_argument("--instances", metavar="FOLDER", type=Path, help="folder of instance files (default: $PLACEMENT_INSTANCES, else download)")
    parser.add_argument("--out", metavar="FILE.jsonl", type=Path, default=RESULTS, help="file that the results are appended to")
    parser.add_argument("--resume", action="store_true", help="skip runs that the file already has")
    parser.add_argument("--table", action="store_true", help="write the tables into benchmarks/README.md")
    return parser


if __name__ == "__main__":
    sys.exit(main())
