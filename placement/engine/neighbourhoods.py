"""Better plans from the best one: free a few columns that belong together, keep all others, solve, repeat.

What belongs together: the columns that meet rows with the same label (:mod:`placement.engine.labels`), a few places or a window of
periods, with the workloads placed there and those placed nowhere. Everything else stands, the continuous columns too, so that a part
takes tenths of a second where one with all continuous columns takes seconds. Programs without labels free *related* workloads, whose
columns meet in the same rows, and *random* ones. What has paid off more per second is taken more often; each keeps its own size.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from placement.engine.highs import Arrays, Floats, Run, solve
from placement.engine.kernel import Kernel, Mask
from placement.engine.labels import Kind, kinds
from placement.engine.outcome import Progress
from placement.options import SolveOptions
from placement.parallel import stopped

_SECONDS = 4.0  # per sub-program
_GAP = 3e-5  # of a sub-program, of the whole objective
_GROW, _SHRINK = 1.15, 0.8  # size when a sub-program ended early, or at its limit
_LABELS, _WORKLOADS = 2.0, 24.0  # sizes to begin with
_QUIET = 25  # sub-programs of each kind without gain after which the search gives up
_ZERO = 1e-6

Draw = Callable[[np.random.Generator, Floats, float], Mask]


@dataclass(frozen=True, eq=False)
class Field:
    """What a search moves in, light enough to be sent to another process.

    Attributes
    ----------
    gangs
        Columns that place a workload as a whole, also where ``part`` lets them be continuous, shape (n_columns,).
    slack
        Columns that only leave a workload unserved, shape (n_columns,).
    """

    part: Arrays
    workload: NDArray[np.int64]
    gangs: Mask
    slack: Mask
    kinds: list[Kind]

    @classmethod
    def of(cls, k: Kernel) -> Field:
        """Return the field of a kernel."""
        matrix = k.whole.matrix[:, k.keep]
        slack = (k.workload >= 0) & (np.diff(matrix.indptr) <= 1)
        return cls(k.part, k.workload, k.whole.integer[k.keep] & (k.workload >= 0), slack, kinds(k.row_keys, csr_array(matrix)))


def improve(k: Kernel, x: Floats, options: SolveOptions, progress: Progress) -> Floats:
    """Return a kernel point at least as good as ``x``, searching until time, gap or patience runs out."""
    progress.enter("neighbourhoods")

    def left() -> float:
        return progress.search_s if progress.gap > options.rel_gap else 0.0

    return walk(Field.of(k), x, left, options.seed, lambda value: progress.report(objective=value))


def walk_for(field: Field, x: Floats, seconds: float, seed: int) -> Floats:
    """Search for some seconds, or until the pool whose task this is stops."""
    until = time.monotonic() + seconds
    return walk(field, x, lambda: 0.0 if stopped() else until - time.monotonic(), seed)


def walk(field: Field, x: Floats, left: Callable[[], float], seed: int, report: Callable[[float], object] = lambda value: None) -> Floats:
    """Return a point at least as good as ``x``.

    Parameters
    ----------
    left
        Seconds left.
    report
        Called with each better value.
    """
    rng, arms, quiet = np.random.default_rng(seed), _arms(field), 0
    while arms and left() > 0.5 and quiet < _QUIET * len(arms):
        rate = np.array([a.gain / a.seconds for a in arms])
        arm = arms[rng.choice(len(arms), p=(rate + 0.1 * rate.max()) / (rate + 0.1 * rate.max()).sum())]
        began, before = time.monotonic(), field.part.value(x)
        found = _solve_part(field.part, x, arm.draw(rng, x, arm.size), left)
        gain = before - field.part.value(found) if found is not None else 0.0
        arm.learn(max(gain, 0.0) / (abs(before) * 1e-4 + 1e-12), time.monotonic() - began)
        if found is not None and gain > 1e-9 * abs(before):
            x, quiet = found, 0
            report(field.part.value(x))
        else:
            quiet += 1
    return x


@dataclass
class _Arm:
    """One way to draw a neighbourhood and what it has brought."""

    draw: Draw
    size: float  # labels or workloads
    most: int
    gain: float = 1.0  # in 1e-4 of the objective, recent ones weigh more; 1 is the benefit of the doubt
    seconds: float = 1.0

    def learn(self, gain: float, seconds: float) -> None:
        """Take in the result of one sub-program."""
        self.gain, self.seconds = 0.9 * self.gain + gain, 0.9 * self.seconds + seconds
        self.size = min(self.most, self.size * (_GROW if seconds < 0.4 * _SECONDS else _SHRINK if seconds > 0.9 * _SECONDS else 1.0))


def _arms(f: Field) -> list[_Arm]:
    """Return an arm for each kind of label; without labels, for related and for random workloads, supply's decisions free or kept."""
    arms = [_Arm(_by_label(f, kind), _LABELS, len(kind.labels)) for kind in f.kinds]
    ids = np.unique(f.workload[f.gangs])
    if not len(ids):
        return arms
    stake = _stake(f, ids)
    if arms:
        return arms + [_Arm(_by_gang(f, kind, ids, stake), 1.0, len(ids)) for kind in f.kinds if not kind.ordered and kind.columns[:, f.gangs].nnz]
    meets = _meets(f, ids)
    return [_Arm(_by_workload(f, ids, stake, meets if related else None, s), _WORKLOADS, len(ids)) for related in (True, False) for s in (True, False)]


def _by_label(f: Field, kind: Kind) -> Draw:
    """Return a drawer of neighbouring labels."""
    near = np.asarray((kind.columns @ kind.columns.T).todense())
    near = near / np.sqrt(near.diagonal() + 1.0)

    def draw(rng: np.random.Generator, x: Floats, size: float) -> Mask:
        n = max(1, min(round(size), len(kind.labels)))
        first = int(rng.integers(len(kind.labels) - n + 1 if kind.ordered else len(kind.labels)))
        score = near[first] * rng.uniform(0.0, 1.0, len(kind.labels))
        score[first] = np.inf
        return _there(f, kind, np.arange(first, first + n) if kind.ordered else np.argsort(-score, kind="stable")[:n], x)

    return draw


def _by_gang(f: Field, kind: Kind, ids: NDArray[np.int64], stake: Floats) -> Draw:
    """Return a drawer of the labels of two ways to place a gang: the present one and another one; gangs with much at stake come more often."""
    labels_of, at = kind.columns.tocsc(), np.flatnonzero(f.gangs)
    at = at[np.argsort(f.workload[at], kind="stable")]
    first, last = (np.searchsorted(f.workload[at], ids, side=side) for side in ("left", "right"))

    def draw(rng: np.random.Generator, x: Floats, size: float) -> Mask:
        chosen = np.empty(0, np.int64)
        for i in rng.choice(len(ids), min(round(size), len(ids)), replace=False, p=stake / stake.sum()):
            ways = at[first[i] : last[i]]
            for way in (*ways[x[ways] > _ZERO], rng.choice(ways)):
                chosen = np.union1d(chosen, labels_of.indices[labels_of.indptr[way] : labels_of.indptr[way + 1]])
        return _there(f, kind, chosen, x)

    return draw


def _there(f: Field, kind: Kind, chosen: NDArray[np.int64], x: Floats) -> Mask:
    """Return the columns of some labels, the workloads there wherever else they may go, and those not placed yet."""
    n_workloads = int(f.workload.max(initial=0)) + 2  # supply's columns, -1, count as the last
    there = np.asarray(kind.columns[chosen].sum(axis=0)).ravel() > 0
    on = f.gangs & (x > _ZERO)
    placed = np.bincount(f.workload[on], x[on], n_workloads) > 1 - _ZERO
    moving = np.zeros(n_workloads, bool)
    moving[f.workload[on & there]] = True
    return np.where(f.gangs, moving[f.workload] | (there & ~placed[f.workload]), there | f.slack)


def _by_workload(f: Field, ids: NDArray[np.int64], stake: Floats, meets: Floats | None, supply: bool) -> Draw:
    """Return a drawer of workloads, related ones if it is known which meet; all continuous columns are free."""

    def draw(rng: np.random.Generator, x: Floats, size: float) -> Mask:
        n = max(1, min(round(size), len(ids)))
        chosen = _related(rng, meets, stake, n) if meets is not None else rng.choice(len(ids), n, replace=False, p=stake / stake.sum())
        return ~f.part.integer | np.isin(f.workload, ids[chosen]) | (supply & ~f.gangs)

    return draw


def _stake(f: Field, ids: NDArray[np.int64]) -> Floats:
    """Return the weight of each workload in random draws: the root of the most that its columns cost or earn."""
    worth = np.zeros(int(f.workload.max()) + 1)
    np.maximum.at(worth, f.workload[f.gangs], np.abs(f.part.cost[f.gangs]))
    return np.sqrt(worth[ids]) + 1e-9


def _meets(f: Field, ids: NDArray[np.int64]) -> Floats:
    """Return how much each pair of workloads competes: rows in common, each weighed by how few workloads use it."""
    coo = csr_array(f.part.matrix)[:, f.gangs].tocoo()
    member = np.searchsorted(ids, f.workload[f.gangs])[coo.col]
    use = csr_array((np.ones(len(member)), (member, coo.row)), shape=(len(ids), coo.shape[0]))
    use.data[:] = 1.0
    crowd = np.maximum(use.sum(axis=0), 1.0)
    return np.asarray((use.multiply(1.0 / crowd) @ use.T).todense())


def _related(rng: np.random.Generator, meets: Floats, stake: Floats, n: int) -> NDArray[np.int64]:
    """Return a workload drawn by stake and those that compete with it, with some noise."""
    seed = rng.choice(len(stake), p=stake / stake.sum())
    score = meets[seed] * rng.uniform(0.3, 1.0, len(stake))
    score[seed] = np.inf
    return np.argsort(-score, kind="stable")[:n]


def _solve_part(p: Arrays, x: Floats, free: Mask, left: Callable[[], float]) -> Floats | None:
    """Return the point with the free columns decided anew, or None; HiGHS stops when time is up."""
    sub, _ = p.restricted(free, x)
    found = solve(sub, Run(time_limit_s=min(_SECONDS, max(left(), 0.1)), rel_gap=_GAP), x[free], lambda objective, bound: left() <= 0).x
    if found is None:
        return None
    out = x.copy()
    out[free] = np.where(sub.integer, np.round(found), np.clip(found, sub.lower, sub.upper))
    return out


def combined(p: Arrays, begin: Floats, one: Floats, other: Floats, seconds: float) -> Floats:
    """Return the best of two points found from the same beginning and the point with the moves of both, if it can be completed."""
    best = one if p.value(one) <= p.value(other) else other
    both = one + (other - begin)
    both = np.where(p.integer, np.round(both), best)
    if (both < p.lower - _ZERO).any() or (both > p.upper + _ZERO).any() or not ((one != begin).any() and (other != begin).any()):
        return best
    sub, _ = p.restricted(~p.integer, both)
    found = solve(sub, Run(time_limit_s=seconds)).x
    if found is None or p.value(best) <= sub.value(found):
        return best
    both[~p.integer] = np.clip(found, sub.lower, sub.upper)
    return both
