"""Arguments in, exit code out; no logic. Heavy imports wait until a command needs them.

Exit codes: 0 plan found and checked, 1 bad input, 2 usage, 3 proven infeasible, 4 no plan within the limit,
5 the checker disagrees, 130 interrupted (the best plan, if there is one, is saved).
"""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import textwrap
from collections.abc import Sequence
from typing import Any

from placement import __version__
from placement.errors import DataError, ExitCode, OptionError, PlacementError
from placement.telling import shown, told, visible

GENERATED = ("jobs", "sites", "periods", "skus", "services", "metros")  # numbers of rows that generate takes
_WIDTH = 80  # of a terminal
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
        print(f"placement: {shown(error)}", file=sys.stderr)
        return ExitCode.USAGE
    except DataError as error:
        count = len(error.problems)
        print(f"placement: {count} problem{'s' if count != 1 else ''} in the input; nothing was written", *told(error.problems), sep="\n", file=sys.stderr)
        return ExitCode.BAD_INPUT
    except PlacementError as error:
        print(f"placement: {shown(error)}", file=sys.stderr)
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
    solve.add_argument("case", metavar="CASE", help="case or scenario folder; with --format the file of a published instance")
    _instance_options(solve)
    solve.add_argument("--out", metavar="RUN", required=True, help="run folder to write (an old run is replaced only when the new one is complete)")
    solve.add_argument("--model", metavar="CARD", help="model card; default: the case's own")
    solve.add_argument("--time-limit", metavar="S", type=float, default=300.0, help="wall clock for the solve, s (default 300)")
    solve.add_argument("--gap", metavar="G", type=float, default=None, help="stop at this relative gap (default 1e-4; 1e-6 with --format)")
    solve.add_argument("--seed", metavar="N", type=int, default=0, help="random seed (default 0)")
    solve.add_argument("--workers", metavar="N", type=int, default=None, help="cores to use (default: all that there are, at most 4)")
    solve.add_argument("--cluster", metavar="ADDRESS", help="Dask scheduler whose workers to use, such as tcp://10.0.0.5:8786 (needs placement[cluster])")
    solve.add_argument("--work-limit", metavar="W", type=float, help="counted work, nominal s, instead of the time limit: same seed, same plan, any workers")
    solve.add_argument("--start", metavar="RUN0", help="run folder whose plan is taken as the start")
    solve.add_argument("--quiet", action="store_true", help="no progress and no summary")
    solve.add_argument("--progress", action="store_true", help="progress lines on stderr where it is no terminal (default: none; log.txt of the run has them)")
    solve.set_defaults(run=_solve)

    validate = commands.add_parser("validate", allow_abbrev=False, help="report every problem of a case at once")
    validate.add_argument("case", metavar="CASE")
    validate.set_defaults(run=_validate)

    _authoring(commands)

    check = commands.add_parser("check", allow_abbrev=False, help="check a run independently: plan, cost and bound")
    check.add_argument("case", metavar="CASE")
    check.add_argument("folder", metavar="RUN")
    _instance_options(check)
    check.add_argument("--model", metavar="CARD", help="the card that the run must have been made with; default: the run's own")
    check.set_defaults(run=_check)

    report = commands.add_parser("report", allow_abbrev=False, help="write RUN/report.html again")
    report.add_argument("folder", metavar="RUN")
    report.set_defaults(run=_report)

    _answers(commands)
    _what_if(commands)

    generate = commands.add_parser("generate", allow_abbrev=False, help="make a case of any size by seeded resampling of another, marked as generated")
    generate.add_argument("case", metavar="CASE", help="case folder to draw from, such as data/frontier")
    generate.add_argument("folder", metavar="DIR", help="new folder to write")
    generate.add_argument("--size", choices=("S", "M", "L", "XL"), help="a named size; the numbers below replace its own (default: as many rows as CASE)")
    for table in GENERATED:
        generate.add_argument(f"--{table}", metavar="N", type=int, help=f"number of {table}")
    generate.add_argument("--seed", metavar="N", type=int, default=0, help="the same seed gives the same bytes (default 0)")
    generate.set_defaults(run=_generate)

    bench = commands.add_parser("bench", allow_abbrev=False, help="run a suite of published instances and record the results; without SUITE list them")
    bench.add_argument("suite", metavar="SUITE", nargs="?", help="name of a suite")
    bench.add_argument("--only", metavar="NAME", nargs="+", help="only these instances of the suite")
    bench.add_argument("--time-limit", metavar="S", type=float, help="wall clock per run, s (default: the suite's)")
    bench.add_argument("--seeds", metavar="N", nargs="+", type=int, help="one run per seed (default: the suite's)")
    bench.add_argument("--workers", metavar="N", type=int, help="cores to use (default: all)")
    bench.add_argument("--instances", metavar="FOLDER", help="folder of instance files (default: $PLACEMENT_INSTANCES, else download)")
    bench.add_argument("--out", metavar="FILE.jsonl", help="file that the results are appended to (default: benchmarks/results/published.jsonl)")
    bench.add_argument("--table", action="store_true", help="print the table of the recorded results and run nothing")
    bench.set_defaults(run=_bench)

    commands.add_parser("models", allow_abbrev=False, help="list the model cards").set_defaults(run=_models)
    commands.add_parser("formats", allow_abbrev=False, help="list the formats of published instances").set_defaults(run=_formats)
    schema = commands.add_parser("schema", allow_abbrev=False, help="print the tables that a case may have, as Markdown")
    schema.add_argument("table", metavar="TABLE", nargs="?", help="this table alone (default: the whole page)")
    schema.set_defaults(run=_schema)
    return parser


def _instance_options(command: argparse.ArgumentParser) -> None:
    """Add what says how to read a file; `check` takes from the run what is not given."""
    command.add_argument("--format", metavar="FORMAT", help="CASE is the file of a published instance in this format (see `placement formats`)")
    command.add_argument("--capacity", metavar="C", type=float, help="number in place of the word 'capacity' in a file of format orlib-cap")
    command.add_argument("--open-sites", metavar="P", type=int, help="number of sites to open (model p_median)")


def _authoring(commands: Any) -> None:
    """Add the commands that make cases."""
    init = commands.add_parser("init", allow_abbrev=False, help="write a new case to begin with: a folder or workbook that explains its columns")
    init.add_argument("target", metavar="DIR|FILE.xlsx", help="what to write; nothing is overwritten")
    init.add_argument("--from", dest="base", metavar="CASE", default="three-sites", help="a case that ships (default three-sites), a folder or a workbook")
    init.set_defaults(run=_init)

    convert = commands.add_parser("convert", allow_abbrev=False, help="write a case as a workbook, or as a folder of CSV files")
    convert.add_argument("case", metavar="CASE")
    convert.add_argument("target", metavar="DIR|FILE.xlsx", help="what to write; nothing is overwritten")
    convert.set_defaults(run=_convert)


def _answers(commands: Any) -> None:
    """Add ``explain``."""
    explain = commands.add_parser("explain", allow_abbrev=False, help="say what limits a plan, and why a workload is or is not at a site")
    explain.add_argument("folder", metavar="RUN")
    explain.add_argument("--why-not", metavar="WORKLOAD[@SITE]", help="what keeps a job or service from a site, or from all others, and what forcing it costs")
    explain.add_argument("--share", metavar="F", type=float, help="share of a service's demand that --why-not forces to the site (default 0.1)")
    explain.add_argument("--periods", metavar="PERIOD", nargs="+", help="periods in which --why-not forces it (default: all in which it may be served there)")
    explain.add_argument("--release", metavar="RELEASE", help="what a release waits for, and what earlier dates cost")
    explain.add_argument("--verify-prices", metavar="N", type=int, help="verify the N dearest prices by solving again with the unit added")
    explain.add_argument(
        "--alternatives", metavar="SLACK", type=float, nargs="?", const=0.01, help="what all plans within SLACK (default 0.01) of the best share"
    )
    explain.add_argument("--existing-only", action="store_true", help="what building buys: the plan beside the best one without building")
    explain.add_argument("--infeasible", action="store_true", help="of a run without a plan: the facts that contradict one another, and the smallest repairs")
    explain.add_argument("--by-site", action="store_true", help="also relax the most valuable layers at one site after another")
    explain.add_argument(
        "--time-limit",
        metavar="S",
        type=float,
        help="wall clock per program that is solved again, s (default 30; layers: 15, less where there are so many that all would take over 240)",
    )
    explain.add_argument("--workers", metavar="N", type=int, help="programs to solve side by side (default: all cores, at most 4)")
    explain.add_argument("--out", metavar="FILE.csv", help="write the table of the answer as CSV, too")
    explain.set_defaults(run=_explain)


def _what_if(commands: Any) -> None:
    """Add the commands that ask about changed inputs."""
    compare = commands.add_parser("compare", allow_abbrev=False, help="what differs between two runs, and which change of the input caused it")
    compare.add_argument("a", metavar="RUN_A", help="run folder to start from")
    compare.add_argument("b", metavar="RUN_B", help="run folder that is compared with it")
    compare.add_argument("--groups", metavar="N", type=int, default=8, help="changed inputs that are tried one at a time (default 8; 0: look for no causes)")
    _question_options(compare)
    compare.add_argument("--out", metavar="FILE.csv", help="write all of it as one table")
    compare.add_argument("--page", metavar="FILE.html", help="write both runs side by side as one self-contained page")
    compare.set_defaults(run=_compare)

    sweep = commands.add_parser("sweep", allow_abbrev=False, help="solve a case and its scenarios, or ask what its value depends on")
    sweep.add_argument("case", metavar="CASE", help="case folder: the base")
    sweep.add_argument("scenarios", metavar="SCENARIO", nargs="*", help="scenario folders, applied to CASE")
    sweep.add_argument(
        "--out", metavar="DIR", required=True, help="folder for one run folder per scenario (taken up again where it was left) and for the table"
    )
    sweep.add_argument("--tornado", metavar="INPUT", nargs="*", help="no scenarios: single inputs lower and higher, such as grid.mw or jobs.value_musd[job=x]")
    sweep.add_argument("--step", metavar="S", type=float, default=0.1, help="with --tornado: share by which inputs are moved (default 0.1)")
    sweep.add_argument("--pareto", metavar=("TERM_A", "TERM_B"), nargs=2, help="no scenarios: the best plans by two terms, such as cost emissions_kt")
    sweep.add_argument("--points", metavar="N", type=int, default=7, help="with --pareto: number of points (default 7)")
    sweep.add_argument(
        "--time-limit",
        metavar="S",
        type=float,
        default=None,
        help="wall clock per run, s (default 300; per question of --tornado, --pareto 30, less where there are so many that all would take over 240)",
    )
    sweep.add_argument("--gap", metavar="G", type=float, default=None, help="stop at this relative gap (default 1e-4; 2e-4 per question)")
    sweep.add_argument("--seed", metavar="N", type=int, default=0, help="random seed (default 0)")
    sweep.add_argument("--workers", metavar="N", type=int, default=None, help="runs side by side (default: all cores, at most 4)")
    sweep.add_argument("--start", metavar="RUN0", help="run folder whose plan the base begins with")
    sweep.set_defaults(run=_sweep)


def _question_options(command: argparse.ArgumentParser) -> None:
    """Add how hard to try to answer."""
    command.add_argument("--time-limit", metavar="S", type=float, default=30.0, help="wall clock per question, s (default 30)")
    command.add_argument("--workers", metavar="N", type=int, default=None, help="questions side by side (default: all cores, at most 4)")


def _compare(args: argparse.Namespace) -> int:
    from placement.explain.what_if import compare_runs

    return compare_runs(args)


def _sweep(args: argparse.Namespace) -> int:
    from placement.explain.what_if import sweep_into

    return sweep_into(args)


def _solve(args: argparse.Namespace) -> int:
    from placement.batch import solve_into

    return solve_into(args)


def _validate(args: argparse.Namespace) -> int:
    from placement.cards import card
    from placement.case import read_case
    from placement.reasons import nowhere

    try:
        case = read_case(args.case)
        card(case.model)
    except DataError as error:
        print("\n".join(told(error.problems)))
        print(f"{len(error.problems)} problem(s)", file=sys.stderr)
        return ExitCode.BAD_INPUT
    print(f"{case.name}: no problems; {case.n_periods} periods {case.periods[0]} to {case.periods[-1]}")
    for note in (*case.notes, *(f"nothing can ever serve {who}" for who in nowhere(case))):
        print(*textwrap.wrap(f"note: {visible(note)}", _WIDTH, subsequent_indent="      ", break_on_hyphens=False), sep="\n")
    _print_sizes(case)
    return ExitCode.OK


def _init(args: argparse.Namespace) -> int:
    from placement.authoring import initiated

    case = initiated(args.target, args.base)
    print(f"{case.name}: written to {args.target}; {case.n_periods} periods {case.periods[0]} to {case.periods[-1]}")
    _print_sizes(case)
    target = shlex.quote(args.target)
    print(f"next:    placement validate {target}\n         placement solve {target} --out {shlex.quote(case.name + '-run')}")
    return ExitCode.OK


def _convert(args: argparse.Namespace) -> int:
    from placement.authoring import comments_of, converted

    case = converted(args.case, args.target)
    print(f"{case.name}: written to {args.target}, and read back as the same case")
    left = comments_of(args.case)
    if left:
        words = f"comments are left behind: {', '.join(left)}. The columns note, source and assumption, and .md files, come along."
        print(*textwrap.wrap(f"note: {visible(words)}", _WIDTH, subsequent_indent="      ", break_on_hyphens=False), sep="\n")
    return ExitCode.OK


def _print_sizes(case: Any) -> None:
    width = max(map(len, case.tables), default=0)
    for name, table in case.tables.items():
        print(f"  {name:<{width}} {len(table):>9,} row{'s' if len(table) != 1 else ''}")


def _explain(args: argparse.Namespace) -> int:
    from placement.explain.command import explain

    return explain(args)


def _generate(args: argparse.Namespace) -> int:
    from placement.generate import SIZES, Size, generate_into

    size = SIZES[args.size] if args.size is not None else Size()
    case = generate_into(args.case, args.folder, size.but(**{table: getattr(args, table) for table in GENERATED}), args.seed)
    print(f"{case.name}: written to {args.folder}; {case.n_periods} periods {case.periods[0]} to {case.periods[-1]}; how it was made: case.toml")
    _print_sizes(case)
    return ExitCode.OK


def _check(args: argparse.Namespace) -> int:
    from placement.run import case_to_check, check_run

    case = case_to_check(args.case, args.folder, model=args.model, format=args.format, capacity=args.capacity, open_sites=args.open_sites)
    verdict, facts = check_run(case, args.folder)
    if not facts["same_case"]:
        print("placement: the case is not the one that this run was made from; what follows may be due to that", file=sys.stderr)
    for violation in verdict.violations[:MOST_VIOLATIONS]:
        print(visible(str(violation)))
    if len(verdict.violations) > MOST_VIOLATIONS:
        print(f"... and {len(verdict.violations) - MOST_VIOLATIONS} more violations")
    for name, value in facts.items():
        told_value = f"{value:,.6f} {case.cost_unit}" if isinstance(value, float) else value
        print(f"{name.replace('_', ' ') + ':':<24} {told_value}")
    print("holds: plan, cost and bound" if facts["holds"] else "DOES NOT HOLD", file=sys.stdout if facts["holds"] else sys.stderr)
    return ExitCode.OK if facts["holds"] else ExitCode.CHECK_FAILED


def _report(args: argparse.Namespace) -> int:
    from placement.run import report_again

    page, violations = report_again(args.folder)
    print(page)
    for violation in violations[:MOST_VIOLATIONS]:
        print(f"placement: checker: {visible(str(violation))}", file=sys.stderr)
    return ExitCode.CHECK_FAILED if violations else ExitCode.OK


def _models(args: argparse.Namespace) -> int:
    from placement.cards import cards

    for card in cards().values():
        _print_entry(card.name, card.title, f"blocks: {', '.join(card.blocks)}")
    return ExitCode.OK


def _print_entry(name: str, *lines: str) -> None:
    """Print a name and what is said of it beside it, in 80 columns."""
    for line in lines:
        for part in textwrap.wrap(line, _WIDTH - 13, subsequent_indent="  "):
            print(f"{name:<12} {part}")
            name = ""


def _bench(args: argparse.Namespace) -> int:
    from placement.bench.command import bench

    return bench(args)


def _formats(args: argparse.Namespace) -> int:
    from placement.instances import FORMATS

    for entry in FORMATS.values():
        _print_entry(entry.name, entry.title, f"models: {', '.join(entry.models)}", str(entry.layout), f"example: {entry.example}")
    return ExitCode.OK


def _schema(args: argparse.Namespace) -> int:
    from placement.case import schema_markdown

    print(schema_markdown(args.table))
    return ExitCode.OK
