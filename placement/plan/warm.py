"""From the tables of an earlier plan to integer decisions of a new program."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from placement.case import Case
from placement.errors import OptionError
from placement.plan.checking.tables import END, PLAN_TABLES
from placement.program import Floats, Program, Sides, component_name
from placement.units import PERIOD_EXAMPLE, period_length, period_number


def start_values(sides: Sides, program: Program, tables: Mapping[str, pd.DataFrame]) -> Floats:
    """Return values for the integer columns that repeat an earlier plan where it still fits; everything else 0.

    Jobs keep domain, SKU and start, or the site of their pair; sites, halls, tiers and modules their dates (what came before the new horizon is there from its
    first period); signed offers and contracts stay signed. What the new case no longer has is left out; the engine says what it could keep.

    Raises
    ------
    OptionError
        If the periods of the earlier plan have another length than those of the case.
    """
    case = sides.case
    _same_periods(case, tables)

    def at_period(label: str) -> int:
        return max(0, period_number(label, case.period_months) - case.start)

    began: dict[str, dict[tuple[str, ...], int]] = {
        "opened": {(r.site,): at_period(r.opened) for r in tables["sites"].itertuples()},
        "built": {(r.site, r.hall): at_period(r.in_service) for r in tables["halls"].itertuples()},
        "tier_on": {(r.site, r.tier): at_period(r.in_service) for r in tables["grid"].itertuples()},
    }
    lit = {(r.link, at_period(r.period)): r.modules for r in tables["fibre"].itertuples()}
    ordered = dict(zip(tables["orders"]["offer"], tables["orders"]["units"], strict=True))
    x = np.zeros(len(program.cost))
    at = {name: j for j, name in enumerate(program.supply_names)}
    model = sides.supply.model
    for name, starts in began.items():
        for i, var in (model.component(name) or {}).items():
            if component_name(var) in at and starts.get(i[:-1], case.n_periods) <= i[-1]:
                x[at[component_name(var)]] = 1
    for i, var in (model.component("modules") or {}).items():
        if component_name(var) in at:
            x[at[component_name(var)]] = max((n for (link, t), n in lit.items() if link == i[0] and t <= i[1]), default=0)
    for q, var in (model.component("signed") or {}).items():
        if component_name(var) in at:
            x[at[component_name(var)]] = q in ordered
    contracted = set(tables["contracts"]["ppa"])
    for p, var in (model.component("ppa_signed") or {}).items():
        if component_name(var) in at:
            x[at[component_name(var)]] = p in contracted
    made = {(r.generator, at_period(r.period)): r.mw for r in tables["generators"].itertuples()}
    size = dict(zip(case["generators"]["generator"], case["generators"]["unit_mw"], strict=True))
    for name in ("generator_units", "generator_built"):
        for i, var in (model.component(name) or {}).items():
            if component_name(var) in at:
                mw = max((mw for (g, t), mw in made.items() if g == i[0] and t <= i[1]), default=0.0)
                x[at[component_name(var)]] = round(mw / size[i[0]]) if name == "generator_units" else mw > 0
    pack = dict(zip(case["offers"]["offer"], case["offers"]["pack_units"], strict=True))
    for q, var in (model.component("packs") or {}).items():
        if component_name(var) in at:
            x[at[component_name(var)]] = round(ordered.get(q, 0) / pack[q])
    joined = {(r.site, at_period(r.period)) for r in tables["curtailment"].itertuples()} if "curtailment" in tables else set()
    for i, var in (model.component("curtail_joined") or {}).items():
        x[at[component_name(var)]] = i in joined
    opened = {r.site for r in tables["openings"].itertuples() if r.open} if "openings" in tables else set()
    for s, var in (model.component("open") or {}).items():
        if component_name(var) in at:
            x[at[component_name(var)]] = s in opened
    x[program.n_supply :] = _jobs(sides, tables["training"]) + _pairs(sides, tables)
    return np.clip(x, program.lower, program.upper)


#: Plan table -> the columns that say what a row speaks of, each with the case table of its ids.
_SPEAKS_OF = {
    "training": {"job": "jobs", "site": "sites"},
    "inference": {"service": "services", "site": "sites"},
    "halls": {"site": "halls", "hall": "halls"},
    "grid": {"site": "grid", "tier": "grid"},
    "orders": {"offer": "offers"},
    "openings": {"site": "siting"},
}


def fits(case: Case, tables: Mapping[str, pd.DataFrame]) -> bool:
    """Whether any row of an earlier plan speaks of things that are all in the case."""
    there = (np.all([tables[name][c].isin(case[table][c]) for c, table in of.items()], axis=0) for name, of in _SPEAKS_OF.items() if name in tables)
    return any(bool(np.any(rows)) for rows in there)


def _same_periods(case: Case, tables: Mapping[str, pd.DataFrame]) -> None:
    """Refuse a plan whose dates say nothing of the periods of the case."""
    for name, table in PLAN_TABLES.items():
        for column in (c for c, kind in table.columns.items() if kind.startswith("period") and name in tables):
            for label in pd.unique(tables[name][column]):
                months = case.period_months if label in ("", END) else period_length(str(label))
                if months != case.period_months:
                    its = f"periods of {months} months, such as {label}" if months else f"'{label}' for a period (table '{name}', column '{column}')"
                    own = f"periods of {case.period_months} months, such as {PERIOD_EXAMPLE[case.period_months]}"
                    raise OptionError(f"the start has {its}, but case '{case.name}' has {own}. Start from a run with periods of that length, or from none")


def _jobs(sides: Sides, training: pd.DataFrame) -> Floats:
    """Return 1 for every training column that the earlier plan used."""
    out = np.zeros(len(sides.columns))
    periods = {label: t for t, label in enumerate(sides.case.periods)}
    was = {(r.job, r.domain, r.sku, periods.get(r.start, -1)): r.end for r in training.itertuples()}
    jobs, scope = sides.case["jobs"]["job"].to_numpy(), sides.scope
    for kind, at, frame in sides.columns.blocks():
        if kind == "training":
            keys = zip(jobs[frame["job"]], scope.domains.to_numpy()[frame["domain"]], scope.skus.to_numpy()[frame["sku"]], frame["start"], strict=True)
            end = [was.get(key) for key in keys]
            same = np.array([e is not None for e in end], bool)
            alike = np.array([e is not None and periods.get(e) == last for e, last in zip(end, frame["end"], strict=True)], bool)
            chosen = frame.assign(alike=alike)[same].sort_values("alike", ascending=False, kind="stable").drop_duplicates("job")  # of several widths one
            out[at + chosen.index.to_numpy()] = 1
    return out


def _pairs(sides: Sides, tables: Mapping[str, pd.DataFrame]) -> Floats:
    """Return the shares of the earlier plan for every pair: jobs whole, services as they were split."""
    out = np.zeros(len(sides.columns))
    jobs, services = tables["training"], tables["inference"]
    was = pd.concat(
        [
            pd.DataFrame({"workload": jobs["job"], "site": jobs["site"], "share": 1.0}),
            pd.DataFrame({"workload": services["service"], "site": services["site"], "share": services["share"]}),
        ]
    )
    names = pd.Index(np.concatenate([sides.case["jobs"]["job"].to_numpy(), sides.case["services"]["service"].to_numpy()]))
    n_sites = len(sides.scope.sites)
    workload, site = names.get_indexer(pd.Index(was["workload"])), sides.scope.sites.get_indexer(pd.Index(was["site"]))
    known = (workload >= 0) & (site >= 0)
    pair = workload[known] * n_sites + site[known]
    for kind, at, frame in sides.columns.blocks():
        if kind == "pairs":
            column = pd.Index(frame["workload"].to_numpy() * n_sites + frame["site"].to_numpy()).get_indexer(pd.Index(pair))
            there = column >= 0
            out[at + column[there]] = was["share"].to_numpy(float)[known][there]
    return out
