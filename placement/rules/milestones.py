"""Critical paths of milestones: when a hall can enter service at the earliest, and when its costs fall.

Symbols as in models/README.md, section 1: ``L`` (critical path), ``tail`` (time from a milestone's start to the end
of its chain), ``A`` (opening of the site to service of the hall), ``D`` (construction time of the hall).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import ceil, floor

import networkx as nx
import pandas as pd

from placement.case import Case

NEVER = 10**6  # a period behind every horizon
_EPS = 1e-9  # leads are decimals: 0.1 + 0.2 periods must not become a whole period


@dataclass(frozen=True, slots=True)
class Chain:
    """The milestones of one hall, or the shared ones of one site."""

    path: float = 0.0  # L, periods from the start of the horizon
    tails: Mapping[str, float] = field(default_factory=dict)  # milestone -> periods before the end of the chain at which it starts
    costs: Mapping[str, float] = field(default_factory=dict)  # milestone -> M$
    finish: Mapping[str, float] = field(default_factory=dict)  # milestone -> periods from the start of the horizon
    after_shared: float = 0.0  # largest tail among milestones that directly follow a shared one
    leads: Mapping[str, float] = field(default_factory=dict)  # milestone -> periods that it takes
    crews: Mapping[str, float] = field(default_factory=dict)  # milestone -> crews while it runs
    refused: str = ""  # a milestone that is refused, if one is

    @property
    def earliest(self) -> int:
        """First period in which the end of the chain can be."""
        return NEVER if self.refused else whole(self.path)

    @property
    def length(self) -> int:
        """Whole periods from the first start to the end of the chain."""
        return whole(max(self.tails.values(), default=0.0))

    def payments(self, end: int) -> Iterable[tuple[int, float]]:
        """Yield (period, M$) of each milestone when the chain ends in period ``end``."""
        for name, tail in self.tails.items():
            yield max(0, floor(end - tail + _EPS)), self.costs[name]


def whole(periods: float) -> int:
    """Round up to whole periods, forgiving the noise of adding decimals."""
    return ceil(periods - _EPS)


def chains(case: Case, percentile: int | None = None) -> tuple[dict[str, Chain], dict[tuple[str, str], Chain]]:
    """Return the chains of shared milestones by site and of own milestones by (site, hall)."""
    lead = f"lead_p{percentile or case.lead_percentile}"
    shared: dict[str, Chain] = {}
    own: dict[tuple[str, str], Chain] = {}
    for site, rows in case["milestones"].groupby("site", sort=False):
        common = rows[rows["hall"] == ""]
        finish = _finish(common, lead, {})
        shared[str(site)] = _chain(common, lead, finish, set())
        for hall, mine in rows[rows["hall"] != ""].groupby("hall", sort=False):
            own[str(site), str(hall)] = _chain(mine, lead, _finish(mine, lead, finish), set(finish))
    return shared, own


def _predecessors(rows: pd.DataFrame) -> dict[str, list[str]]:
    return {n: [a.strip() for a in after.split(";") if a.strip()] for n, after in zip(rows["milestone"], rows["after"], strict=True)}


def _finish(rows: pd.DataFrame, lead: str, before: Mapping[str, float]) -> dict[str, float]:
    """Return the earliest finish of each milestone; ``before`` holds the finishes of shared ones."""
    leads = dict(zip(rows["milestone"], rows[lead], strict=True))
    wait = _predecessors(rows)
    graph = nx.DiGraph([(a, n) for n in leads for a in wait[n] if a in leads])
    graph.add_nodes_from(leads)
    done: dict[str, float] = {}
    for n in nx.topological_sort(graph):
        # an own milestone may carry the name of a shared one; then the own one is meant
        done[n] = leads[n] + max((done[a] if a in leads else before[a] for a in wait[n]), default=0.0)
    return done


def tails_of(rows: pd.DataFrame, lead: str) -> dict[str, float]:
    """Return milestone -> periods before the end of the chain at which it starts; ``rows`` are the chain's own, ``lead`` the column of their durations."""
    leads = dict(zip(rows["milestone"], rows[lead], strict=True))
    wait = _predecessors(rows)
    followers: dict[str, list[str]] = {n: [] for n in leads}
    for n, before in wait.items():
        for a in before:
            if a in followers:
                followers[a].append(n)
    tails: dict[str, float] = {}
    graph = nx.DiGraph([(a, n) for a, ns in followers.items() for n in ns])
    graph.add_nodes_from(leads)
    for n in reversed(list(nx.topological_sort(graph))):
        tails[n] = leads[n] + max((tails[f] for f in followers[n]), default=0.0)
    return tails


def _chain(rows: pd.DataFrame, lead: str, finish: Mapping[str, float], shared: set[str]) -> Chain:
    leads = dict(zip(rows["milestone"], rows[lead], strict=True))
    wait, tails = _predecessors(rows), tails_of(rows, lead)
    after_shared = max((tails[n] for n, before in wait.items() if any(a in shared and a not in leads for a in before)), default=0.0)
    costs, crews = (dict(zip(rows["milestone"], rows[c], strict=True)) for c in ("cost_musd", "crews"))
    refused = next((str(n) for n in rows.loc[rows["refused"], "milestone"]), "")
    return Chain(max(finish.values(), default=0.0), tails, costs, finish, after_shared, leads, crews, refused)
