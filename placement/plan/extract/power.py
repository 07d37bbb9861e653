"""Grid, contracts, own generation and the energy taken."""

from __future__ import annotations

from collections import defaultdict

import pandas as pd
import pyomo.environ as pyo

from placement.plan.extract.solution import NIL, Solution, table
from placement.units import MWH_PER_GWH


def grid(solution: Solution) -> pd.DataFrame:
    """Return the energised tiers."""
    on = solution.starts("tier_on")
    free = solution.case["grid"].query("capex_musd == 0 and opex_musd_per_year == 0")
    on |= {(r.site, r.tier): r.available for r in free.itertuples() if r.available < solution.case.n_periods}
    return table("grid", [(r.site, r.tier, solution.label[on[r.site, r.tier]]) for r in solution.case["grid"].itertuples() if (r.site, r.tier) in on])


def contracts(solution: Solution) -> pd.DataFrame:
    """Return the signed contracts."""
    return table("contracts", [(p, mw) for (p,), mw in solution.values("contract_mw") if mw > NIL])


def generators(solution: Solution) -> pd.DataFrame:
    """Return capacity of own generation."""
    return table("generators", [(g, solution.label[t], mw) for (g, t), mw in solution.values("generator_cap") if mw > NIL])


def paid(solution: Solution) -> pd.DataFrame:
    """Return contract energy paid for."""
    return table("paid", [(p, solution.label[t], mwh) for (p, t), mwh in solution.values("paid_mwh") if mwh > NIL])


def storage(solution: Solution) -> pd.DataFrame:
    """Return what storage takes and gives, in every block of the periods in which it is there."""
    there = {i: mw for i, mw in solution.values("storage_cap") if mw > NIL}
    given = dict(solution.values("storage_discharge"))
    flows = [(*i, charge, given[i], there[i[:2]]) for i, charge in solution.values("storage_charge") if i[:2] in there]
    names = [b.name for b in solution.case.blocks]
    return table("storage", [(n, solution.label[t], names[b], *mw) for n, t, b, *mw in flows])


def exports(solution: Solution) -> pd.DataFrame:
    """Return output that is sold."""
    names = [b.name for b in solution.case.blocks]
    return table("exports", [(g, solution.label[t], names[b], mw) for (g, t, b), mw in solution.values("export_mw") if mw > NIL])


def curtailment(solution: Solution) -> pd.DataFrame:
    """Return power of tiers that is given up in the stress block."""
    return table("curtailment", [(s, r, solution.label[t], mw) for (s, r, t), mw in solution.values("curtail_mw") if mw > NIL])


def offsets(solution: Solution) -> pd.DataFrame:
    """Return carbon offsets bought."""
    return table("offsets", [(solution.label[t], kt) for (t,), kt in solution.values("offset_kt") if kt > NIL])


def mix(solution: Solution) -> pd.DataFrame:
    """Return energy by technology and period, what is sold left out."""
    gwh: dict[tuple[str, int], float] = defaultdict(float)
    for s in solution.sides.supply.sources:
        if not s.stored:
            gwh[s.tech, s.period] += float(solution.case.hours[s.block]) / MWH_PER_GWH * float(pyo.value(s.mw))
    total: dict[int, float] = defaultdict(float)
    for (_, t), amount in gwh.items():
        total[t] += amount
    return table("mix", [(tech, solution.label[t], amount, amount / total[t]) for (tech, t), amount in gwh.items() if amount > NIL])


def peaks(solution: Solution) -> pd.DataFrame:
    """Return the billed peak of each connection."""
    return table("peaks", [(s, solution.label[t], mw) for (s, t), mw in solution.values("peak_mw") if mw > NIL])


def energy(solution: Solution) -> pd.DataFrame:
    """Return power taken by source."""
    names = [b.name for b in solution.case.blocks]
    site = dict(zip(solution.case["generators"]["generator"], solution.case["generators"]["site"], strict=True))
    flows = [(s, t, b, "grid", mw) for (s, t, b), mw in solution.values("grid_mw")]
    flows += [(s, t, b, f"ppa:{p}", mw) for (p, s, t, b), mw in solution.values("ppa_mw")]
    flows += [(site[g], t, b, f"generator:{g}", mw) for (g, t, b), mw in solution.values("generator_mw")]
    return table("energy", [(s, solution.label[t], names[b], source, mw) for s, t, b, source, mw in flows if mw > NIL])
