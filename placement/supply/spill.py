r"""Power that is taken is used, stored or sold: nothing is drawn only to be counted.

.. math:: \sum_{\text{sources}} MW_{stb} - sold + given - stored - spilled_{stb} = draw_{stb}, \qquad
          0 \le spilled_{stb} \le \sum_g \underline{\ell}_g \pi_{gb} cap_{gt}

Where shares of energy, or a baseline, are counted, or power has a price below zero, a plan could otherwise draw power for nothing.
Only what a generator must run may be spilled. See models/README.md, section 2.
"""

from __future__ import annotations

from collections import defaultdict

import pyomo.environ as pyo

from placement.case import Case
from placement.supply.supply import Block, Expr, Supply, amount


def counted(case: Case) -> bool:
    """Whether drawing power for nothing could pay."""
    return any(t in case for t in ("clean_targets", "mix_limits", "curtailment")) or bool((case["tariffs"]["energy_usd_per_mwh"] < 0).any())


def build(supply: Supply) -> None:
    """Declare ``spilled_mw[s,t,b]`` where a generator must run; make the rows of ``power`` equalities, and state ``unused_power`` where nothing draws."""
    case, scope, m = supply.case, supply.scope, supply.model
    if not counted(case):
        return
    code = {s: i for i, s in enumerate(scope.sites)}
    forced: dict[tuple[str, int, int], list[Expr]] = defaultdict(list)
    most: dict[tuple[str, int, int], float] = defaultdict(float)
    for g in case["generators"].itertuples():
        for b, output in enumerate(scope.profile[g.profile].tolist()):
            if g.min_load > 0 and output > 0:
                for t in range(g.available, case.n_periods):
                    forced[g.site, t, b].append(g.min_load * output * m.generator_cap[g.generator, t])
                    most[g.site, t, b] += g.min_load * output * g.max_mw
    m.spilled_mw = pyo.Var(list(forced), bounds=lambda m, *i: (0, most[i]))
    m.spill_limit = pyo.Constraint(list(forced), rule=lambda m, *i: m.spilled_mw[i] <= amount(forced[i]))
    for s, t, b in forced:
        supply.draw(("power", code[s], t, b), m.spilled_mw[s, t, b])
        supply.spilled_mw[s, t, b] = m.spilled_mw[s, t, b]
    power = {i: ("power", code[i[0]], *i[1:]) for i in supply.source_mw}
    supply.exact |= {key for key in power.values() if key in supply.wanted}
    unused = [i for i, key in power.items() if key not in supply.wanted]
    m.unused_power = pyo.Constraint(unused, rule=lambda m, *i: supply.facility_mw(i) == 0)


BLOCK = Block("spill", build, tables=("grid", "generators"), needs=("grid", "contracts", "generation", "storage"))
