"""Water by site and calendar year, beside what limits it."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from placement.plan.extract.solution import NIL, Solution, table
from placement.supply.supply import amount
from placement.units import MONTHS_PER_YEAR, MWH_PER_GWH

_L_PER_KWH_OF_ML_PER_MWH = MWH_PER_GWH  # 1 l/kWh is 1 m3/MWh, and a thousand of these are a megalitre


def water(solution: Solution) -> pd.DataFrame:
    """Return the water used at sites with a WUE, Ml, with the right to it and the community's cap, what it grants included (NaN: no such limit)."""
    case, scope = solution.case, solution.scope
    used: dict[tuple[str, int], float] = defaultdict(float)
    for (s, t, b), mw in _drawn_mw(solution).items():
        if (wue := float(scope.wue[s, t, b])) > 0:  # False for NaN
            mwh = mw / float(scope.pue[s, t, b]) * float(case.hours[b])
            used[str(scope.sites[s]), case.year(t)] += wue * mwh / _L_PER_KWH_OF_ML_PER_MWH
    years: dict[int, float] = defaultdict(float)  # calendar year -> share of it within the horizon
    for t in range(case.n_periods):
        years[case.year(t)] += case.period_months / MONTHS_PER_YEAR
    granted: dict[tuple[str, int], float] = defaultdict(float)
    for (site, t), ml in solution.values("community_extra_ml"):
        granted[site, case.year(t)] += ml
    limits = case["sites"].set_index("site")
    right, cap = limits["water_ml_per_year"], limits["community_water_ml_per_year"]
    rows = ((s, y, ml, right[s] * years[y], cap[s] * years[y] + granted[s, y]) for (s, y), ml in sorted(used.items()) if ml > NIL)
    return table("water", [(s, str(y), *ml) for s, y, *ml in rows])


def _drawn_mw(solution: Solution) -> dict[tuple[int, int, int], float]:
    """Return the power that chips and workloads use by site, period and block (codes): what stays at the site less what nobody uses."""
    sides, supply = solution.sides, solution.sides.supply
    resources, use = sides.demand.resources, sides.columns.use
    codes = sides.resources[resources.holds("power", sides.resources)]
    mine = resources.holds("power", use.row)
    by_columns = np.zeros(len(codes))
    np.add.at(by_columns, np.searchsorted(codes, use.row[mine]), use.value[mine] * solution.x[use.col[mine]])
    found: dict[tuple[int, int, int], float] = {}
    for code, mw in zip(codes, by_columns, strict=True):
        _, s, t, b = resources.decode(int(code))
        left = float(pyo.value(amount(supply.available["power", s, t, b]))) - mw
        at = (str(solution.scope.sites[int(str(s))]), t, b)
        found[int(str(s)), int(str(t)), int(str(b))] = float(pyo.value(supply.facility_mw(at))) - left
    return found
