r"""Demand response: power given up in the stress block for a credit.

.. math:: \sum_r v_{srt} + P_{st,stress} \le \frac{\sum_{b \ne stress} H_b P_{stb}}{\sum_{b \ne stress} H_b} + P^{max}_s (1 - joined_{st})

What is committed is measured against the mean draw of the other hours (the customer's baseline), so that only a load that really falls, or
that storage and generators take over, is credited. See models/README.md, section 2.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply, amount
from placement.units import MONTHS_PER_YEAR, USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``curtail_mw[s,r,t]`` and ``curtail_joined[s,t]``; take it from the connection's limit in the stress block and from ``firm``."""
    case, scope, m = supply.case, supply.scope, supply.model
    offers = {(r.site, r.tier): r for r in case["curtailment"].itertuples()}
    tiers = {(r.site, r.tier): r for r in case["grid"].itertuples() if (r.site, r.tier) in offers}
    code = {s: i for i, s in enumerate(scope.sites)}
    index = [(*i, t) for i, r in tiers.items() for t in range(r.available, min(r.until + 1, case.n_periods))]
    m.curtail_mw = pyo.Var(index, bounds=lambda m, s, r, t: (0, offers[s, r].max_share * tiers[s, r].mw))
    m.curtail_tier = pyo.Constraint(index, rule=lambda m, s, r, t: m.curtail_mw[s, r, t] <= offers[s, r].max_share * supply.tier_mw[s, r, t])

    at_site: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for s, r, t in index:
        mw, offer = m.curtail_mw[s, r, t], offers[s, r]
        at_site[s, t].append(mw)
        supply.grid_limit[s, t, case.stress].append(-mw)
        for i, level in enumerate(scope.levels):
            if tiers[s, r].firmness >= level:
                supply.draw(("firm", code[s], i, t), mw)
        usd = offer.usd_per_mw_year * case.period_months / MONTHS_PER_YEAR + offer.usd_per_mwh * float(case.hours[case.stress])
        supply.pay("energy", t, -usd / USD_PER_MUSD * mw, s)

    others = [b for b in range(len(case.blocks)) if b != case.stress]
    weight = {b: float(case.hours[b] / case.hours[others].sum()) for b in others}

    steady = case["grid"][~case["grid"]["interruptible"]].groupby("site")["mw"].sum().to_dict()
    through = supply.through_grid
    most = {s: sum(o.max_share * tiers[i].mw for i, o in offers.items() if i[0] == s) for s, _ in at_site}
    m.curtail_joined = pyo.Var(list(at_site), domain=pyo.Binary)
    m.curtail_join = pyo.Constraint(list(at_site), rule=lambda m, s, t: amount(at_site[s, t]) <= most[s] * m.curtail_joined[s, t])

    def baseline(m, s, t):  # type: ignore[no-untyped-def]
        # No more than the steady tiers can come through in the stress block: the row says nothing of a site that does not join.
        usual = amount([weight[b] * amount(through[s, t, b]) for b in others])
        return amount(at_site[s, t]) + amount(through[s, t, case.stress]) <= usual + steady[s] * (1 - m.curtail_joined[s, t])

    m.curtail_baseline = pyo.Constraint(list(at_site), rule=baseline)


BLOCK = Block("curtailment", build, tables=("curtailment",), needs=("grid", "contracts"))
