r"""Funds that progress releases.

.. math:: P_n\, tranche_{nt} \le \sum_h P_h\, built_{ht}, \qquad \sum_{u \le t} drawn_{nu} \le F_n\, tranche_{nt}

See models/README.md, section 8.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply, amount


def build(supply: Supply) -> None:
    """Declare ``tranche[n,t]`` and ``drawn[n,t]``, and hand what is drawn to the budget."""
    case, m = supply.case, supply.model
    rows = {n.tranche: n for n in case["tranches"].itertuples()}
    released = supply.steps("tranche", {(n,): r.available for n, r in rows.items()})
    index = list(m.tranche)
    in_service = {t: amount([e for (_, _, u), terms in supply.hall_mw.items() if u == t for e in terms]) for t in range(case.n_periods)}
    needy = [(n, t) for n, t in index if rows[n].needs_it_mw > 0]
    m.tranche_progress = pyo.Constraint(needy, rule=lambda m, n, t: rows[n].needs_it_mw * m.tranche[n, t] <= in_service[t])
    m.drawn = pyo.Var(index, bounds=lambda m, n, t: (0, rows[n].amount_musd))
    m.tranche_drawn = pyo.Constraint(
        index, rule=lambda m, n, t: amount([m.drawn[n, u] for u in range(rows[n].available, t + 1)]) <= rows[n].amount_musd * released((n,), t)
    )
    supply.most_drawn = sum(r.amount_musd for r in rows.values())
    for n, t in index:
        supply.drawn[t].append(m.drawn[n, t])


BLOCK = Block("tranches", build, tables=("tranches",), needs=("sites",))
