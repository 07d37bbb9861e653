"""A minimal set of facts that contradict one another: with all others loose there is no plan, and with any one of them loose as well there is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from placement.case import Case
from placement.engine import Progress, Status, solve_program
from placement.explain.concern import DEMANDED, Concern
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
    """Return a minimal conflict of a case without a plan: first the fewest workloads, then columns of tables, then single cells of these."""
    demands = [f for f in facts if f.group in DEMANDED]

    def clash(held: Sequence[Fact]) -> bool:
        return oracle.feasible(loosened(case, but(demands, held))) is False

    asked = minimal(demands, clash, lambda: oracle.left)
    concern = Concern.of(case, asked)
    alone = loosened(case, but(demands, asked))
    limits = [f for f in facts if f.group not in DEMANDED and (not demands or concern.about(f))]
    of = grouped(limits)

    def columns_clash(groups: Sequence[Group]) -> bool:
        return oracle.feasible(loosened(alone, [f for g in of if g not in groups for f in of[g]])) is False

    def cells_clash(held: Sequence[Fact]) -> bool:
        return oracle.feasible(loosened(alone, but(limits, held))) is False

    groups = minimal(list(of), columns_clash, lambda: oracle.left)
    cells = minimal([f for g in of if g in groups for f in of[g]], cells_clash, lambda: oracle.left)
    return Conflict((*asked, *cells), oracle.sure and oracle.left > 0)


def but(facts: Sequence[Fact], held: Sequence[Fact]) -> list[Fact]:
    """Return the facts without those that are held."""
    stay = set(map(id, held))
    return [f for f in facts if id(f) not in stay]


def confirmed(case: Case, facts: Sequence[Fact], conflict: Conflict, seconds: float, seed: int) -> str:
    """Return how it is established that the facts of a conflict alone leave no plan, "" where it is not (see ``engine.search``)."""
    program, _ = assemble(build_sides(loosened(case, but(facts, conflict.facts))))
    outcome = solve_program(program, SolveOptions(time_limit_s=max(seconds, 1.0), seed=seed), Progress(max(seconds, 1.0)))
    return outcome.infeasible_by if outcome.status is Status.INFEASIBLE else ""
