"""``placement compare`` and ``placement sweep``: ask, write the tables, print them in 80 columns."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from placement.errors import DataError, ExitCode, OptionError, Problem
from placement.explain.again import Effort, by_size, shared
from placement.explain.compare import compare
from placement.explain.links import link_to
from placement.explain.pages import PAGE, pareto_page, tornado_page
from placement.explain.pareto import pareto
from placement.explain.records import BASE, CODES, Record, exit_code, write_table, write_whole
from placement.explain.said import comparison_lines, pareto_lines, sweep_lines, tornado_lines
from placement.explain.sweep import Stop, sweep
from placement.explain.tornado import tornado, usual
from placement.interrupt import stop_on_signal
from placement.options import REL_GAP, SolveOptions, default_workers
from placement.plan.plan import Plan
from placement.run import read_plan
from placement.telling import shown

_RUN_S = 300.0
_SIDE, _POINT = 1.0, 1.3  # times as long as suits the size: for an input lower or higher, and for a point of a front, which is farther from the plan


def compare_runs(args: argparse.Namespace) -> int:
    """Run ``placement compare`` with parsed arguments; return the exit code."""
    a, b = read_plan(args.a), read_plan(args.b)
    effort = _effort(args.time_limit, None, 0, args.workers)
    out, page = (None if file is None else _file(Path(file), option) for file, option in ((args.out, "--out"), (args.page, "--page")))
    if args.groups:
        _say(f"looking for causes: up to {args.groups} changed inputs, {effort.time_limit_s:g} s each, {effort.workers} workers")
    found = compare(a, b, groups=args.groups, effort=effort)
    if out is not None:
        write_table(found.table(), out)
    if page is not None:
        runs = [Path(run).resolve() for run in (args.a, args.b)]
        names = (runs[0].name, runs[1].name) if runs[0].name != runs[1].name else None
        found.write_page(page, names, (link_to(runs[0], page), link_to(runs[1], page)))
        _say(f"page written to {page}")
    _print(comparison_lines(a, b, found))
    return ExitCode.OK


def sweep_into(args: argparse.Namespace) -> int:
    """Run ``placement sweep`` with parsed arguments; return the exit code."""
    kinds = [bool(args.scenarios), args.tornado is not None, args.pareto is not None]
    if sum(kinds) != 1:
        raise OptionError("name SCENARIO folders, or give --tornado or --pareto: one of the three")
    asked = Stop()
    limit, gap = args.time_limit or _RUN_S, REL_GAP if args.gap is None else args.gap
    if args.time_limit is not None and args.time_limit <= 0:
        raise OptionError(f"time_limit_s must be a number of seconds > 0, got {args.time_limit:g}")
    workers = default_workers() if args.workers is None else args.workers
    effort = _effort(30.0 if args.time_limit is None else limit, args.gap, args.seed, workers)
    with stop_on_signal(asked):
        table = sweep(
            args.case, args.scenarios, args.out, time_limit_s=limit, rel_gap=gap, seed=args.seed, workers=workers, start=args.start, listen=_tell, stop=asked
        )
    if asked.interrupted:
        _say(f"interrupted; what is finished is in {args.out}, and the same command goes on from there")
        _print(sweep_lines(table))
        return ExitCode.INTERRUPTED
    if args.scenarios or exit_code(table):
        _print(sweep_lines(table))
        _say(f"page written to {Path(args.out) / PAGE}")
        return exit_code(table)
    plan = read_plan(Path(args.out) / BASE)
    return _tornado(plan, args, effort) if args.tornado is not None else _pareto(plan, args, effort)


def _tornado(plan: Plan, args: argparse.Namespace, effort: Effort) -> int:
    names = args.tornado or list(usual(plan.case))
    table = tornado(plan, names, args.step, _each(plan, effort, args, 2 * len(names), _SIDE))
    write_table(table, Path(args.out) / "tornado.csv")
    _page(args, "tornado.html", lambda link: tornado_page(plan, table, link))
    _print(tornado_lines(plan, table, args.step))
    return ExitCode.OK


def _pareto(plan: Plan, args: argparse.Namespace, effort: Effort) -> int:
    # One of two workers solves an end and then half of the other points, of a large program the first of them for longer.
    questions = 2 * (args.points // 2 + 3)
    table = pareto(plan, tuple(args.pareto), args.points, _each(plan, replace(effort, workers=min(effort.workers, 2)), args, questions, _POINT))
    write_table(table, Path(args.out) / "pareto.csv")
    _page(args, "pareto.html", lambda link: pareto_page(plan, table, link))
    _print(pareto_lines(plan, table))
    return ExitCode.OK if table.iloc[:, 1].notna().all() else ExitCode.NO_PLAN


def _page(args: argparse.Namespace, name: str, of: Callable[[str], str]) -> None:
    """Write a page beside its table; it leads to the report of the base."""
    page = Path(args.out) / name
    write_whole(page, of(link_to(Path(args.out) / BASE, page)))
    _say(f"page written to {page}")


def _each(plan: Plan, effort: Effort, args: argparse.Namespace, questions: int, times: float) -> Effort:
    """Return the effort for each question: unless the user says otherwise, as long as suits the size of the program, and what all of them have time for."""
    if args.time_limit is not None:
        return effort
    return replace(effort, time_limit_s=min(times * by_size(plan, effort.time_limit_s), shared(questions, effort.workers, times * effort.time_limit_s)))


def _effort(time_limit_s: float, gap: float | None, seed: int, workers: int | None) -> Effort:
    """Return how hard to try, options checked."""
    effort = Effort(time_limit_s=time_limit_s, seed=seed, workers=default_workers() if workers is None else workers)
    effort = effort if gap is None else Effort(time_limit_s=time_limit_s, rel_gap=gap, seed=seed, workers=effort.workers)
    SolveOptions(time_limit_s=effort.time_limit_s, rel_gap=effort.rel_gap, seed=effort.seed, workers=effort.workers)
    return effort


def _file(out: Path, option: str) -> Path:
    """Return a file to write, or say at once why it cannot be."""
    if out.is_dir() or not out.resolve().parent.is_dir():
        why = "is a folder" if out.is_dir() else "lies in a folder that is not there"
        raise DataError([Problem(str(out), "", why, f"Name a file such as compare.{'csv' if option == '--out' else 'html'} for {option}")])
    return out


def _tell(record: Record) -> None:
    """Say on stderr how a run ended."""
    again = " (was there already)" if record.get("resumed") else ""
    code = CODES[record["status"]]
    note = f": {record['note']}" if record["note"] and code else ""
    _say(f"{record['scenario']}: {record['status']}{again}, {record['seconds']:.1f} s{note}")


def _say(text: str) -> None:
    print(f"placement: {shown(text)}", file=sys.stderr, flush=True)


def _print(lines: Sequence[str]) -> None:
    for line in lines:
        print(shown(line))
    sys.stdout.flush()
