"""``placement solve``: read, solve with live progress, check, write the run folder, say what comes next."""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from placement.cards import card
from placement.case import Case, read_case
from placement.engine import Progress, Status
from placement.errors import DataError, ExitCode, Problem, SolverError, StartWarning
from placement.explain import Effort
from placement.explain.infeasible import explain_infeasible
from placement.explain.infeasible_text import infeasible_lines, write_explanation
from placement.instances import read_instance
from placement.interrupt import stop_on_signal
from placement.live import Log
from placement.options import PUBLISHED_GAP, REL_GAP, SolveOptions, default_workers
from placement.parallel import Pool
from placement.plan.plan import Plan
from placement.plan.run_folder import check_target
from placement.report import terminal_summary
from placement.run import earlier_plan, refuse_options, write_plan
from placement.solving import solve
from placement.telling import shown, visible

_EXPLAIN_S = 28.0  # for naming why there is no plan


def solve_into(args: argparse.Namespace) -> int:
    """Run ``placement solve`` with parsed arguments; return the exit code."""
    usual = PUBLISHED_GAP if args.format is not None else REL_GAP
    options = SolveOptions(
        time_limit_s=args.time_limit, rel_gap=usual if args.gap is None else args.gap, seed=args.seed,
        workers=default_workers() if args.workers is None else args.workers,
        cluster=args.cluster, work_limit=args.work_limit,
    )  # fmt: skip
    if options.cluster is not None:
        Pool(cluster=options.cluster).close()  # one that is not there is told before a large case is read
    target = check_target(args.out)
    case = _case(args)
    _apart(case, target, args.out)
    card(case.model)  # an unknown one is told before anything is built
    if not args.quiet:
        for note in case.notes:
            print(f"placement: note: {visible(note)}", file=sys.stderr)
    start = earlier_plan(case, args.start) if args.start is not None else None
    log = Log(None if args.quiet else sys.stderr, lines=args.progress)
    progress = Progress(options.time_limit_s)
    with stop_on_signal(progress), _told_of_the_start(log):  # until the run is written, so that a late Ctrl-C does not lose a plan
        try:
            plan = solve(
                case, time_limit_s=options.time_limit_s, rel_gap=options.rel_gap, seed=options.seed, workers=options.workers,
                cluster=options.cluster, work_limit=options.work_limit, start=start, listen=log, progress=progress,
            )  # fmt: skip
        finally:
            log.end()  # before anything else is said
        if plan.tables or plan.status is Status.INFEASIBLE:
            write_plan(plan, target, log.lines)
        _tell(plan, args, options)
        if plan.status is Status.INFEASIBLE:
            _explain(plan, target, args, progress)
    return ExitCode.INTERRUPTED if progress.interrupted and exit_code(plan) == ExitCode.OK else exit_code(plan)


def _case(args: argparse.Namespace) -> Case:
    """Read the case folder, or the instance file."""
    if args.format is not None:
        return read_instance(args.case, args.format, model=args.model, capacity=args.capacity, open_sites=args.open_sites)
    refuse_options(capacity=args.capacity, open_sites=args.open_sites)
    case = read_case(args.case)
    return case if args.model is None else replace(case, model=args.model)


def _tell(plan: Plan, args: argparse.Namespace, options: SolveOptions) -> None:
    """Say what came out: the summary on stdout, what went wrong on stderr."""
    if (plan.tables or plan.status is Status.INFEASIBLE) and not args.quiet:
        print(terminal_summary({**plan.summary, "run": args.out, "case_path": args.case}, plan.tables))
    for line in _complaints(plan, args, options):
        print(f"placement: {visible(line)}", file=sys.stderr)


def _explain(plan: Plan, target: Path, args: argparse.Namespace, progress: Progress) -> None:
    """Say which facts contradict one another and what would give a plan, and write that into the run folder; Ctrl-C ends it."""
    if not args.quiet:
        print("placement: looking for what contradicts what, and for repairs", file=sys.stderr)
    effort = Effort(time_limit_s=_EXPLAIN_S, seed=args.seed)
    try:
        report = explain_infeasible(plan, effort, lambda: progress.interrupted)
    except SolverError as error:  # what was proven stands
        print(f"placement: the conflict could not be named: {error}", file=sys.stderr)
        return
    write_explanation(target, report)
    print(shown("\n".join(infeasible_lines(report, short=args.quiet))))


def _complaints(plan: Plan, args: argparse.Namespace, options: SolveOptions) -> Iterator[str]:
    if plan.status is Status.INFEASIBLE:
        yield f"proven infeasible ({plan.summary['infeasible_by']}); what the rules excluded is in {args.out}/exclusions.csv"
        if args.quiet:  # else the summary on stdout has it
            yield from (f"nothing can serve {what}" for what in plan.summary["unservable"])
    elif not plan.tables and plan.interrupted:
        yield "interrupted before there was a plan; nothing was written"
    elif not plan.tables:
        yield f"no plan within {options.time_limit_s:g} s; nothing was written. Give it more time (--time-limit)."
    elif plan.interrupted:
        yield f"interrupted; the best plan so far is in {args.out}"
    for violation in plan.verdict.violations if plan.verdict else ():
        yield f"checker: {violation}"


def exit_code(plan: Plan) -> int:
    """Return the exit code that a plan deserves; one that the checker rejects is never 0."""
    if plan.verdict is not None and not plan.verdict.ok:
        return ExitCode.CHECK_FAILED
    if plan.interrupted:
        return ExitCode.INTERRUPTED
    return {Status.INFEASIBLE: ExitCode.INFEASIBLE, Status.NO_PLAN: ExitCode.NO_PLAN}.get(plan.status, ExitCode.OK)


def _apart(case: Case, target: Path, shown: str) -> None:
    """Refuse to write into the case, which would no longer be readable, or over it."""
    if case.path is None:
        return
    path = case.path.resolve()
    if path == target or path in target.parents or target in path.parents:
        raise DataError([Problem(shown, "", f"and the case {case.path} lie inside one another", "Name a folder beside the case for --out")])


@contextmanager
def _told_of_the_start(log: Log) -> Iterator[None]:
    """Print as a note that nothing of the start fits, at once and not after the search."""
    with warnings.catch_warnings():
        usual = warnings.showwarning

        def show(message: Warning | str, category: type[Warning], *where: Any) -> None:
            if not issubclass(category, StartWarning):
                usual(message, category, *where)
            else:
                log.say(f"placement: note: {visible(str(message))}")

        warnings.showwarning = show  # type: ignore[assignment]
        warnings.simplefilter("always", StartWarning)
        yield
