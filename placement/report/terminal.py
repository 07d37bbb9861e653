"""The plan in at most 25 lines of 80 columns, for the terminal; only commands with long paths are wider."""

from __future__ import annotations

import shlex
import textwrap
import unicodedata
from collections.abc import Mapping, Sequence

import pandas as pd

from placement.report.formats import MINUS, MISSING, THIN, fixed
from placement.report.markup import clean
from placement.report.tables import COLUMNS, typed
from placement.report.terminal_rows import Row, rows_of, seconds
from placement.report.text import alone, has_plan, interrupted, is_priced, names, rules_excluded

COLUMNS_WIDE, LINES = 80, 25
INDENT, MOST_UNSERVABLE = " " * 9, 4
_ASCII = str.maketrans({THIN: " ", MINUS: "-", MISSING: "-"})


def terminal_summary(summary: Mapping[str, object], tables: Mapping[str, pd.DataFrame]) -> str:
    """Return the outcome of a run as text: at most 25 lines, none wider than 80 columns but the commands that come next.

    Parameters
    ----------
    summary, tables
        As for :func:`placement.report.render`; with ``run``, the run folder, and ``case_path`` the commands can be pasted into a shell.
    """
    lines = [f"{summary.get('case')}: {summary.get('status')}", *_stopped(summary)]
    if has_plan(summary):
        plan = {name: typed(name, columns, tables.get(name)) for name, columns in COLUMNS.items()}
        lines += table(rows_of(summary, plan))
        lines += [] if is_priced(summary) else _uncovered(summary)
    else:
        lines += [*table([seconds(summary)]), *_impossible(summary)]
    after = _next(summary)
    return "\n".join([*(fit(line) for line in lines[: LINES - len(after)]), *after])


def table(rows: Sequence[Row]) -> list[str]:
    """Return rows with their amounts flush right in one column; the largest items go on a line of their own where they are long."""
    amount = max(width(row.amount) for row in rows)
    lines, before = [], ""
    for row in rows:
        label = f"{row.label}:" if row.label and row.label != before else ""
        start = f"{label:<9}{' ' * (amount - width(row.amount))}{row.amount}  {row.text}".rstrip()
        lines += naming(start, list(row.items), indent=INDENT + " " * (amount + 2)) if row.items else [start]
        before = row.label
    return lines


def _next(summary: Mapping[str, object]) -> list[str]:
    """Return what to do next; a command is never cut, so that it can be pasted."""
    run, case = _path(summary.get("run"), "RUN"), _path(summary.get("case_path"), "CASE")
    if has_plan(summary):
        explained = [] if is_priced(summary) else [(f"placement explain {run}", "what limits it, what more is worth")]
        commands = [*explained, (f"placement report {run}", "the page, written again"), (f"placement check {case} {run}", "recompute plan, cost and bound")]
        wide = max(len(command) for command, _ in commands) + 2
        lines = [f"{command:<{wide}}{what}" for command, what in commands]
        told = lines if max(map(len, lines)) <= COLUMNS_WIDE - len(INDENT) else [command for command, _ in commands]
        return [("next:    " if not n else INDENT) + line for n, line in enumerate(told)]
    if summary.get("status") == "infeasible":
        return [f"next:    placement explain {run} --infeasible", f"         {run}/exclusions.csv says what the rules left out"]
    return ["next:    a longer --time-limit"]


def _path(value: object, word: str) -> str:
    """Return a path as a shell takes it; the word in its place where there is none, or none that a terminal may show."""
    text = str(value) if value else ""
    return shlex.quote(text) if text and clean(text) == text and text.isprintable() else word


def width(line: str) -> int:
    """Return how many columns the line takes."""
    return sum(_widths(" ".join(clean(line.translate(_ASCII)).splitlines())))


def _widths(text: str) -> list[int]:
    return [0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text]


def fit(line: str, most: int = COLUMNS_WIDE) -> str:
    """Return the line without control characters, cut to the given number of columns (wide letters take two)."""
    text = " ".join(clean(line.translate(_ASCII)).splitlines())
    widths = _widths(text)
    if sum(widths) <= most:
        return text
    room, kept = most - 3, ""
    for c, w in zip(text, widths, strict=True):
        room -= w
        if room < 0:
            break
        kept += c
    return kept + "..."


def _stopped(summary: Mapping[str, object]) -> list[str]:
    words = interrupted(summary)
    return textwrap.wrap(f"INTERRUPTED: {words}", COLUMNS_WIDE, subsequent_indent=INDENT) if words else []


def _impossible(summary: Mapping[str, object]) -> list[str]:
    """Why there is no plan, as far as it is known: nothing of it where there is one."""
    if has_plan(summary):
        return []
    lonely, rules = names(summary.get("unservable")), rules_excluded(summary.get("excluded"))
    how = str(summary.get("infeasible_by") or "")
    lines = [f"proof:   {how}"] if how else []
    for n, one in enumerate(lonely[:MOST_UNSERVABLE]):
        lines += textwrap.wrap(clean(one), COLUMNS_WIDE, initial_indent=INDENT if n else "cannot:  ", subsequent_indent=INDENT + "  ")[:3]
    lines += [f"{INDENT}+ {len(lonely) - MOST_UNSERVABLE} more that nothing can serve"] if len(lonely) > MOST_UNSERVABLE else []
    return [*lines, *naming("rules:   options excluded", [f"{rule} {fixed(n)}" for rule, n in rules], 6)] if rules else lines


def naming(start: str, items: list[str], most: int = 2, indent: str = INDENT) -> list[str]:
    """Return ``start: a, b + 7 more`` with the first ``most`` items, on a second line where one is too short for them."""
    choices = range(min(most, len(items)), 0, -1)
    ends = [", ".join(items[:kept]) + (f" + {len(items) - kept} more" if len(items) > kept else "") for kept in choices]
    if ends and width(f"{start}: {ends[0]}") > COLUMNS_WIDE:
        return [f"{start}:", indent + next((end for end in ends if width(indent + end) <= COLUMNS_WIDE), ends[-1])]
    return [f"{start}: {ends[0]}" if ends else start]


def _uncovered(summary: Mapping[str, object]) -> list[str]:
    """Return where N-1 leaves demand unserved: the first few."""
    found = [f"{service} in {metro}: {why}" for (service, metro), why in alone(summary.get("uncovered")).items()]
    lines = [part for one in found[:2] for part in textwrap.wrap(clean(one), COLUMNS_WIDE, initial_indent=INDENT, subsequent_indent=INDENT + "  ")[:2]]
    return [*lines, f"{INDENT}+ {len(found) - 2} more that N-1 leaves out"] if len(found) > 2 else lines
