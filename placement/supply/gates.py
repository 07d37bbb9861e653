r"""What comes only after something else: a pilot before scale, an interconnection before halls, or the reverse.

.. math:: step_t \le step'_{t - lag}

See models/README.md, section 1.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Expr, Supply

#: Kind of `gates` -> the never-falling decision that it means.
STEPS = {"hall": "built", "site": "opened", "tier": "tier_on"}


def build(supply: Supply) -> None:
    """State ``gate[g,t]``; must come after halls, sites and tiers."""
    rows: dict[tuple[str, int], Expr] = {}
    for g in supply.case["gates"].itertuples():
        for t in range(supply.case.n_periods):
            held = supply.step[STEPS[g.kind]](_key(g.site, g.item), t)
            if not isinstance(held, int):
                rows[g.gate, t] = held <= _reached(supply, STEPS[g.after_kind], _key(g.after_site, g.after_item), t - g.lag_periods)
    supply.model.gate = pyo.Constraint(list(rows), rule=lambda m, *i: rows[i])


def _key(site: str, item: str) -> tuple[str, ...]:
    return (site, item) if item else (site,)


def _reached(supply: Supply, name: str, key: tuple[str, ...], t: int) -> Expr:
    """Return whether a step has been taken by ``t``, even if what it gave has ended since; 0 before it can be."""
    for when in range(t, -1, -1):
        value = supply.step[name](key, when)
        if not isinstance(value, int):
            return value
    return 0


BLOCK = Block("gates", build, tables=("gates",), needs=("sites", "grid"))
