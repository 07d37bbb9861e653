r"""What the community around a site grants: a cap on its power, and more against local benefits.

.. math:: \sum_{\text{sources}} MW_{stb} \le C_s + extra_{st}, \qquad 0 \le extra_{st} \le E_s

See models/README.md, section 2.
"""

from __future__ import annotations

import pyomo.environ as pyo

from placement.supply.supply import Block, Supply, amount
from placement.units import MONTHS_PER_YEAR, USD_PER_MUSD


def build(supply: Supply) -> None:
    """Declare ``community_extra_mw[s,t]``, paid for by the period, and state ``community_cap``."""
    case, m, sources = supply.case, supply.model, supply.source_mw
    cap = case["sites"].set_index("site")["community_mw"].dropna().to_dict()
    more = {r.site: r for r in case["local_benefits"].itertuples() if r.extra_mw > 0}
    m.community_extra_mw = pyo.Var(list(dict.fromkeys((s, t) for s, t, _ in sources if s in more)), bounds=lambda m, s, t: (0, more[s].extra_mw))
    for s, t in m.community_extra_mw:
        musd_per_mw = more[s].usd_per_mw_year / USD_PER_MUSD * case.period_months / MONTHS_PER_YEAR
        supply.pay("opex", t, musd_per_mw * m.community_extra_mw[s, t], s)
    m.community_cap = pyo.Constraint(
        [i for i in sources if i[0] in cap],
        rule=lambda m, s, t, b: amount(sources[s, t, b]) <= cap[s] + (m.community_extra_mw[s, t] if s in more else 0),
    )


BLOCK = Block("community", build, tables=("grid", "generators"), needs=("power_limits",))
