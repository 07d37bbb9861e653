"""What a case demands and limits, as cells of its tables: what each says in the planner's words, and the value at which it no longer binds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from placement.case import Case
from placement.case.schema import TABLES
from placement.explain.fact_rules import RULES, FactRule
from placement.explain.fact_scale import Scale
from placement.rules.policy import Policy
from placement.units import period_label

SETTINGS = "case.toml"


@dataclass(frozen=True)
class Fact:
    """One cell that demands or limits.

    Attributes
    ----------
    row
        Position in the table; 0 for a key of ``case.toml``.
    value, loose
        What the cell says, and what it would say if it did not bind.
    steps
        Values worth trying from the tightest to ``loose``; empty: any number between.
    span
        Of dates, the periods of the horizon; else 0.
    """

    rule: FactRule
    row: int
    value: Any
    loose: Any
    steps: tuple[Any, ...] = ()
    span: int = 0

    @property
    def group(self) -> tuple[str, str]:
        """Table and column."""
        return self.rule.table, self.rule.column


@dataclass(frozen=True)
class Edit:
    """A fact with another value."""

    fact: Fact
    value: Any

    @cached_property
    def size(self) -> float:
        """How much of the cell changes, from 0 to 1.

        Of numbers the difference over the larger one, of firmness that of the hours without power, of dates over the horizon; 1 for anything else.
        """
        if not self.graded:
            return 1.0
        old, new = float(self.fact.value), float(self.value)
        if "firmness" in self.fact.rule.column:
            old, new = 1.0 - old, 1.0 - new
        largest = self.fact.span or max(abs(old), abs(new))
        return min(1.0, abs(new - old) / largest) if largest else 0.0

    @property
    def graded(self) -> bool:
        """Whether both values are numbers or dates."""
        return not (isinstance(self.fact.value, (bool, np.bool_, str)) or isinstance(self.value, str) or pd.isna(self.fact.value))


def explicit(case: Case) -> Case:
    """Return the same case with rows of their own for what rules say in general, so that each can be changed alone.

    These are countries with sites that a residency or export rule denies, and metros that no site reaches in the time that a service promises everywhere.
    """
    tables = dict(case.tables)
    countries = list(dict.fromkeys(case["sites"]["country"]))
    policy = Policy.of(case["export"], case["residency"])
    residency = [
        {"class": c, "origin": origin, "country": country, "allow": ruling.allowed, "rule_id": ruling.rule_id or next(iter(own.values())).rule_id}
        for (c, origin), own in policy.residency.items()
        for country in countries
        if country not in own
        for ruling in [policy.may_run(c, origin, country)]
        if not ruling.allowed or not any(r.allowed for r in own.values())  # a first row that allows would deny all countries without one
    ]
    export = [
        {**row, "country": country}
        for row in case["export"].query("country == '*' and rule == 'deny'").to_dict("records")
        for country in countries
        if (row["export_class"], country) not in policy.export
    ]
    for name, rows in (("residency", residency), ("export", export), ("service_metros", _far_metros(case))):
        if rows:
            more = pd.DataFrame(rows).reindex(columns=case[name].columns)
            tables[name] = pd.concat([case[name], more.astype(case[name].dtypes.to_dict())], ignore_index=True)
    return replace(case, tables=tables)


def _far_metros(case: Case) -> list[dict[str, Any]]:
    """Return rows of ``service_metros`` for metros that are too far from every site where other metros of a service are not."""
    scale, rows = Scale(case), list[dict[str, Any]]()
    for _, service in case["services"][case["services"]["unmet_usd_per_mtok"].isna() & case["services"]["slo_rtt_ms"].notna()].iterrows():
        name, slo = service["service"], float(service["slo_rtt_ms"])
        asking = list(dict.fromkeys(case["demand"].loc[case["demand"]["service"] == name, "metro"]))
        own = set(case["service_metros"].loc[case["service_metros"]["service"] == name, "metro"])
        far = [m for m in asking if m not in own and min(scale.rtts_ms(service, m), default=slo) > slo]
        if len(far) < len(asking):
            rows += [{"service": name, "metro": m, "slo_rtt_ms": slo} for m in far]
    return rows


def facts_of(case: Case) -> list[Fact]:
    """Return every fact of a case (see :func:`explicit`) that could be looser, workloads that must run or be served first."""
    scale = Scale(case)
    return [fact for rule in RULES for fact in _facts(case, rule, scale)]


def _facts(case: Case, rule: FactRule, scale: Scale) -> Iterator[Fact]:
    if rule.table == SETTINGS:
        value = getattr(case, rule.column)
        loose = rule.loose(scale, pd.Series({rule.column: value}), value)
        if loose is not None:
            yield Fact(rule, 0, value, loose, (loose,))
        return
    if rule.table not in case:
        return
    column = TABLES[rule.table].column(rule.column_in(case))
    for i, (_, row) in enumerate(case[rule.table].iterrows()):
        value = row[column.name]
        loose = rule.loose(scale, row, value)
        if loose is None:
            continue
        if column.kind == "float":
            loose = float(np.clip(loose, column.minimum, column.maximum)) if not pd.isna(loose) else loose
            if not pd.isna(value) and loose == value:
                continue
        span = case.n_periods if column.kind == "period" else 0
        yield Fact(replace(rule, column=column.name), i, value, loose, _steps(rule, scale, row, value, loose, column.kind), span)


def _steps(rule: FactRule, scale: Scale, row: pd.Series, value: Any, loose: Any, kind: str) -> tuple[Any, ...]:
    """Return the values to try, in the order in which they loosen."""
    if rule.steps is not None:
        up = isinstance(loose, str) or loose > value
        between = sorted({v for v in rule.steps(scale, row) if (value < v <= loose if up else loose <= v < value)}, reverse=not up)
        return (*between, loose) if loose not in between else tuple(between)
    if kind in ("int", "period"):
        step = 1 if loose > value else -1
        return tuple(range(int(value) + step, int(loose) + step, step))
    return () if kind == "float" and not pd.isna(value) else (loose,)


def edited(case: Case, edits: Sequence[Edit]) -> Case:
    """Return the case with cells changed."""
    tables: dict[str, pd.DataFrame] = dict(case.tables)
    settings: dict[str, Any] = {}
    fresh: set[str] = set()
    for edit in edits:
        table, column = edit.fact.group
        if table == SETTINGS:
            settings[column] = edit.value
            continue
        if table not in fresh:
            tables[table] = tables[table].copy()
            fresh.add(table)
        tables[table].iloc[edit.fact.row, tables[table].columns.get_loc(column)] = edit.value
    return replace(case, tables=tables, **settings)


def key_of(case: Case, fact: Fact) -> str:
    """Return the key of a fact's row, its parts joined by ``/`` as in scenarios."""
    if fact.rule.table == SETTINGS:
        return ""
    table = TABLES[fact.rule.table]
    row = case[fact.rule.table].iloc[fact.row]
    return "/".join(shown(case, row[name], table.column(name).kind) for name in table.key)


def shown(case: Case, value: Any, kind: str) -> str:
    """Return a cell as it stands in a file: periods as labels, flags as 0 and 1, nothing for blanks."""
    if kind == "period":
        return period_label(case.start + int(value), case.period_months)
    if isinstance(value, (bool, np.bool_)):
        return str(int(value))
    if isinstance(value, (int, float, np.integer, np.floating)):
        return "" if pd.isna(value) else f"{value:.12g}"
    return str(value)


def unit_of(fact: Fact) -> str:
    """Return the unit of a fact's column."""
    return "" if fact.rule.table == SETTINGS else TABLES[fact.rule.table].column(fact.rule.column).unit


def cell(case: Case, fact: Fact, value: Any) -> str:
    """Return a value of a fact as it stands in a file."""
    kind = "int" if fact.rule.table == SETTINGS else TABLES[fact.rule.table].column(fact.rule.column).kind
    return shown(case, value, kind)


def fields_of(case: Case, fact: Fact, value: Any) -> Mapping[str, str]:
    """Return what the words of a rule may name: the row's cells, ``old``, ``new`` and ``by`` (the difference) with their unit."""
    unit = unit_of(fact)
    unit = "" if unit in ("0/1", "share", "ratio") else f" {unit}"
    out: dict[str, str] = {}
    if fact.rule.table != SETTINGS:
        columns = TABLES[fact.rule.table]
        row = case[fact.rule.table].iloc[fact.row]
        out = {c.name: shown(case, row[c.name], c.kind) or "(all)" for c in columns if c.name in row}
    old, new = (f"{cell(case, fact, v)}{unit}".strip() for v in (fact.value, value))
    number = not isinstance(value, (str, bool, np.bool_)) and not pd.isna(fact.value) and not isinstance(fact.value, str)
    by = f"{abs(float(value) - float(fact.value)):.6g}{unit}" if number else ""
    return out | {"old": old, "new": new, "by": by}


def fact_words(case: Case, fact: Fact) -> str:
    """Return a fact in the planner's words."""
    return fact.rule.fact.format(**fields_of(case, fact, fact.value))


def edit_words(case: Case, edit: Edit) -> str:
    """Return a change in the planner's words."""
    return edit.fact.rule.repair.format(**fields_of(case, edit.fact, edit.value))


def repair_words(case: Case, edits: Sequence[Edit]) -> str:
    """Return changes in the planner's words; of a column in many rows the first is named and the others are counted."""
    of: dict[tuple[str, str], list[str]] = {}
    for edit in edits:
        of.setdefault(edit.fact.group, []).append(edit_words(case, edit))
    parts = []
    for (table, _), words in of.items():
        told = list(filter(None, words))
        parts += told if len(told) <= 2 else [f"{told[0]}, and in {len(told) - 1} more rows of {table}"]
    return "; ".join(parts)
