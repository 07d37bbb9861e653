"""Demand columns a second time, in plain loops straight from models/README.md, sections 5 to 7.

Shares no code with ``placement.demand``, ``placement.rules`` and ``placement.fibre`` but the milestones' critical paths and the
rulings of ``Policy``, which have hand-computed tests of their own.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import Any

import networkx as nx

from placement.case import Case
from placement.rules.milestones import chains
from placement.rules.policy import Policy

Row = dict[str, Any]
Key = tuple[Any, ...]
HOURS_PER_YEAR = 8766.0
KM_PER_MS = 299.792458 / 1.468


@dataclass
class Column:
    """One column: its undiscounted cost by term, the period of payment, and its use of resources by name."""

    cost: dict[str, float]
    paid: int
    serve: Key
    use: dict[Key, float] = field(default_factory=dict)


@dataclass
class Columns:
    """All columns by name, and for every option without a column the rules that forbid it."""

    case: Case
    columns: dict[Key, Column] = field(default_factory=dict)
    forbidden: dict[Key, set[str]] = field(default_factory=dict)

    def rows(self, table: str, **where: object) -> list[Row]:
        found: list[Row] = self.case[table].to_dict("records")  # type: ignore[assignment]
        return [r for r in found if all(r[c] == v for c, v in where.items())]

    def row(self, table: str, **where: object) -> Row:
        (found,) = self.rows(table, **where)
        return found

    @cached_property
    def policy(self) -> Policy:
        return Policy.of(self.case["export"], self.case["residency"])

    @cached_property
    def has_power(self) -> bool:
        return "grid" in self.case or "generators" in self.case

    @cached_property
    def levels(self) -> list[float]:
        return sorted({j["min_firmness"] for j in self.rows("jobs") if j["min_firmness"] > 0}) if self.has_power else []

    @cached_property
    def domains(self) -> dict[str, list[Row]]:
        """The halls of every domain in table order, each with its first period in service as ``first``."""
        shared, own = chains(self.case)
        out: dict[str, list[Row]] = {}
        for h in self.rows("halls"):
            chain = own.get((h["site"], h["hall"]))
            date = 0 if h["existing"] else max(h["earliest"], math.ceil(chain.path - 1e-9) if chain else 0)
            if not self.rows("halls", site=h["site"], existing=True):
                opening = math.ceil(shared[h["site"]].path - 1e-9) if h["site"] in shared else 0
                date = max(date, opening + (math.ceil(chain.after_shared - 1e-9) if chain else 0))
            halls = out.setdefault(h["domain"] or h["site"], [])
            halls.append(h | {"first": max([date, *(x["first"] for x in halls)])})
        return out

    def room_mw(self, domain: str, sku: Row, t: int) -> float:
        halls = [h for h in self.domains[domain] if sku["cooling"] == "air" or h["cooling"] == "liquid"]
        return sum(h["it_mw"] for h in halls if h["first"] <= t)

    def units(self, domain: str, sku: str, t: int) -> float:
        """Units installed or arrived by a period, wherever they are put."""
        arrived = sum(q["max_units"] for q in self.rows("offers", sku=sku) if q["period"] + q["lead_periods"] <= t)
        return arrived + sum(r["units"] for r in self.rows("installed", domain=domain, sku=sku))

    def factor(self, profile: str, block: str) -> float:
        return float(self.row("profiles", profile=profile, block=block)["factor"]) if profile else 1.0

    def site_mw(self, site: Row, t: int) -> float:
        """The most that all sources can give in the worst block."""
        if not self.has_power:
            return math.inf
        worst = site["community_mw"] if site["community_mw"] == site["community_mw"] else math.inf
        for b in self.case.blocks:
            tiers = [r for r in self.rows("grid", site=site["site"]) if r["available"] <= t and not (b.stress and r["interruptible"])]
            gens = [g for g in self.rows("generators", site=site["site"]) if g["available"] <= t]
            worst = min(worst, sum(r["mw"] for r in tiers) + sum(g["max_mw"] * self.factor(g["profile"], b.name) for g in gens))
        return float(worst)

    def firm_mw(self, site: Row, level: float, t: int) -> float:
        if not self.has_power or level == 0:
            return math.inf
        stress = self.case.blocks[self.case.stress].name
        tiers = [r for r in self.rows("grid", site=site["site"]) if r["available"] <= t and r["firmness"] >= level and not r["interruptible"]]
        gens = [g for g in self.rows("generators", site=site["site"]) if g["available"] <= t and g["firmness"] >= level]
        return float(sum(r["mw"] for r in tiers) + sum(g["max_mw"] * self.factor(g["profile"], stress) for g in gens))


def training(out: Columns) -> None:
    """Add the columns of section 5."""
    case = out.case
    for gang in out.rows("job_skus"):
        job, sku = out.row("jobs", job=gang["job"]), out.row("skus", sku=gang["sku"])
        for domain, halls in out.domains.items():
            site = out.row("sites", site=halls[0]["site"])
            goodput = 1 - site["outages_per_year"] * job["loss_hours_per_outage"] / HOURS_PER_YEAR
            units = math.ceil(gang["units"] / goodput - 1e-9) if goodput > 0.5 else math.ceil(gang["units"] / 0.5 - 1e-9)
            it_mw = sku["kw_per_unit"] / 1000 * units
            home, licence = out.policy.may_run(job["residency"], "", site["country"]), out.policy.may_deploy(sku["export_class"], site["country"])

            def fits(t: int, domain: str = domain, sku: Row = sku, it_mw: float = it_mw, units: int = units) -> bool:
                return out.room_mw(domain, sku, t) >= it_mw * (1 - 1e-9) and out.units(domain, sku["sku"], t) >= units

            meter_mw, end = site["pue"] * it_mw * (1 - 1e-9), case.n_periods - 1
            rules = {
                f"residency:{home.rule_id}": not home.allowed,
                f"export:{licence.rule_id}": not licence.allowed,
                "cooling": sku["cooling"] == "liquid" and out.room_mw(domain, sku, end) == 0,
                "memory": sku["hbm_gb"] < job["min_hbm_gb"],
                "goodput": goodput <= 0.5,
                "size": not fits(end),
                "firmness": out.firm_mw(site, job["min_firmness"], end) < meter_mw,
                "power": out.site_mw(site, end) < meter_mw,
            }
            starts = range(job["earliest"], min(job["latest"], end) - gang["duration_periods"] + 2)
            starts_that_fit = [t for t in starts if fits(t) and out.site_mw(site, t) >= meter_mw and out.firm_mw(site, job["min_firmness"], t) >= meter_mw]
            broken = {r for r, is_broken in rules.items() if is_broken} | (set() if starts_that_fit else {"dates"})
            if broken:
                out.forbidden["training", job["job"], domain, sku["sku"]] = broken
                continue
            for start in starts_that_fit:
                last = start + gang["duration_periods"] - 1
                column = Column({"value": -job["value_musd"]}, last, ("job", job["job"]))
                for t in range(start, last + 1):
                    column.use["compute", domain, sku["sku"], t] = units
                    for b in range(len(case.blocks)) if out.has_power else []:
                        column.use["power", site["site"], t, b] = site["pue"] * (1 - sku["idle_share"]) * it_mw
                    for level in [phi for phi in out.levels if phi <= job["min_firmness"]]:
                        column.use["firm", site["site"], level, t] = site["pue"] * it_mw
                out.columns["training", job["job"], domain, sku["sku"], start] = column


def shortest(out: Columns) -> nx.Graph:
    """Return the fibre graph with the shortest of parallel links."""
    graph = nx.Graph()
    for e in out.rows("links"):
        if not graph.has_edge(e["a"], e["b"]) or e["km"] < graph.edges[e["a"], e["b"]]["km"]:
            graph.add_edge(e["a"], e["b"], km=e["km"], link=e["link"], gbps=e["gbps"])
    return graph


def inference(out: Columns) -> None:
    """Add the columns of section 6."""
    case, graph = out.case, shortest(out)
    sigma = case.blocks[case.stress].share
    days = case.period_months * HOURS_PER_YEAR / 12 / 24
    for service in out.rows("services"):
        for d in out.rows("demand", service=service["service"]):
            mtok, metro, t = d["mtok_per_day"], out.row("metros", metro=d["metro"]), d["period"]
            if mtok == 0:
                continue
            serve = ("demand", service["service"], d["metro"], t)
            if not math.isnan(service["unmet_usd_per_mtok"]):
                name = ("unserved", service["service"], d["metro"], t)
                out.columns[name] = Column({"unmet": service["unmet_usd_per_mtok"] * mtok * days / 1e6}, t, serve)
            for site in out.rows("sites"):
                rtt = case.rtt_overhead_ms + 2 * nx.dijkstra_path_length(graph, site["site"], metro["metro"], weight="km") / KM_PER_MS
                home = out.policy.may_run(service["residency"], metro["country"], site["country"])
                pair = {f"residency:{home.rule_id}": not home.allowed, "latency": rtt > service["slo_rtt_ms"]}
                broken_pair = {r for r, is_broken in pair.items() if is_broken}
                if broken_pair:
                    out.forbidden["pair", service["service"], metro["metro"], site["site"]] = broken_pair
                for offered in out.rows("service_skus", service=service["service"]):
                    sku = out.row("skus", sku=offered["sku"])
                    if _chips_forbidden(out, service, site, sku) or broken_pair or not _can_serve(out, site, sku, t):
                        continue
                    units = mtok * 1e6 / 86400 * service["peak_to_mean"] / offered["tok_per_s"]
                    column = Column({"value": -service["price_usd_per_mtok"] * mtok * days / 1e6}, t, serve)
                    column.use["serve", site["site"], sku["sku"], t] = units
                    for b, block in enumerate(case.blocks) if out.has_power else []:
                        load = 1.0 if block.stress else max(0.0, (1 / service["peak_to_mean"] - sigma) / (1 - sigma))
                        mw = site["pue"] * (1 - sku["idle_share"]) * sku["kw_per_unit"] / 1000 * units * load
                        if mw > 0:
                            column.use["power", site["site"], t, b] = mw
                    if service["origin"] not in ("", site["site"]) and service["weights_gb"] > 0:
                        gbps = units / math.ceil(service["hbm_gb"] / sku["hbm_gb"]) * service["weights_gb"] * 8 / (service["refresh_hours"] * 3600)
                        path = nx.dijkstra_path(graph, service["origin"], site["site"], weight="km")
                        for a, b_ in pairwise(path):
                            if not math.isnan(graph.edges[a, b_]["gbps"]):
                                column.use["fibre", graph.edges[a, b_]["link"], t] = gbps
                    out.columns["inference", service["service"], d["metro"], t, site["site"], sku["sku"]] = column


def _can_serve(out: Columns, site: Row, sku: Row, t: int) -> bool:
    """Whether a chip can stand at the site in a period: one installed, or one that has arrived and finds a hall."""
    arrived = sum(q["max_units"] for q in out.rows("offers", sku=sku["sku"]) if q["period"] + q["lead_periods"] <= t)
    here = [d for d, halls in out.domains.items() if halls[0]["site"] == site["site"]]
    return any(out.rows("installed", domain=d, sku=sku["sku"]) or (arrived > 0 and out.room_mw(d, sku, t) > 0) for d in here)


def _chips_forbidden(out: Columns, service: Row, site: Row, sku: Row) -> set[str]:
    """Note and return the rules that forbid a SKU at a site for a service."""
    licence, end = out.policy.may_deploy(sku["export_class"], site["country"]), out.case.n_periods - 1
    here = [d for d, halls in out.domains.items() if halls[0]["site"] == site["site"]]
    arrives = any(q["period"] + q["lead_periods"] <= end for q in out.rows("offers", sku=sku["sku"]))
    rules = {
        f"export:{licence.rule_id}": not licence.allowed,
        "cooling": sku["cooling"] == "liquid" and all(out.room_mw(d, sku, end) == 0 for d in here),
        "memory": service["hbm_gb"] > sku["hbm_gb"] * sku["node_units"],
        "chips": not arrives and not any(out.rows("installed", domain=d, sku=sku["sku"]) for d in here),
        "dates": not any(_can_serve(out, site, sku, t) for t in range(end + 1)),
    }
    broken = {r for r, is_broken in rules.items() if is_broken}
    if broken:
        out.forbidden["chips", service["service"], site["site"], sku["sku"]] = broken
    return broken


def columns_by_loops(case: Case) -> Columns:
    """Return every column of a case and every exclusion."""
    out = Columns(case)
    training(out)
    inference(out)
    return out
