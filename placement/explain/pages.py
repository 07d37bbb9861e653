"""Pages of sweeps, tornados and fronts: what the tables say, for a browser."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from placement import __version__
from placement.case import Case
from placement.explain.links import link_to
from placement.explain.records import Record, write_whole
from placement.explain.terms import DOMESTIC
from placement.plan.plan import Plan
from placement.report.facts import Facts
from placement.report.measures import Measure, measures
from placement.report.question_pages import pareto_page as front_page
from placement.report.question_pages import tornado_page as swings_page
from placement.report.sweep_page import sweep_page

PAGE = "sweep.html"


def measured(case: Case, tables: Mapping[str, pd.DataFrame]) -> tuple[Measure, ...]:
    """Return what a plan does period by period, for the charts of a sweep."""
    return measures(Facts.of(case, tables)) if tables else ()


def write_sweep_page(case: Case, table: pd.DataFrame, records: Mapping[str, Record], names: Sequence[str], out: Path) -> Path:
    """Write ``sweep.html`` beside the table of a sweep, whole or not at all; runs that have not ended are named as such."""
    page = out / PAGE
    links = {name: link_to(Path(str(r["run"])), page) for name, r in records.items() if r["run"]}
    profiles = {name: r.get("measures") or () for name, r in records.items()}
    left = [name for name in names if name not in records]
    return write_whole(page, sweep_page(table, _title(case), case.cost_unit, links, profiles, left, _made(case)))


def tornado_page(plan: Plan, table: pd.DataFrame, link: str = "") -> str:
    """Return a tornado, what :func:`placement.tornado` said of the plan, as one self-contained HTML page; ``link``: see :func:`pareto_page`."""
    return swings_page(table, *_frame(plan, link))


def pareto_page(plan: Plan, table: pd.DataFrame, link: str = "") -> str:
    """Return a front as one self-contained HTML page.

    Parameters
    ----------
    table
        What :func:`placement.pareto` said of the plan.
    link
        Relative address of the plan's own report; blank: none.
    """
    larger = str(table.columns[2]).partition(":")[0] == DOMESTIC
    return front_page(table, *_frame(plan, link), larger_is_better=larger)


def _frame(plan: Plan, link: str) -> tuple[str, str, str, str]:
    """Return title, unit, address of the report and footer of a page about a plan."""
    return _title(plan.case), plan.case.cost_unit, link, _made(plan.case)


def _title(case: Case) -> str:
    return case.title or case.name


def _made(case: Case) -> str:
    return f"Made by placement {__version__}. Case {case.name}, input {case.sha256[:12]}."
