r"""What the cooling plant takes: heat in the stress block, water by calendar year, with what the community grants above its cap.

.. math:: \frac{facility_{st\,b^*}}{pue_{st\,b^*}} \le heat_s, \qquad
          \sum_{t \in y,\,b} \frac{wue_{stb}}{pue_{stb}} H_b\, facility_{stb} \le W_s m_y / 12

See models/README.md, section 2. IT power is what the facility uses over the PUE, so no column has a use of heat or water.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import pyomo.environ as pyo

from placement.supply.spill import counted
from placement.supply.supply import Block, Expr, Supply, amount
from placement.units import MONTHS_PER_YEAR, USD_PER_MUSD

ML_PER_MWH = 1e-3  # at 1 l/kWh


def build(supply: Supply) -> None:
    """Declare ``spilled_mw[s,t,b]`` at limited sites and state ``heat_limit``, ``water`` and ``community_water``; must come after every source of power."""
    scope, case, m, sources = supply.scope, supply.case, supply.model, supply.source_mw
    sites = case["sites"].set_index("site")
    code = {s: i for i, s in enumerate(scope.sites)}
    heat, right, cap = (sites[column].dropna().to_dict() for column in ("heat_mw", "water_ml_per_year", "community_water_ml_per_year"))
    limited = [i for i in sources if i[0] in heat or i[0] in right or i[0] in cap]
    if not counted(case):  # else what stays at the site is what it uses
        m.spilled_mw = pyo.Var(limited, bounds=lambda m, *i: (0, sum(v.ub for v in sources[i])))
        for s, t, b in limited:
            supply.draw(("power", code[s], t, b), m.spilled_mw[s, t, b])
            supply.spilled_mw[s, t, b] = m.spilled_mw[s, t, b]
    facility = {i: supply.facility_mw(i) for i in limited}
    m.heat_limit = pyo.Constraint(
        [(s, t) for s, t, b in facility if s in heat and b == case.stress],
        rule=lambda m, s, t: facility[s, t, case.stress] <= heat[s] * float(scope.pue[code[s], t, case.stress]),
    )
    used: dict[tuple[str, int], list[Expr]] = defaultdict(list)  # (site, year) -> Ml
    for (s, t, b), mw in facility.items():
        ml_per_mw = float(scope.wue[code[s], t, b] / scope.pue[code[s], t, b] * case.hours[b]) * ML_PER_MWH
        if (s in right or s in cap) and ml_per_mw > 0:
            used[s, case.year(t)].append(ml_per_mw * mw)
    months: dict[int, int] = defaultdict(int)
    for t in range(case.n_periods):
        months[case.year(t)] += case.period_months
    m.water = pyo.Constraint(sorted(i for i in used if i[0] in right), rule=lambda m, s, y: amount(used[s, y]) <= right[s] * months[y] / MONTHS_PER_YEAR)
    capped = sorted(i for i in used if i[0] in cap)
    granted = _granted(supply, [s for s, _ in capped])
    m.community_water = pyo.Constraint(
        capped, rule=lambda m, s, y: amount(used[s, y]) <= cap[s] * months[y] / MONTHS_PER_YEAR + amount(granted.get((s, y), ()))
    )


def _granted(supply: Supply, sites: Collection[str]) -> dict[tuple[str, int], list[Expr]]:
    """Declare ``community_extra_ml[s,t]``, paid for by the period; return it by site and calendar year."""
    case, m = supply.case, supply.model
    more = {r.site: r for r in case["local_benefits"].itertuples() if r.extra_water_ml_per_year > 0 and r.site in sites}
    years = case.period_months / MONTHS_PER_YEAR
    m.community_extra_ml = pyo.Var(list(more), range(case.n_periods), bounds=lambda m, s, t: (0, more[s].extra_water_ml_per_year * years))
    granted: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for s, t in m.community_extra_ml:
        supply.pay("opex", t, more[s].usd_per_ml / USD_PER_MUSD * m.community_extra_ml[s, t], s)
        granted[s, case.year(t)].append(m.community_extra_ml[s, t])
    return granted


BLOCK = Block("cooling", build, tables=("grid", "generators"), needs=("power_limits", "storage"))
