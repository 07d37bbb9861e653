"""Reference designs: how much sooner a hall can be there once another of its design is in service."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case import Case
from placement.rules.milestones import NEVER, Chain

Ints = NDArray[np.int64]


def quick_dates(case: Case, halls: pd.DataFrame, opening: Mapping[str, Chain], wait: Callable[[Chain], int]) -> tuple[Ints, Ints, Ints]:
    """Return by hall: periods saved, periods between the reference hall's service and its own, first period in which a quick hall can be there.

    ``halls`` has ``chain`` and ``first_slow``, ``opening`` the shared milestones of sites that are to be opened. The first period is ``NEVER`` where
    there is nothing to save: no design, no other hall of it, or nothing gained.
    """
    known = case["designs"].set_index("design")["saved_periods"].to_dict()
    saved = np.array([0 if old else known.get(d, 0) for d, old in zip(halls["design"], halls["existing"], strict=True)], dtype=np.int64)
    lag = np.maximum(1, np.array([c.length for c in halls["chain"]], dtype=np.int64) - saved)
    first = np.full(len(halls), NEVER)
    for i in np.flatnonzero(saved):
        chain, site = halls["chain"].iloc[i], halls["site"].iloc[i]
        others = (halls["design"] == halls["design"].iloc[i]).to_numpy() & (np.arange(len(halls)) != i)
        seen = halls["first_slow"].to_numpy()[others].min(initial=NEVER)  # the first of a design is never quick
        opened = opening[site].earliest + max(0, wait(chain) - saved[i]) if site in opening else 0
        date = max(halls["earliest"].iloc[i], chain.earliest - saved[i], opened, seen + lag[i])
        if date < halls["first_slow"].iloc[i] or (site in opening and wait(chain) > 0):
            first[i] = date
    return saved, lag, first
