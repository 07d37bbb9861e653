"""Where energy may come from: carbon caps and offsets, clean targets, shares of technologies (models/README.md section 2)."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes
from placement.plan.checking.verdict import axes, rows
from placement.units import USD_PER_MUSD


def check_carbon(facts: Facts, kg: Floats) -> None:
    """Compare the carbon of all energy by period, kg, with its cap and the offsets bought, and pay for these."""
    caps, said, case = facts.case["carbon_caps"], facts.plan["offsets"], facts.case
    offset = np.zeros(facts.n_periods)
    offset[said["period"].to_numpy(int)] = said["kt"]
    most, price = np.zeros((2, facts.n_periods))
    at = caps["period"].to_numpy(int)
    most[at], price[at] = caps["max_offset_kt"], caps["offset_usd_per_t"].fillna(0.0)
    label = rows(pd.DataFrame({"label": case.periods}), "{label}")
    facts.found.at_most("offsets.kt", offset, most, label, "offsets against the most there are", "kt")
    named = rows(caps.assign(label=[case.periods[t] for t in at]), "{label}")
    facts.found.at_most("carbon_cap", kg[at] / 1e6 - offset[at], caps["kt"], named, "carbon less offsets against the cap", "kt", scale=kg[at] / 1e6)
    facts.cash.pay("carbon", np.arange(facts.n_periods), price * offset * 1e3 / USD_PER_MUSD)


def check_clean(facts: Facts, power: Floats, clean: Floats) -> None:
    """Compare clean power with its least share of all power by site, period and block, MW (stored and sold power included in both)."""
    targets, case = facts.case["clean_targets"], facts.case
    zone = facts.sites["zone"].to_numpy(object)
    for row in targets.itertuples():
        inside = np.ones(len(zone), bool) if row.zone == "" else zone == row.zone
        all_mw, clean_mw = power[inside, row.period].sum(axis=0), clean[inside, row.period].sum(axis=0)
        place = f"zone {row.zone or 'all'} {case.periods[row.period]}"
        if row.matching == "block":
            where = axes((place, [f"block {name}" for name in facts.block_names]))
            facts.found.at_most("clean_match", row.share * all_mw, clean_mw, where, "clean power asked for against clean power", "MW")
        else:
            need, have = row.share * all_mw @ case.hours / 1e3, clean_mw @ case.hours / 1e3
            slack = 1e-6 * case.hours.sum() / 1e3  # GWh inherit the tolerance of the MW that they are made of
            facts.found.at_most("clean_energy", [need], [have], axes((place, [""])), "clean energy asked for against clean energy", "GWh", slack)


def check_mix(facts: Facts, gwh: Mapping[str, Floats]) -> None:
    """Compare energy by technology and period, GWh, with what the plan says and with the limits on shares."""
    case, limits = facts.case, facts.case["mix_limits"]
    total = sum(gwh.values(), np.zeros(facts.n_periods))
    slack = 1e-6 * case.hours.sum() / 1e3
    where = rows(limits.assign(period=[case.periods[t] for t in limits["period"]]), "{tech} {period}")
    at = limits["period"].to_numpy(int)
    have = np.array([gwh[k][t] if k in gwh else 0.0 for k, t in zip(limits["tech"], at, strict=True)])
    most = limits["max_share"].fillna(1.0).to_numpy(float) * total[at]
    facts.found.at_most("mix_max", have, most, where, "energy against the largest share", "GWh", slack)
    facts.found.at_most("mix_min", limits["min_share"].to_numpy(float) * total[at], have, where, "least share against energy", "GWh", slack)
    _said(facts, gwh, total)


def _said(facts: Facts, gwh: Mapping[str, Floats], total: Floats) -> None:
    """Compare the table of the mix, where there is one: it is complete then."""
    said = facts.plan["mix"]
    if not len(said):
        return
    where = rows(said.assign(period=[facts.case.periods[t] for t in said["period"]]), "{tech} {period}")
    t = said["period"].to_numpy(int)
    real = np.array([gwh[k][i] if k in gwh else 0.0 for k, i in zip(said["tech"], t, strict=True)])
    slack = 1e-6 * facts.case.hours.sum() / 1e3
    techs = pd.Index(pd.unique(pd.Series([*gwh, *said["tech"]], dtype=object)))
    claimed, every = np.zeros((2, len(techs), facts.n_periods))
    claimed[codes(techs, said["tech"]), t] = said["gwh"]
    every[: len(gwh)] = list(gwh.values())
    facts.found.equal("mix.gwh", claimed, every, axes(("", techs), ("", facts.case.periods)), "energy of the technology", "GWh", slack)
    share = real / np.maximum(total[t], 1e-12)
    facts.found.equal("mix.share", said["share"], share, where, "share of the technology", "", 1e-6 + slack / np.maximum(total[t].min(), 1e-9))
