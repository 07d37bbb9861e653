"""The table of demand columns: arrays only, no Python object per column."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


class Keys:
    """Integer codes for keys such as ``("power", site, period, block)``: one range of codes per kind.

    Parameters
    ----------
    shapes
        kind -> size of each dimension.

    Examples
    --------
    >>> keys = Keys({"compute": (2, 3), "fibre": (4,)})
    >>> int(keys.encode("fibre", 1)), keys.decode(7)
    (7, ('fibre', 1))
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self.shapes = dict(shapes)
        sizes = [int(np.prod(shape)) for shape in shapes.values()]
        self._offset = dict(zip(shapes, np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(int), strict=True)) if shapes else {}
        self._kinds = [kind for kind, size in zip(shapes, sizes, strict=True) if size]  # in order of their codes; those without any left out
        self._starts = [int(self._offset[kind]) for kind in self._kinds]

    def encode(self, kind: str, *index: ArrayLike) -> Ints:
        """Return codes; the index arrays broadcast against each other."""
        parts = np.broadcast_arrays(*index)
        return np.asarray(np.ravel_multi_index(parts, self.shapes[kind]), dtype=np.int64) + self._offset[kind]

    def holds(self, kind: str, codes: Ints) -> NDArray[np.bool_]:
        """Return which codes are of a kind.

        Examples
        --------
        >>> Keys({"compute": (2, 3), "fibre": (4,)}).holds("fibre", np.array([5, 6]))
        array([False,  True])
        """
        first = self._offset[kind]
        return np.asarray((codes >= first) & (codes < first + int(np.prod(self.shapes[kind]))))

    def index(self, kind: str, codes: Ints) -> tuple[Ints, ...]:
        """Return the index arrays of codes of one kind, as :meth:`encode` takes them."""
        return tuple(np.asarray(i, dtype=np.int64) for i in np.unravel_index(codes - self._offset[kind], self.shapes[kind]))

    def decode(self, code: int) -> tuple[object, ...]:
        """Return ``(kind, *index)`` of a code."""
        at = bisect_right(self._starts, code) - 1
        rest, index = int(code) - self._starts[at], list[int]()
        for size in reversed(self.shapes[self._kinds[at]]):  # by hand: a call of numpy takes ten times as long for one code
            rest, one = divmod(rest, size)
            index.append(one)
        return (self._kinds[at], *reversed(index))


@dataclass(frozen=True)
class Triplets:
    """A sparse matrix as (row, column, value) arrays."""

    row: Ints
    col: Ints
    value: Floats

    @classmethod
    def join(cls, parts: Iterable[Triplets]) -> Triplets:
        """Stack parts that share rows and columns."""
        items = list(parts)
        if not items:
            return cls(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))
        return cls(*(np.concatenate([getattr(p, name) for p in items]) for name in ("row", "col", "value")))

    def shifted(self, row: int = 0, col: int = 0) -> Triplets:
        """Return the same entries further down or right."""
        return Triplets(self.row + row, self.col + col, self.value)


@dataclass(frozen=True)
class Columns:
    """Ways to serve workloads.

    Attributes
    ----------
    kinds
        Block of columns -> its rows of ``frames`` (integer codes, one row per column), in column order.
    cost_musd
        Term -> undiscounted cost of each column, M$, shape (n,); paid in period ``paid`` (n,), or in ``due[term]`` (n,).
    use
        Use of resources: row = resource code (see :class:`Keys`).
    serve
        One row per workload to be served: ``label``, ``lower``, ``upper``; ``serve_row`` (n,) gives each column's row.
    requires
        Rows ``sum of columns <= decision``: row = row number; ``requires_decision`` holds the decision code of each.
    """

    kinds: Sequence[tuple[str, pd.DataFrame]]
    cost_musd: Mapping[str, Floats]
    paid: Ints
    integer: NDArray[np.bool_]
    use: Triplets
    serve: pd.DataFrame
    serve_row: Ints
    requires: Triplets
    requires_decision: Ints
    due: Mapping[str, Ints] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.paid)

    def when(self, term: str) -> Ints:
        """Return the period in which each column's cost of a term is paid."""
        return self.due.get(term, self.paid)

    def blocks(self) -> Iterator[tuple[str, int, pd.DataFrame]]:
        """Yield (kind, number of the first column, frame) of each block."""
        at = 0
        for kind, frame in self.kinds:
            yield kind, at, frame
            at += len(frame)

    def only(self, keep: NDArray[np.bool_]) -> Columns:
        """Return the columns to keep, with the serve and requires rows as they are."""
        number = np.cumsum(keep) - 1

        def kept(part: Triplets) -> Triplets:
            some = keep[part.col]
            return Triplets(part.row[some], number[part.col[some]], part.value[some])

        return replace(
            self,
            kinds=[(kind, frame[keep[at : at + len(frame)]].reset_index(drop=True)) for kind, at, frame in self.blocks()],
            cost_musd={term: musd[keep] for term, musd in self.cost_musd.items()},
            paid=self.paid[keep],
            integer=self.integer[keep],
            use=kept(self.use),
            serve_row=self.serve_row[keep],
            requires=kept(self.requires),
            due={term: periods[keep] for term, periods in self.due.items()},
        )


def concatenate(parts: Sequence[Columns]) -> Columns:
    """Put blocks of columns side by side."""
    n = np.cumsum([0] + [len(p) for p in parts])
    serves = np.cumsum([0] + [len(p.serve) for p in parts])
    needs = np.cumsum([0] + [len(p.requires_decision) for p in parts])
    terms = sorted({t for p in parts for t in p.cost_musd})
    empty = pd.DataFrame({"label": pd.Series(dtype=object), "lower": pd.Series(dtype=float), "upper": pd.Series(dtype=float)})
    return Columns(
        kinds=[k for p in parts for k in p.kinds],
        cost_musd={t: np.concatenate([p.cost_musd.get(t, np.zeros(len(p))) for p in parts]) for t in terms},
        paid=np.concatenate([np.empty(0, np.int64)] + [p.paid for p in parts]),
        integer=np.concatenate([np.empty(0, bool)] + [p.integer for p in parts]),
        use=Triplets.join(p.use.shifted(col=n[i]) for i, p in enumerate(parts)),
        serve=pd.concat([p.serve for p in parts], ignore_index=True) if parts else empty,
        serve_row=np.concatenate([np.empty(0, np.int64)] + [p.serve_row + serves[i] for i, p in enumerate(parts)]),
        requires=Triplets.join(p.requires.shifted(row=needs[i], col=n[i]) for i, p in enumerate(parts)),
        requires_decision=np.concatenate([np.empty(0, np.int64)] + [p.requires_decision for p in parts]),
        due={t: np.concatenate([p.when(t) for p in parts]) for t in sorted({t for p in parts for t in p.due})},
    )
