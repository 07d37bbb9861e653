"""Fibre: traffic on links, their modules and leased waves (models/README.md section 4)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes, joined
from placement.plan.checking.verdict import axes, rows


def check_fibre(facts: Facts, load: Floats) -> None:
    """Check modules, waves and traffic (``load``, by link and period, Gbit/s) of every link; pay modules and waves."""
    links, said, horizon, found = facts.case["links"], facts.plan["fibre"], facts.n_periods, facts.found
    ids, periods = pd.Index(links["link"]), facts.case.periods
    e, t = codes(ids, said["link"]), said["period"].to_numpy(int)
    modules, claimed = np.zeros((2, len(links), horizon))
    modules[e, t], claimed[e, t] = said["modules"].round(), said["load_gbps"]
    there = axes(("link", ids), ("", periods))
    gbps, module_gbps = links["gbps"].to_numpy(float), links["module_gbps"].to_numpy(float)
    most = np.where(np.isnan(gbps) | np.isnan(module_gbps), 0, links["max_modules"].to_numpy(float))
    found.at_most("module_max", modules, most[:, None], there, "modules against the most possible", "modules")
    found.at_most("module_step", modules[:, :-1], modules[:, 1:], axes(("link", ids), ("", periods[1:])), "modules before against modules", "modules")
    early = np.arange(horizon) < links[["lead_periods", "available"]].max(axis=1).to_numpy(int)[:, None]
    found.at_most("module_dates", np.where(early, modules, 0), 0, there, "modules before the first can be lit", "modules")
    capacity = gbps[:, None] + np.nan_to_num(module_gbps)[:, None] * modules + _leased(facts)
    limited = ~np.isnan(gbps)
    on_limited = axes(("link", ids[limited]), ("", periods))
    found.at_most("fibre", load[limited], capacity[limited], on_limited, "traffic against capacity", "Gbit/s")
    found.equal("fibre.load_gbps", claimed[limited], load[limited], on_limited, "traffic", "Gbit/s")
    label = rows(said.assign(label=[periods[i] for i in t]), "link {link} {label}")
    found.equal("fibre.capacity_gbps", said["capacity_gbps"], capacity[e, t], label, "capacity", "Gbit/s")
    cost = links["module_capex_musd"].to_numpy(float)[:, None] * np.diff(modules, axis=1, prepend=0.0)
    when = np.broadcast_to(np.arange(horizon), cost.shape)
    facts.cash.invest(when, cost, links["life_years"].to_numpy(float)[:, None], facts.case.period_months)


def _leased(facts: Facts) -> Floats:
    """Check and pay the leased waves; return their capacity by link and period, Gbit/s."""
    said, horizon, found = facts.plan["waves"], facts.n_periods, facts.found
    table = joined(said.rename(columns={"link": "said_link", "start": "said_start"}), facts.case["waves"], ["wave"])
    where = rows(table, "wave {wave}")
    found.never("waves.link", table["said_link"] != table["link"], where, "the offer is for another link")
    found.never("waves.start", table["said_start"] != table["start"], where, "the lease starts in another period")
    found.at_most("wave_max", table["units"], table["max_units"], where, "waves against the most possible", "waves")
    now, start = np.arange(horizon), table["start"].to_numpy(float)[:, None]
    runs = (start <= now) & (now < start + table["term_periods"].to_numpy(float)[:, None])
    units = table["units"].round().to_numpy(float)
    rent = units * table["lease_musd_per_year"].to_numpy(float) * facts.case.period_months / 12
    facts.cash.pay("lease", np.broadcast_to(now, runs.shape), runs * rent[:, None])
    out = np.zeros((len(facts.case["links"]), horizon))
    np.add.at(out, codes(pd.Index(facts.case["links"]["link"]), table["link"]), runs * (units * table["gbps"].to_numpy(float))[:, None])
    return out
