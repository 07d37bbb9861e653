"""Order of work where whole workloads go to sites that all stand open (generalised assignment).

The linear relaxation and its knapsack bound come first, chains of moves beside them. Then the question whether a plan as good as the bound
exists, and the next value, and the next, for as long as answers come. What time is left goes to chains, from new starting
points, from the best plans, and to the question of what the best plans hold between them.

Work comes in rounds of a fixed number of tasks, whatever the number of workers, and results count in the order of the tasks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from placement.engine.assignment.best import Best
from placement.engine.assignment.branching import Answer, Node, Reply, ask, drop, whole
from placement.engine.assignment.chains import REHEATS, SCHEDULES, Schedule, Terrain, anneal, terrain
from placement.engine.assignment.decomposition import decompose
from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.root import Root, solve_root
from placement.engine.assignment.structure import Assignment, Ints
from placement.engine.effort import Effort
from placement.parallel import Pool

_ABREAST = 2  # tasks of a round
_BOUND, _QUESTION = 0.08, 0.15  # of the effort: for the first bound, for a question before chains take over
_STRIDE = 1 / 16  # of the gap that a question covers at least
_WORKLOADS_PER_S = 80.0  # length of a run of chains
_ALL_QUESTIONS = 0.4  # of the effort, for all of them
_ELITES = 4  # best plans that are looked at together


@dataclass
class _Search:
    a: Assignment
    best: Best
    pool: Pool
    effort: Effort
    seed: int
    spent: float = 0.0  # counted work so far, of all tasks of a round at the same time
    runs: int = 0
    stack: list[Node] = field(default_factory=list)
    cutoff: float = math.nan
    asked: float = 0.0  # effort on the present question
    union: frozenset[bytes] = frozenset()

    @property
    def whole_effort(self) -> float:
        return self.effort.work if self.effort.work is not None else self.effort.seconds

    @property
    def left(self) -> float:
        """Seconds, or units of counted work."""
        return self.effort.work - self.spent if self.effort.work is not None else self.effort.left

    @property
    def over(self) -> bool:
        return self.left <= 0.02 or self.best.closed or self.best.progress.interrupted

    def slice(self, wish: float) -> float:
        """Take so much of the effort, or what there is."""
        taken = min(wish, self.left)
        self.spent += taken
        return taken

    def limit(self, amount: float) -> Effort:
        return Effort(work=amount) if self.effort.counted else Effort(seconds=amount)


def search(a: Assignment, best: Best, pool: Pool, effort: Effort, seed: int) -> None:
    """Improve ``best`` until plan and bound meet or the effort is used up."""
    s = _Search(a, best, pool, effort, seed)
    best.progress.enter("relaxation")
    root = solve_root(a, s.limit(s.slice(0.1 * s.whole_effort)), seed=seed)
    best.raise_bound(root.bound)
    land = terrain(a, root.reduced, root.v)
    start = np.asarray(np.where(a.allowed, root.share + 1e-9 / (1 + np.maximum(root.reduced, 0)), -1.0).argmax(axis=0), dtype=np.int64)
    if s.over:
        return
    first = _bound(s, root, land, start)
    best.progress.enter("questions")
    while not s.over and s.asked < _QUESTION * s.whole_effort and (s.left > (1 - _ALL_QUESTIONS) * s.whole_effort or _near(s)):
        _question(s, first)
    best.progress.enter("chains")
    while not s.over:
        _chains(s, land, start)
        if not s.over:
            _between(s, first)
        if not s.over and _near(s):
            _question(s, first)


def _bound(s: _Search, root: Root, land: Terrain, start: Ints) -> Filled:
    """The first knapsack bound, with the first chains beside it where there is a worker for them."""
    s.best.progress.enter("knapsacks")
    amount = s.slice(_BOUND * s.whole_effort)
    runs = [(land, start, s.seed + k, amount, s.effort.counted, SCHEDULES[k + 1]) for k in range(max(1, _ABREAST - 1))]
    beside = [s.pool.start(_run, *run) for run in runs] if s.pool.workers > 1 else []
    found = decompose(Knapsacks(s.a), root.u, s.limit(amount), 1e-3 * abs(root.bound), seed=s.seed)
    s.best.raise_bound(found.best.bound, found.best.u)
    for site in [task.result() for task in beside] if beside else s.pool.run(_run, runs):
        s.best.offer(site)
    s.runs += len(runs)
    return found.best


def _run(land: Terrain, start: Ints, seed: int, amount: float, counted: bool, plan: Schedule) -> Ints | None:
    value, site = anneal(land, start, seed, Effort(work=amount) if counted else Effort(seconds=amount), plan)
    return site if math.isfinite(value) else None


def _ask(stack: list[Node], cutoff: float, aim: float, amount: float, counted: bool) -> Answer:
    return ask(stack, cutoff, aim, Effort(work=amount) if counted else Effort(seconds=amount))


def _near(s: _Search) -> bool:
    """Whether one more answer may settle it."""
    return math.isfinite(s.best.value) and s.best.value - s.best.bound <= max(2 * s.a.step, 2 * s.best.rel_gap * abs(s.best.value))


def _cutoff(s: _Search, first: Filled) -> float:
    """The value to ask for: the least one not ruled out, or a part of the gap where that is more, but better than the best plan."""
    bound, value, step = s.best.bound, s.best.value, s.a.step
    gap = value - bound if math.isfinite(value) else 1e-3 * abs(first.bound)
    if not step:
        return bound + max(_STRIDE * gap, s.best.rel_gap * abs(bound))
    return min(max(bound, math.floor((bound + _STRIDE * gap) / step) * step), value - step)


def _question(s: _Search, first: Filled) -> None:
    """Spend a round on the present question, or pose the next one; the open nodes are dealt out, chains go beside a single one."""
    if not s.stack:
        s.stack, s.cutoff, s.asked = [whole(s.a, first.u)], _cutoff(s, first), 0.0
    amount = s.slice(float(np.clip(s.asked, 0.005 * s.whole_effort, 0.05 * s.whole_effort)))
    s.asked += amount
    hands = [s.stack[k::_ABREAST] for k in range(_ABREAST) if s.stack[k::_ABREAST]]
    aim = max(s.cutoff - first.bound, 0.1 * s.a.step)
    answers = s.pool.run(_ask, [(hand, s.cutoff + 1e-6 * s.a.step, aim, amount, s.effort.counted) for hand in hands])
    s.stack = [node for answer in answers for node in answer.left]
    for answer in answers:
        s.best.offer(answer.site)
    if any(answer.reply is Reply.FOUND for answer in answers):
        s.stack = []
    elif not s.stack:
        s.best.raise_bound(s.cutoff + s.a.step)


def _elites(s: _Search) -> list[Ints]:
    """The best plans, each once."""
    return list({site.tobytes(): site for _, site in s.best.pool}.values())[:_ELITES]


def _chains(s: _Search, land: Terrain, start: Ints) -> None:
    """A round of chains: from the relaxation and from one of the best plans by turns."""
    elites, tasks = _elites(s), []
    amount = s.slice(min(max(1.0, s.a.n / _WORKLOADS_PER_S), s.whole_effort / 6))
    for _ in range(_ABREAST):
        turn, again = divmod(s.runs, 2)
        begin = elites[turn % len(elites)] if again and elites else start
        plan = REHEATS[turn % len(REHEATS)] if again and elites else SCHEDULES[turn % len(SCHEDULES)]
        tasks.append((land, begin, s.seed + 7919 * s.runs, amount, s.effort.counted, plan))
        s.runs += 1
    for site in s.pool.run(_run, tasks):
        s.best.offer(site)


def _between(s: _Search, first: Filled) -> None:
    """Ask for a better plan among the pairs that the best plans use."""
    elites = _elites(s)
    key = frozenset(site.tobytes() for site in elites)
    if len(elites) < 2 or key == s.union:
        return
    s.union = key
    node = whole(s.a, first.u)
    pairs = np.zeros((s.a.m, s.a.n), bool)
    for site in elites:
        pairs[site, np.arange(s.a.n)] = True
    part = drop(node, pairs)
    cutoff = s.best.value - (s.a.step or s.best.rel_gap * abs(s.best.value))
    if part is not None:
        amount = s.slice(0.02 * s.whole_effort)
        s.best.offer(_ask([part], cutoff, cutoff - s.best.bound, amount, s.effort.counted).site)
