"""Two plans side by side: what differs in the input, in the plan, in the key figures, and which input change caused which plan change.

Causes are found by solving: the case of the first plan with one part of the input changed at a time, each from the first plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from placement.case import Case
from placement.case.again import checked
from placement.errors import DataError, OptionError, PlacementError
from placement.explain.again import Effort
from placement.explain.base import Base
from placement.explain.changed import Changed, reference, solve_each, value_of
from placement.explain.inputs import HORIZON, Part, input_changes, parts_of, same_clock, with_parts
from placement.explain.plans import brings, decisions, differences, kpi_changes
from placement.explain.records import write_whole
from placement.plan.plan import Plan
from placement.report.comparison import comparison_fragment, comparison_page
from placement.report.difference_charts import Interval
from placement.report.facts import Facts
from placement.report.sides import Differences, Side

GROUPS = 8  # parts of the input that are tried one at a time; what is beyond is tried as one
TOGETHER = "all together"
BEYOND = "only together with the others"
CAUSES = ("group", "lines", "value_musd", "at_least_musd", "at_most_musd", "plan_changes", "status", "note")


@dataclass(frozen=True)
class Comparison:
    """What differs between two plans.

    Attributes
    ----------
    inputs : DataFrame
        ``table, key, column, a, b, rows, change, group``: see :func:`placement.explain.inputs.input_changes`; ``group`` is what it was tried with.
    plan : DataFrame
        ``kind, what, change, a, b, difference, unit, causes``: see :func:`placement.explain.plans.plan_changes`; ``causes`` names the groups each of which
        alone brings the same (the same date or place, or half of the difference of the amounts), separated by ``;``, or says that none does. Empty if none
        was tried.
    kpis : DataFrame
        ``kpi, a, b, change``: units in the names of the key figures.
    causes : DataFrame
        ``group, lines, value_musd, at_least_musd, at_most_musd, plan_changes, status, note``: what each group alone, from the first plan, is worth (M$, more is
        better), between what bounds that is proven to be, and how many decisions differ from the first plan. The last line is the second plan itself.
    brought : DataFrame
        ``group`` and the columns of ``plan``: what each group alone changes in the first plan.
    a, b : Plan
        The plans.
    """

    inputs: pd.DataFrame
    plan: pd.DataFrame
    kpis: pd.DataFrame
    causes: pd.DataFrame
    brought: pd.DataFrame = field(repr=False)
    a: Plan = field(repr=False)
    b: Plan = field(repr=False)

    def table(self) -> pd.DataFrame:
        """Return all of it as one table with a column ``part``: what ``--out`` writes."""
        parts = {"input": self.inputs, "plan": self.plan, "kpi": self.kpis, "cause": self.causes, "brought": self.brought}
        return pd.concat([df.assign(part=name) for name, df in parts.items()], ignore_index=True).pipe(lambda d: d[["part", *d.columns.drop("part")]])

    def to_html(self, names: tuple[str, str] | None = None, links: tuple[str, str] = ("", "")) -> str:
        """Return both plans side by side as one self-contained HTML page.

        Parameters
        ----------
        names
            What the plans are called; default: the names of their cases, told apart where they are the same.
        links
            Relative addresses of the plans' own reports; blank: none.
        """
        return comparison_page(*self._sides(names, links))

    def _repr_html_(self) -> str:
        return comparison_fragment(*self._sides(None, ("", "")))

    def _sides(self, names: tuple[str, str] | None, links: tuple[str, str]) -> tuple[Side, Side, Differences]:
        first, second = names or (self.a.case.name, self.b.case.name)
        called = (first, second) if first != second else (f"{first} (A)", f"{second} (B)")
        a, b = (
            Side(name, Facts.of(plan.case, plan.tables), plan.summary, plan.kpis.to_dict(), link)
            for name, plan, link in zip(called, (self.a, self.b), links, strict=True)
        )
        whole = self.causes.loc[self.causes["group"] == TOGETHER].iloc[0]
        value = Interval(TOGETHER, float(whole["value_musd"]), float(whole["at_least_musd"]), float(whole["at_most_musd"]))
        alone = self.causes.loc[self.causes["group"] != TOGETHER]
        return a, b, Differences(self.inputs, self.plan, self.kpis, alone, value, str(whole["note"]), BEYOND)

    def write_page(self, file: str | Path, names: tuple[str, str] | None = None, links: tuple[str, str] = ("", "")) -> Path:
        """Write :meth:`to_html` to a file, whole or not at all; return it."""
        return write_whole(Path(file), self.to_html(names, links))


@dataclass(frozen=True)
class _Group:
    """Parts of the input that are tried as one."""

    parts: tuple[Part, ...]
    case: Case | PlacementError

    @property
    def name(self) -> str:
        return " + ".join(map(str, self.parts))


def compare(plan_a: Plan, plan_b: Plan, *, groups: int = GROUPS, effort: Effort | None = None) -> Comparison:
    """Return what differs between two plans, and which change of the input caused which change of the plan.

    Parameters
    ----------
    plan_a, plan_b
        Plans that were solved or read with :func:`placement.read_plan`. Either may be without a plan (infeasible); causes need the first one.
    groups
        How many changed parts of the input (a column of a table, the rows that a table gained or lost, a setting) are tried one at a time; further ones are
        tried as one more. 0: causes are not looked for.
    effort
        Seconds, gap and workers per group.

    Raises
    ------
    OptionError
        If ``groups`` is negative, or the first plan was written by a version that did not keep its point.
    """
    if groups < 0:
        raise OptionError(f"groups must be a whole number of at least 0, got {groups}")
    a, b = plan_a.case, plan_b.case
    inputs = input_changes(a, b)
    before, after = decisions(a, plan_a.tables), decisions(b, plan_b.tables)
    changes, kpis = differences(before, after), kpi_changes(plan_a.kpis.to_dict(), plan_b.kpis.to_dict())
    tried = _groups(a, b, inputs, groups) if groups and len(inputs) and plan_a.tables and same_clock(a, b) else []
    base = Base.of(plan_a) if tried else None
    chosen = effort or Effort()
    found = _solved(tried, plan_b, base, chosen) if base else []
    first = reference(base, chosen) if base else None
    own = decisions(a, first.tables) if first else before
    each = [decisions(a if isinstance(g.case, PlacementError) else g.case, f.tables) for g, f in zip(tried, found, strict=True)]
    brought = [differences(own, d).assign(group=g.name) for g, d, f in zip(tried, each, found, strict=True) if f.tables]
    causes = [*_causes(tried, found, first, brought, inputs), _whole(plan_a, plan_b, inputs, changes)]
    names = {part: g.name for g in tried for part in g.parts}
    grouped = inputs.assign(group=[names.get(Part(str(t), str(c)), "") for t, c in zip(inputs["table"], inputs["column"], strict=True)])
    reasons = [_reasons(row._asdict(), before, after, tried, each, found) for row in changes.itertuples(index=False)]
    return Comparison(
        grouped, changes.assign(causes=pd.Series(reasons, dtype=object)), kpis, pd.DataFrame(causes, columns=list(CAUSES)),
        pd.concat(brought, ignore_index=True) if brought else changes.iloc[:0].assign(group=pd.Series(dtype=object)), plan_a, plan_b,
    )  # fmt: skip


def _groups(a: Case, b: Case, inputs: pd.DataFrame, most: int) -> list[_Group]:
    """Return what is tried: parts that make a sound case alone, those that need one another as one, and what is beyond ``most`` as one."""
    alone = [_group(a, b, [part]) for part in parts_of(inputs)]
    broken = [g for g in alone if isinstance(g.case, PlacementError)]
    sound = [g for g in alone if not isinstance(g.case, PlacementError)]
    if len(broken) > 1:
        sound.append(_group(a, b, [part for g in broken for part in g.parts]))
    else:
        sound += broken
    if len(sound) > most:
        sound = [*sound[: most - 1], _group(a, b, [part for g in sound[most - 1 :] for part in g.parts])]
    return sound


def _solved(tried: Sequence[_Group], plan_b: Plan, base: Base, effort: Effort) -> list[Changed]:
    """Solve the groups; one that is all that differs has been solved already."""
    whole = [isinstance(g.case, Case) and input_changes(g.case, plan_b.case).empty and not plan_b.case.objectives for g in tried]
    found = iter(solve_each([g.case for g, same in zip(tried, whole, strict=True) if not same], base, effort))
    known = Changed(str(plan_b.status), value_of(plan_b), 0.0, plan_b.tables)
    return [known if same else next(found) for same in whole]


def _group(a: Case, b: Case, parts: Sequence[Part]) -> _Group:
    try:
        return _Group(tuple(parts), checked(with_parts(a, b, parts)))
    except DataError as error:
        return _Group(tuple(parts), error)


def _causes(
    tried: Sequence[_Group], found: Sequence[Changed], first: Changed | None, brought: Sequence[pd.DataFrame], inputs: pd.DataFrame
) -> list[tuple[object, ...]]:
    count = {str(df["group"].iloc[0]): len(df) for df in brought if len(df)}
    totals = inputs.groupby(["table", "column"], sort=False)["rows"].sum()
    rows: list[tuple[object, ...]] = []
    for g, f in zip(tried, found, strict=True):
        assert first is not None
        cells = sum(int(totals[p.table, p.column]) for p in g.parts)
        note = f"makes no sound case by itself: {f.note}" if f.status == "bad input" else f.note
        rows.append((g.name, cells, *f.value.better_than(first.value), count.get(g.name, 0), f.status, note))
    return rows


def _whole(a: Plan, b: Plan, inputs: pd.DataFrame, changes: pd.DataFrame) -> tuple[object, ...]:
    """Return the line of the second plan."""
    note = (
        ""
        if same_clock(a.case, b.case)
        else f"periods differ ({', '.join(n for n in HORIZON if getattr(a.case, n) != getattr(b.case, n))}): causes cannot be told apart"
    )
    return (TOGETHER, int(inputs["rows"].sum()), *value_of(b).better_than(value_of(a)), len(changes), str(b.status), note)


def _reasons(row: dict[str, object], before: dict[str, pd.Series], after: dict[str, pd.Series], tried: Sequence[_Group], each: Sequence[dict[str, pd.Series]],
             found: Sequence[Changed]) -> str:  # fmt: skip
    """Return the groups each of which brings a change of the plan."""
    if not tried:
        return ""
    kind = str(row["kind"])
    names = [g.name for g, d, f in zip(tried, each, found, strict=True) if f.tables and brings(row, before[kind], d[kind], after[kind])]
    return "; ".join(names) or BEYOND
