r"""Sites and modular halls behind milestone chains.

.. math:: built_{sht} \le opened_{s,\,t-A_h}, \qquad built_{sh't} \le built_{sht} \ (h' \text{ follows } h)

See models/README.md, section 1. The halls' IT power is handed to ``supply.chips`` in ``supply.hall_mw``.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.rules.milestones import whole
from placement.supply.designs import repeat_designs
from placement.supply.supply import Block, Expr, Supply
from placement.units import MONTHS_PER_YEAR


def build(supply: Supply) -> None:
    """Declare ``opened[s,t]`` and ``built[s,h,t]`` with their order, dates and costs."""
    case, scope, m = supply.case, supply.scope, supply.model
    halls = list(scope.halls.itertuples())
    opened = supply.steps("opened", {(s,): chain.earliest for s, chain in scope.opening.items()})
    built = supply.steps("built", {(h.site, h.hall): h.first for h in halls if not h.existing})
    quick = repeat_designs(supply)

    last: dict[str, tuple[str, str]] = {}  # domain -> its last new hall so far
    order, after_opening = [], []
    for h in halls:
        if h.existing:
            continue
        dates = range(h.first, case.n_periods)
        if h.domain in last:
            order += [(h.site, h.hall, last[h.domain][1], t) for t in dates]
        if h.site in scope.opening:
            after_opening += [(h.site, h.hall, t) for t in dates]
        last[h.domain] = (h.site, h.hall)
    wait = {(h.site, h.hall): whole(h.chain.after_shared) for h in halls}
    m.hall_order = pyo.Constraint(order, rule=lambda m, s, h, before, t: m.built[s, h, t] <= built((s, before), t))
    m.hall_opened = pyo.Constraint(after_opening, rule=lambda m, s, h, t: m.built[s, h, t] - quick((s, h), t) <= opened((s,), t - wait[s, h]))

    for row, h in enumerate(halls):
        for t in range(case.n_periods):
            now = 1 if h.existing else built((h.site, h.hall), t)
            supply.hall_on[row, t] = now
            supply.hall_mw[scope.hall_domain[row], h.cooling, t].append(h.it_mw * now)
            supply.pay("opex", t, h.opex_musd_per_year * case.period_months / MONTHS_PER_YEAR * now, h.site)
            if not h.existing and t >= h.first:
                supply.decisions["built", row, t] = now
                _pay_hall(supply, h, t, now - built((h.site, h.hall), t - 1))
    for s, cost in zip(scope.sites, case["sites"]["opening_cost_musd"], strict=True):
        if s in scope.opening:
            for t in range(scope.opening[s].earliest, case.n_periods):
                _pay_opening(supply, s, cost, t, opened((s,), t) - opened((s,), t - 1))


def _pay_hall(supply: Supply, hall, t: int, start: Expr) -> None:  # type: ignore[no-untyped-def]
    """Charge a hall that enters service in ``t``: construction spread over its chain, milestones when they start."""
    spread = range(t - hall.chain.length, t) if hall.chain.length else range(t, t + 1)
    for paid in spread:
        supply.invest(max(0, paid), hall.capex_musd / len(spread) * start, hall.life_years, owner=hall.site, in_service=t)
    for paid, musd in hall.chain.payments(t):
        supply.pay("capex", paid, musd * start, hall.site)


def _pay_opening(supply: Supply, site: str, cost_musd: float, t: int, start: Expr) -> None:
    supply.pay("capex", t, cost_musd * start, site)
    for paid, musd in supply.scope.opening[site].payments(t):
        supply.pay("capex", paid, musd * start, site)


BLOCK = Block("sites", build, tables=("halls",))
