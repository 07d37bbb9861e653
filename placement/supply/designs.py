r"""Reference designs: a hall comes sooner once another of its design is in service.

.. math:: quick_{sht} \\le \\sum_{h' \\ne h} built_{s'h',\\,t - lag}, \\qquad quick_{sht} \\le opened_{s,\\,t - \\max(0, A_h - saved)}

See models/README.md, section 1. A hall is built quickly or slowly; ``built - quick`` is a step too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyomo.environ as pyo

from placement.rules.milestones import whole
from placement.supply.supply import Expr, Supply, amount


def repeat_designs(supply: Supply) -> Callable[[Any, int], Expr]:
    """Declare ``quick[s,h,t]`` for halls that may repeat a design, and return its value; ``built`` and ``opened`` must be there."""
    case, scope, m = supply.case, supply.scope, supply.model
    built, opened = supply.step["built"], supply.step["opened"]
    halls = {(h.site, h.hall): h for h in scope.halls.itertuples()}
    may = {key: h for key, h in halls.items() if not h.existing and h.first_quick < case.n_periods}
    if not may:
        return lambda key, t: 0
    quick = supply.steps("quick", {key: max(h.first, h.first_quick) for key, h in may.items()})
    index = [(*key, t) for key, h in may.items() for t in range(h.first, case.n_periods)]
    slow = [i for i in index if i[2] < halls[i[:2]].first_slow]

    def seen(s: str, h: str, t: int) -> Expr:
        """Halls of the design in service when the shortened work on this one begins."""
        mine = halls[s, h]
        others = [(key, o) for key, o in halls.items() if o.design == mine.design and key != (s, h)]
        return amount([int(t >= mine.reference_lag) if o.existing else built(key, t - mine.reference_lag) for key, o in others])

    def standing(s: str, h: str, t: int) -> Expr:
        """Whether it is in service and was built slowly."""
        return built((s, h), t) - quick((s, h), t)

    to_open = [i for i in m.quick if i[0] in scope.opening]
    reach = {key: max(0, whole(h.chain.after_shared) - h.saved) for key, h in may.items()}
    m.design_first = pyo.Constraint(slow, rule=lambda m, *i: built(i[:2], i[2]) <= quick(i[:2], i[2]))
    m.design_mode = pyo.Constraint(list(m.quick), rule=lambda m, *i: m.quick[i] <= built(i[:2], i[2]))
    m.design_mode_step = pyo.Constraint([i for i in index if i[2] > halls[i[:2]].first], rule=lambda m, *i: standing(i[0], i[1], i[2] - 1) <= standing(*i))
    m.design_reference = pyo.Constraint(list(m.quick), rule=lambda m, *i: m.quick[i] <= seen(*i))
    m.design_opened = pyo.Constraint(to_open, rule=lambda m, s, h, t: m.quick[s, h, t] <= opened((s,), t - reach[s, h]))
    return quick
