"""Why a case has no plan, for people: the table of a conflict and of its repairs, and the files of a run that hold them."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path

from placement.engine import Status
from placement.errors import ExitCode, OptionError
from placement.explain.again import Effort
from placement.explain.infeasible import InfeasibleReport, explain_infeasible
from placement.plan.run_folder import EXPLANATION, plain
from placement.run import read_plan
from placement.telling import shown

_WIDTH = 80


def print_infeasible(run: str | Path, effort: Effort | None = None) -> int:
    """Name what contradicts what in an infeasible run, and repairs, on stdout; write them into the run folder; return the exit code.

    Raises
    ------
    DataError
        If it is not a run folder, or its case is gone or changed.
    OptionError
        If the run is not infeasible.
    """
    plan = read_plan(run)
    if plan.status is not Status.INFEASIBLE:
        raise OptionError(f"{run} is not infeasible (status: {plan.status}); --infeasible is for runs that `placement solve` left with exit code 3")
    print(f"placement: looking for what contradicts what in {plan.case.name}", file=sys.stderr)
    report = explain_infeasible(plan, effort)
    write_explanation(run, report)
    print(shown("\n".join(infeasible_lines(report))))
    return ExitCode.OK


def infeasible_lines(report: InfeasibleReport, short: bool = False) -> Iterator[str]:
    """Yield what is said of an infeasible case, in 80 columns; ``short``: one line for each fact and repair, without the cells."""
    kind = "none can be left out" if report.minimal else "time was too short to see whether each is needed"
    yield from _wrapped(f"These facts contradict one another ({kind}):" if len(report.conflict) else "No fact that can be changed explains it.", "")
    for fact in report.conflict.itertuples():
        yield from _wrapped(fact.fact, "  - ")
        if not short:
            yield from _wrapped(f"{fact.table}.csv: {fact.column} = {fact.value or 'blank'} in row {fact.key}" if fact.key else f"{fact.table}", "      ")
    if not len(report.repairs):
        yield "No repair was found in the time given."
        return
    yield from _wrapped("Each of these repairs alone gives a plan (solved and checked), the smallest first:", "")
    for number, cells in report.repairs.groupby("repair"):
        cost = f"{cells['objective_musd'].iloc[0]:,.3f} {report.case.cost_unit}"
        yield from _wrapped(f"{cells['words'].iloc[0]} (objective {cost})", f"  {number}. ")
        for c in cells.to_dict("records") if not short else ():
            if not c["column"]:
                yield from _wrapped(f"{c['table']}.csv: remove row {c['key']}, which has no effect then", "      ")
                continue
            unit = f" {c['unit']}" if c["unit"] and c["unit"] != "0/1" else ""
            yield from _wrapped(f"{c['table']}.csv: {c['column']} {c['from'] or 'blank'} -> {c['to'] or 'blank'}{unit} in row {c['key']}", "      ")


def _wrapped(text: str, lead: str) -> Iterator[str]:
    yield from textwrap.wrap(lead + text, _WIDTH, subsequent_indent=" " * len(lead), break_long_words=False, break_on_hyphens=False)


def write_explanation(run: str | Path, report: InfeasibleReport) -> None:
    """Write ``infeasible.json``, ``conflict.csv`` and ``repairs.csv`` into a run folder, each whole or not at all."""
    texts = {
        "infeasible.json": json.dumps(plain(report.record()), indent=1, allow_nan=False) + "\n",
        "conflict.csv": report.conflict.to_csv(index=False, lineterminator="\n"),
        "repairs.csv": report.repairs.to_csv(index=False, lineterminator="\n"),
    }
    folder = Path(run).resolve()
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:  # beside the run, on the same file system
        for name in EXPLANATION:
            fresh = Path(work) / name
            fresh.write_text(texts[name], encoding="utf-8")
            os.replace(fresh, folder / name)
