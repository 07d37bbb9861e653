"""One case under several scenarios: a run folder each, a table with what every one changes against the base, to be taken up again after a kill."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from placement.case import Case, read_case
from placement.case.overlays import chain_of
from placement.engine import Progress
from placement.errors import DataError, ExitCode, OptionError, PlacementError, Problem
from placement.explain.pages import measured, write_sweep_page
from placement.explain.records import BASE, CODES, Record, failure, record_of, table_of, write_table
from placement.options import REL_GAP, SolveOptions
from placement.parallel import Pool, Task, stopped
from placement.plan.plan import Plan
from placement.plan.run_folder import check_target, read_run, read_summary
from placement.run import earlier_plan, write_plan
from placement.solving import solve

TABLE = "sweep.csv"
_WATCH_S = 0.1
_ASKED = ("time_limit_s", "rel_gap", "seed")  # options that a finished run must have been solved with


class Stop:
    """Whether the sweep was asked to stop; set by a signal handler, followed by tasks here and in other processes."""

    def __init__(self) -> None:
        self._interrupted = False
        self._pool: Pool | None = None

    @property
    def interrupted(self) -> bool:
        """Whether to stop."""
        return self._interrupted or stopped()

    @interrupted.setter
    def interrupted(self, value: bool) -> None:
        self._interrupted = value
        if value and self._pool is not None:
            self._pool.stop()

    def reaches(self, pool: Pool) -> None:
        """Have the tasks of a pool follow."""
        self._pool = pool
        if self._interrupted:
            pool.stop()

    def __reduce__(self) -> tuple[type[Stop], tuple[()]]:
        """Begin anew in another process, where the pool says when to stop."""
        return Stop, ()


@dataclass(frozen=True)
class Item:
    """One scenario: its name, its case or why there is none, and its run folder."""

    name: str
    case: Case | PlacementError
    run: Path


def sweep(
    folder: str | Path,
    scenarios: Sequence[str | Path],
    out: str | Path,
    *,
    time_limit_s: float = 300.0,
    rel_gap: float = REL_GAP,
    seed: int = 0,
    workers: int = 1,
    start: str | Path | None = None,
    listen: Callable[[Record], object] | None = None,
    stop: Stop | None = None,
) -> pd.DataFrame:
    """Solve a case and its scenarios, each into a run folder of its own inside ``out``, and return what each one changes.

    Parameters
    ----------
    folder
        Case folder: the base. Its run is ``out/base``.
    scenarios
        Scenario folders. One with ``folder`` among its bases is read as it stands, any other is applied on top of ``folder``.
    time_limit_s, rel_gap, seed
        Of every solve, see :class:`placement.options.SolveOptions`. A run that is there, of the same content and with the same three, is not made again.
    workers
        The base is solved with all of them, scenarios side by side with one each, from the base's plan.
    start
        Run folder whose plan the base begins with; where it is of the same case with the same limits, it is the base.
    listen
        Called with the record of each run as it ends.
    stop
        Whose ``interrupted`` another thread or a signal handler may set: runs in progress are ended and kept, the others are not begun.

    Returns
    -------
    DataFrame
        One row per run, the base first: ``scenario, status, objective_musd, bound_musd`` (proven without a solver), ``verified_gap``, ``value_delta_musd``
        (against the base, more is better) between ``at_least_musd`` and ``at_most_musd`` by the bounds of both, key figures each with ``_delta``, ``seconds``,
        ``note``, ``run``.
        It is also in ``out/sweep.csv`` and, with charts, in ``out/sweep.html``, from the first run on.

    Raises
    ------
    DataError
        If the base cannot be read, or ``out`` cannot be used. What is wrong with a scenario is told in its row.
    OptionError
        If options are out of range, or two scenarios have the same name.
    """
    options = SolveOptions(time_limit_s=time_limit_s, rel_gap=rel_gap, seed=seed, workers=workers)
    base, items = _items(Path(folder), [Path(s) for s in scenarios], Path(out))
    case = base.case
    assert isinstance(case, Case)
    begin = earlier_plan(case, start) if start is not None else None
    Path(out).mkdir(parents=True, exist_ok=True)
    asked, records, names = stop or Stop(), dict[str, Record](), [base.name, *(item.name for item in items)]

    def took(name: str, record: Record) -> None:
        records[name] = record
        if items or not record.get("resumed"):  # a base that was there, asked about anew, is no reason to lose the table of its scenarios
            table = table_of(records, names)
            write_table(table, Path(out) / TABLE)
            write_sweep_page(case, table, records, names, Path(out))
        if listen is not None:
            listen({"scenario": name, **record})

    if start is not None and not base.run.exists() and finished(replace(base, run=Path(start)), options):
        _copied(Path(start), base.run)
    took(BASE, finished(base, options) or solve_item(base, begin, options, asked))
    own = earlier_plan(case, base.run) if CODES[records[BASE]["status"]] == ExitCode.OK else begin
    for item in items:
        if isinstance(item.case, PlacementError):
            took(item.name, failure("bad input", item.case))
        elif done := finished(item, options):
            took(item.name, done)
    left = [item for item in items if item.name not in records]
    with Pool(min(workers, max(len(left), 1))) as pool:
        asked.reaches(pool)
        for name, record in _solved(pool, left, own, replace(options, workers=1), asked):
            took(name, record)
    return table_of(records, names)


def _items(folder: Path, scenarios: Sequence[Path], out: Path) -> tuple[Item, list[Item]]:
    """Return the base and the scenarios, read."""
    names = [s.resolve().name for s in scenarios]
    twice = sorted({n for n in names if names.count(n) > 1 or n == BASE})
    if twice:
        raise OptionError(f"scenario folders need names of their own, other than '{BASE}', for their runs: {', '.join(twice)}")
    base = read_case(folder)
    for place in (folder, *scenarios):
        if place.resolve() == out.resolve() or place.resolve() in out.resolve().parents:
            raise DataError([Problem(str(out), "", f"lies inside {place}", "Name a folder beside the case for --out")])
    items = [Item(BASE, base, check_target(out / BASE))]
    for name, scenario in zip(names, scenarios, strict=True):
        items.append(Item(name, _scenario(folder, scenario), check_target(out / name)))
    return items[0], items[1:]


def _copied(run: Path, out: Path) -> None:
    """Take over a run of the same case with the same limits, whole or not at all."""
    part = out.with_name(f"{out.name}.part")
    shutil.copytree(run, part, dirs_exist_ok=True)
    part.rename(out)


def _scenario(folder: Path, scenario: Path) -> Case | PlacementError:
    """Read a scenario, as it stands where the case is among its bases, else on top of the case."""
    try:
        own = folder.resolve() in chain_of(scenario)[:-1]
        return read_case(scenario) if own else read_case(folder, overlay=scenario)
    except PlacementError as error:
        return error


def finished(item: Item, options: SolveOptions) -> Record | None:
    """Return the record of a run that is there: of the same content, with the same limits, and not interrupted; else ``None``."""
    if not isinstance(item.case, Case) or not item.run.is_dir():
        return None
    try:
        summary = read_summary(item.run)
    except DataError:
        return None
    given = summary.get("options") or {}
    same = summary.get("case_sha256") == item.case.sha256 and summary.get("model") == item.case.model and not summary.get("interrupted")
    same = same and all(given.get(name) == getattr(options, name) for name in _ASKED)
    if not same:
        return None
    try:
        return {**record_of(summary, item.run), "measures": measured(item.case, read_run(item.run).tables), "resumed": True}
    except DataError:  # its tables are damaged
        return None


def solve_item(item: Item, start: Plan | None, options: SolveOptions, stop: Stop) -> Record:
    """Solve one scenario into its run folder; what goes wrong with it is its record."""
    if stop.interrupted:
        return failure("interrupted", "not begun")
    assert isinstance(item.case, Case)
    clock = Progress(options.time_limit_s)
    try:
        with _followed(clock, stop):
            plan = solve(
                item.case, time_limit_s=options.time_limit_s, rel_gap=options.rel_gap, seed=options.seed, workers=options.workers,
                start=_begun(item, start), progress=clock,
            )  # fmt: skip
        if plan.tables or plan.status == "infeasible":
            write_plan(plan, item.run, _log(plan))
            return {**record_of(plan.summary, item.run), "measures": measured(item.case, plan.tables)}
    except PlacementError as error:
        return failure("failed", error)
    if clock.interrupted:
        return failure("interrupted", "no plan yet", clock.elapsed)
    return failure("no plan", f"no plan within {options.time_limit_s:g} s", clock.elapsed)


def _begun(item: Item, start: Plan | None) -> Plan | None:
    """Return the plan of an interrupted run of the same content, else the one given."""
    assert isinstance(item.case, Case)
    try:
        return earlier_plan(item.case, item.run) if read_summary(item.run).get("case_sha256") == item.case.sha256 else start
    except DataError:  # there is none
        return start


@contextmanager
def _followed(clock: Progress, stop: Stop) -> Iterator[None]:
    """Have a clock stop when the sweep is asked to."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_WATCH_S):
            if stop.interrupted:
                clock.interrupted = True
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _solved(pool: Pool, items: Sequence[Item], start: Plan | None, options: SolveOptions, stop: Stop) -> Iterator[tuple[str, Record]]:
    """Yield the records of scenarios as they end."""
    waiting, running = list(items), dict[str, Task]()
    while waiting or running:
        while waiting and len(running) < max(pool.workers, 1):
            item = waiting.pop(0)
            running[item.name] = pool.start(solve_item, item, start, options, stop)
        for name, task in [(n, t) for n, t in running.items() if t.done()]:
            del running[name]
            try:
                yield name, task.result()
            except PlacementError as error:  # its worker was lost again and again
                yield name, failure("failed", error)
        if running:
            time.sleep(_WATCH_S / 2)


def _log(plan: Plan) -> list[str]:
    """Return one line per phase for ``log.txt``."""
    lines, phase = [], ""
    for event in plan.progress:
        if event["phase"] != phase:
            phase = str(event["phase"])
            best = [f"{name} {event[name]:,.3f}" for name in ("objective", "bound") if event[name] is not None]
            lines.append("  ".join([f"{event['time_s']:8.1f} s", f"{phase:<20}", *best]))
    return lines
