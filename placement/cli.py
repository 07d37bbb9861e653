"""Arguments in, exit code out; no logic. Heavy imports wait until a command needs them.

Exit codes: 0 plan found and checked, 1 bad input, 2 usage, 3 proven infeasible, 4 no plan within the limit,
5 the checker disagrees, 130 interrupted (the best plan, if there is one, is saved).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from placement import __version__
from placement.errors import DataError, ExitCode, OptionError, PlacementError

MOST_VIOLATIONS = 20  # printed by check; one cause often breaks many rows


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; usage errors and ``--help`` leave by ``SystemExit``, as argparse has it."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")  # a terminal without the thin space shows a question mark, not a traceback
    code = 0
    try:
        code = _run(_parser().parse_args(argv))
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe (`| head`) has seen enough; nothing may be flushed into it at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


def _run(args: argparse.Namespace) -> int:
    try:
        return int(args.run(args))
    except OptionError as error:
        print(f"placement: {error}", file=sys.stderr)
        return ExitCode.USAGE
    except DataError as error:
        count = len(error.problems)
        print(f"placement: {count} problem{'s' if count != 1 else ''} in the input; nothing was written\n{error}", file=sys.stderr)
        return ExitCode.BAD_INPUT
    except PlacementError as error:
        print(f"placement: {error}", file=sys.stderr)
        return ExitCode.BAD_INPUT
    except BrokenPipeError:
        raise
    except OSError as error:
        print(f"placement: {error.filename or 'file system'}: {error.strerror or error}. Check the path and its permissions", file=sys.stderr)
        return ExitCode.BAD_INPUT
    except KeyboardInterrupt:
        print("placement: interrupted; nothing was written", file=sys.stderr)
        return ExitCode.INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="placement",
        allow_abbrev=False,  # an abbreviation in someone's script would break when a new option makes it ambiguous
        description="Plan AI infrastructure: sites, power, chips, fibre, training and inference, with a certified gap.",
        epilog="exit codes: 0 plan found and checked, 1 bad input, 2 usage, 3 proven infeasible, 4 no plan within the limit, "
        "5 checker disagrees, 130 interrupted (best plan saved)",
    )
    parser.add_argument("--version", action="version", version=f"placement {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    solve = commands.add_parser("solve", allow_abbrev=False, help="solve a case folder and write a run folder")
    solve.add_argument("case", metavar="CASE", help="case or scenario folder")
    solve.add_argument("--out", metavar="RUN", required=True, help="run folder to write (an old run is replaced only when the new one is complete)")
    solve.add_argument("--model", metavar="CARD", help="model card; default: the case's own")
    solve.add_argument("--time-limit", metavar="S", type=float, default=300.0, help="wall clock for the solve, s (default 300)")
    solve.add_argument("--gap", metavar="G", type=float, default=1e-4, help="stop at this relative gap (default 1e-4)")
    solve.add_argument("--seed", metavar="N", type=int, default=0, help="random seed (default 0)")
    solve.add_argument("--workers", metavar="N", type=int, default=None, help="cores to use (default: all)")
    solve.add_argument("--cluster", metavar="ADDRESS", help="address of a cluster scheduler (not in this version: an error)")
    solve.add_argument("--start", metavar="RUN0", help="run folder whose plan is taken as the start")
    solve.add_argument("--quiet", action="store_true", help="no progress and no summary")
    solve.set_defaults(run=_solve)

    validate = commands.add_parser("validate", allow_abbrev=False, help="report every problem of a case at once")
    validate.add_argument("case", metavar="CASE")
    validate.set_defaults(run=_validate)

    check = commands.add_parser("check", allow_abbrev=False, help="check a run independently: plan, cost and bound")
    check.add_argument("case", metavar="CASE")
    check.add_argument("folder", metavar="RUN")
    check.set_defaults(run=_check)

    report = commands.add_parser("report", allow_abbrev=False, help="write RUN/report.html again")
    report.add_argument("folder", metavar="RUN")
    report.set_defaults(run=_report)

    commands.add_parser("models", allow_abbrev=False, help="list the model cards").set_defaults(run=_models)
    commands.add_parser("schema", allow_abbrev=False, help="print the tables that a case may have, as Markdown").set_defaults(run=_schema)
    return parser


def _solve(args: argparse.Namespace) -> int:
    from placement.batch import solve_into

    return solve_into(args)


def _validate(args: argparse.Namespace) -> int:
    from placement.cards import card
    from placement.case import read_case

    try:
        case = read_case(args.case)
        card(case.model)
    except DataError as error:
        print(error)
        print(f"{len(error.problems)} problem(s)", file=sys.stderr)
        return ExitCode.BAD_INPUT
    print(f"{case.name}: no problems; {case.n_periods} periods {case.periods[0]} to {case.periods[-1]}")
    for name, table in case.tables.items():
        print(f"  {name:<12} {len(table):>8} rows")
    return ExitCode.OK


def _check(args: argparse.Namespace) -> int:
    from placement.case import read_case
    from placement.run import check_run

    verdict, facts = check_run(read_case(args.case), args.folder)
    if not facts["same_case"]:
        print("placement: the case is not the one that this run was made from; what follows may be due to that", file=sys.stderr)
    for violation in verdict.violations[:MOST_VIOLATIONS]:
        print(violation)
    if len(verdict.violations) > MOST_VIOLATIONS:
        print(f"... and {len(verdict.violations) - MOST_VIOLATIONS} more violations")
    for name, value in facts.items():
        print(f"{name.replace('_', ' ') + ':':<24} {value:,.6f} M$" if isinstance(value, float) else f"{name.replace('_', ' ') + ':':<24} {value}")
    print("holds: plan, cost and bound" if facts["holds"] else "DOES NOT HOLD", file=sys.stdout if facts["holds"] else sys.stderr)
    return ExitCode.OK if facts["holds"] else ExitCode.CHECK_FAILED


def _report(args: argparse.Namespace) -> int:
    from placement.run import write_report

    print(write_report(args.folder))
    return ExitCode.OK


def _models(args: argparse.Namespace) -> int:
    from placement.cards import cards

    for card in cards().values():
        print(f"{card.name:<12} {card.title}\n{'':<12} blocks: {', '.join(card.blocks)}")
    return ExitCode.OK


def _schema(args: argparse.Namespace) -> int:
    from placement.case import schema_markdown

    print(schema_markdown())
    return ExitCode.OK
