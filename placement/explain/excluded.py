"""Which hard rule keeps a workload from a site: rule id, what it says with the numbers of this case, and where that stands."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.case import Case
from placement.demand.access import access, slo_rtt_ms
from placement.demand.base import after_bases
from placement.demand.gangs import gangs
from placement.demand.standing import while_standing
from placement.explain.base import Base
from placement.fibre import Routing
from placement.program import Sides
from placement.reasons.sources import sources
from placement.units import KW_PER_MW

COLUMNS = ("site", "place", "sku", "rule", "options", "says", "source")


def excluded(base: Base, workload: str, site: str | None = None) -> pd.DataFrame:
    """Return the first rule that excludes each option of a workload, at a site or at all sites; an option that is not listed is allowed.

    Returns
    -------
    DataFrame
        Columns ``site``, ``place`` (fabric domain of a job, else the site), ``sku`` ("" for all), ``rule`` (id), ``options`` (how many: gangs of
        a job; metros, or metros and periods, of a service), ``says`` and ``source``.
    """
    sides = base.sides
    lost = sides.demand.exclusions
    lost = lost[lost["workload"] == workload]
    site_of = dict(zip(sides.scope.domains, sides.scope.sites.to_numpy()[sides.scope.domain_site], strict=True))
    place_site = lost["place"].map(lambda p: site_of.get(p, p))
    rows = lost.assign(site=place_site, options=lost["n"])
    rows = rows if site is None else rows[rows["site"] == site]
    told = _job_says(sides, workload) if workload in set(base.case["jobs"]["job"]) else _service_says(sides, workload)
    says = [told(str(r.site), str(r.place), str(r.sku), str(r.rule)) for r in rows.itertuples()]
    source = [_source(base.case, workload, str(r.site), str(r.sku), str(r.rule)) for r in rows.itertuples()]
    return rows.assign(says=says, source=source)[list(COLUMNS)].reset_index(drop=True)


Told = Callable[[str, str, str, str], str]


def _job_says(sides: Sides, job: str) -> Told:
    """Return what a rule says of a job at (site, place, SKU): the need of its least gang there, and the most that there can be."""
    case, scope = sides.case, sides.scope
    row = case["jobs"].set_index("job").loc[job]
    every = pd.DataFrame() if "pairs" in case else after_bases(scope, while_standing(scope, gangs(scope)))
    options = every[every["job"] == list(case["jobs"]["job"]).index(job)] if len(every) else every
    skus, label = case["skus"].set_index("sku"), [*case.periods, f"after {case.periods[-1]}"]
    country = case["sites"].set_index("site")["country"]

    def told(site: str, place: str, sku: str, rule: str) -> str:
        head, _, which = rule.partition(":")
        if not len(options) or place not in scope.domains or sku not in scope.skus:
            return _general(head, which, site)
        f, k, s = int(scope.domains.get_loc(place)), int(scope.skus.get_loc(sku)), int(scope.sites.get_loc(site))
        mine = options[(options["domain"] == f) & (options["sku"] == k)].sort_values("units")
        o = mine[mine["rule"] == rule].iloc[0] if (mine["rule"] == rule).any() else mine.iloc[0]
        units, periods = float(o["units"]), int(o["periods"])
        it_mw = units * float(scope.kw[k]) / KW_PER_MW
        meter_mw, level = it_mw * float(scope.pue_least[s]), int((np.asarray(scope.levels) <= row["min_firmness"]).sum()) - 1
        return {
            "residency": lambda: f"work of class '{row['residency']}' (or its data) may not be in {country[site]} (rule {which})",
            "export": lambda: f"{sku} (export class '{skus.loc[sku, 'export_class']}') may not stand in {country[site]} (rule {which})",
            "cooling": lambda: f"{sku} needs liquid cooling; {place} has no liquid-cooled hall, nor one planned",
            "density": lambda: f"{sku} takes {skus.loc[sku, 'kw_per_rack']:g} kW per rack; no hall of {place} takes that",
            "memory": lambda: f"asks for {row['min_hbm_gb']:g} GB per accelerator; {sku} has {skus.loc[sku, 'hbm_gb']:g}",
            "fabric": lambda: f"asks for a fabric of {row['min_fabric_gbps']:g} Gbit/s; {place} has {float(scope.fabric_gbps[f]):g}",
            "goodput": lambda: f"outages at {site} leave {float(o['goodput']):.0%} of the work; half is the least that makes sense",
            "refused": lambda: f"milestone '{which}' of its halls is refused; the gang takes {it_mw:,.1f} MW of IT",
            "size": lambda: f"the gang takes {units:,.0f} {sku} ({it_mw:,.1f} MW of IT); at most {float(scope.units[f, k].max()):,.0f} can stand in {place}",
            "firmness": lambda: f"needs {meter_mw:,.1f} MW of firmness {row['min_firmness']:g}; {site} has {float(scope.firm_mw[s, level].max()):,.1f} at most",
            "power": lambda: f"needs {meter_mw:,.1f} MW at the meter; {site} has {float(scope.site_mw[s].max()):,.1f} at most",
            "dates": lambda: (
                f"takes {periods} periods and must end by {label[min(int(row['latest']), case.n_periods - 1)]}, so must start by "
                f"{label[int(o['last'])] if o['last'] >= 0 else 'before ' + label[0]}; "
                f"all that it needs is there {'from ' if o['first'] < case.n_periods else ''}{label[min(int(o['first']), case.n_periods)]}"
            ),
            "base": lambda: f"its base job '{row['base_job']}' cannot end early enough for it to take {periods} periods",
        }.get(head, lambda: _general(head, which, site))()

    return told


def _service_says(sides: Sides, service: str) -> Told:
    """Return what a rule says of a service at (site, place, SKU)."""
    case, scope = sides.case, sides.scope
    row = case["services"][case["services"]["service"] == service].iloc[0]
    skus, sites = case["skus"].set_index("sku"), case["sites"].set_index("site")
    asked = case["metros"]["metro"].isin(case["demand"].loc[case["demand"]["service"] == service, "metro"]).to_numpy()
    reach = None if "pairs" in case else access(scope, Routing(case["links"], case.n_periods), row)

    def late(site: str) -> str:
        assert reach is not None
        s, slo = int(scope.sites.get_loc(site)), slo_rtt_ms(scope, row)
        rtt = reach.rtt_ms[:, s].min(axis=0)
        far = asked & (rtt > slo)
        nearest = int(np.argmin(np.where(far, rtt - slo, np.inf)))
        metro = case["metros"]["metro"].iat[nearest]
        return f"{int(far.sum())} metros are too far; the least so is {metro}: round trip {rtt[nearest]:.1f} ms, promised {slo[nearest]:g} ms"

    def told(site: str, place: str, sku: str, rule: str) -> str:
        head, _, which = rule.partition(":")
        return {
            "residency": lambda: f"class '{row['residency']}' may not run in {sites.loc[site, 'country']} for some users (rule {which})",
            "export": lambda: f"{sku} (export class '{skus.loc[sku, 'export_class']}') may not stand in {sites.loc[site, 'country']} (rule {which})",
            "latency": lambda: late(site),
            "tier": lambda: f"runs on tier '{row['tier']}' only; {site} is of kind '{sites.loc[site, 'kind']}'",
            "cooling": lambda: f"{sku} needs liquid cooling; {site} has no liquid-cooled hall in time",
            "density": lambda: f"{sku} takes {skus.loc[sku, 'kw_per_rack']:g} kW per rack; no hall of {site} takes that",
            "memory": lambda: f"a replica does not fit a node of {skus.loc[sku, 'node_units']:g} {sku} (needs {row['hbm_gb']:g} GB)",
            "chips": lambda: f"no {sku} is installed at {site} and no offer brings any",
        }.get(head, lambda: _general(head, which, site))()

    return told


def _general(head: str, which: str, site: str) -> str:
    """Return what a rule says where there are no numbers to it."""
    return {
        "subsea": "every route that is short enough runs under the sea, which the service avoids",
        "survivable": "there are no two separate routes that are both short enough",
        "refresh": f"no route brings fresh weights from the origin to {site}",
        "refused": f"milestone '{which}' of its halls is refused",
        "dates": "nothing that it could run on is there within the horizon",
        "release": f"release '{which}' cannot be out yet",
        "filler": "it runs on what services leave idle, and none can use this SKU there",
        "capacity": f"it uses more than the capacity of {site}",
    }.get(head, f"rule {head}{':' + which if which else ''}")


def _source(case: Case, workload: str, site: str, sku: str, rule: str) -> str:
    """Return where the rows that a rule rests on stand."""
    head, _, which = rule.partition(":")
    own = ("jobs", {"job": workload}) if workload in set(case["jobs"]["job"]) else ("services", {"service": workload})
    halls, sites = ("halls", {"site": site}), ("sites", {"site": site})
    rows: dict[str, list[tuple[str, dict[str, str]]]] = {
        "residency": [("residency", {"rule_id": which})], "export": [("export", {"rule_id": which})], "cooling": [("skus", {"sku": sku}), halls],
        "density": [("skus", {"sku": sku}), halls], "memory": [own, ("skus", {"sku": sku})], "fabric": [own, halls], "goodput": [own, sites],
        "refused": [("milestones", {"site": site, "milestone": which})], "size": [("job_skus", {"job": workload, "sku": sku}), halls],
        "firmness": [own, ("grid", {"site": site})], "power": [("grid", {"site": site})], "dates": [own, halls], "base": [own], "tier": [own, sites],
        "release": [("releases", {"release": which})], "capacity": [("capacity", {"site": site})], "chips": [("skus", {"sku": sku})],
    }  # fmt: skip
    return " | ".join(filter(None, (sources(case, table, **where) for table, where in rows.get(head, [own]))))
