r"""Storage over the representative day: every block comes once a day, what is taken out was put in the same day.

.. math:: \sum_b \sigma_b (\eta_n c_{ntb} - d_{ntb}) = 0, \qquad c_{ntb} + d_{ntb} \le S_{nt}, \qquad
          24 \sum_b \sigma_b d_{ntb} \le \kappa_n h_n S_{nt}

See models/README.md, section 2.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Source, Supply, amount
from placement.units import HOURS_PER_DAY, MONTHS_PER_YEAR


def build(supply: Supply) -> None:
    """Declare ``storage_cap[n,t]``, ``storage_charge[n,t,b]`` and ``storage_discharge[n,t,b]``; provide ``power`` and ``firm``."""
    case, scope, m = supply.case, supply.scope, supply.model
    stores = {n.storage: n for n in case["storage"].itertuples()}
    code = {s: i for i, s in enumerate(scope.sites)}
    blocks = range(len(case.blocks))
    hours = [HOURS_PER_DAY * block.share for block in case.blocks]  # of the day, by block
    index = [(n, t) for n, r in stores.items() for t in range(r.available, case.n_periods)]
    flows = [(n, t, b) for n, t in index for b in blocks]

    m.storage_cap = pyo.Var(index, bounds=lambda m, n, t: (0, stores[n].max_mw))
    m.storage_charge = pyo.Var(flows, bounds=lambda m, n, t, b: (0, stores[n].max_mw))
    m.storage_discharge = pyo.Var(flows, bounds=lambda m, n, t, b: (0, stores[n].max_mw))
    later = [(n, t) for n, t in index if t > stores[n].available]
    m.storage_step = pyo.Constraint(later, rule=lambda m, n, t: m.storage_cap[n, t - 1] <= m.storage_cap[n, t])
    m.storage_power = pyo.Constraint(flows, rule=lambda m, n, t, b: m.storage_charge[n, t, b] + m.storage_discharge[n, t, b] <= m.storage_cap[n, t])
    m.storage_balance = pyo.Constraint(
        index,
        rule=lambda m, n, t: (
            amount([hours[b] * m.storage_discharge[n, t, b] for b in blocks])
            == amount([hours[b] * stores[n].efficiency * m.storage_charge[n, t, b] for b in blocks])
        ),
    )
    m.storage_cycles = pyo.Constraint(
        index,
        rule=lambda m, n, t: (
            amount([hours[b] * m.storage_discharge[n, t, b] for b in blocks]) <= stores[n].cycles_per_day * stores[n].hours * m.storage_cap[n, t]
        ),
    )
    often = [i for i in flows if stores[i[0]].cycles_per_day > 1]  # else the day's energy is at most one filling anyway
    if often:
        m.storage_energy = pyo.Constraint(often, rule=lambda m, n, t, b: hours[b] * m.storage_discharge[n, t, b] <= stores[n].hours * m.storage_cap[n, t])

    at = {n: i for i, n in enumerate(stores)}
    for n, t in index:
        row = stores[n]
        added = m.storage_cap[n, t] - (m.storage_cap[n, t - 1] if t > row.available else 0)
        supply.invest(t, (row.capex_musd_per_mw + row.hours * row.capex_musd_per_mwh) * added, row.life_years, owner=row.site)
        if row.opex_musd_per_mw_year > 0:
            supply.pay("opex", t, row.opex_musd_per_mw_year * case.period_months / MONTHS_PER_YEAR * m.storage_cap[n, t], row.site)
        held = float(scope.storage_share[at[n], case.stress])
        for i, level in enumerate(scope.levels):
            if row.firmness >= level:
                supply.provide(("firm", code[row.site], i, t), held * m.storage_cap[n, t])
    for n, t, b in flows:
        given = m.storage_discharge[n, t, b] - m.storage_charge[n, t, b]
        supply.provide(("power", code[stores[n].site], t, b), given)
        supply.sources.append(Source(stores[n].site, "", t, b, given, 1.0, stored=True))
        supply.stored_mw[stores[n].site, t, b].append(given)


BLOCK = Block("storage", build, tables=("storage",), needs=("sites",))
