r"""Owned chips: no more are deployed than have arrived, and what is deployed stays where it was put unless it leaves for good.

.. math:: \sum_f deployed_{fkt} \le owned_{kt}, \qquad deployed_{fkt} \ge deployed_{fk,t-1} - removed_{fkt}, \qquad \sum_f removed_{fkt} \le leaving_{kt}

See models/README.md, section 3. Whoever buys adds to ``supply.owned``; whoever sells takes from it and adds to ``supply.leaving``.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.supply.supply import Expr, Supply, amount


def keep_in_place(supply: Supply) -> None:
    """Declare ``removed[f,k,t]`` where units of the SKU can leave; state ``chip_stock``, ``deployed_step`` and ``removed_units``."""
    m = supply.model
    stock: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    removed: dict[tuple[str, int], list[Expr]] = defaultdict(list)
    for f, k, t in m.deployed:
        stock[k, t].append(m.deployed[f, k, t])
    m.chip_stock = pyo.Constraint(list(stock), rule=lambda m, k, t: amount(stock[k, t]) <= amount(supply.owned[k, t]))
    later = [(f, k, t) for f, k, t in m.deployed if (f, k, t - 1) in m.deployed]
    m.removed = pyo.Var([i for i in later if i[1:] in supply.leaving], bounds=lambda m, f, k, t: (0, m.deployed[f, k, t - 1].ub))
    taken = {i: m.removed[i] for i in m.removed}
    for (_, k, t), units in taken.items():
        removed[k, t].append(units)

    def step(m: pyo.ConcreteModel, f: str, k: str, t: int) -> Expr:
        return m.deployed[f, k, t - 1] - taken.get((f, k, t), 0) <= m.deployed[f, k, t]

    m.deployed_step = pyo.Constraint(later, rule=step)
    m.removed_units = pyo.Constraint(list(removed), rule=lambda m, k, t: amount(removed[k, t]) <= amount(supply.leaving[k, t]))
