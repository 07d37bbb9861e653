r"""On-site generation: capacity of any size or in modules, must-run output, limits on fuel, sale of output.

.. math:: \mu_g a_{gb} G_{gt} \le o_{gtb} \le a_{gb} G_{gt}, \qquad G_{g,t-1} \le G_{gt} \le G^{max}_g

See models/README.md, section 2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pyomo.environ as pyo

from placement.supply.supply import Block, Source, Supply, amount
from placement.units import MONTHS_PER_YEAR, MWH_PER_GWH, USD_PER_MUSD

_WHOLE = 1e-9  # a capacity that is a whole number of modules up to rounding is one


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
        if row.opex_musd_per_mw_year > 0:
            supply.pay("opex", t, row.opex_musd_per_mw_year * case.period_months / MONTHS_PER_YEAR * m.generator_cap[g, t], row.site)
        for i, level in enumerate(scope.levels):
            if row.firmness >= level and output[g][case.stress] > 0:
                supply.provide(("firm", code[row.site], i, t), output[g][case.stress] * m.generator_cap[g, t])
    for g, t, b in runs:
        row, mw = gens[g], m.generator_mw[g, t, b]
        supply.provide(("power", code[row.site], t, b), mw)
        supply.source_mw[row.site, t, b].append(mw)
        supply.sources.append(Source(row.site, row.tech, t, b, mw, float(row.clean)))
        supply.pay("energy", t, row.energy_usd_per_mwh / USD_PER_MUSD * float(case.hours[b]) * mw, row.site)
        supply.emit(t, row.co2_kg_per_mwh, float(case.hours[b]) * mw, row.site)
    _sizes(supply, gens, index)
    _must_run(supply, gens, runs, output)
    _sell(supply, gens, runs, output)


def _sizes(supply: Supply, gens: Mapping[str, Any], index: list[tuple[str, int]]) -> None:
    """Modules, and plants of a least size."""
    m = supply.model
    modular = {(g,): r for g, r in gens.items() if r.unit_mw == r.unit_mw}
    if modular:
        most = {g: math.floor(r.max_mw / r.unit_mw + _WHOLE) for g, r in modular.items()}
        units = supply.steps("generator_units", {g: r.available for g, r in modular.items()}, most)
        sized = [i for i in index if i[:1] in modular]
        m.generator_modules = pyo.Constraint(sized, rule=lambda m, g, t: m.generator_cap[g, t] == gens[g].unit_mw * units((g,), t))
    large = {(g,): r.available for g, r in gens.items() if r.min_mw > 0}
    if large:
        built = supply.steps("generator_built", large)
        sized = [i for i in index if i[:1] in large]
        m.generator_least = pyo.Constraint(sized, rule=lambda m, g, t: gens[g].min_mw * built((g,), t) <= m.generator_cap[g, t])
        m.generator_most = pyo.Constraint(sized, rule=lambda m, g, t: m.generator_cap[g, t] <= gens[g].max_mw * built((g,), t))


def _must_run(supply: Supply, gens: Mapping[str, Any], runs: list[tuple[str, int, int]], output: Mapping[str, list[float]]) -> None:
    """Least output of what is in service, and most energy of a year's fuel or permit."""
    case, m = supply.case, supply.model
    steady = [i for i in runs if gens[i[0]].min_load > 0]
    if steady:
        m.generator_min_load = pyo.Constraint(
            steady, rule=lambda m, g, t, b: gens[g].min_load * output[g][b] * m.generator_cap[g, t] <= m.generator_mw[g, t, b]
        )
    fuelled = sorted({(g, t) for g, t, _ in runs if gens[g].max_gwh_per_year == gens[g].max_gwh_per_year})
    if fuelled:
        share = case.period_months / MONTHS_PER_YEAR
        gwh = {i: [float(case.hours[b]) / MWH_PER_GWH * m.generator_mw[g, t, b] for g, t, b in runs if (g, t) == i] for i in fuelled}
        m.generator_fuel = pyo.Constraint(fuelled, rule=lambda m, g, t: amount(gwh[g, t]) <= share * gens[g].max_gwh_per_year)


def _sell(supply: Supply, gens: Mapping[str, Any], runs: list[tuple[str, int, int]], output: Mapping[str, list[float]]) -> None:
    """Output sold at the generator's own meter; the connection limits it, see ``grid.close``."""
    case, m = supply.case, supply.model
    sold = [i for i in runs if gens[i[0]].export_usd_per_mwh == gens[i[0]].export_usd_per_mwh]
    if not sold:
        return
    code = {s: i for i, s in enumerate(supply.scope.sites)}
    m.export_mw = pyo.Var(sold, bounds=lambda m, g, t, b: (0, gens[g].max_mw * output[g][b]))
    m.generator_export = pyo.Constraint(sold, rule=lambda m, g, t, b: m.export_mw[g, t, b] <= m.generator_mw[g, t, b])
    for g, t, b in sold:
        row, mw = gens[g], m.export_mw[g, t, b]
        supply.draw(("power", code[row.site], t, b), mw)
        supply.export_mw[row.site, t, b].append(mw)
        supply.sources.append(Source(row.site, row.tech, t, b, -mw, float(row.clean)))
        supply.pay("energy", t, -row.export_usd_per_mwh / USD_PER_MUSD * float(case.hours[b]) * mw, row.site)


BLOCK = Block("generation", build, tables=("generators",), needs=("sites",))
