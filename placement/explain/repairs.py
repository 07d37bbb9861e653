"""The smallest changes of a case that give it a plan: which cells, and how far each must move."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from placement.case import Case
from placement.explain.concern import DEMANDED
from placement.explain.conflict import Conflict, Group, grouped, loosened
from placement.explain.facts import Edit, Fact, edited
from placement.explain.oracle import Oracle, minimal

_CLOSE = 1.02  # ratio of two amounts between which no better one is looked for
_LEAST = 1e-4  # of an amount: smaller changes are no question
_SINGLES = 4  # cells of a column that are tried alone
_ROUNDINGS = 3  # round numbers that are tried
_DIGITS = 4  # of a change
_ENOUGH = 3  # repairs from which on columns that are not enough alone are left alone

Allows = Callable[[Sequence[Fact]], bool]


@dataclass(frozen=True)
class Repair:
    """Cells and their new values, with which there is a plan.

    Attributes
    ----------
    removed
        Rows (table and key) that the case's files must lose, as they have no effect any more.
    objective
        Cost of a plan of the case so changed, checked; NaN until it has been solved.
    """

    edits: tuple[Edit, ...]
    removed: tuple[tuple[str, str], ...] = ()
    objective: float = math.nan

    @property
    def size(self) -> float:
        """Sum of how much each column changes: by the most of its numbers and dates (:attr:`Edit.size`), by 1 for each other cell."""
        of: dict[Group, float] = {}
        for e in self.edits:
            before = of.get(e.fact.group, 0.0)
            of[e.fact.group] = max(before, e.size) if e.graded else before + e.size
        return sum(of.values())

    @property
    def group(self) -> Group:
        """Table and column of the first cell."""
        return self.edits[0].fact.group


def find_repairs(case: Case, facts: Sequence[Fact], conflict: Conflict, oracle: Oracle) -> list[Repair]:
    """Return repairs, the smallest first, those of a column that none before has changed ahead of others.

    Every repair must loosen some fact of the conflict; so each of its columns is loosened alone, and with the fewest others where that is not enough.
    """
    of = grouped(facts)

    def allows(loose: Sequence[Fact]) -> bool:
        return oracle.feasible(loosened(case, loose)) is True

    enough = [g for g in conflict.groups if allows(of[g])]
    found = [repair for g in enough for repair in _of_group(case, of[g], conflict, oracle, allows)]
    for group in conflict.groups:
        if group not in enough and len(found) < _ENOUGH:
            found += _with_others(case, of, group, enough, oracle, allows)
    unique = {tuple((e.fact.group, e.fact.row, e.value) for e in r.edits): r for r in found}
    found = sorted(unique.values(), key=lambda r: (round(r.size, 9), r.group in DEMANDED))
    first: dict[Group, Repair] = {}
    for repair in found:
        first.setdefault(repair.group, repair)
    return [*first.values(), *(r for r in found if r not in first.values())]


def _of_group(case: Case, mine: list[Fact], conflict: Conflict, oracle: Oracle, allows: Allows) -> Iterator[Repair]:
    """Yield repairs that loosen a column: single cells where one is enough, else the fewest."""
    named = [f for f in conflict.facts if f.group == mine[0].group]
    alone = [f for f in named[:_SINGLES] if len(mine) == 1 or allows([f])]
    for fact in alone:
        yield from _tightened(case, [fact], oracle)
    if not alone:
        yield from _tightened(case, minimal(mine, allows, lambda: oracle.left), oracle)


def _with_others(case: Case, of: dict[Group, list[Fact]], group: Group, enough: list[Group], oracle: Oracle, allows: Allows) -> Iterator[Repair]:
    """Yield the repair that loosens a column and the fewest others, none of which would be enough alone."""
    others = [g for g in reversed(of) if g != group and g not in enough]  # what is asked for comes last: it is kept where it can be
    every = [*of[group], *(f for g in others for f in of[g])]
    if oracle.left <= 0 or not allows(every):
        return
    extra = minimal(others, lambda gs: allows([*of[group], *(f for g in gs for f in of[g])]), lambda: oracle.left)
    mine = [*of[group], *(f for g in extra for f in of[g])]
    if oracle.left > 0:
        yield from _tightened(case, minimal(mine, allows, lambda: oracle.left), oracle)


def _tightened(case: Case, facts: Sequence[Fact], oracle: Oracle) -> Iterator[Repair]:
    """Yield the repair that moves cells no further than is needed, one after another, if there is one."""
    if oracle.left <= 0:
        return
    edits = [Edit(f, f.loose) for f in facts]
    for i, fact in enumerate(facts):

        def enough(value: object, i: int = i, fact: Fact = fact) -> bool:
            return oracle.feasible(edited(case, [*edits[:i], Edit(fact, value), *edits[i + 1 :]])) is True

        edits[i] = Edit(fact, _least_step(fact, enough) if fact.steps else _least_amount(fact, enough))
    yield Repair(tuple(edits))


def _least_step(fact: Fact, enough) -> object:  # type: ignore[no-untyped-def]
    """Return the first of the fact's steps that is enough; the last one is."""
    low, high = 0, len(fact.steps) - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(fact.steps[middle]) else (middle + 1, high)
    return fact.steps[high]


def _least_amount(fact: Fact, enough) -> float:  # type: ignore[no-untyped-def]
    """Return a number that is enough, by little more than the least change, which has few digits."""
    value, sign = float(fact.value), 1.0 if fact.loose > fact.value else -1.0
    whole = abs(float(fact.loose) - value)
    low, high = _LEAST * min(max(abs(value), _LEAST), whole), whole
    while high > _CLOSE * low:
        middle = math.sqrt(low * high)
        low, high = (low, middle) if enough(_moved(value, sign, middle)) else (middle, high)
    if high == whole:
        return float(fact.loose)
    for _ in range(_ROUNDINGS):
        candidate = round_between(low, high)
        if candidate >= high or enough(_moved(value, sign, candidate)):
            high = candidate
            break
        low = candidate
    unit = 10.0 ** (math.floor(math.log10(high)) - _DIGITS + 1)
    return _moved(value, sign, min(math.ceil(high / unit - 1e-9) * unit, whole))


def round_between(low: float, high: float) -> float:
    """Return the number with the fewest digits in ``(low, high]``.

    Examples
    --------
    >>> round_between(98.7, 100.4), round_between(0.3234, 0.3263)
    (100.0, 0.325)
    """
    unit = 10.0 ** math.ceil(math.log10(high))
    for _ in range(12):
        for part in (unit, unit / 2):
            candidate = math.floor(high / part + 1e-9) * part
            if candidate > low:
                return float(f"{candidate:.12g}")
        unit /= 10
    return high


def _moved(value: float, sign: float, by: float) -> float:
    return float(f"{value + sign * by:.12g}")
