"""The best bound that knapsacks per site can give: subgradients first, then stabilised column generation (Dantzig-Wolfe).

Subgradient steps aim a little above the best bound so far, and at less when that proves too much (level control: Brännlund,
dissertation, KTH 1993; Goffin, Kiwiel, *Mathematical Programming* 85, 1999, 207-211). The master linear program then chooses among
the knapsack fillings seen; prices tried lie between the best so far and its duals (Wentges, *Int. Trans. Oper. Res.* 4,
1997, 151-162). Any price vector proves its bound, so both may stop anywhere.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csc_array, csr_array

from placement.engine.assignment.knapsack import Filled, Knapsacks
from placement.engine.assignment.structure import Floats, Ints
from placement.engine.effort import Effort
from placement.engine.highs import Master

_STEPS_PER_S, _ROUNDS_PER_S = 100.0, 20.0  # nominal, for counted work
_PATIENCE, _SHRINK, _GROW = 40, 0.7, 1.5  # level control
_SMOOTHING = 0.7  # share of the best prices in those tried next
_EARLY, _LATE = 150, 40  # steps whose fillings the master begins with: different ones first, then good ones


class Fillings:
    """Different fillings of the knapsacks, in the order in which they were seen."""

    def __init__(self, knapsacks: Knapsacks) -> None:
        self._a = knapsacks.a
        self._seen: set[tuple[int, bytes]] = set()
        self.site: list[int] = []
        self.workloads: list[Ints] = []
        self.cost: list[float] = []

    def add(self, filled: Filled, wanted: Ints) -> int:
        """Take in the fillings of some sites; return how many were new."""
        before = len(self.site)
        for i in wanted:
            key = int(i), np.packbits(filled.taken[i]).tobytes()
            if key not in self._seen:
                self._seen.add(key)
                j = np.flatnonzero(filled.taken[i])
                self.site.append(int(i))
                self.workloads.append(j)
                self.cost.append(math.fsum(self._a.cost[i, j]))
        return len(self.site) - before


@dataclass(frozen=True, slots=True)
class Decomposed:
    """The best filling, what the master linear program is worth (``inf`` if it was not solved) and whether the two meet."""

    best: Filled
    value: float
    converged: bool


def ascend(
    knapsacks: Knapsacks, u: Floats, effort: Effort, aim: float, *, most: int = 1000, enough: float = math.inf, keep: list[Filled] | None = None
) -> Filled:
    """Follow subgradients from prices ``u``; return the best filling.

    Parameters
    ----------
    aim
        How far above the best bound to aim at first; the search is over when 1e-4 of it is left.
    most
        Steps allowed.
    enough
        A bound above this ends the search.
    keep
        Receives the fillings of the first and the last steps.
    """
    best = knapsacks.fill(u)
    now, level, reference, stalled = best, aim, best.bound, 0
    for _ in range(min(most, effort.count(_STEPS_PER_S) if effort.counted else most)):
        missing = 1.0 - now.taken[now.chosen].sum(axis=0)
        norm = float(missing @ missing)
        if norm < 0.5 or effort.left <= 0 or level < 1e-4 * aim or best.bound > enough:
            break
        now = knapsacks.fill(now.u + (best.bound + level - now.bound) / norm * missing)
        if keep is not None:
            keep.append(now)
            del keep[_EARLY:-_LATE]
        stalled += 1
        best = now if now.bound > best.bound else best
        if best.bound > reference + level / 2:
            reference, stalled, level = best.bound, 0, level * _GROW
        elif stalled > _PATIENCE:
            reference, stalled, level, now = best.bound, 0, level * _SHRINK, best
    return best


class _Choice:
    """The master linear program: which filling each site takes, every workload in one of them."""

    def __init__(self, knapsacks: Knapsacks, seed: int) -> None:
        a = self.a = knapsacks.a
        self.fillings, self.lp, self._built = Fillings(knapsacks), Master(seed), 0
        finite = a.cost[np.isfinite(a.cost)]
        worst = float(np.abs(finite).max(initial=0.0) + np.abs(a.open_cost).max(initial=0.0))
        self.unit = worst / 10 or 1.0
        over = np.inf if finite.min(initial=0.0) >= 0 else 1.0  # serving twice never helps where it costs
        rows = np.r_[np.ones(a.n), np.full(a.m, -np.inf), a.fewest], np.r_[np.full(a.n, over), np.ones(a.m), min(a.most, a.m)]
        self.lp.add_rows(rows[0].astype(float), rows[1].astype(float), csr_array((a.n + a.m + 1, 0)))
        self._add(np.full(a.n, 2 * worst), [np.array([j]) for j in range(a.n)])

    def grow(self) -> None:
        """Build columns for the fillings seen since the last call."""
        a, f, new = self.a, self.fillings, slice(self._built, None)
        self._built = len(f.site)
        opening = a.open_cost if a.siting else np.zeros(a.m)
        rows = [np.r_[j, a.n + i, a.n + a.m] if a.siting else np.r_[j, a.n + i] for i, j in zip(f.site[new], f.workloads[new], strict=True)]
        self._add(np.array(f.cost[new]) + opening[f.site[new]], rows)

    def _add(self, cost: Floats, rows: list[Ints]) -> None:
        if not rows:
            return
        start = np.r_[0, np.cumsum([len(r) for r in rows])]
        entries = csc_array((np.ones(start[-1]), np.concatenate(rows), start), shape=(self.a.n + self.a.m + 1, len(rows)))
        self.lp.add_columns(cost / self.unit, np.zeros(len(rows)), np.full(len(rows), np.inf), entries)


def decompose(knapsacks: Knapsacks, u: Floats, effort: Effort, aim: float, *, seed: int = 0) -> Decomposed:
    """Return the best filling found from prices ``u``; see :func:`ascend` for ``aim``."""
    a, kept = knapsacks.a, list[Filled]()
    best = ascend(knapsacks, u, effort.part(0.5), aim, keep=kept)
    master = _Choice(knapsacks, seed)
    for filled in [*kept, best]:
        master.fillings.add(filled, np.flatnonzero(filled.chosen))
    constant = 0.0 if a.siting else math.fsum(a.open_cost)
    close, value = (0.02 * a.step if a.step else 1e-6 * abs(best.bound)), math.inf
    allowed = effort.part(0.5).count(_ROUNDS_PER_S) if effort.counted else 2**31
    for _ in range(allowed):
        master.grow()
        answer = master.lp.solve(effort.left)
        if answer.status != "kOptimal" or answer.dual is None or effort.left <= 0:
            return Decomposed(best, value, False)
        value, dual = answer.objective * master.unit + constant, answer.dual * master.unit
        if value - best.bound <= close:
            return Decomposed(best, value, True)
        new = 0
        for smoothing in (_SMOOTHING, 0.0):  # at the duals themselves if the first finds nothing
            now = knapsacks.fill(smoothing * best.u + (1 - smoothing) * dual[: a.n])
            best = now if now.bound > best.bound else best
            new = master.fillings.add(now, np.arange(a.m))
            if new:
                break
        if not new:
            return Decomposed(best, value, True)
    return Decomposed(best, value, False)
