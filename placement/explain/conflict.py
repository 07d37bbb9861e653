"""A minimal set of facts that contradict one another: with all others loose there is no plan, and with any one of them loose as well there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from placement.case import Case
from placement.engine import Progress, Status, solve_program
from placement.explain.facts import Edit, Fact, edited
from placement.explain.oracle import Oracle, minimal
from placement.options import SolveOptions
from placement.program import assemble, build_sides

Group = tuple[str, str]


def grouped(facts: Iterable[Fact]) -> dict[Group, list[Fact]]:
    """Return facts by table and column."""
    out: dict[Group, list[Fact]] = {}
    for fact in facts:
        out.setdefault(fact.group, []).append(fact)
    return out


def loosened(case: Case, facts: Iterable[Fact]) -> Case:
    """Return the case with facts that no longer bind."""
    return edited(case, [Edit(fact, fact.loose) for fact in facts])


@dataclass(frozen=True)
class Conflict:
    """Facts that contradict one another.

    Attributes
    ----------
    minimal
        Whether each of them was seen to be needed: a point was found for the case without it.
    """

    facts: tuple[Fact, ...]
    minimal: bool

    @property
    def groups(self) -> list[Group]:
        """Tables and columns of the facts, in order."""
        return list(grouped(self.facts))


def find_conflict(case: Case, facts: Sequence[Fact], oracle: Oracle) -> Conflict:
    """Return a minimal conflict of a case without a plan: columns of tables first, then single cells of these."""
    of = grouped(facts)

    def contradict(groups: Sequence[Group]) -> bool:
        return oracle.feasible(loosened(case, [f for g in of if g not in groups for f in of[g]])) is False

    def clash(held: Sequence[Fact]) -> bool:
        stay = set(map(id, held))
        return oracle.feasible(loosened(case, [f for f in facts if id(f) not in stay])) is False

    groups = minimal(list(of), contradict, lambda: oracle.left)
    cells = [f for g in of if g in groups for f in of[g]]
    found = minimal(cells, clash, lambda: oracle.left)
    return Conflict(tuple(found), oracle.sure and oracle.left > 0)


def confirmed(case: Case, facts: Sequence[Fact], conflict: Conflict, seconds: float, seed: int) -> str:
    """Return how it is established that the facts of a conflict alone leave no plan, "" where it is not (see ``engine.search``)."""
    stay = set(map(id, conflict.facts))
    alone = loosened(case, [f for f in facts if id(f) not in stay])
    program, _ = assemble(build_sides(alone))
    outcome = solve_program(program, SolveOptions(time_limit_s=max(seconds, 1.0), seed=seed), Progress(max(seconds, 1.0)))
    return outcome.infeasible_by if outcome.status is Status.INFEASIBLE else ""
