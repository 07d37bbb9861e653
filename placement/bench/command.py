"""``placement bench``: run a suite, append one line per run, say loudly what cannot be true."""

from __future__ import annotations

import argparse
import json
import os
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from placement.bench.files import instance_file
from placement.bench.record import run, worst
from placement.bench.suites import Known, Suite, chosen, read_suite, suite_names, suites_folder
from placement.bench.table import read_records, table
from placement.engine import Progress
from placement.errors import DataError, ExitCode, OptionError, Problem
from placement.interrupt import stop_on_signal
from placement.options import PUBLISHED_GAP, SolveOptions


def bench(args: argparse.Namespace) -> int:
    """Run ``placement bench`` with parsed arguments; return the exit code."""
    folder = suites_folder()
    out = Path(args.out) if args.out is not None else default_out()
    limits = any(value is not None for value in (args.only, args.time_limit, args.seeds, args.workers, args.instances))
    if args.table:
        if args.suite is not None or limits:
            raise OptionError("--table prints what is recorded and runs nothing: leave out SUITE and what belongs to runs")
        print(table(read_records(out)))
        return ExitCode.OK
    if args.suite is None:
        if limits:
            raise OptionError("name the SUITE to run; `placement bench` alone lists them")
        return _list(folder)
    suite = read_suite(args.suite, folder)
    entries, seeds = chosen(suite, args.only), tuple(args.seeds) if args.seeds else suite.seeds
    limit = suite.time_limit_s if args.time_limit is None else args.time_limit
    workers = args.workers if args.workers is not None else os.cpu_count() or 1
    for seed in seeds:  # refused before anything runs
        SolveOptions(time_limit_s=limit, rel_gap=PUBLISHED_GAP, seed=seed, workers=workers)
    place = None if args.instances is None else Path(args.instances)
    paths = [instance_file(entry.file, place) for entry in entries]  # all of them first: a missing one is told before hours have passed
    _writable(out)
    print(f"placement: {suite.name}: {len(entries) * len(seeds)} runs of up to {limit:g} s, {workers} workers; results go to {out}", file=sys.stderr)
    records = []
    for record in _runs(suite, entries, paths, seeds, limit, workers):
        if record.get("interrupted"):
            print("placement: interrupted; this run is not recorded", file=sys.stderr)
            return ExitCode.INTERRUPTED
        with out.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, allow_nan=False) + "\n")
        records.append(record)
        _tell(record)
    return worst(records)


def _list(folder: Path) -> int:
    for name in suite_names(folder):
        suite = read_suite(name, folder)
        for line in textwrap.wrap(f"{len(suite.entries):>3} instances, {suite.time_limit_s:g} s each: {suite.title}", 63, subsequent_indent="    "):
            print(f"{name:<16} {line}")
            name = ""
    return ExitCode.OK


def _runs(suite: Suite, entries: tuple[Known, ...], paths: list[Path], seeds: tuple[int, ...], limit: float, workers: int) -> Iterator[dict[str, Any]]:
    for entry, path in zip(entries, paths, strict=True):
        for seed in seeds:
            progress = Progress(limit)
            with stop_on_signal(progress):
                yield run(entry, suite.name, path, time_limit_s=limit, rel_gap=PUBLISHED_GAP, seed=seed, workers=workers, progress=progress)


def default_out() -> Path:
    """Return where records go: ``benchmarks/results/published.jsonl`` of a checkout, else ``published.jsonl`` in the folder one works in."""
    results = Path(__file__).parent.parent.parent / "benchmarks" / "results"
    return (results if results.is_dir() else Path.cwd()) / "published.jsonl"


def _writable(out: Path) -> None:
    """Raise unless records can be appended; a file that was not there is not left behind."""
    new = not out.exists()
    try:
        with out.open("a", encoding="utf-8"):
            pass
        if new:
            out.unlink()
    except OSError as error:
        raise DataError([Problem(str(out), "", f"cannot be written ({error.strerror})", "Name another file with --out.")]) from None


def _tell(record: dict[str, Any]) -> None:
    """Print one line on stdout, and what is wrong on stderr."""
    name = f"{record['instance']} ({record['model']}, seed {record['seed']})"
    if record["status"] == "error":
        print(f"placement: {name}: {record['error']}", file=sys.stderr)
        return
    figures = [record.get(key) for key in ("value", "gap_to_best", "gap")]
    value, to_best, gap = (f"{v:,.2f}" if i == 0 else f"{v:.3%}" for i, v in enumerate(figures)) if None not in figures else ("-",) * 3
    run_of = f"{record['instance']} s{record['seed']}"
    print(f"{run_of:<18} {record['status']:<8} {value:>15} {to_best:>8} to best {gap:>8} own {record['seconds']:4.0f} s")
    sys.stdout.flush()
    for alarm in record["alarms"]:
        print(f"placement: WRONG: {name}: {alarm}. This is a bug, or an error in the known value; please report it.", file=sys.stderr)
    for violation in record.get("violations", ()):
        print(f"placement: checker: {violation}", file=sys.stderr)
