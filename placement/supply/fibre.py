r"""Fibre capacity and further modules on links that carry refresh traffic.

.. math:: load_{et} \le G_e + M_e\, modules_{et}

See models/README.md, section 4.
"""

from __future__ import annotations

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Declare ``modules[e,t]`` on links that are used; provide ``fibre``."""
    case = supply.case
    used = {key[1] for key in supply.wanted if key[0] == "fibre"}
    links = {e: row for e, row in enumerate(case["links"].itertuples()) if e in used}
    growing = {(r.link,): r.lead_periods for r in links.values() if r.max_modules > 0}
    modules = supply.steps("modules", growing, most={(r.link,): r.max_modules for r in links.values()})
    for e, r in links.items():
        for t in range(case.n_periods):
            lit = modules((r.link,), t)
            supply.provide(("fibre", e, t), r.gbps + (r.module_gbps * lit if r.max_modules > 0 else 0))
            if r.max_modules > 0 and t >= r.lead_periods:
                supply.invest(t, r.module_capex_musd * (lit - modules((r.link,), t - 1)), r.life_years)


BLOCK = Block("fibre", build, tables=("links",))
