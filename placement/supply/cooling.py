r"""What the cooling plant takes: heat in the stress block, water by calendar year.

.. math:: \frac{facility_{st\,b^*}}{pue_{st\,b^*}} \le heat_s, \qquad
          \sum_{t \in y,\,b} \frac{wue_{stb}}{pue_{stb}} H_b\, facility_{stb} \le W_s m_y / 12

See models/README.md, section 2. IT power is what the facility uses over the PUE, so no column has a use of heat or water.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply, amount
from placement.units import MONTHS_PER_YEAR

ML_PER_MWH = 1e-3  # at 1 l/kWh


def build(supply: Supply) -> None:
    """Declare ``spilled_mw[s,t,b]`` at sites with a limit and state ``heat_limit`` and ``water``; must come after every source of power."""
    scope, case, m, sources = supply.scope, supply.case, supply.model, supply.source_mw
    sites = case["sites"].set_index("site")
    code = {s: i for i, s in enumerate(scope.sites)}
    heat, right = (sites[column].dropna().to_dict() for column in ("heat_mw", "water_ml_per_year"))
    m.spilled_mw = pyo.Var([i for i in sources if i[0] in heat or i[0] in right], bounds=lambda m, *i: (0, sum(v.ub for v in sources[i])))
    facility: dict[tuple[str, int, int], Expr] = {}
    for s, t, b in m.spilled_mw:
        supply.draw(("power", code[s], t, b), m.spilled_mw[s, t, b])
        i = (s, t, b)
        facility[i] = amount(sources[i]) - amount(supply.export_mw.get(i, ())) + amount(supply.stored_mw.get(i, ())) - m.spilled_mw[i]
    m.heat_limit = pyo.Constraint(
        [(s, t) for s, t, b in facility if s in heat and b == case.stress],
        rule=lambda m, s, t: facility[s, t, case.stress] <= heat[s] * float(scope.pue[code[s], t, case.stress]),
    )
    used: dict[tuple[str, int], list[Expr]] = defaultdict(list)  # (site, year) -> Ml
    for (s, t, b), mw in facility.items():
        ml_per_mw = float(scope.wue[code[s], t, b] / scope.pue[code[s], t, b] * case.hours[b]) * ML_PER_MWH
        if s in right and ml_per_mw > 0:
            used[s, case.year(t)].append(ml_per_mw * mw)
    months: dict[int, int] = defaultdict(int)
    for t in range(case.n_periods):
        months[case.year(t)] += case.period_months
    m.water = pyo.Constraint(sorted(used), rule=lambda m, s, y: amount(used[s, y]) <= right[s] * months[y] / MONTHS_PER_YEAR)


BLOCK = Block("cooling", build, tables=("grid", "generators"), needs=("power_limits", "storage"))
