r"""Grid connection in tiers of more or less firm power, and the energy taken through it.

.. math:: g_{stb} + \sum_p c_{pstb} \le \sum_r P_r (1 - i_r [b = stress])\, tier\_on_{srt}

See models/README.md, section 2. Contracts add their energy to ``supply.through_grid`` before the limit is closed.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Source, Supply, amount
from placement.units import MONTHS_PER_YEAR, USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``tier_on[s,r,t]`` and ``grid_mw[s,t,b]``; provide ``power`` and ``firm``."""
    case, scope, m = supply.case, supply.scope, supply.model
    tiers = list(case["grid"].itertuples())
    bought = [r for r in tiers if r.capex_musd > 0 or r.opex_musd_per_year > 0]
    tier_on = supply.steps("tier_on", {(r.site, r.tier): r.available for r in bought}, last={(r.site, r.tier): r.until for r in bought})
    code = {s: i for i, s in enumerate(scope.sites)}

    def on(r, t: int):  # type: ignore[no-untyped-def]
        """Whether a tier is energised; one that costs nothing simply is, from its date."""
        return tier_on((r.site, r.tier), t) if r.capex_musd > 0 or r.opex_musd_per_year > 0 else int(r.available <= t <= r.until)

    most_mw = case["grid"].groupby("site")["mw"].sum().to_dict()
    index = [(s, t, b) for s in most_mw for t in range(case.n_periods) for b in range(len(case.blocks))]
    m.grid_mw = pyo.Var(index, bounds=lambda m, s, t, b: (0, most_mw[s]))
    supply.implies(m.grid_mw)  # grid_limit
    for r in tiers:
        for t in range(case.n_periods):
            for b, block in enumerate(case.blocks):
                if not (r.interruptible and block.stress):
                    supply.grid_limit[r.site, t, b].append(r.mw * on(r, t))
            supply.tier_mw[r.site, r.tier, t] = r.mw * on(r, t)
            if r.opex_musd_per_year > 0 and r.available <= t <= r.until:
                supply.pay("opex", t, r.opex_musd_per_year * case.period_months / MONTHS_PER_YEAR * on(r, t), r.site)
            if r.capex_musd > 0 and r.available <= t <= r.until:
                supply.invest(t, r.capex_musd * (on(r, t) - tier_on((r.site, r.tier), t - 1)), r.life_years, owner=r.site)
            for i, level in enumerate(scope.levels):
                if r.firmness >= level and not r.interruptible:
                    supply.provide(("firm", code[r.site], i, t), r.mw * on(r, t))

    tariff = case["tariffs"].set_index(["zone", "period", "block"])
    usd, kg, clean = (tariff[c].to_dict() for c in ("energy_usd_per_mwh", "co2_kg_per_mwh", "clean_share"))
    zone = dict(zip(case["sites"]["site"], case["sites"]["zone"], strict=True))
    for s, t, b in index:
        key = (zone[s], t, case.blocks[b].name)
        mwh = float(case.hours[b]) * m.grid_mw[s, t, b]
        supply.pay("energy", t, usd[key] / USD_PER_MUSD * mwh, s)
        supply.emit(t, kg[key], mwh, s)
        supply.provide(("power", code[s], t, b), m.grid_mw[s, t, b])
        supply.source_mw[s, t, b].append(m.grid_mw[s, t, b])
        supply.through_grid[s, t, b].append(m.grid_mw[s, t, b])
        supply.sources.append(Source(s, "grid", t, b, m.grid_mw[s, t, b], clean[key]))


def close(supply: Supply) -> None:
    """State the limits once every source has been declared."""
    m, limit, through = supply.model, supply.grid_limit, supply.through_grid
    m.grid_limit = pyo.Constraint(list(through), rule=lambda m, *i: amount(through[i]) <= amount(limit[i]))
    if supply.export_mw:
        sold = supply.export_mw
        m.export_limit = pyo.Constraint(list(sold), rule=lambda m, *i: amount(sold[i]) <= amount(limit[i]))


BLOCK = Block("grid", build, tables=("grid",), needs=("sites",))
LIMITS = Block("power_limits", close, tables=("grid", "generators"), needs=("grid", "contracts", "generation"))
