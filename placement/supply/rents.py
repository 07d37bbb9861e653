r"""Rented chips: leases that stay for their term, and units on demand that are taken period by period.

.. math:: \sum_f leased_{qf} \le order_q, \qquad \sum_f rented_{qft} \le max\_units_q

A leased unit stands where it was put for its whole term; units on demand come and go. See models/README.md, section 3.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import pyomo.environ as pyo

from placement.supply.supply import Expr, Supply, amount
from placement.units import USD_PER_MUSD

Offers = dict[str, Any]  # offer id -> its row


def rent_chips(supply: Supply, used: Collection[tuple[int, int]]) -> dict[tuple[int, int, int], Expr]:
    """Declare ``leased[q,f]`` and ``rented[q,f,t]``; return the rented units by (domain, SKU, period).

    ``used``: the pairs (domain, SKU) that some workload can use.
    """
    case, m = supply.case, supply.model
    offers = {q.offer: q for q in case["offers"].itertuples()}
    leases = {q: r for q, r in offers.items() if r.kind == "lease" and q in m.order}
    flexible = {q: r for q, r in offers.items() if r.kind == "on_demand"}
    here: dict[tuple[int, int, int], list[Expr]] = defaultdict(list)
    _lease(supply, leases, used, here)
    _on_demand(supply, flexible, used, here)
    return {code: amount(terms) for code, terms in here.items()}


def in_term(supply: Supply, r: Any) -> range:
    """Return the periods in which the units of a lease are there."""
    begin = r.period + r.lead_periods
    return range(begin, min(begin + r.term_periods, supply.case.n_periods))


def per_period(supply: Supply, r: Any) -> float:
    """Return the rent of a unit for one period, M$."""
    return float(r.rent_usd_per_unit_month) * supply.case.period_months / USD_PER_MUSD


def _allowed(supply: Supply, r: Any, used: Collection[tuple[int, int]]) -> list[tuple[str, int, int]]:
    """Return (domain id, domain, SKU) wherever units of an offer may stand."""
    scope = supply.scope
    k = int(scope.skus.get_loc(r.sku))
    site = scope.domain_site
    ok = [bool(scope.sites[s] == r.site if r.site else not scope.power_included[s]) for s in site]
    return [(str(scope.domains[f]), f, k) for f in range(len(site)) if ok[f] and (f, k) in used]


def _lease(supply: Supply, leases: Offers, used: Collection[tuple[int, int]], here: dict[tuple[int, int, int], list[Expr]]) -> None:
    scope, m = supply.scope, supply.model
    most = {
        (q, name): (f, k, min(r.max_units, scope.rentable[f, k, in_term(supply, r)].min()))
        for q, r in leases.items()
        for name, f, k in _allowed(supply, r, used)
    }
    most = {i: entry for i, entry in most.items() if entry[2] > 0}
    m.leased = pyo.Var(list(most), bounds=lambda m, *i: (0, float(most[i][2])))
    supply.implies(m.leased)  # hall_it_mw, lease_split
    for (q, name), (f, k, _) in most.items():
        for t in in_term(supply, leases[q]):
            here[f, k, t].append(m.leased[q, name])
    m.lease_split = pyo.Constraint(list(dict.fromkeys(q for q, _ in most)), rule=lambda m, q: amount([m.leased[i] for i in most if i[0] == q]) <= m.order[q])
    for q, r in leases.items():
        for t in in_term(supply, r):
            supply.pay("lease", t, per_period(supply, r) * m.order[q], owner=r.sku)


def _on_demand(supply: Supply, offers: Offers, used: Collection[tuple[int, int]], here: dict[tuple[int, int, int], list[Expr]]) -> None:
    case, scope, m = supply.case, supply.scope, supply.model
    most = {
        (q, name, t): (f, k, float(min(r.max_units, scope.rentable[f, k, t])))
        for q, r in offers.items()
        for name, f, k in _allowed(supply, r, used)
        for t in range(r.period, min(r.until + 1, case.n_periods))
        if scope.rentable[f, k, t] > 0
    }
    m.rented = pyo.Var(list(most), bounds=lambda m, *i: (0, most[i][2]))
    by_period: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for (q, name, t), (f, k, _) in most.items():
        supply.implies(m.rented[q, name, t], float(offers[q].max_units))  # hall_it_mw; the offer's own limit stands nowhere else where there is one domain
        here[f, k, t].append(m.rented[q, name, t])
        by_period[q, t].append(m.rented[q, name, t])
        supply.pay("lease", t, per_period(supply, offers[q]) * m.rented[q, name, t], owner=offers[q].sku)
    m.rent_max = pyo.Constraint([i for i, terms in by_period.items() if len(terms) > 1], rule=lambda m, q, t: amount(by_period[q, t]) <= offers[q].max_units)
    whole = [i for i in most if offers[i[0]].pack_units > 0]
    m.packs_rented = pyo.Var(whole, domain=pyo.NonNegativeIntegers, bounds=lambda m, *i: (0, int(most[i][2] / offers[i[0]].pack_units + 1e-9)))
    m.whole_packs_rented = pyo.Constraint(whole, rule=lambda m, *i: m.rented[i] == offers[i[0]].pack_units * m.packs_rented[i])
