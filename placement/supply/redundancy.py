r"""How much may stand or fall with one failure domain.

.. math:: spread_{imdt} = m_i, \qquad apart_{gdt} = 1

See models/README.md, sections 5 and 6.
"""

from __future__ import annotations

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Provide ``spread``, the share of a metro's demand that one failure domain may serve, and ``apart``, one job of a group."""
    most = supply.case["services"]["max_share_per_domain"].to_numpy(float)
    for key in supply.wanted:
        if key[0] == "spread":
            supply.provide(key, float(most[key[1]]))
        elif key[0] == "apart":
            supply.provide(key, 1.0)


BLOCK = Block("redundancy", build, tables=("demand", "job_skus"), columns=("services.max_share_per_domain", "jobs.anti_affinity"))
