r"""Work of deferrable jobs moved between the blocks of a period.

.. math:: -\delta\, d_{s\delta t} \le shift_{s\delta tb} \le (1 - \delta)\, d_{s\delta t}, \qquad \sum_b H_b\, shift_{s\delta tb} = 0, \qquad
          d_{s\delta t} \le \sum_{x \text{ of duty } \delta \text{ running at } s \text{ in } t} it\_mw\, x

All in MW of IT power above idle; at the meter it is times the PUE of the block. See models/README.md, section 5b. One balance per duty
:math:`\delta`: the hours of jobs of one duty can be shared out among them in every way that these rows allow (the sum of their base
polytopes is one); of jobs of several duties together that would not be so.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Declare ``deferrable_mw[s,d,t]`` and ``shift_mw[s,d,t,b]`` where such a job may run; draw ``deferrable`` and ``power``."""
    scope, case, m = supply.scope, supply.case, supply.model
    duties, sites = scope.duties.tolist(), list(scope.sites)
    keys = sorted(key[1:] for key in supply.wanted if key[0] == "deferrable")
    if not keys:
        return
    named = {(sites[s], duties[d], t): (s, d, t) for s, d, t in keys}
    blocks = range(len(case.blocks))
    most = {i: float(scope.it_mw[scope.domain_site == s, t].sum()) for i, (s, _, t) in named.items()}
    m.deferrable_mw = pyo.Var(list(named), bounds=lambda m, *i: (0, most[i]))
    m.shift_mw = pyo.Var([(*i, b) for i in named for b in blocks], bounds=lambda m, s, d, t, b: (-d * most[s, d, t], (1 - d) * most[s, d, t]))
    m.shift_up = pyo.Constraint(m.shift_mw.index_set(), rule=lambda m, s, d, t, b: m.shift_mw[s, d, t, b] <= (1 - d) * m.deferrable_mw[s, d, t])
    m.shift_down = pyo.Constraint(m.shift_mw.index_set(), rule=lambda m, s, d, t, b: -m.shift_mw[s, d, t, b] <= d * m.deferrable_mw[s, d, t])
    # By share of the period and not by hours: the same row with numbers near 1.
    m.shift_energy = pyo.Constraint(list(named), rule=lambda m, *i: pyo.quicksum(case.blocks[b].share * m.shift_mw[(*i, b)] for b in blocks) == 0)
    for i, (s, d, t) in named.items():
        supply.draw(("deferrable", s, d, t), m.deferrable_mw[i])
        for b in blocks:
            supply.draw(("power", s, t, b), float(scope.pue[s, t, b]) * m.shift_mw[(*i, b)])


BLOCK = Block("shifting", build, tables=("grid", "generators"), needs=("chips",))
