r"""Chips: orders with lead times, what is deployed where, and what is lent to inference.

.. math:: \sum_f deployed_{fkt} \le \sum_{q:\,arrives \le t} order_q, \qquad
          \sum_k kw_k (installed_{fk} + deployed_{fkt}) \le \sum_{h \in f} P_h\, built_{sht}

See models/README.md, sections 1 and 3.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.density import limit_density
from placement.supply.deployment import limit_deployment
from placement.supply.exports import cap_exports
from placement.supply.inventory import hold_stock
from placement.supply.lifetimes import move_chips, retire_chips
from placement.supply.orders import cap_vendors, order_chips
from placement.supply.rents import rent_chips
from placement.supply.stock import keep_in_place
from placement.supply.supply import Block, Expr, Supply, amount
from placement.units import KW_PER_MW


def build(supply: Supply) -> None:
    """Declare ``order[q]``, ``deployed[f,k,t]`` and ``serving[f,k,t]``; provide ``compute`` and ``serve``; draw idle ``power``."""
    scope, m = supply.scope, supply.model
    f_name, k_name = list(scope.domains), list(scope.skus)
    computes = {key[1:] for key in supply.wanted if key[0] == "compute"}
    serves = {key[1:4] for key in supply.wanted if key[0] in ("serve", "pool")}
    lent = sorted(
        (f, k, t)
        for f, s in enumerate(scope.domain_site)
        for k in range(len(k_name))
        for t in range(supply.case.n_periods)
        if (s, k, t) in serves and scope.units[f, k, t] > 0
    )
    used = {(f, k) for f, k, _ in computes} | {(f, k) for f, k, _ in lent}
    index = [(f, k, t) for f, k in sorted(used) for t in range(supply.case.n_periods) if scope.ownable[f, k, t] > 0]
    named = {(f_name[f], k_name[k], t): (f, k, t) for f, k, t in index}
    m.deployed = pyo.Var(list(named), bounds=lambda m, *i: (0, float(scope.ownable[named[i]])))
    m.serving = pyo.Var([(f_name[f], k_name[k], t) for f, k, t in lent])
    for f, k, t in lent:
        var = m.serving[f_name[f], k_name[k], t]
        var.setlb(0)
        var.setub(float(scope.units[f, k, t]))
        supply.provide(("serve", int(scope.domain_site[f]), k, t), var)
        for b in range(len(supply.case.blocks)):
            supply.provide(("pool", int(scope.domain_site[f]), k, t, b), var)
        supply.provide(("compute", f, k, t), -var)
    supply.implies(m.deployed)  # hall_it_mw, chip_stock
    supply.implies(m.serving)  # compute, serving_split
    price = order_chips(supply)
    rented = rent_chips(supply, used)
    cap_vendors(supply, price)
    retire_chips(supply)
    move_chips(supply)
    keep_in_place(supply)
    hold_stock(supply)

    here: dict[tuple[int, int, int], Expr] = {code: m.deployed[i] for i, code in named.items()}
    here |= {code: here.get(code, 0) + units for code, units in rented.items()}
    for f, k, t in sorted(computes):
        supply.provide(("compute", f, k, t), float(scope.standing[f, k, t]) + here.get((f, k, t), 0))
    # chips lent to inference where no training column competes for them
    alone = [(f_name[f], k_name[k], t) for f, k, t in lent if (f, k, t) not in computes]
    codes = {(f_name[f], k_name[k], t): (f, k, t) for f, k, t in lent}
    m.serving_split = pyo.Constraint(alone, rule=lambda m, *i: m.serving[i] <= float(scope.standing[codes[i]]) + here.get(codes[i], 0))

    _fill_halls(supply, here)
    limit_density(supply, here)
    _draw_idle(supply, here)
    cap_exports(supply, here)
    limit_deployment(supply)


def _fill_halls(supply: Supply, here: dict[tuple[int, int, int], Expr]) -> None:
    """IT power of the halls, for all chips and for those that need liquid cooling."""
    scope, case, m = supply.scope, supply.case, supply.model
    by_domain: dict[tuple[int, int], list[int]] = defaultdict(list)
    for f, k, t in here:
        by_domain[f, t].append(k)

    def load(f: int, t: int, which: list[int]) -> Expr:
        mw = scope.kw / KW_PER_MW
        fixed = sum(float(mw[k] * scope.standing[f, k, t]) for k in which)
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
    pairs = [(f, k) for f in range(len(scope.domains)) for k in range(len(scope.skus)) if idle_mw[k] > 0 and scope.powered[scope.domain_site[f]]]
    for f, k in pairs:
        s = int(scope.domain_site[f])
        for t in range(supply.case.n_periods):
            if scope.standing[f, k, t] > 0 or (f, k, t) in here:
                units = float(scope.standing[f, k, t]) + here.get((f, k, t), 0)
                for b in range(len(supply.case.blocks)):
                    supply.draw(("power", s, t, b), float(scope.pue[s, t, b] * idle_mw[k]) * units)


BLOCK = Block("chips", build, tables=("skus",), needs=("sites",))
