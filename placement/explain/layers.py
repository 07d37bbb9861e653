"""What may be missing: the layers of a case, each with a standard step that relaxes it.

A step multiplies every amount of the layer by ``1 + STEP``, shortens its leads by ``STEP``, or drops its rules. No plan becomes impossible by it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from placement.case import Case

STEP = 0.1  # of every amount or lead


@dataclass(frozen=True, slots=True)
class Layer:
    """A layer.

    Attributes
    ----------
    step
        What is relaxed, in the planner's words.
    edit
        Returns the case with the step taken, at one site or everywhere; the very same case where there is nothing to relax.
    by_site
        Whether the amounts belong to sites.
    """

    name: str
    step: str
    edit: Callable[[Case, str | None], Case]
    by_site: bool = False


def with_table(case: Case, name: str, changed: pd.DataFrame) -> Case:
    """Return the case with a table replaced; the very same case if nothing in it differs."""
    return case if changed.equals(case[name]) else replace(case, tables={**case.tables, name: changed})


def _scaled(case: Case, cells: tuple[str, ...], factor: float, rows: Callable[[pd.DataFrame], pd.Series]) -> Case:
    """Return the case with columns, written ``table.column``, multiplied in some rows; whole numbers are rounded up."""
    for cell in cells:
        name, _, column = cell.partition(".")
        if name in case:
            table = case[name]
            values = table[column].where(~rows(table), table[column] * factor)
            whole = table[column].dtype.kind == "i"
            case = with_table(case, name, table.assign(**{column: np.ceil(values).astype(table[column].dtype) if whole else values}))
    return case


def _at(site: str | None) -> Callable[[pd.DataFrame], pd.Series]:
    """Return what picks the rows of a site, or all rows."""
    return lambda table: pd.Series(True, index=table.index) if site is None else table["site"] == site


def _more(name: str, of: str, *cells: str, by_site: bool = False) -> Layer:
    """Return a layer of amounts of which there may be more."""
    return Layer(name, f"{STEP:.0%} more {of}", lambda case, site: _scaled(case, cells, 1 + STEP, _at(site)), by_site)


def _milestone(kind: str) -> Layer:
    """Return the layer of one kind of milestone: it takes less time, and one more may start per period where starts are limited."""
    leads = tuple(f"milestones.lead_{p}" for p in ("p10", "p50", "p90"))

    def edit(case: Case, site: str | None) -> Case:
        eased = _scaled(case, leads, 1 - STEP, lambda table: (table["milestone"] == kind) & _at(site)(table))
        if site is not None or "milestone_limits" not in case:
            return eased
        table = case["milestone_limits"]
        return with_table(eased, "milestone_limits", table.assign(max_starts=table["max_starts"] + (table["milestone"] == kind)))

    return Layer(kind, f"{STEP:.0%} less time for milestone {kind}, one more start per period", edit, by_site=True)


def _stage(stage: str) -> Layer:
    """Return the layer of one upstream stage of the chips."""
    return Layer(
        f"stage {stage}", f"{STEP:.0%} more output of {stage}", lambda case, _: _scaled(case, ("stages.capacity",), 1 + STEP, lambda t: t["stage"] == stage)
    )


def _power(case: Case, site: str | None) -> Case:
    """More MW in every tier, and in the queue of the zones that have one."""
    eased = _scaled(case, ("grid.mw",), 1 + STEP, _at(site))
    return eased if site is not None else _scaled(eased, ("grid_queue.mw",), 1 + STEP, _at(None))


def _fabric(case: Case, site: str | None) -> Case:
    """Make all halls of a site one fabric domain, for jobs of any fabric class; what runs in them moves along."""
    halls = case["halls"]
    where = dict(zip(halls["domain"], halls["site"], strict=True))
    eased = with_table(case, "halls", halls.assign(domain=halls["site"]))
    if "installed" in case:
        stock = case["installed"]
        stock = stock.assign(domain=stock["domain"].map(lambda d: where.get(d, d)))
        keys = [c for c in stock if c != "units"]
        eased = with_table(eased, "installed", stock.groupby(keys, as_index=False, sort=False, dropna=False)["units"].sum()[list(stock.columns)])
    return with_table(eased, "jobs", case["jobs"].assign(min_fabric_gbps=0.0)) if "min_fabric_gbps" in case["jobs"] else eased


def _firm(case: Case, site: str | None) -> Case:
    """Let every job run on power of any firmness."""
    return with_table(case, "jobs", case["jobs"].assign(min_firmness=0.0))


def _residency(case: Case, site: str | None) -> Case:
    """Drop every residency rule."""
    if "residency" not in case:
        return case
    for name in ("jobs", "services", "datasets"):
        if "residency" in case[name]:
            case = with_table(case, name, case[name].assign(residency=""))
    return replace(case, tables={name: table for name, table in case.tables.items() if name != "residency"})


def _export(case: Case, site: str | None) -> Case:
    """Drop every export rule."""
    return case if "export" not in case else replace(case, tables={name: table for name, table in case.tables.items() if name != "export"})


def layers_of(case: Case) -> list[Layer]:
    """Return the layers that a case has: those whose step changes it."""
    known = [
        *(_milestone(kind) for kind in dict.fromkeys(case["milestones"]["milestone"])),
        _more("crews", "contractor crews", "crews.crews"),
        Layer("grid", f"{STEP:.0%} more MW in every grid tier and queue", _power, by_site=True),
        Layer("firm power", "no least firmness of any job", _firm),
        _more("generation", "MW of own generation and storage", "generators.max_mw", "storage.max_mw", by_site=True),
        _more("contracts", "MW in every power contract", "ppas.max_mw"),
        _more("halls", "IT power in every hall", "halls.it_mw", by_site=True),
        _more("cooling", "heat that may be rejected", "sites.heat_mw", by_site=True),
        _more("water", "rights to water", "sites.water_ml_per_year", by_site=True),
        _more("community", "power and water that communities grant", "sites.community_mw", "sites.community_water_ml_per_year", by_site=True),
        _more("chips", "accelerators in every offer", "offers.max_units"),
        *(_stage(stage) for stage in dict.fromkeys(case["stages"]["stage"])),
        _more("deployment", "MW of accelerators into service per period", "sites.deploy_mw_per_period", by_site=True),
        Layer("fabric", "all halls of a site in one fabric domain, of any class", _fabric),
        _more("fibre", "Gbit/s on every link, module and wave", "links.gbps", "links.module_gbps", "waves.gbps"),
        _more(
            "capital", "capital, debt and lease budget in every period", "budget.capex_musd", "budget.debt_musd", "budget.lease_musd", "tranches.amount_musd"
        ),
        Layer("residency", "no residency rules", _residency),
        Layer("export", "no export rules", _export),
        _more("latency", "round-trip time in every SLO", "services.slo_rtt_ms", "services.survivable_slo_ms", "service_metros.slo_rtt_ms"),
    ]
    return [layer for layer in known if layer.edit(case, None) is not case]
