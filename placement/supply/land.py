r"""Options on land: held for a fee until the site is opened.

.. math:: opened_{s,T-1} - opened_{st} \le held_{st}, \qquad opened_{s,T-1} \le opened_{s,\,expires}

See models/README.md, section 1.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply
from placement.units import MONTHS_PER_YEAR


def build(supply: Supply) -> None:
    """Declare ``option[s,t]`` in [0, 1] with its fee; state ``option_held`` and ``option_expires``."""
    case, m, opened = supply.case, supply.model, supply.step["opened"]
    rows = {r.site: r for r in case["land_options"].itertuples()}
    last = case.n_periods - 1
    m.option = pyo.Var([(s, t) for s in rows for t in range(last)], bounds=(0, 1))
    for s, t in m.option:
        supply.pay("lease", t, rows[s].fee_musd_per_year * case.period_months / MONTHS_PER_YEAR * m.option[s, t], s)
    ever = {s: opened((s,), last) for s in rows}
    can = [s for s in rows if not isinstance(ever[s], int)]
    m.option_held = pyo.Constraint([i for i in m.option if i[0] in can], rule=lambda m, s, t: ever[s] - opened((s,), t) <= m.option[s, t])
    m.option_expires = pyo.Constraint([s for s in can if rows[s].expires < last], rule=lambda m, s: ever[s] <= opened((s,), rows[s].expires))


BLOCK = Block("land", build, tables=("land_options",), needs=("sites",))
