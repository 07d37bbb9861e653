r"""On-site generation of any size up to a limit.

.. math:: o_{gtb} \le a_{gb} G_{gt}, \qquad G_{g,t-1} \le G_{gt} \le G^{max}_g

See models/README.md, section 2.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply
from placement.units import USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``generator_cap[g,t]`` and ``generator_mw[g,t,b]``; provide ``power`` and ``firm``."""
    case, scope, m = supply.case, supply.scope, supply.model
    gens = {g.generator: g for g in case["generators"].itertuples()}
    code = {s: i for i, s in enumerate(scope.sites)}
    output = {g: scope.profile[r.profile].tolist() for g, r in gens.items()}
    index = [(g, t) for g, r in gens.items() for t in range(r.available, case.n_periods)]
    runs = [(g, t, b) for g, t in index for b in range(len(case.blocks)) if output[g][b] > 0]

    m.generator_cap = pyo.Var(index, bounds=lambda m, g, t: (0, gens[g].max_mw))
    m.generator_mw = pyo.Var(runs, bounds=lambda m, g, t, b: (0, gens[g].max_mw * output[g][b]))
    later = [(g, t) for g, t in index if t > gens[g].available]
    m.generator_step = pyo.Constraint(later, rule=lambda m, g, t: m.generator_cap[g, t - 1] <= m.generator_cap[g, t])
    m.generator_out = pyo.Constraint(runs, rule=lambda m, g, t, b: m.generator_mw[g, t, b] <= output[g][b] * m.generator_cap[g, t])

    for g, t in index:
        row = gens[g]
        added = m.generator_cap[g, t] - (m.generator_cap[g, t - 1] if t > row.available else 0)
        supply.invest(t, row.capex_musd_per_mw * added, row.life_years, owner=row.site)
        for i, level in enumerate(scope.levels):
            if row.firmness >= level and output[g][case.stress] > 0:
                supply.provide(("firm", code[row.site], i, t), output[g][case.stress] * m.generator_cap[g, t])
    for g, t, b in runs:
        row, mw = gens[g], m.generator_mw[g, t, b]
        supply.provide(("power", code[row.site], t, b), mw)
        supply.source_mw[row.site, t, b].append(mw)
        supply.pay("energy", t, row.energy_usd_per_mwh / USD_PER_MUSD * float(case.hours[b]) * mw, row.site)
        supply.emit(t, row.co2_kg_per_mwh, float(case.hours[b]) * mw, row.site)


BLOCK = Block("generation", build, tables=("generators",), needs=("sites",))
