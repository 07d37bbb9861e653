r"""Leased wavelengths on links, beside own modules.

.. math:: fibre_{et} \mathrel{+}= \sum_{v:\, e_v = e,\ t_v \le t < t_v + term_v} G_v\, wave_v

See models/README.md, section 4.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply
from placement.units import MONTHS_PER_YEAR


def build(supply: Supply) -> None:
    """Declare ``wave[v]`` on links that are used; provide ``fibre`` and pay the lease for as long as it runs."""
    case, m = supply.case, supply.model
    used = {key[1] for key in supply.wanted if key[0] == "fibre"}
    code = {link: e for e, link in enumerate(case["links"]["link"])}
    offers = {r.wave: r for r in case["waves"].itertuples() if code[r.link] in used}
    m.wave = pyo.Var(list(offers), domain=pyo.NonNegativeIntegers, bounds=lambda m, v: (0, offers[v].max_units))
    for v, r in offers.items():
        for t in range(r.start, min(r.start + r.term_periods, case.n_periods)):
            supply.provide(("fibre", code[r.link], t), r.gbps * m.wave[v])
            supply.pay("lease", t, r.lease_musd_per_year * case.period_months / MONTHS_PER_YEAR * m.wave[v])


BLOCK = Block("waves", build, tables=("waves",))
