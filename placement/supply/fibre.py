r"""Fibre capacity and further modules on links that carry refresh traffic.

.. math:: load_{et} \le G_e + M_e\, modules_{et}

See models/README.md, section 4.
"""

from __future__ import annotations

from typing import Any

from placement.supply.supply import Block, Supply


def build(supply: Supply) -> None:
    """Declare ``modules[e,t]`` on links that are used; provide ``fibre``."""
    case = supply.case
    used = {key[1] for key in supply.wanted if key[0] == "fibre"}
    links = {e: row for e, row in enumerate(case["links"].itertuples()) if e in used}
    growing = {(r.link,): _first(r) for r in links.values() if r.max_modules > 0}
    modules = supply.steps("modules", growing, most={(r.link,): r.max_modules for r in links.values()})
    for e, r in links.items():
        for t in range(case.n_periods):
            lit = modules((r.link,), t)
            supply.provide(("fibre", e, t), r.gbps + (r.module_gbps * lit if r.max_modules > 0 else 0))
            if r.max_modules > 0 and t >= _first(r):
                supply.invest(t, r.module_capex_musd * (lit - modules((r.link,), t - 1)), r.life_years)


def _first(link: Any) -> int:
    """Return the first period in which a module can be lit: after its lead, on a link that exists."""
    return max(int(link.lead_periods), int(link.available))


BLOCK = Block("fibre", build, tables=("links",))
