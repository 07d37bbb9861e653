"""Order of work for workloads that may be split: capacitated and uncapacitated facility location, p-median, transport.

1. Given sites: one linear program solves it.
2. Many sites that hold few workloads each: root by column generation, a kernel of promising sites and pairs by branch and bound
   (E. Angelelli, R. Mansini, M. G. Speranza, Kernel search, Computers & Operations Research 37 (2010); for this problem G. Guastaroba,
   M. G. Speranza, Journal of Heuristics 18 (2012)), sites fixed by reduced costs, exact branch and bound on those that survive.
3. Few sites that hold many workloads each, where that linear program degenerates: Lagrangian prices, sites fixed, branch and
   bound over the choice of sites with Benders cuts.

Pairs are fixed by reduced costs only where no capacity is limited: otherwise a plan may use a tiny share of a dear pair.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from placement.engine.assignment.benders import branch, sub_assignment
from placement.engine.assignment.best import Best
from placement.engine.assignment.lagrangian import Lagrangian, Prices
from placement.engine.assignment.restricted import Restricted, place, place_with_prices, solve_restricted
from placement.engine.assignment.root import Root, fewest_open, solve_root, usable
from placement.engine.assignment.structure import Assignment, Floats, Placing, rank_of_sites
from placement.engine.effort import Effort
from placement.parallel import Pool, stopped

_MANY_PER_SITE = 40  # workloads per open site from which on the linear program with links degenerates (capa: 150, TBED1: 3 to 20)
_FEW_FREE = 60  # sites left free by Lagrangian penalties that the choice of sites can be searched through
_KERNELS = ((1.3, 8), (2.2, 25), (3.5, 40))  # sites, as a multiple of those that the relaxation opens, and pairs of each workload
_NEAR = 3e-4  # relative gap to the relaxation at which a better plan is left to the exact search
Mask = NDArray[np.bool_]
Watch = Callable[[float, float], bool]  # is told (objective, bound), says whether to stop


def search(a: Assignment, best: Best, pool: Pool, effort: Effort, seed: int) -> None:
    """Improve ``best`` until it is closed, effort is used up or the run is interrupted."""
    _Search(a, best, pool, effort, seed).run()


class _Search:
    def __init__(self, a: Assignment, best: Best, pool: Pool, effort: Effort, seed: int) -> None:
        self.a, self.best, self.pool, self.effort, self.seed = a, best, pool, effort, seed

    @property
    def over(self) -> bool:
        return self.best.closed or self.best.progress.interrupted or self.effort.left <= 0

    def run(self) -> None:
        a, best = self.a, self.best
        if not a.siting:
            self._transport()
            return
        if fewest_open(a) > min(a.most, a.m):
            return
        limited = np.isfinite(a.capacity) & (a.capacity < a.use.sum(axis=1))
        if limited.mean() > 0.5 and a.n >= _MANY_PER_SITE * fewest_open(a):
            self._choice_of_sites()
            if self.over:
                return
        best.progress.enter("root")
        root = solve_root(a, self.effort.part(0.3), seed=self.seed, stop=self._interrupted)
        best.progress.columns = root.columns
        best.raise_bound(root.bound, root.u)
        self._round(root)
        if self.over:
            return
        if not root.converged:
            self._choice_of_sites(whatever=True)
            return
        if self.pool.workers > 1 and not self.effort.counted:
            self._many_sites_beside(root)
        else:
            self._many_sites(root)

    def _transport(self) -> None:
        self.best.progress.enter("transport")
        placing, root = place_with_prices(self.a, np.ones(self.a.m, bool), self.effort)
        self.best.offer(placing)
        if root is not None:
            self.best.raise_bound(root.bound, root.u)

    def _round(self, root: Root) -> None:
        """Open what the relaxation opens for the most part, then the rest of what it opens until all can be placed."""
        a, order = self.a, np.argsort(-root.open, kind="stable")
        room = np.cumsum(a.capacity[order])
        need = np.where(usable(a), a.use, np.inf).min(axis=0).sum()
        enough = max(int((root.open > 0.5).sum()), int((room < need).sum()) + 1, fewest_open(a))
        for k in sorted({min(max(v, a.fewest), a.most, a.m) for v in (enough, enough + 1, int((root.open > 1e-6).sum()))}):
            if self.over:
                return
            is_open = np.zeros(a.m, bool)
            is_open[order[:k]] = True
            self.best.offer(place(a, is_open, self._clock(), hint=root.share > 0))

    def _interrupted(self) -> bool:
        return self.best.progress.interrupted

    def _clock(self) -> Effort | None:
        return None if self.effort.counted else Effort(seconds=self.effort.left)

    # -- few large sites ------------------------------------------------------------------------------------------------------

    def _choice_of_sites(self, whatever: bool = False) -> None:
        """Lagrangian prices, then a search through the choices of sites; without ``whatever`` only where few sites stay free."""
        a, best = self.a, self.best
        best.progress.enter("Lagrangian")
        lagrangian = Lagrangian(a)
        prices = self._prices(lagrangian)
        for attempt in range(2):
            gap = best.value - prices.bound
            keep, forced = _survivors(prices.penalty, gap)
            if attempt or keep.sum() <= _FEW_FREE or self.over:
                break
            self._search_sites(prices, keep, forced, max_nodes=100)  # mostly for better plans, with which more sites can be fixed
        if (whatever or (keep & ~forced).sum() <= _FEW_FREE or not np.isfinite(best.value)) and not self.over:
            best.progress.enter("choice of sites")
            self._search_sites(prices, keep, forced)

    def _prices(self, lagrangian: Lagrangian) -> Prices:
        """Subgradient steps in three legs, placing workloads on what the prices choose after each."""
        a, best = self.a, self.best
        prices = lagrangian.prices(lagrangian.first_prices())
        for _ in range(3):
            limit = self.effort.part(0.1) if self.effort.counted else Effort(seconds=min(0.1 * self.effort.left, 5.0 + 2e-6 * a.m * a.n))
            prices = lagrangian.improve(prices.u, limit, best.value, stop=self._interrupted)
            best.raise_bound(prices.bound, prices.u)
            k = int(np.clip((prices.value < 0).sum(), lagrangian.fewest, min(a.most, a.m)))
            for order in (np.argsort(prices.value, kind="stable"), np.argsort(-prices.share, kind="stable")):
                if self.over:
                    return prices
                is_open = np.zeros(a.m, bool)
                is_open[order[:k]] = True
                best.offer(place(a, is_open, self._clock()))
        return prices

    def _search_sites(self, prices: Prices, keep: Mask, forced: Mask, max_nodes: int | None = None, news: Callable[[], bool] | None = None) -> None:
        """Branch and bound over the sites kept; ``news`` is asked after every node and stops it by a true answer."""
        a, best = self.a, self.best
        if not keep.any():
            best.raise_bound(best.value)
            return
        first = Prices(prices.bound, prices.u, prices.value[keep], prices.penalty[keep], prices.share[keep])

        def whole(placing: Placing) -> None:
            share, is_open = np.zeros((a.m, a.n)), np.zeros(a.m, bool)
            share[keep], is_open[keep] = placing.share, placing.open
            best.offer(Placing(share, is_open))

        def watch(bound: float) -> float:
            best.raise_bound(min(bound, best.value))
            stop = (news is not None and news()) or best.closed or best.progress.interrupted
            return -math.inf if stop else best.value

        part = sub_assignment(a, keep)
        proven = branch(part, [first], forced[keep], best.value, self.effort, offer=whole, watch=watch, rel_gap=best.rel_gap, max_nodes=max_nodes)
        best.raise_bound(min(proven, best.value))

    # -- many small sites -----------------------------------------------------------------------------------------------------

    def _many_sites(self, root: Root) -> None:
        """A kernel for a good plan, then the choice of sites; where no capacity is limited, few pairs survive and HiGHS comes first."""
        best, unlimited = self.best, _unlimited(self.a)
        best.progress.enter("kernel")
        best.offer(_kernels(self.a, root, best.placing, self.effort.part(0.4), best.rel_gap, self.seed, lambda *_: self.over))
        for step in ("exact", "choice of sites") if unlimited else ("choice of sites", "exact"):
            if self.over:
                return
            best.progress.enter(step)
            if step == "exact":
                self._exact_here(root, self.effort.part(0.5) if unlimited else self.effort)
            else:
                self._search_sites(Lagrangian(self.a).prices(root.u, root.open), *_survivors(root.reduced_open, best.value - root.bound))

    def _exact_here(self, root: Root, effort: Effort) -> None:
        value = self.best.value

        def watch(_: float, bound: float) -> bool:
            self.best.raise_bound(min(bound, value))
            return self.over

        self._take(_exact(self.a, root, self.best.placing, value, effort, self.best.rel_gap, self.seed, watch), value)

    def _take(self, found: Restricted, value: float) -> None:
        """Take in what the exact run found, which left out all that costs ``value`` or more."""
        self.best.offer(found.placing)
        self.best.raise_bound(min(found.bound, value, self.best.value))

    def _many_sites_beside(self, root: Root) -> None:
        """The same with two workers: kernel, then HiGHS on all survivors, in one; the choice of sites meanwhile in the other."""
        a, best = self.a, self.best
        prices = Lagrangian(a).prices(root.u, root.open)
        begun_with = [best.value]
        task = [self.pool.start(_kernels, a, root, best.placing, self.effort.part(0.5), best.rel_gap, self.seed)]

        def news() -> bool:
            if not task or not task[0].done():
                return False
            found = task.pop().result()
            if begun_with:  # it was the kernels
                best.offer(found)
                fewer = _survivors(root.reduced_open, best.value - root.bound)[0].sum() < 0.8 * keep.sum()
                begun_with.clear()
                values.append(best.value)
                task.append(self.pool.start(_exact, a, root, best.placing, best.value, self.effort.part(0.9), best.rel_gap, self.seed))
                return bool(fewer)
            self._take(found, values[0])
            return False

        values: list[float] = []
        best.progress.enter("choice of sites, kernel and exact beside")
        for _ in range(2):  # again with fewer sites when the kernel's plan rules many out
            keep, forced = _survivors(root.reduced_open, best.value - root.bound)
            if not self.over:
                self._search_sites(prices, keep, forced, news=news)
        for left in task:
            left.cancel()


def _stopped(objective: float, bound: float) -> bool:
    return stopped()


def _unlimited(a: Assignment) -> bool:
    return bool((a.capacity >= a.use.sum(axis=1)).all())


def _survivors(penalty: Floats, gap: float) -> tuple[Mask, Mask]:
    """Return sites that a better plan may open, and those among them that it must open, by single-flip penalties."""
    slack = gap * (1 + 1e-9) + 1e-12
    return penalty <= slack, penalty < -slack


def _kernels(a: Assignment, root: Root, start: Placing | None, effort: Effort, rel_gap: float, seed: int, watch: Watch | None = None) -> Placing | None:
    """Return the best plan of kernels that grow as long as they are solved to the end."""
    best = start
    for sites, per_workload in _KERNELS:
        found = _kernel(a, root, best, sites, per_workload, effort.part(0.6), rel_gap, seed, watch)
        if found.placing is not None and (best is None or found.placing.value(a) < best.value(a)):
            best = found.placing
        near = best is not None and best.value(a) - root.bound <= _NEAR * abs(root.bound)
        if near or found.status != "kOptimal" or effort.left <= 0:
            break
    return best


def _kernel(a: Assignment, root: Root, start: Placing | None, sites: float, per_workload: int, effort: Effort, rel_gap: float, seed: int,
            watch: Watch | None = None) -> Restricted:  # fmt: skip
    """Branch and bound on sites that the relaxation opens and as many more by reduced cost, and the best pairs of each workload there."""
    active = root.open > 1e-7
    order = np.argsort(np.where(active, -np.inf, root.reduced_open), kind="stable")
    chosen = np.zeros(a.m, bool)
    chosen[order[: int(active.sum() * sites) + 2]] = True
    if start is not None:
        chosen |= start.open
    reduced = np.where(chosen[:, None], root.reduced, np.inf)
    rank = rank_of_sites(reduced)
    pairs = ((rank < per_workload) & np.isfinite(reduced)) | (root.share > 0)
    links = (root.share > 1e-9) | (root.reduced <= 1e-9 * float(np.abs(root.u).mean())) | ~np.isfinite(a.capacity)[:, None]
    fixed = np.where(chosen, -1, 0).astype(np.int8)
    return solve_restricted(a, pairs, effort=effort, open_fixed=fixed, links=links, start=start, rel_gap=rel_gap, seed=seed, watch=watch or _stopped)


def _exact(a: Assignment, root: Root, start: Placing | None, value: float, effort: Effort, rel_gap: float, seed: int,
           watch: Watch | None = None) -> Restricted:  # fmt: skip
    """Branch and bound by HiGHS on all that can be in a plan better than ``value``."""
    gap = value - root.bound
    keep, forced = _survivors(root.reduced_open, gap)
    fixed = np.where(forced, 1, np.where(keep, -1, 0)).astype(np.int8)
    pairs = usable(a) & keep[:, None]
    links = (root.share > 1e-9) | (root.reduced <= 1e-9 * float(np.abs(root.u).mean()))
    if _unlimited(a):
        pairs &= root.reduced + np.maximum(root.reduced_open, 0.0)[:, None] <= gap * (1 + 1e-9) + 1e-12
        links = pairs
    return solve_restricted(a, pairs, effort=effort, open_fixed=fixed, links=links, start=start, rel_gap=rel_gap / 2, seed=seed, watch=watch or _stopped)
