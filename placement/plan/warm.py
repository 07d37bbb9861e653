"""From the tables of an earlier plan to integer decisions of a new program."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from placement.program import Floats, Program, Sides


def start_values(sides: Sides, program: Program, tables: Mapping[str, pd.DataFrame]) -> Floats:
    """Return values for the integer columns that repeat an earlier plan where it still fits; everything else 0.

    Jobs keep domain, SKU and start; sites, halls, tiers and modules their dates; signed offers stay signed.
    What the new case no longer has is left out, and the engine repairs the rest.
    """
    number = {label: t for t, label in enumerate(sides.case.periods)}
    began: dict[str, dict[tuple[str, ...], int]] = {
        "opened": {(r.site,): number[r.opened] for r in tables["sites"].itertuples() if r.opened in number},
        "built": {(r.site, r.hall): number[r.in_service] for r in tables["halls"].itertuples() if r.in_service in number},
        "tier_on": {(r.site, r.tier): number[r.in_service] for r in tables["grid"].itertuples() if r.in_service in number},
    }
    lit = {(r.link, number[r.period]): r.modules for r in tables["fibre"].itertuples() if r.period in number}
    ordered = set(tables["orders"]["offer"])
    x = np.zeros(len(program.cost))
    at = {name: j for j, name in enumerate(program.supply_names)}
    model = sides.supply.model
    for name, starts in began.items():
        for i, var in (model.component(name) or {}).items():
            if var.name in at and starts.get(i[:-1], sides.case.n_periods) <= i[-1]:
                x[at[var.name]] = 1
    for i, var in (model.component("modules") or {}).items():
        if var.name in at:
            x[at[var.name]] = max((n for (link, t), n in lit.items() if link == i[0] and t <= i[1]), default=0)
    for q, var in (model.component("signed") or {}).items():
        if var.name in at:
            x[at[var.name]] = q in ordered
    x[program.n_supply :] = _jobs(sides, tables["training"], number)
    return np.clip(x, program.lower, program.upper)


def _jobs(sides: Sides, training: pd.DataFrame, number: Mapping[str, int]) -> Floats:
    """Return 1 for every training column that the earlier plan used."""
    out = np.zeros(len(sides.columns))
    was = {(r.job, r.domain, r.sku, number.get(r.start, -1)) for r in training.itertuples()}
    jobs, scope = sides.case["jobs"]["job"].to_numpy(), sides.scope
    for kind, at, frame in sides.columns.blocks():
        if kind == "training":
            keys = zip(jobs[frame["job"]], scope.domains.to_numpy()[frame["domain"]], scope.skus.to_numpy()[frame["sku"]], frame["start"], strict=True)
            out[at : at + len(frame)] = [key in was for key in keys]
    return out
