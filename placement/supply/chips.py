r"""Chips: orders with lead times, what is deployed where, and what is lent to inference.

.. math:: \sum_f deployed_{fkt} \le \sum_{q:\,arrives \le t} order_q, \qquad
          \sum_k kw_k (installed_{fk} + deployed_{fkt}) \le \sum_{h \in f} P_h\, built_{sht}

See models/README.md, sections 1 and 3.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply, amount
from placement.units import KW_PER_MW, USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``order[q]``, ``deployed[f,k,t]`` and ``serving[f,k,t]``; provide ``compute`` and ``serve``; draw idle ``power``."""
    scope, m = supply.scope, supply.model
    f_name, k_name = list(scope.domains), list(scope.skus)
    computes = {key[1:] for key in supply.wanted if key[0] == "compute"}
    serves = {key[1:] for key in supply.wanted if key[0] == "serve"}
    lent = sorted(
        (f, k, t)
        for f, s in enumerate(scope.domain_site)
        for k in range(len(k_name))
        for t in range(supply.case.n_periods)
        if (s, k, t) in serves and scope.units[f, k, t] > 0
    )
    used = {(f, k) for f, k, _ in computes} | {(f, k) for f, k, _ in lent}
    index = [(f, k, t) for f, k in sorted(used) for t in range(supply.case.n_periods) if scope.addable[f, k, t] > 0]
    named = {(f_name[f], k_name[k], t): (f, k, t) for f, k, t in index}
    m.deployed = pyo.Var(list(named), bounds=lambda m, *i: (0, float(scope.addable[named[i]])))
    m.serving = pyo.Var([(f_name[f], k_name[k], t) for f, k, t in lent])
    for f, k, t in lent:
        var = m.serving[f_name[f], k_name[k], t]
        var.setlb(0)
        var.setub(float(scope.units[f, k, t]))
        supply.provide(("serve", int(scope.domain_site[f]), k, t), var)
        supply.provide(("compute", f, k, t), -var)
    m.deployed_step = pyo.Constraint([i for i in named if (*i[:2], i[2] - 1) in named], rule=lambda m, f, k, t: m.deployed[f, k, t - 1] <= m.deployed[f, k, t])

    here: dict[tuple[int, int, int], Expr] = {code: m.deployed[i] for i, code in named.items()}
    for f, k, t in sorted(computes):
        supply.provide(("compute", f, k, t), float(scope.installed[f, k]) + here.get((f, k, t), 0))
    # chips lent to inference where no training column competes for them
    alone = [(f_name[f], k_name[k], t) for f, k, t in lent if (f, k, t) not in computes]
    codes = {(f_name[f], k_name[k], t): (f, k, t) for f, k, t in lent}
    m.serving_split = pyo.Constraint(alone, rule=lambda m, *i: m.serving[i] <= float(scope.installed[codes[i][:2]]) + here.get(codes[i], 0))

    _fill_halls(supply, here)
    _draw_idle(supply, here)
    _orders(supply)
    _export_caps(supply, here)


def _fill_halls(supply: Supply, here: dict[tuple[int, int, int], Expr]) -> None:
    """IT power of the halls, for all chips and for those that need liquid cooling."""
    scope, case, m = supply.scope, supply.case, supply.model
    by_domain: dict[tuple[int, int], list[int]] = defaultdict(list)
    for f, k, t in here:
        by_domain[f, t].append(k)

    def load(f: int, t: int, which: list[int]) -> Expr:
        mw = scope.kw / KW_PER_MW
        fixed = sum(float(mw[k] * scope.installed[f, k]) for k in which)
        return fixed + amount([float(mw[k]) * here[f, k, t] for k in by_domain[f, t] if k in which])

    every, wet = list(range(len(scope.kw))), [k for k in range(len(scope.kw)) if scope.liquid[k]]
    mixed = {f for f in range(len(scope.domains)) if scope.liquid_mw[f, -1] < scope.it_mw[f, -1] and case.n_periods}
    names = list(scope.domains)
    code = {name: f for f, name in enumerate(names)}
    m.hall_it_mw = pyo.Constraint(
        [(names[f], t) for f, t in by_domain],
        rule=lambda m, f, t: load(code[f], t, every) <= amount(supply.hall_mw[code[f], "air", t] + supply.hall_mw[code[f], "liquid", t]),
    )
    m.hall_liquid_mw = pyo.Constraint(
        [(names[f], t) for f, t in by_domain if f in mixed and any(k in wet for k in by_domain[f, t])],
        rule=lambda m, f, t: load(code[f], t, wet) <= amount(supply.hall_mw[code[f], "liquid", t]),
    )


def _draw_idle(supply: Supply, here: dict[tuple[int, int, int], Expr]) -> None:
    """Take the idle draw of every chip in service from the site's power."""
    scope = supply.scope
    idle_mw = supply.case["skus"]["idle_share"].to_numpy(float) * scope.kw / KW_PER_MW
    pairs = [(f, k) for f in range(len(scope.domains)) for k in range(len(scope.skus)) if idle_mw[k] > 0]
    for f, k in pairs:
        s = int(scope.domain_site[f])
        draw = float(scope.pue[s] * idle_mw[k])
        for t in range(supply.case.n_periods):
            if scope.installed[f, k] > 0 or (f, k, t) in here:
                units = float(scope.installed[f, k]) + here.get((f, k, t), 0)
                for b in range(len(supply.case.blocks)):
                    supply.draw(("power", s, t, b), draw * units)


def _orders(supply: Supply) -> None:
    """Orders within quarterly supply, their cost, the stock they give and the share of one vendor."""
    case, m = supply.case, supply.model
    offers = {q.offer: q for q in case["offers"].itertuples() if q.period + q.lead_periods < case.n_periods}
    arrives = {q: r.period + r.lead_periods for q, r in offers.items()}
    life = case["skus"].set_index("sku")["life_years"].to_dict()
    vendor = case["skus"].set_index("sku")["vendor"].to_dict()
    m.order = pyo.Var(list(offers), bounds=lambda m, q: (0, offers[q].max_units))
    least = [q for q, r in offers.items() if r.take_share > 0]
    m.signed = pyo.Var(least, domain=pyo.Binary)
    m.take_or_pay_min = pyo.Constraint(least, rule=lambda m, q: offers[q].take_share * offers[q].max_units * m.signed[q] <= m.order[q])
    m.take_or_pay_max = pyo.Constraint(least, rule=lambda m, q: m.order[q] <= offers[q].max_units * m.signed[q])
    for q, r in offers.items():
        supply.invest(r.period, r.unit_price_usd / USD_PER_MUSD * m.order[q], life[r.sku], owner=r.sku, in_service=arrives[q])

    stock: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for f, k, t in m.deployed:
        stock[k, t].append(m.deployed[f, k, t])
    m.chip_stock = pyo.Constraint(
        list(stock), rule=lambda m, k, t: amount(stock[k, t]) <= amount([m.order[q] for q, r in offers.items() if r.sku == k and arrives[q] <= t])
    )
    cap = case["vendor_caps"].set_index("vendor")["max_spend_share"].to_dict()
    # spend in M$: spend_v - share * spend <= 0
    spend = {q: r.unit_price_usd / USD_PER_MUSD for q, r in offers.items() if r.unit_price_usd > 0}
    m.vendor_cap = pyo.Constraint(
        [v for v in cap if any(vendor[offers[q].sku] == v for q in spend)],
        rule=lambda m, v: amount([((vendor[offers[q].sku] == v) - cap[v]) * usd * m.order[q] for q, usd in spend.items()]) <= 0,
    )


def _export_caps(supply: Supply, here: dict[tuple[int, int, int], Expr]) -> None:
    """Units of a class in a country, or in all countries without a row of their own, within the licence."""
    case, scope, m = supply.case, supply.scope, supply.model
    rows = case["export"]
    own = rows.groupby("export_class")["country"].agg(set).to_dict()
    country = case["sites"]["country"].to_numpy()[scope.domain_site]
    classes = case["skus"]["export_class"].to_numpy()
    caps = {(c, place): cap for c, place, rule, cap in rows[["export_class", "country", "rule", "cap_units"]].itertuples(index=False) if rule == "cap"}
    end = case.n_periods - 1

    def held(c: str, place: str) -> tuple[list[Expr], float]:
        inside = [f for f in range(len(country)) if country[f] == place or (place == "*" and country[f] not in own[c])]
        pairs = [(f, k) for f in inside for k in range(len(classes)) if classes[k] == c]
        return [here[f, k, end] for f, k in pairs if (f, k, end) in here], sum(float(scope.installed[p]) for p in pairs)

    m.export_cap = pyo.Constraint([i for i in caps if held(*i)[0]], rule=lambda m, c, place: amount(held(c, place)[0]) + held(c, place)[1] <= caps[c, place])


BLOCK = Block("chips", build, tables=("skus",), needs=("sites",))
