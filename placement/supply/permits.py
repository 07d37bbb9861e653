r"""What permit offices and construction crews can take in: limits that the milestones of all sites share.

.. math:: \sum_{n} (step_{\tau} - step_{\tau-1}) \le S_{t}, \qquad \sum_{n,\tau} c_n\, overlap_{n\tau t} (step_{\tau} - step_{\tau-1}) \le C_{t}

See models/README.md, section 1. When a hall enters service, or a site is opened, in :math:`\tau`, each of its milestones begins a known time before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from math import floor

import pyomo.environ as pyo

from placement.case import Case
from placement.rules import Scope
from placement.rules.milestones import Chain
from placement.supply.supply import Block, Expr, Supply, amount

_EPS = 1e-9
_LEAST_SHARE = 1e-6  # of a period: less is the noise of adding decimals


def build(supply: Supply) -> None:
    """State ``milestone_starts[milestone,place,t]`` and ``crew_limit[place,t]``; declare nothing."""
    case, m = supply.case, supply.model
    starts: dict[tuple[str, str, int], list[Expr]] = defaultdict(list)  # (milestone, site, t)
    work: dict[tuple[str, int], list[Expr]] = defaultdict(list)  # (site, t) -> crews at work
    for site, name, key, chain in _decided(supply.scope):
        value = supply.step[name]
        for end in range(case.n_periods):
            before, now = value(key, end - 1), value(key, end)
            if not isinstance(now, int):
                for milestone, tail in chain.tails.items():
                    starts[milestone, site, max(0, floor(end - tail + _EPS))].append(now - before)
                    for t, share in running(end - tail, chain.leads[milestone], case.n_periods):
                        if chain.crews[milestone] > 0:
                            work[site, t].append(chain.crews[milestone] * share * (now - before))

    limits = {(r.milestone, r.place, r.period): r.max_starts for r in case["milestone_limits"].itertuples()}
    begun = {(n, place, t): [e for s in sites_of(case, place) for e in starts.get((n, s, t), ())] for n, place, t in limits}
    m.milestone_starts = pyo.Constraint([i for i in begun if begun[i]], rule=lambda m, *i: amount(begun[i]) <= limits[i])
    crews = {(r.place, r.period): r.crews for r in case["crews"].itertuples()}
    busy = {(place, t): [e for s in sites_of(case, place) for e in work.get((s, t), ())] for place, t in crews}
    m.crew_limit = pyo.Constraint([i for i in busy if busy[i]], rule=lambda m, *i: amount(busy[i]) <= crews[i])


def _decided(scope: Scope) -> Iterator[tuple[str, str, tuple[str, ...], Chain]]:
    """Yield (site, name of the step, its key, milestones) of every site to be opened and every hall to be built."""
    for site, chain in scope.opening.items():
        yield site, "opened", (site,), chain
    for hall in scope.halls.itertuples():
        if not hall.existing:
            yield hall.site, "built", (hall.site, hall.hall), hall.chain


def running(begin: float, lead: float, n_periods: int) -> Iterator[tuple[int, float]]:
    """Yield (period, share of it) in which something runs that begins at ``begin`` and takes ``lead`` periods.

    Examples
    --------
    >>> [(t, round(share, 3)) for t, share in running(0.5, 1.75, 4)]
    [(0, 0.5), (1, 1), (2, 0.25)]
    """
    for t in range(max(0, floor(begin)), n_periods):
        share = min(begin + lead, t + 1) - max(begin, t)
        if share < _LEAST_SHARE and t > begin:
            return
        if share >= _LEAST_SHARE:
            yield t, share


def sites_of(case: Case, place: str) -> list[str]:
    """Return the sites of a country or tariff zone; all sites for a blank."""
    sites = case["sites"]
    return list(sites.loc[(place == "") | (sites["country"] == place) | (sites["zone"] == place), "site"])


BLOCK = Block("permits", build, tables=("milestone_limits", "crews"), needs=("sites",))
