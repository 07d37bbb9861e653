"""Tiny random assignment problems as programs, and their optimum by enumeration."""

from itertools import product

import numpy as np
from scipy.sparse import coo_array, csc_array

from placement.program import Program


def location(rng: np.random.Generator, *, siting: bool, whole: bool, fractional: bool = False, links: bool = True, count: int | None = None) -> Program:
    """A tiny assignment with m sites and n workloads as a program; decisions first."""
    m, n = 3, 4
    use = rng.integers(1, 9, (m, n)).astype(float) + (rng.random((m, n)).round(2) if fractional else 0)
    cost, fixed = rng.integers(5, 40, (m, n)).astype(float), rng.integers(10, 60, m).astype(float)
    capacity = np.ceil(use.mean(axis=1) * n * rng.uniform(0.5, 0.9, m))
    ny = m if siting else 0
    i, j = np.divmod(np.arange(m * n), n)
    x = ny + np.arange(m * n)
    parts = [(j, x, np.ones(m * n)), (n + i, x, use.ravel())]
    lower, upper = [np.ones(n), np.full(m, -np.inf)], [np.ones(n), np.zeros(m) if siting else capacity]
    rows = n + m
    if siting:
        parts.append((n + np.arange(m), np.arange(m), -capacity))
        if links:
            parts += [(rows + np.arange(m * n), x, np.ones(m * n)), (rows + np.arange(m * n), i, -np.ones(m * n))]
            lower.append(np.full(m * n, -np.inf)), upper.append(np.zeros(m * n))
            rows += m * n
        if count is not None:
            parts.append((np.full(m, rows), np.arange(m), np.ones(m)))
            lower.append(np.array([float(count)])), upper.append(np.array([float(count)]))
            rows += 1
    r, c, v = (np.concatenate(part) for part in zip(*parts, strict=True))
    size = ny + m * n
    return Program(
        cost=np.concatenate([fixed[:ny], cost.ravel()]), offset=float(rng.integers(-5, 5)), matrix=csc_array(coo_array((v, (r, c)), shape=(rows, size))),
        row_lower=np.concatenate(lower), row_upper=np.concatenate(upper), lower=np.zeros(size), upper=np.ones(size),
        integer=np.concatenate([np.ones(ny, bool), np.full(m * n, whole)]), workload=np.concatenate([np.full(ny, -1), j]),
        optional=np.zeros(n, bool), row_keys=tuple(("row", k) for k in range(rows)), supply_names=tuple(f"open[{k}]" for k in range(ny)),
    )  # fmt: skip


def optimum(p: Program) -> float:
    """The best of all whole points, by enumeration."""
    ny, n = p.n_supply, len(p.optional)
    m = (len(p.cost) - ny) // n
    best = np.inf
    for sites in product(range(m), repeat=n):
        for opened in product((0.0, 1.0), repeat=ny):
            x = np.zeros(len(p.cost))
            x[:ny] = opened
            x[ny + np.array(sites) * n + np.arange(n)] = 1
            activity = p.matrix @ x
            if (activity >= p.row_lower - 1e-9).all() and (activity <= p.row_upper + 1e-9).all():
                best = min(best, float(p.cost @ x) + p.offset)
    return best


KINDS = {
    "gap": {"siting": False, "whole": True},
    "gap, fractional use": {"siting": False, "whole": True, "fractional": True},
    "sscflp": {"siting": True, "whole": True},
    "sscflp without links": {"siting": True, "whole": True, "links": False},
    "cflp": {"siting": True, "whole": False},
    "p-median with capacities": {"siting": True, "whole": True, "count": 2},
}
