r"""Whether a release of a model is out, and what that is worth.

.. math:: released_{rt} \le \sum_{x \text{ of the job of } r:\ end + 1 + lag_r \le t} x, \qquad 0 \le released_{rt} \le 1

See models/README.md, section 5a. The right-hand side counts training columns, of which at most one is taken: it never falls and is whole,
so that ``released`` needs to be neither declared integer nor held to its step.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Declare ``released[r,t]`` where some training column can bring it about; draw ``release``; earn the value."""
    table, m = supply.case["releases"], supply.model
    worth = table["value_musd_per_period"].to_numpy(float)
    names = table["release"].to_numpy()
    dates = sorted((r, t) for kind, *rest in supply.wanted if kind == "release" for r, t in [rest])
    m.released = pyo.Var([(names[r], t) for r, t in dates], bounds=(0, 1))
    for r, t in dates:
        out = m.released[names[r], t]
        supply.draw(("release", r, t), out)
        supply.decisions["released", r, t] = out
        if worth[r] > 0:
            supply.pay("value", t, -float(worth[r]) * out)


BLOCK = Block("releases", build, tables=("releases",))
