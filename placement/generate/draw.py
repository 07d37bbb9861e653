"""Seeded drawing: which rows of the base are copied, and by how much the copies differ."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.errors import OptionError

Floats = NDArray[np.float64]


class Draw:
    """Random numbers, one stream for each purpose, so that a change to one table leaves the others as they were.

    Parameters
    ----------
    seed
        Whole number >= 0.
    """

    def __init__(self, seed: int) -> None:
        self.seed = seed

    def stream(self, purpose: str) -> np.random.Generator:
        """Return the stream of a purpose, always from its beginning."""
        return np.random.default_rng([self.seed, zlib.crc32(purpose.encode())])

    def spread(self, purpose: str, n: int, sigma: float) -> Floats:
        """Return factors around 1: lognormal with median 1, cut at two sigma, shape (n,)."""
        return np.exp(sigma * np.clip(self.stream(purpose).standard_normal(n), -2, 2))

    def copies(self, purpose: str, ids: Sequence[str], n: int, order: Iterable[str], must: Iterable[str] = ()) -> pd.DataFrame:
        """Return which of the base's ids are copied how often, to ``n`` copies in all.

        Every id is taken equally often; what is left over is spread evenly over ``ids`` in their order, so that an order by
        size or kind keeps the mix. Ids in ``must`` come first where there is not room for all.

        Returns
        -------
        DataFrame
            ``base`` and ``id`` (``base.1``, ``base.2``, ...), sorted as in ``order``, the rows of the base's table.

        Raises
        ------
        OptionError
            If there are no ids.
        """
        if not len(ids):
            raise OptionError(f"{purpose}: none of the base's fits the SKUs and sites that were drawn; ask for more of those, or take another seed")
        whole, rest = divmod(n, len(ids))
        times = np.full(len(ids), whole)
        first = [i for i, name in enumerate(ids) if name in set(must)][: rest if whole == 0 else 0]
        times[first] += 1
        others = np.setdiff1d(np.arange(len(ids)), first)
        room = rest - len(first)
        if room:
            start = self.stream(purpose).uniform(0, 1)
            times[others[np.floor((start + np.arange(room)) * len(others) / room).astype(int) % len(others)]] += 1
        count = dict(zip(ids, times.tolist(), strict=True))
        taken = [(name, count.get(name, 0)) for name in order]
        base = [name for name, k in taken for _ in range(k)]
        number = [i for _, k in taken for i in range(1, k + 1)]
        return pd.DataFrame({"base": base, "id": [f"{b}.{k}" for b, k in zip(base, number, strict=True)]})


def expand(table: pd.DataFrame, key: str, copies: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of each copy's base, in the order of the copies, with the copy's id in ``key``.

    Two columns come on top: ``base``, the key before, and ``copy``, the row in ``copies``.
    """
    rows = table.groupby(key, sort=False).indices
    picked = [np.sort(rows.get(base, np.empty(0, np.int64))) for base in copies["base"]]
    which = np.repeat(np.arange(len(copies)), [len(p) for p in picked])
    out = table.iloc[np.concatenate(picked) if picked else []].reset_index(drop=True)
    return out.assign(**{"base": out[key].to_numpy(), "copy": which, key: copies["id"].to_numpy()[which]})


class Calendar:
    """The horizon stretched or shrunk from ``before`` to ``after`` periods."""

    def __init__(self, before: int, after: int) -> None:
        self.before, self.after, self.stretch = before, after, after / before

    @property
    def at(self) -> Floats:
        """Where in the base's horizon each new period lies, in its periods, shape (after,)."""
        return np.arange(self.after) / self.stretch

    def moved(self, period: NDArray[np.int64], shift: NDArray[np.int64] | int = 0) -> NDArray[np.int64]:
        """Return new periods of old ones; the first stays first, what lay behind the horizon stays there, the rest may shift within it."""
        old = np.asarray(period)
        inside = np.clip(np.round(old * self.stretch).astype(np.int64) + shift, 1, max(1, self.after - 1))
        return np.where(old <= 0, 0, np.where(old >= self.before, self.after, np.minimum(inside, self.after - 1)))

    def series(self, values: Floats) -> Floats:
        """Return series over the base's periods, shape (n, before), at the new ones, shape (n, after)."""
        x = np.minimum(self.at, self.before - 1)
        low = np.floor(x).astype(int)
        high = np.minimum(low + 1, self.before - 1)
        return values[:, low] * (1 - (x - low)) + values[:, high] * (x - low)
