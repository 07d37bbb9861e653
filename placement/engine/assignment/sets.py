r"""Sets of open sites by the bound that they prove: Benders decomposition whose subproblem is priced by site knapsacks.

With prices u of the serve rows, a set S of open sites costs at least :math:`\sum_j u_j + \sum_{i \in S} s_i(u)`, where s is what opening a
site for its best set of workloads costs on balance. Each price vector is thus a cut on the opening decisions that holds for every S
(cross decomposition: T. J. Van Roy, *Operations Research* 34, 1986, 145-163). The master program over all cuts proposes a set, the prices
best for that set give the next cut. Near the best set so far at first (local branching: M. Fischetti, A. Lodi,
*Mathematical Programming* 98, 2003, 23-47), since cuts from far away say little, then anywhere. What the master is worth when it may fill
capacity to the brim is a bound on every plan.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csc_array

from placement.engine.assignment import chains, release
from placement.engine.assignment.decomposition import ascend, decompose
from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.root import fewest_open, usable
from placement.engine.assignment.structure import Assignment, Floats, Ints
from placement.engine.effort import Effort
from placement.engine.highs import Arrays, Run, solve
from placement.parallel import stopped

_RADIUS, _FAR = 2, 12  # opening decisions in which a set may differ from the best one, at first and at most before it may be any
_MASTER_S = 2.0  # for one master program
_MASTER_GAP = 0.01  # of the distance between the master's value and the bound without it
_NODES_PER_S = 40.0  # nominal, for counted work
_ROUNDS_PER_S = 1.5  # nominal, for counted work
_TIE = 2e-5  # relative: what the cuts must promise
_STEPS = 200  # of subgradients for a new set, and again if it is a good one
_AIM, _GOOD = 0.005, 0.001  # relative to the value: where the first step aims, and how far from the best a good set is
_EVERY = 40  # one cut for so many steps on the way
_CHAINS = (chains.Schedule(hot=2.0, slack=0.2, overload=60.0), chains.Schedule(hot=1.0, slack=0.2, overload=20.0))
_PRICED, _PRICED_S = 0.2, 1.0  # share of effort for prices on given sites, and seconds at most
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class OpenSet:
    """Open sites, in order, prices of the serve rows, shape (n,), and the bound they prove for this set."""

    sites: Ints
    u: Floats
    bound: float


@dataclass
class _Cuts:
    """The cuts ``theta >= constant + site @ y``, and the capacity of the sites as shares of what is used at least."""

    a: Assignment
    constant: list[float] = field(default_factory=list)
    site: list[Floats] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.knapsacks = Knapsacks(self.a)
        least = float(np.where(usable(self.a), self.a.use, np.inf).min(axis=0).sum())
        self.room = np.minimum(self.a.capacity / least, 1.0) if least > 0 else np.ones(self.a.m)

    def add(self, u: Floats) -> None:
        """Take the cut of a price vector."""
        site = self.a.open_cost - self.knapsacks.fill(u).value
        self.constant.append(math.fsum(u) - 1e-9 * float(np.abs(u).sum()))
        self.site.append(np.where(np.abs(site) < 1e-6, np.minimum(site, 0.0).round(), site) - 1e-6 * (np.abs(site) < 1e-6))

    def propose(self, fill: float, base: float, fixed: NDArray[np.int8], near: Mask | None, radius: int, effort: Effort,
                seed: int) -> tuple[Mask | None, float]:  # fmt: skip
        """Return the set that is best by the cuts, and a bound on all sets that were allowed."""
        a, m = self.a, self.a.m
        rows = [np.r_[-s, 1.0] for s in self.site] + [np.r_[self.room, 0.0], np.r_[np.ones(m), 0.0]]
        lower = [c - base for c in self.constant] + [1 / fill * (1 - 1e-9), float(max(fewest_open(a), 1))]
        upper = [np.inf] * (len(rows) - 1) + [float(min(a.most, m))]
        if near is not None:
            rows, lower, upper = [*rows, np.r_[np.where(near, -1.0, 1.0), 0.0]], [*lower, -np.inf], [*upper, radius - float(near.sum())]
        matrix = np.array(rows)
        matrix[np.abs(matrix) < 5e-7] = 0.0
        least, most = np.r_[(fixed == 1).astype(float), -abs(base)], np.r_[(fixed != 0).astype(float), np.inf]
        p = Arrays(np.r_[np.zeros(m), 1.0], csc_array(matrix), np.array(lower), np.array(upper), least, most, np.r_[np.ones(m, bool), False])
        nodes = Effort(work=_MASTER_S).count(_NODES_PER_S) if effort.counted else None
        seconds = math.inf if effort.counted else min(_MASTER_S, effort.left)
        answer = solve(p, Run(time_limit_s=seconds, rel_gap=_MASTER_GAP, seed=seed, max_nodes=nodes), watch=lambda *_: stopped())
        bound = base + answer.bound - 1e-6 * max(float(np.abs(s).sum()) for s in self.site)  # decisions are whole to 1e-6
        return (None if answer.x is None else answer.x[:m] > 0.5), (math.inf if answer.infeasible else bound)


def open_sets(a: Assignment, filled: Filled, floor: float, room: float, first: Ints | None, known: list[OpenSet], fill: float, effort: Effort,
              seed: int) -> tuple[list[OpenSet], float]:  # fmt: skip
    """Return sets of open sites, best bound first, and a bound on all plans.

    Parameters
    ----------
    filled, floor
        Knapsacks at the root's prices, and the bound they prove for any number of open sites.
    room
        Plans this much above ``floor`` are not looked for.
    first
        A set to begin with, near which better ones are looked for until there are none; without, they may be anywhere from the start.
    known
        Sets priced before.
    fill
        Share of the open sites' capacity that workloads may use.
    """
    site = a.open_cost - filled.value
    fixed = np.full(a.m, -1, np.int8)
    fixed[site > room], fixed[site < -room] = 0, 1
    cuts = _Cuts(a)
    cuts.add(filled.u)
    for old in known:
        cuts.add(old.u)
    seen = {np.isin(np.arange(a.m), s.sites).tobytes(): s for s in reversed(known)}
    now = None if first is None else np.isin(np.arange(a.m), first)
    best = min(known, key=lambda s: s.bound, default=None)
    radius, search = _RADIUS if first is not None else 2 * _FAR, effort.part(0.9)
    for _ in range(effort.count(_ROUNDS_PER_S) if effort.counted else 2**31):
        if stopped() or search.left <= 0.05:
            break
        if now is None:
            near = np.isin(np.arange(a.m), best.sites) if best is not None and radius <= _FAR else None
            now, model = cuts.propose(fill, floor, fixed, near, radius, search, seed)
            if now is None or (best is not None and model > best.bound - _TIE * abs(best.bound)):
                if near is None:
                    break
                now, radius = None, 2 * radius
                continue
        before = seen.get(now.tobytes())
        reject = math.inf if best is None or before is best or first is None else best.bound
        found = _price(cuts, np.flatnonzero(now), before or (best if first is not None else None) or filled, reject)
        seen[now.tobytes()] = found if before is None or found.bound > before.bound else before
        if best is None or found.bound < best.bound:
            radius = _RADIUS if first is not None else radius
        elif before is not None:
            radius *= 2
        now = None
        best = min(seen.values(), key=lambda s: s.bound)
    _, bound = cuts.propose(1.0, floor, fixed, None, 0, effort, seed)
    return sorted(seen.values(), key=lambda s: s.bound), min(bound, floor + room)


def _price(cuts: _Cuts, sites: Ints, start: Filled | OpenSet, best: float) -> OpenSet:
    """Price a set of open sites until it is clearly worse than the best, and add cuts."""
    knapsacks, enough = Knapsacks(cuts.a.standing(sites)), best + _GOOD * abs(best)
    way, scale = list[Filled](), float(abs(start.u.sum()))
    found = ascend(knapsacks, start.u, Effort(), _AIM * scale, most=_STEPS, enough=enough, keep=way)
    if found.bound < enough:
        found = ascend(knapsacks, found.u, Effort(), 0.3 * _AIM * scale, most=2 * _STEPS, enough=enough)
    for step in way[_EVERY - 10 :: _EVERY]:
        cuts.add(step.u)
    cuts.add(found.u)
    return OpenSet(sites, found.u, found.bound)


def place(a: Assignment, chosen: OpenSet, effort: Effort, seed: int) -> list[Ints]:
    """Return plans on given open sites: ejection chains on the prices that the knapsacks of these sites prove."""
    inside = a.standing(chosen.sites)
    share = effort.part(_PRICED)
    limit = share if effort.counted else Effort(seconds=min(_PRICED_S, share.left))
    best = decompose(Knapsacks(inside), chosen.u, limit, 0.3 * _AIM * abs(chosen.bound), seed=seed).best
    limited = np.isfinite(inside.capacity) & (inside.capacity > 0)
    price = np.where(limited, best.value / np.where(limited, inside.capacity, 1.0), 0.0)
    reduced = np.where(inside.allowed, inside.cost - best.u + price[:, None] * inside.use, np.inf)
    ground = chains.terrain(inside, reduced, -price)
    found = []
    for k, plan in enumerate(_CHAINS):
        part = effort.part((1 - _PRICED) / (len(_CHAINS) + 1)) if effort.counted else effort.part(1 / (len(_CHAINS) + 1 - k))
        value, site = chains.anneal(ground, reduced.argmin(axis=0), seed + k, part, plan)
        if math.isfinite(value):
            found.append((value + float(a.open_cost[chosen.sites].sum()), site))
    if found:
        value, site = min(found, key=lambda v: v[0])
        rest = effort.part((1 - _PRICED) / (len(_CHAINS) + 1)) if effort.counted else effort
        better = release.improve(inside, release.Guide(reduced, best.u, best.bound), site, value, seed, rest)
        return [chosen.sites[better]]
    return []
