r"""Power purchase agreements: energy for the sites of a zone, delivered through their grid connection.

.. math:: \sum_s c_{pstb} \le a_{pb} C_p, \quad paid_{pt} \ge \sum_{sb} H_b c_{pstb}, \quad
          paid_{pt} \ge \theta_p C_p \sum_b H_b a_{pb}

See models/README.md, section 2.
"""

from __future__ import annotations

import numpy as np
import pyomo.environ as pyo

from placement.supply.supply import Block, Source, Supply, amount
from placement.units import MONTHS_PER_YEAR, USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``contract_mw[p]``, ``ppa_mw[p,s,t,b]`` and ``paid_mwh[p,t]``; provide ``power``."""
    case, scope, m = supply.case, supply.scope, supply.model
    ppas = {p.ppa: p for p in case["ppas"].itertuples()}
    code = {s: i for i, s in enumerate(scope.sites)}
    connected = set(case["grid"]["site"])
    sites = {p: [s for s, z in zip(case["sites"]["site"], case["sites"]["zone"], strict=True) if z == ppas[p].zone and s in connected] for p in ppas}
    dates = {p: range(r.start, min(r.start + r.tenor_periods, case.n_periods)) for p, r in ppas.items()}
    output = {p: scope.profile[r.profile].tolist() for p, r in ppas.items()}
    blocks = range(len(case.blocks))

    m.contract_mw = pyo.Var(list(ppas), bounds=lambda m, p: (0, ppas[p].max_mw))
    flows = [(p, s, t, b) for p in ppas for s in sites[p] for t in dates[p] for b in blocks if output[p][b] > 0]
    m.ppa_mw = pyo.Var(flows, bounds=lambda m, p, s, t, b: (0, ppas[p].max_mw * output[p][b]))
    most_mwh = {p: ppas[p].max_mw * float(np.dot(case.hours, output[p])) for p in ppas}
    m.paid_mwh = pyo.Var([(p, t) for p in ppas for t in dates[p]], bounds=lambda m, p, t: (0, most_mwh[p]))

    by_output: dict[tuple[str, int, int], list[object]] = {}
    by_period: dict[tuple[str, int], list[object]] = {i: [] for i in m.paid_mwh}
    for p, s, t, b in flows:
        mw = m.ppa_mw[p, s, t, b]
        by_output.setdefault((p, t, b), []).append(mw)
        by_period[p, t].append(float(case.hours[b]) * mw)
        supply.provide(("power", code[s], t, b), mw)
        supply.source_mw[s, t, b].append(mw)
        supply.through_grid[s, t, b].append(mw)
        supply.sources.append(Source(s, ppas[p].tech, t, b, mw, float(ppas[p].clean)))
        supply.emit(t, ppas[p].co2_kg_per_mwh, float(case.hours[b]) * mw)
    for p, t in m.paid_mwh:
        years = (t - ppas[p].start) * case.period_months / MONTHS_PER_YEAR
        price = ppas[p].price_usd_per_mwh * (1 + ppas[p].escalation_per_year) ** years
        supply.pay("contracts", t, price / USD_PER_MUSD * m.paid_mwh[p, t])

    m.ppa_output = pyo.Constraint(list(by_output), rule=lambda m, p, t, b: amount(by_output[p, t, b]) <= output[p][b] * m.contract_mw[p])
    m.ppa_paid = pyo.Constraint(list(by_period), rule=lambda m, p, t: amount(by_period[p, t]) <= m.paid_mwh[p, t])
    taken = [(p, t) for p, t in by_period if ppas[p].take_share > 0]
    m.ppa_take = pyo.Constraint(taken, rule=lambda m, p, t: ppas[p].take_share * float(np.dot(case.hours, output[p])) * m.contract_mw[p] <= m.paid_mwh[p, t])

    whole = [p for p, r in ppas.items() if r.min_mw > 0 and len(dates[p])]
    if whole:
        m.ppa_signed = pyo.Var(whole, domain=pyo.Binary)
        m.ppa_min = pyo.Constraint(whole, rule=lambda m, p: ppas[p].min_mw * m.ppa_signed[p] <= m.contract_mw[p])
        m.ppa_max = pyo.Constraint(whole, rule=lambda m, p: m.contract_mw[p] <= ppas[p].max_mw * m.ppa_signed[p])


BLOCK = Block("contracts", build, tables=("ppas",), needs=("grid",))
