"""Order of work where whole workloads go to sites that all stand open (generalised assignment).

The linear relaxation and its knapsack bound come first, chains of moves beside them. Then the question whether a plan as good as the bound
exists, and the next value, and the next, for as long as answers come. What time is left goes to better plans: chains
with other seeds, and neighbourhoods of the best plans.

Work comes in rounds of a fixed number of tasks, whatever the number of workers, and results count in the order of the tasks.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from placement.engine.assignment.best import Best
from placement.engine.assignment.branching import Answer, Node, Reply, ask, whole
from placement.engine.assignment.chains import SCHEDULES, Schedule, Terrain, anneal, terrain
from placement.engine.assignment.decomposition import decompose
from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.release import Guide, improve
from placement.engine.assignment.root import Root, solve_root
from placement.engine.assignment.structure import Assignment, Ints, Placing
from placement.engine.effort import Effort
from placement.parallel import Pool, Task

_ABREAST = 2  # tasks of a round
_BOUND = 0.06  # of the effort, for the first bound
_QUESTION, _QUESTIONS = 0.1, 0.6  # of the effort, for one question and for all that are missing, before better plans are looked for
_FEW = 8.0  # answers that may be missing for the question to go on beside the chains
_STRIDE = 1 / 16  # of the gap that a question covers at least
_WORKLOADS_PER_S = 100.0  # length of a run of chains
_ELITES = 4  # best plans whose neighbourhoods are searched
_CHAINS_FIRST = 5  # runs of chains before neighbourhoods are searched


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
        return Effort.of(amount, self.effort.counted)


def search(a: Assignment, best: Best, pool: Pool, effort: Effort, seed: int) -> None:
    """Improve ``best`` until plan and bound meet or the effort is used up."""
    s = _Search(a, best, pool, effort, seed)
    best.progress.enter("relaxation")
    root = solve_root(a, s.limit(s.slice(0.1 * s.whole_effort)), seed=seed)
    best.progress.columns = root.columns
    best.raise_bound(root.bound, root.u)
    land = terrain(a, root.reduced, root.v)
    start = np.asarray(np.where(a.allowed, root.share + 1e-9 / (1 + np.maximum(root.reduced, 0)), -1.0).argmax(axis=0), dtype=np.int64)
    if s.over:
        return
    first = _bound(s, root, land, start)
    while not s.over:
        while not s.over and _promising(s):
            _enter(s, "questions")
            _question(s, first)
        if s.over:
            return
        _enter(s, "plans")
        _rounds(s, first, land, start)


def _enter(s: _Search, phase: str) -> None:
    if s.best.progress.phase != phase:
        s.best.progress.enter(phase)


def _bound(s: _Search, root: Root, land: Terrain, start: Ints) -> Filled:
    """The first knapsack bound, with the first chains beside it where there is a worker for them."""
    s.best.progress.enter("knapsacks")
    amount = s.slice(_BOUND * s.whole_effort)
    runs = [(land, start, s.seed + k, amount, s.effort.counted, SCHEDULES[k + 1]) for k in range(max(1, _ABREAST - 1))]
    beside = [s.pool.start(_run, *run) for run in runs] if s.pool.workers > 1 else []
    knapsacks = Knapsacks(s.a)
    knapsacks.losses(knapsacks.fill(root.u), 0.0)  # compiled now if they never were, and not at the cost of the bound
    found = decompose(knapsacks, root.u, s.limit(amount), 1e-3 * abs(root.bound), seed=s.seed)
    s.best.raise_bound(found.best.bound, found.best.u)
    for site in [task.result() for task in beside] if beside else s.pool.run(_run, runs):
        s.best.offer(site)
    s.runs += len(runs)
    return found.best


def _run(land: Terrain, start: Ints, seed: int, amount: float, counted: bool, plan: Schedule) -> Ints | None:
    value, site = anneal(land, start, seed, Effort.of(amount, counted), plan)
    return site if math.isfinite(value) else None


def _ask(stack: list[Node], cutoff: float, aim: float, amount: float, counted: bool) -> Answer:
    return ask(stack, cutoff, aim, Effort.of(amount, counted))


def _promising(s: _Search) -> bool:
    """Whether the present question is new, or still worth all workers: the fewer answers are missing, the longer."""
    return not s.stack or s.asked < max(_QUESTION, _QUESTIONS / _questions_left(s)) * s.whole_effort


def _questions_left(s: _Search) -> float:
    """How many more answers would settle it, this one included."""
    return max(1.0, (s.best.value - s.cutoff) / s.a.step) if s.a.step else 1 / _STRIDE


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
    amount = s.slice(float(np.clip(s.asked, 0.005 * s.whole_effort, 0.02 * s.whole_effort)))
    s.asked += amount
    hands = [s.stack[k::_ABREAST] for k in range(_ABREAST) if s.stack[k::_ABREAST]]
    _take(s, s.pool.run(_ask, [_asking(s, hand, first, amount) for hand in hands]))


def _asking(s: _Search, nodes: list[Node], first: Filled, amount: float) -> tuple[list[Node], float, float, float, bool]:
    """Arguments of :func:`_ask` for some nodes of the present question."""
    return nodes, s.cutoff + 1e-6 * s.a.step, max(s.cutoff - first.bound, 0.1 * s.a.step), amount, s.effort.counted


def _take(s: _Search, answers: list[Answer]) -> None:
    """Put together what the hands found."""
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


def _rounds(s: _Search, first: Filled, land: Terrain, start: Ints) -> None:
    """A round of looking for better plans; where few answers are missing, the question goes on beside it."""
    amount = s.slice(min(max(1.0, s.a.n / _WORKLOADS_PER_S), s.whole_effort / 6))
    asks = bool(s.stack) and _questions_left(s) <= _FEW
    tasks = [s.pool.start(_ask, *_asking(s, s.stack, first, amount))] if asks else []
    tasks += [_better(s, first, land, start, amount) for _ in range(_ABREAST - len(tasks))]
    results = [task.result() for task in tasks]
    if asks:
        s.asked += amount
        _take(s, results[:1])
    for site in results[1:] if asks else results:
        s.best.offer(site)


def _better(s: _Search, first: Filled, land: Terrain, start: Ints, amount: float) -> Task:
    """Start the next task: chains at first, then by turns chains, and neighbourhoods of the best plan and of another good one."""
    elites, k, seed = _elites(s), s.runs, s.seed + 7919 * s.runs
    s.runs += 1
    if k < _CHAINS_FIRST or not elites or k % 4 == 0:
        return s.pool.start(_run, land, start, seed, amount, s.effort.counted, SCHEDULES[k % len(SCHEDULES)])
    site = elites[(k // 4) % len(elites) if k % 4 == 2 else 0]
    value = Placing.of_sites(s.a, site).value(s.a)
    return s.pool.start(_improve, s.a, Guide(land.reduced, first.u, first.bound), site, value, seed, amount, s.effort.counted)


def _improve(a: Assignment, guide: Guide, site: Ints, value: float, seed: int, amount: float, counted: bool) -> Ints:
    return improve(a, guide, site, value, seed, Effort.of(amount, counted))
