"""Order of work for whole workloads with site choice: single-source capacitated facility location.

1. Root by column generation, then prices of site knapsacks (:mod:`~placement.engine.assignment.opening`): bound, and which sites are promising.
2. Site sets for shares of capacity that whole workloads may come to fill, and annealing on each; from there, sets by the bounds that
   they prove (:mod:`~placement.engine.assignment.sets`), and ejection chains on the best of them.
3. Few pairs left by reduced costs: branch and bound on the survivors, which proves the optimum, beside the search for better plans.
4. Regions re-planned by branch and bound: every worker in its own part of the plan, parts cut anew each round.

Work is cut into tasks that do not depend on the number of workers; their results are merged in task order.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from placement.engine.assignment import divisible, sets
from placement.engine.assignment.annealing import SCHEDULES, anneal
from placement.engine.assignment.best import Best
from placement.engine.assignment.endgame import Proven, Survivors, prove, survivors
from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.neighbourhood import combine, improve, part, value
from placement.engine.assignment.opening import Guide, choose_open, guide
from placement.engine.assignment.root import fewest_open, solve_root
from placement.engine.assignment.sets import OpenSet
from placement.engine.assignment.sited import solve_sited
from placement.engine.assignment.structure import Assignment, Floats, Ints, Placing
from placement.engine.assignment.zones import Zone, halves, whole
from placement.engine.effort import Effort
from placement.engine.outcome import Progress
from placement.parallel import Pool

_IDLE = (1.0, 2.0, 0.5, 0.0)  # capacity left idle that is tried first, in units of what is expected
_EXPECTED, _POWER = 0.2, 1.5  # idle share of capacity expected at w workloads per open site: 0.2 / w ** 1.5
_TASKS = 2  # at a time, whatever the number of workers
_ROOT, _PRICES, _SPLIT = 0.15, 0.12, 0.15  # shares of effort for root, prices, bound with split workloads
_SITES, _SETS, _PLACES = 0.15, 0.15, 0.14  # shares of effort for first site sets, better ones by bounds, plans on them
_ANYWHERE = 120  # sites up to which sets by bounds are looked for anywhere, too
_WORTH = 1e-3  # relative: plans are made on sets whose bounds are that close to the best one's
_IDLE_SETS = (0.6, 0.8)  # capacity left idle in sets by bounds, near the best set and anywhere, in units of what is expected
_KEPT = 60  # sets whose prices the next search for sets begins with
_SETS_TRIED = 4  # of them, at once
_ROUND_S = 5.0  # of re-planning between two merges
_SMALL, _MEDIUM = 6_000, 12_000  # pairs left up to which branch and bound is tried at once, and in the second half
_PAIRS_PER_S = 20_000.0  # how long to anneal
_PROBED, _NARROW = 40_000, 2e-3  # pairs up to which reduced costs are looked at whatever the gap, and relative gap up to which always
_FIRST_SIZE = 8.0  # open sites per region at first
_PATIENCE = 3  # rounds without improvement before another plan is tried
_NOISE = 0.02  # on opening costs, for other plans
_ZONE = 1.5  # plans are cut while each half has so many times the open sites of a region


def search(a: Assignment, best: Best, pool: Pool, effort: Effort, seed: int) -> None:
    """Improve ``best`` until it is closed, effort is used up or the run is interrupted."""
    if fewest_open(a) > min(a.most, a.m) or not a.allowed.any(axis=0).all():
        return
    if (a.capacity >= a.use.sum(axis=1)).all():
        _as_split(a, best, pool, effort, seed)
    else:
        _Search(a, best, pool, effort, seed).run()


def _as_split(a: Assignment, best: Best, pool: Pool, effort: Effort, seed: int) -> None:
    """Solve it as if workloads could be split, which gains nothing where no capacity is limited."""
    split = Best(replace(a, whole=False), best.progress, rel_gap=best.rel_gap, offset=best.offset, placing=best.placing, value=best.value)
    divisible.search(split.a, split, pool, effort, seed)
    if split.placing is not None:
        share = np.zeros((a.m, a.n))
        share[np.where(split.placing.open[:, None], a.cost, np.inf).argmin(axis=0), np.arange(a.n)] = 1.0
        best.offer(Placing(share, split.placing.open))
    best.raise_bound(min(split.bound, best.value), split.multipliers)


# -- tasks for workers: each begins its own clock ---------------------------------------------------------------------------------


def warm() -> None:
    """Load compiled code into a worker while it is idle."""
    a = Assignment(cost=np.ones((2, 2)), use=np.ones((2, 2)), capacity=np.full(2, 2.0), open_cost=np.ones(2), siting=True, whole=True)
    anneal(a, np.ones(2, bool), np.zeros(2, np.int64), 0, Effort(work=0.0), SCHEDULES[0])


def start_plans(a: Assignment, prices: Guide, fill: float, limit: Effort, seed: int, noise: float = 0.0) -> list[tuple[float, Ints]]:
    """Return plans on the sites chosen for one share of capacity filled, best first; noise on opening costs gives other choices."""
    effort = limit.anew()
    about = replace(a, open_cost=a.open_cost * (1 + noise * np.random.default_rng(seed).standard_normal(a.m)))
    chosen = choose_open(about, prices, fill, effort.part(0.8), seed)
    if chosen is None:
        chosen = prices.promising(), np.asarray(np.where(prices.promising()[:, None], prices.reduced, np.inf).argmin(axis=0), np.int64)
    is_open, start = chosen
    start = np.where(a.allowed[start, np.arange(a.n)], start, prices.reduced.argmin(axis=0))
    is_open[start] = True
    spare = effort.part(0.3) if effort.counted else Effort(seconds=min(effort.left, len(SCHEDULES) * float(np.clip(a.m * a.n / _PAIRS_PER_S, 0.1, 4.0))))
    found = [anneal(a, is_open, start, 1000 * seed + k, spare.part(1 / len(SCHEDULES) if spare.counted else 1 / (len(SCHEDULES) - k)), plan)
             for k, plan in enumerate(SCHEDULES)]  # fmt: skip
    return sorted([v for v in found if math.isfinite(v[0])], key=lambda v: v[0])


def replan(a: Assignment, prices: Guide, site: Ints, zone: Zone, limit: Effort, seed: int, size: float) -> tuple[Ints, float]:
    """Return better sites for the workloads of a zone, and the size of regions to go on with."""
    at = np.ix_(zone.sites, zone.workloads)
    inside = part(a, zone.sites, zone.workloads, zone.open_elsewhere)
    own = np.searchsorted(zone.sites, site[zone.workloads]).astype(np.int64)
    elsewhere = float(prices.floor) - float(np.minimum(prices.site, 0.0).sum())  # the prices' sum
    share = elsewhere * len(zone.workloads) / a.n + float(np.minimum(prices.site[zone.sites], 0.0).sum())
    near = replace(prices, reduced=np.ascontiguousarray(prices.reduced[at]), site=prices.site[zone.sites], floor=share)
    found = improve(inside, near, own, limit.anew(), seed, size)
    return zone.sites[found.site], found.size


def open_sets(a: Assignment, filled: Filled, floor: float, room: float, first: Ints | None, known: list[OpenSet], fill: float, limit: Effort,
              seed: int) -> tuple[list[OpenSet], float]:  # fmt: skip
    """Return sets of open sites by the bounds they prove, and a bound on all plans."""
    return sets.open_sets(a, filled, floor, room, first, known, fill, limit.anew(), seed)


def place(a: Assignment, chosen: OpenSet, limit: Effort, seed: int) -> list[Ints]:
    """Return plans on given open sites."""
    return sets.place(a, chosen, limit.anew(), seed)


def join(a: Assignment, prices: Guide, plans: list[Ints], limit: Effort, seed: int) -> Ints | None:
    """Return the best plan that branch and bound makes of some plans."""
    return combine(a, prices, plans, limit.anew(), seed)


def reheat(a: Assignment, prices: Guide, site: Ints, limit: Effort, seed: int, size: float) -> tuple[Ints, float]:
    """Return a plan from annealing a plan once more over its own sites, and ``size`` as it was."""
    found, new = anneal(a, np.bincount(site, minlength=a.m) > 0, site, seed, limit.anew(), SCHEDULES[seed % len(SCHEDULES)])
    return (new if math.isfinite(found) else site), size


def split_bound(a: Assignment, limit: Effort, seed: int) -> float:
    """Return a bound from the program with split workloads."""
    progress = Progress(math.inf)
    best = Best(replace(a, whole=False), progress, rel_gap=1e-5)
    with Pool(1) as pool:
        divisible.search(best.a, best, pool, limit.anew(), seed)
    return best.bound


def settle(a: Assignment, left: Survivors, site: Ints, limit: Effort, rel_gap: float, seed: int) -> Proven:
    """Run branch and bound on what reduced costs leave."""
    return prove(a, left, site, limit.anew(), rel_gap, seed)


class _Search:
    def __init__(self, a: Assignment, best: Best, pool: Pool, effort: Effort, seed: int) -> None:
        self.a, self.best, self.pool, self.effort, self.seed = a, best, pool, effort, seed
        self.random = np.random.default_rng(seed)
        self.size, self.draws, self.spent, self.stalled, self.fill = _FIRST_SIZE, 0, 0.0, 0, 1.0
        self.priced: list[OpenSet] = []
        self.sets: list[OpenSet] = []  # of them, not yet tried
        self.tried: set[bytes] = set()
        self.now: Ints  # the plan that is being improved: the best one, or one to replace it
        self.prices: Guide
        self.filled: Filled
        self.knapsacks: Knapsacks

    @property
    def over(self) -> bool:
        """Whether to stop."""
        used_up = self.effort.counted and self.spent >= (self.effort.work or 0.0)
        return self.best.closed or self.best.progress.interrupted or used_up or self.effort.left <= 0.1

    @property
    def left(self) -> float:
        """Seconds left, or counted ones."""
        return (self.effort.work or 0.0) - self.spent if self.effort.counted else self.effort.left

    def limit(self, seconds: float, tasks: int = 1) -> Effort:
        """Return a limit for each of some tasks that are run together; counted effort is spent by this."""
        if self.effort.counted:
            self.spent += seconds
            return Effort(work=seconds)
        return Effort(seconds=min(seconds, self.effort.left) * min(1.0, self.pool.workers / tasks))

    def draw(self) -> int:
        """Return a new seed."""
        self.draws += 1
        return (self.seed * 10_007 + self.draws) % 2**31

    def run(self) -> None:
        """Go through the order of work."""
        a, best, whole_ = self.a, self.best, self.left
        if self.pool.workers > 1:
            for _ in range(_TASKS):
                self.pool.start(warm)
        best.progress.enter("root")
        root = solve_root(a, self.limit(_ROOT * whole_), seed=self.seed)
        best.raise_bound(root.bound, root.u)
        best.progress.enter("site knapsacks")
        bound = self.pool.start(split_bound, a, self.limit(_SPLIT * whole_), self.seed) if self._split_may_help(root.open) else None
        self.knapsacks = Knapsacks(a)
        self.prices, self.filled = guide(a, root, self.knapsacks, self.limit(_PRICES * whole_), self.seed)
        best.raise_bound(self.filled.bound, self.filled.u)
        self._choose_sites(_SITES * whole_)
        self._better_sets(_SETS * whole_, _PLACES * whole_)
        if bound is not None:
            best.raise_bound(min(bound.result(), best.value))
        self._finish()

    def _split_may_help(self, opened: Floats) -> bool:
        """Whether sites hold many workloads, so that splitting costs little; small programs are solved as they are."""
        return self.a.n >= 8 * float(opened.sum()) and self.a.m * self.a.n > 4 * _MEDIUM

    # -- site sets ------------------------------------------------------------------------------------------------------------

    def _choose_sites(self, seconds: float) -> None:
        """Try shares of capacity filled, then shares between the best one and its neighbours."""
        self.best.progress.enter("site sets")
        end, tried = self.left - seconds, dict[float, float]()
        rounds = 3
        for k in range(rounds):
            if k and math.isfinite(self.best.value):
                return
            fills = self._next_fills(tried, k)
            if self.over or not fills or self.left <= end or self._is_small():
                return
            limit = self.limit(max(0.5, (self.left - end) * (0.6 if k == 0 else 1 / (rounds - k))), len(fills))
            for fill, plans in zip(fills, self.pool.run(start_plans, [(self.a, self.prices, f, limit, self.draw()) for f in fills]), strict=True):
                tried[fill] = min((v for v, _ in plans), default=math.inf)
                self.fill = min(tried, key=lambda f: tried[f])
                for _, site in plans:
                    self.best.offer(site)

    def _next_fills(self, tried: dict[float, float], k: int) -> list[float]:
        idle = self._idle()
        if k < len(_IDLE) // _TASKS:
            return [1 - idle * v for v in _IDLE[k * _TASKS : (k + 1) * _TASKS]]
        best = min(tried, key=lambda f: tried[f])
        if not math.isfinite(tried[best]):
            return [1 - 4 * idle, 1 - 8 * idle]
        below, above = max((f for f in tried if f < best), default=best - idle), min((f for f in tried if f > best), default=best)
        return sorted({round((best + below) / 2, 6), round((best + above) / 2, 6)} - set(tried))

    def _idle(self) -> float:
        """Share of capacity that whole workloads are expected to leave idle: the more to a site, the less."""
        return float(np.clip(_EXPECTED / (self.a.n / self.prices.width) ** _POWER, 2e-4, 0.03))

    def _better_sets(self, seconds: float, places: float) -> None:
        """Look for sets of open sites that prove small bounds, and place the workloads on the best of them."""
        a, best = self.a, self.best
        if self.over or not math.isfinite(best.value) or self._is_small():
            return
        best.progress.enter("site sets by bounds")
        limit, room = self.limit(min(seconds, self.left), len(_IDLE_SETS)), best.value - self.prices.floor
        opened = [np.unique(best.sites), *(np.unique(site) for _, site in best.pool)]
        other = next((s for s in opened if not np.array_equal(s, opened[0])), None)
        starts = (opened[0], None if a.m <= _ANYWHERE else other)
        tasks = [(a, self.filled, self.prices.floor, room, first, self.priced[:_KEPT], 1 - self._idle() * idle, limit, self.draw())
                 for first, idle in zip(starts, _IDLE_SETS, strict=True)]  # fmt: skip
        found = self.pool.run(open_sets, tasks)
        for _, bound in found:
            best.raise_bound(min(bound, best.value))
        distinct = {s.sites.tobytes(): s for s in sorted((s for chosen, _ in found for s in chosen), key=lambda s: -s.bound)}
        self.priced = sorted(distinct.values(), key=lambda s: s.bound)
        worth = min(best.value, self.priced[0].bound + _WORTH * abs(self.priced[0].bound)) if self.priced else best.value
        self.sets = [s for s in self.priced if s.bound < worth and s.sites.tobytes() not in self.tried]
        best.progress.enter("places at site sets")
        rounds = math.ceil(min(_SETS_TRIED, len(self.sets)) / _TASKS)
        for _ in range(rounds):
            if self.sets and not self.over:
                self._try_sets(places / rounds)

    def _try_sets(self, seconds: float) -> list[Ints]:
        """Place the workloads on the next sets; return the plans, best first."""
        chosen, self.sets = self.sets[:_TASKS], self.sets[_TASKS:]
        self.tried |= {s.sites.tobytes() for s in chosen}
        limit = self.limit(min(seconds, self.left), len(chosen))
        plans = [site for found in self.pool.run(place, [(self.a, s, limit, self.draw()) for s in chosen]) for site in found]
        for site in plans:
            self.best.offer(site)
        self.sets = [s for s in self.sets if s.bound < self.best.value]
        return sorted(plans, key=lambda site: value(self.a, site))

    # -- improvement and proof ------------------------------------------------------------------------------------------------

    def _survivors(self) -> Survivors:
        return survivors(self.a, self.knapsacks, self.filled, self.prices, self.best.value)

    def _provable(self) -> bool:
        """Whether it is worth looking for what reduced costs leave: not in large programs while the gap is wide."""
        gap = self.best.value - self.prices.floor
        return math.isfinite(gap) and (self.a.m * self.a.n <= _PROBED or gap <= _NARROW * abs(self.best.value))

    def _is_small(self) -> bool:
        """Whether branch and bound on what reduced costs leave comes first."""
        return self._provable() and int(self._survivors().pairs.sum()) <= _SMALL

    def _finish(self) -> None:
        """Re-plan regions; beside that, prove what can be proven: small programs at once, others in the second half."""
        if not math.isfinite(self.best.value):
            self._any_plan()
        if not math.isfinite(self.best.value):
            return
        self.best.progress.enter("neighbourhoods")
        self.now = self.best.sites
        proofs_from = self.left if self._is_small() else self.left / 2
        while not self.over:
            if self.left <= proofs_from:
                left = self._survivors() if self._provable() else None
                if left is not None and left.pairs.sum() <= _MEDIUM:
                    self._settle(left)
                    proofs_from = -1.0
                    continue
                proofs_from = 0.7 * self.left
            self._round(_TASKS, _ROUND_S)
            if self.stalled >= _PATIENCE and not self.over:
                self._start_again()

    def _start_again(self) -> None:
        """Put the stalled plan together with the best, or begin with other sites: sets by bounds, or chosen a little differently."""
        a, best = self.a, self.best
        if value(a, self.now) > best.value * (1 + 1e-9):
            joined = self.pool.start(join, a, self.prices, [best.sites, self.now], self.limit(min(2 * _ROUND_S, self.left)), self.draw()).result()
            if best.offer(joined):
                self.now, self.stalled = best.sites, 0
                return
        if not self.sets and self.left > 2 * _ROUND_S and not self._is_small():
            self._better_sets(0.25 * self.left, 0.25 * self.left)
            self.now, self.stalled = best.sites, 0
            return
        if self.sets:
            again = self._try_sets(min(2 * _ROUND_S, self.left))
            self.now, self.stalled = again[0] if again else best.sites, 0
            return
        fills = [float(np.clip(self.fill + self._idle() * self.random.uniform(-1, 1), 0.5, 1.0)) for _ in range(_TASKS)]
        limit = self.limit(min(4 * _ROUND_S, self.left), _TASKS)
        found = self.pool.run(start_plans, [(a, self.prices, f, limit, self.draw(), _NOISE) for f in fills])
        plans = sorted([plan for plans in found for plan in plans], key=lambda v: v[0])
        for _, site in plans:
            best.offer(site)
        self.now, self.stalled = plans[0][1] if plans else best.sites, 0

    def _any_plan(self) -> None:
        """Branch and bound for a first plan, on promising sites and then on all: capacity is scarce, or the number of open sites is limited."""
        a, best = self.a, self.best
        best.progress.enter("first plan")
        for sites in (self.prices.promising(), np.ones(a.m, bool)):
            if self.over or math.isfinite(best.value):
                return
            found = solve_sited(a, a.allowed & sites[:, None], effort=self.limit(0.5 * self.left), rel_gap=0.01, seed=self.seed)
            best.offer(found.placing)
            if sites.all():
                best.raise_bound(min(found.bound, best.value))

    def _settle(self, left: Survivors) -> None:
        """Branch and bound, and re-planning beside it while a worker is free."""
        a, best = self.a, self.best
        best.progress.enter("branch and bound")
        best_value, known = best.value, best.sites
        if self.pool.workers < _TASKS and not self.effort.counted:
            end = 0.75 * self.left
            while self.left > end and self.stalled < 2 and not self.over:
                self._round(1, 1.0)
            if self.over:
                return
            best_value, known, left = best.value, best.sites, self._survivors()
        task = self.pool.start(settle, a, left, known, self.limit(self.left), best.rel_gap / 2, self.seed)
        while not task.done() and not self.over:
            self._round(1, 1.0)
        if best.progress.interrupted:
            return
        found = task.result()
        best.offer(found.site)
        best.raise_bound(min(found.bound, best_value, best.value))

    def _round(self, tasks: int, seconds: float) -> None:
        """Re-plan, each task in its part of the plan or on its own where that is too small to be cut, and put results together."""
        a, site = self.a, self.now
        cut = tasks > 1 and len(np.unique(site)) >= tasks * _ZONE * self.size
        zones = halves(a, site, self.random) if cut else [whole(a)] * tasks
        limit = self.limit(min(seconds, self.left), tasks)
        started = [self.pool.start(replan, a, self.prices, site, z, limit, self.draw(), self.size) for z in (zones if cut else zones[:1])]
        started += [self.pool.start(reheat, a, self.prices, site, limit, self.draw(), self.size) for _ in zones[len(started) :]]
        found = [task.result() for task in started]
        merged = site.copy()
        for zone, (new, _) in zip(zones, found, strict=True):
            merged[zone.workloads] = new
        plans = [merged] if cut else [new for new, _ in found]
        for plan in plans:
            self.best.offer(plan)
        self.now = min([site, *plans], key=lambda plan: value(a, plan))
        better = value(a, self.now) < value(a, site) * (1 - 1e-7)
        self.stalled = 0 if better else self.stalled + 1
        self.size = float(np.mean([size for _, size in found]))
