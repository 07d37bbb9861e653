"""``placement solve``: read, solve with live progress, check, write the run folder, say what comes next."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TextIO

from placement.cards import card
from placement.case import read_case
from placement.engine import Event, Progress, Status
from placement.errors import DataError, OptionError
from placement.options import SolveOptions
from placement.plan.plan import Plan
from placement.plan.run_folder import check_target, read_run
from placement.report import terminal_summary
from placement.run import write_plan
from placement.solving import solve

OK, INFEASIBLE, NO_PLAN, CHECK_FAILED, INTERRUPTED = 0, 3, 4, 5, 130


def solve_into(args: argparse.Namespace) -> int:
    """Run ``placement solve`` with parsed arguments; return the exit code."""
    if args.cluster:
        raise OptionError("--cluster: this version solves on one machine; leave the option out")
    workers = args.workers if args.workers is not None else os.cpu_count() or 1
    options = SolveOptions(time_limit_s=args.time_limit, rel_gap=args.gap, seed=args.seed, workers=workers)
    target = check_target(args.out)
    case = read_case(args.case)
    if args.model:
        card(args.model)
        case = replace(case, model=args.model)
    start = _earlier(case, args.start) if args.start else None
    log = Log(None if args.quiet else sys.stderr)
    progress = Progress(options.time_limit_s)
    with stop_on_signal(progress):
        plan = solve(
            case, time_limit_s=options.time_limit_s, rel_gap=options.rel_gap, seed=options.seed, workers=options.workers,
            start=start, listen=log, progress=progress,
        )  # fmt: skip
    log.end()
    code = exit_code(plan)
    if plan.status is not Status.INFEASIBLE and not plan.tables:
        print(f"placement: no plan within {options.time_limit_s:g} s; nothing was written. Give it more time (--time-limit).", file=sys.stderr)
        return code
    write_plan(plan, target, log.lines)
    if plan.status is Status.INFEASIBLE:
        print(f"placement: proven infeasible by two solver configurations; what the rules excluded is in {target}/summary.json", file=sys.stderr)
    elif not args.quiet:
        print(terminal_summary({**plan.summary, "run": str(target)}, plan.tables))
    for violation in plan.verdict.violations if plan.verdict else ():
        print(f"placement: checker: {violation}", file=sys.stderr)
    return code


def exit_code(plan: Plan) -> int:
    """Return the exit code that a plan deserves; one that the checker rejects is never 0."""
    if plan.verdict is not None and not plan.verdict.ok:
        return CHECK_FAILED
    if plan.interrupted:
        return INTERRUPTED
    return {Status.INFEASIBLE: INFEASIBLE, Status.NO_PLAN: NO_PLAN}.get(plan.status, OK)


def _earlier(case, folder: str) -> Plan:  # type: ignore[no-untyped-def]
    run = read_run(folder)
    if not run.tables:
        raise DataError([])
    nan = float("nan")
    return Plan(case=case, status=Status.FEASIBLE, objective=nan, bound=nan, verified_bound=nan, gap=nan, tables=run.tables)


class Log:
    """Progress for people: a live line on a terminal, one line per change of phase otherwise; all lines are kept."""

    def __init__(self, stream: TextIO | None) -> None:
        self.stream, self.lines = stream, []  # type: ignore[var-annotated]
        self._live = bool(stream and stream.isatty())
        self._phase, self._shown = "", -1e9

    def __call__(self, event: Event) -> None:
        line = f"{event.time_s:8.1f} s  {event.phase:<20} objective {event.objective:>16,.3f}  bound {event.bound:>16,.3f}  gap {event.gap:>9.3%}"
        new_phase, self._phase = event.phase != self._phase, event.phase
        if new_phase or event.time_s - self._shown >= 1.0:
            self._shown = event.time_s
            self.lines.append(line)
            if self.stream is not None:
                print(f"\r\x1b[2K{line}" if self._live else line, end="" if self._live else "\n", file=self.stream, flush=True)

    def end(self) -> None:
        """Leave the live line."""
        if self._live:
            print(file=self.stream)


@contextmanager
def stop_on_signal(progress: Progress) -> Iterator[None]:
    """Make the first Ctrl-C (or SIGTERM) stop the search and keep the best plan; the second one kills."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: object) -> None:
        if progress.interrupted:
            raise KeyboardInterrupt
        progress.interrupted = True

    old = {s: signal.signal(s, stop) for s in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
