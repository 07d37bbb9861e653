"""Sixty cases without a plan: fifteen causes, each planted four times into the small case, whose job must run and whose service must be served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from placement.case import Case
from tests.layers.small import PERIODS, TABLES, Row, Rows, edited, small_case

Cells = set[tuple[str, str]]  # (table, column): any of them names the cause

JOB: Row = {"job": "big", "mandatory": 1, "value_musd": 80}
SERVICE: Row = {"service": "chat", "slo_rtt_ms": 100, "peak_to_mean": 2, "hbm_gb": 60, "price_usd_per_mtok": 2}
BOTH: Mapping[str, Rows] = {"jobs": [JOB], "services": [SERVICE]}


def grid(i: int) -> tuple[dict[str, Any], Cells]:
    """Both sites have too little power."""
    return {"grid": edited("grid", mw=(0.2, 0.3, 0.45, 0.6)[i])}, {("grid", "mw")}


def firm(i: int) -> tuple[dict[str, Any], Cells]:
    """Enough power, too little of it firm; or none at all above the threshold."""
    job = {**JOB, "min_firmness": (0.995, 0.998, 0.9995, 0.99999)[i]}
    if i > 1:
        return {"jobs": [job]}, {("jobs", "min_firmness"), ("grid", "firmness")}
    tiers = [{**row, "firmness": 0.9} for row in TABLES["grid"]] + [
        {"site": s, "tier": "f", "mw": 0.3 + 0.2 * i, "firmness": 0.999} for s in ("north", "south")
    ]
    return {"jobs": [job], "grid": tiers}, {("grid", "mw"), ("grid", "firmness"), ("jobs", "min_firmness")}


def halls(i: int) -> tuple[dict[str, Any], Cells]:
    """No hall holds the gang, or both together not the gang and the service."""
    return {"halls": edited("halls", it_mw=(0.1, 0.3, 0.5, 0.7)[i])}, {("halls", "it_mw")}


def few(i: int) -> tuple[dict[str, Any], Cells]:
    """Too few chips on offer."""
    return {"offers": [{**row, "max_units": (100, 300, 450, (700, 400)[n])[i]} for n, row in enumerate(TABLES["offers"])]}, {("offers", "max_units")}


def late(i: int) -> tuple[dict[str, Any], Cells]:
    """Chips that arrive too late for a job of two periods."""
    offers = [{**row, "lead_periods": (3, 4, 7, 2)[i], "period": "2027Q2" if i == 3 else "2027Q1"} for row in TABLES["offers"]]
    return {"offers": offers, "services": None, "service_skus": None, "demand": None, "metros": None, "links": None}, {
        ("offers", "lead_periods"), ("offers", "period"),
    }  # fmt: skip


def fibre(i: int) -> tuple[dict[str, Any], Cells]:
    """Fresh weights for the site that alone is near enough do not fit through its fibre."""
    service = {**SERVICE, "slo_rtt_ms": 20, "origin": "north", "weights_gb": 400, "refresh_hours": 1}
    return {"services": [service], "links": [*edited("links")[:2], {**TABLES["links"][2], "gbps": (5, 20, 40, 60)[i]}]}, {("links", "gbps")}


def budget(i: int) -> tuple[dict[str, Any], Cells]:
    """Funds for less than the chips."""
    return {"budget": [{"period": t, "capex_musd": (0, 3, 7, 12)[i]} for t in PERIODS]}, {("budget", "capex_musd")}


def latency(i: int) -> tuple[dict[str, Any], Cells]:
    """Users that are too far from every site."""
    if i == 3:
        return {"service_metros": [{"service": "chat", "metro": "madrid", "slo_rtt_ms": 8.5}]}, {("service_metros", "slo_rtt_ms")}
    links = [{**row, "km": row["km"] * (1, 10, 1)[i]} if row["link"] != "es" else {**row, "km": (100, 1000, 3000)[i]} for row in TABLES["links"]]
    return {"services": [{**SERVICE, "slo_rtt_ms": (8.5, 15, 20)[i]}], "links": links}, {("services", "slo_rtt_ms"), ("service_metros", "slo_rtt_ms")}


def residency(i: int) -> tuple[dict[str, Any], Cells]:
    """Nowhere that the class may run."""
    deny = [{"class": "eu", "country": c, "allow": 0, "rule_id": "EU-1"} for c in ("NO", "ES")]
    star = [{"class": "eu", "country": "*", "allow": 0, "rule_id": "EU-2"}]
    job, service = ([{**row, "residency": "eu"}] for row in (JOB, SERVICE))
    cells = {("residency", "allow"), ("jobs", "residency"), ("services", "residency")}
    if i == 3:
        rows = [{**r, "origin": "ES"} for r in deny]
        return {"services": service, "residency": [*rows, {"class": "eu", "country": "NO", "allow": 1, "rule_id": "EU-3"}]}, cells
    return {"jobs": job if i != 1 else [JOB], "services": service if i == 1 else [SERVICE], "residency": star if i == 2 else deny}, cells


def export(i: int) -> tuple[dict[str, Any], Cells]:
    """Chips that may not stand where the sites are, or too few of them."""
    skus = [{**row, "export_class": "x"} for row in TABLES["skus"]]
    if i < 2:
        rows = [{"export_class": "x", "country": c, "rule": "deny", "rule_id": "EX-1"} for c in (("NO", "ES"), ("*",))[i]]
        return {"skus": skus, "export": rows}, {("export", "rule")}
    cap = {"export_class": "x", "rule": "cap", "cap_units": (0, 0, 300, 400)[i], "rule_id": "EX-2"}
    return {"skus": skus, "export": [{**cap, "country": c} for c in (("NO", "ES") if i == 2 else ("*",))]}, {("export", "cap_units")}


def machine(i: int) -> tuple[dict[str, Any], Cells]:
    """More memory or network per accelerator than there is."""
    if i < 2:
        return {"jobs": [{**JOB, "min_hbm_gb": (200, 500)[i]}]}, {("jobs", "min_hbm_gb")}
    if i == 2:
        return {"services": [{**SERVICE, "hbm_gb": 2000}]}, {("services", "hbm_gb")}
    halls = [{**row, "fabric_gbps_per_unit": 100} for row in TABLES["halls"]]
    return {"jobs": [{**JOB, "min_fabric_gbps": 400}], "halls": halls}, {("jobs", "min_fabric_gbps"), ("halls", "fabric_gbps_per_unit")}


def clean(i: int) -> tuple[dict[str, Any], Cells]:
    """More clean energy than there is, or less carbon than it takes."""
    if i == 3:
        return {"carbon_caps": [{"period": t, "kt": 0.01} for t in PERIODS]}, {("carbon_caps", "kt")}
    tariffs = [{**row, "clean_share": 0.3} for row in TABLES["tariffs"]]
    rows = [{"zone": "z" if i else "", "period": t, "matching": "period" if i == 2 else "block", "share": (0.4, 0.6, 0.9)[i]} for t in PERIODS]
    return {"tariffs": tariffs, "clean_targets": rows}, {("clean_targets", "share")}


def one_domain(i: int) -> tuple[dict[str, Any], Cells]:
    """Nothing outside the failure domain that serves: other sites are out of reach or may not serve; or a share per domain that one site cannot keep to."""
    if i == 3:
        return {"services": [{**SERVICE, "max_share_per_domain": 0.5, "slo_rtt_ms": 20}]}, {("services", "max_share_per_domain"), ("services", "slo_rtt_ms")}
    service = {**SERVICE, "redundancy": "n_minus_1", "slo_rtt_ms": 100 if i == 1 else 20, "spare_power": int(i == 2)}
    cells = {("services", "redundancy"), ("services", "slo_rtt_ms"), ("residency", "allow"), ("services", "residency")}
    deny = [{"class": "eu", "country": "ES", "allow": 0, "rule_id": "EU-1"}]
    return {"services": [{**service, "residency": "eu"}], "residency": deny} if i == 1 else {"services": [service]}, cells


def permits(i: int) -> tuple[dict[str, Any], Cells]:
    """A job that must have ended before a hall can be there."""
    halls = [{**row, "existing": 0, "capex_musd": 5, "life_years": 20} for row in TABLES["halls"]]
    lead = {"after": "", "lead_p10": 2, "lead_p90": 5, "lead_p50": (2, 3, 4, 2)[i]}
    stones = [{"site": s, "hall": h, "milestone": "permit", "refused": int(i == 3), **lead} for s, h in (("north", "n1"), ("south", "s1"))]
    job = {**JOB, "latest": ("2027Q3", "2027Q4", "2027Q4", "2027Q4")[i]}
    gone = dict.fromkeys(("services", "service_skus", "demand", "metros", "links"))
    return {"halls": halls, "milestones": stones, "jobs": [job], **gone}, {("milestones", "lead_p50"), ("milestones", "refused"), ("jobs", "latest")}


def community(i: int) -> tuple[dict[str, Any], Cells]:
    """Sites that may not use the power, heat or room that they have."""
    column = ("community_mw", "heat_mw", "deploy_mw_per_period", "community_mw")[i]
    job = {**JOB, "latest": "2027Q2" if i == 2 else "2027Q4"}
    return {"jobs": [job], "sites": [{**row, column: 0.2 + 0.1 * i} for row in TABLES["sites"]]}, {("sites", column)}


CAUSES: Mapping[str, Callable[[int], tuple[dict[str, Any], Cells]]] = {
    f.__name__: f
    for f in (grid, firm, halls, few, late, fibre, budget, latency, residency, export, machine, clean, one_domain, permits, community)
}  # fmt: skip
VARIANTS = 4
ALL = [(cause, i) for cause in CAUSES for i in range(VARIANTS)]


def planted(cause: str, i: int, folder: Path) -> tuple[Case, Cells]:
    """Return a case with a cause planted, and the cells that may name it."""
    tables, cells = CAUSES[cause](i)
    return small_case(folder, **{**BOTH, **tables}), cells
