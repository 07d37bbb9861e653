"""When enough units can be there for a whole run: rented chips leave and installed ones retire, so the first period does not decide."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.demand.gangs import TOLERANCE
from placement.rules import Scope


def standing(scope: Scope, options: pd.DataFrame) -> NDArray[np.bool_]:
    """Return whether a gang can have its units from each start to the end of its run, by option and start, shape (n, T)."""
    n_periods = scope.case.n_periods
    out = np.ones((len(options), n_periods), bool)
    if not falls(scope):
        return out
    few = scope.units[options["domain"], options["sku"]] < (options["units"].to_numpy(float) * (1 - TOLERANCE))[:, None]
    seen = np.concatenate([np.zeros((len(options), 1), int), few.cumsum(axis=1)], axis=1)
    end = np.minimum(np.arange(n_periods) + options["periods"].to_numpy(int)[:, None], n_periods)
    return np.asarray(np.take_along_axis(seen, end, axis=1) == seen[:, :-1])


def falls(scope: Scope) -> bool:
    """Whether the most units that can be there ever become fewer."""
    return bool((np.diff(scope.units, axis=2) < 0).any())


def while_standing(scope: Scope, options: pd.DataFrame) -> pd.DataFrame:
    """Return the options with their first start moved to where the units stay, and by rule ``dates`` where there is none."""
    if not falls(scope):
        return options
    t = np.arange(scope.case.n_periods)
    first, last = (options[c].to_numpy()[:, None] for c in ("first", "last"))
    possible = standing(scope, options) & (t >= first) & (t <= last)
    some = possible.any(axis=1)
    rule = np.where((options["rule"] == "") & ~some, "dates", options["rule"])
    return options.assign(first=np.where(some, possible.argmax(axis=1), options["first"]), rule=rule)
