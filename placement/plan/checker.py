"""The independent checker: is a plan feasible and does it cost what it claims, from the case and the plan's tables alone.

Written from models/README.md a second time: it shares no code with rules, fibre, supply, demand, program and engine, so that
an error there shows here. The name of a violation is the name of the equation or of the table column (``chips.training``).
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from placement.case.case import Case
from placement.plan.checking.chips import check_chips, check_serving
from placement.plan.checking.datasets import ingest_traffic
from placement.plan.checking.density import check_density
from placement.plan.checking.facts import Facts, Floats
from placement.plan.checking.fibre import check_fibre
from placement.plan.checking.filler import check_fillers, filler_power
from placement.plan.checking.funds import check_funds, check_income
from placement.plan.checking.inference import check_eligible, check_services, served_rows, service_power
from placement.plan.checking.latency import check_refresh
from placement.plan.checking.lifetimes import after_service, check_inventory
from placement.plan.checking.money import check_cash, check_claims, check_objectives, discounted_terms, weighted_total
from placement.plan.checking.network import Network
from placement.plan.checking.orders import check_orders
from placement.plan.checking.pairs import check_pairs
from placement.plan.checking.power import check_power
from placement.plan.checking.presence import check_pools, check_presence, units_needed
from placement.plan.checking.redundancy import check_apart, check_cover, check_spread, standby_power
from placement.plan.checking.releases import check_releases
from placement.plan.checking.rents import check_rents
from placement.plan.checking.routes import check_routes
from placement.plan.checking.shifts import deferred_power
from placement.plan.checking.sites import hall_dates, hall_power
from placement.plan.checking.stranded import check_stranded
from placement.plan.checking.tables import PLAN_TABLES, TERMS, read_tables, typed_tables
from placement.plan.checking.traffic import link_loads, pay_users_traffic, refresh_traffic
from placement.plan.checking.training import check_jobs, check_requires, firm_power, gang_units, placed_jobs
from placement.plan.checking.upstream import check_domestic, check_stages
from placement.plan.checking.verdict import Findings, Verdict, Violation

__all__ = ["PLAN_TABLES", "TERMS", "Verdict", "Violation", "check", "read_tables"]


def check(
    case: Case,
    tables: Mapping[str, pd.DataFrame],
    weights: Mapping[str, float],
    claimed_objective: float | None = None,
    claimed_bound: float | None = None,
    most_of: Mapping[str, float] | None = None,
) -> Verdict:
    """Recompute feasibility and cost of a plan; raises nothing on a bad plan.

    Parameters
    ----------
    case
        A validated case.
    tables
        The plan tables of models/README.md section 10 with period labels, as :func:`read_tables` or a plan holds them.
        Malformed tables give violations named ``format``; nothing else is checked then and the objective is NaN.
    weights
        Weight of each cost term on the model card; ``case.weights`` replace them.
    claimed_objective, claimed_bound
        What the plan's summary says, M$.
    most_of
        The most that the value of each objective may be, by name, as the summary says.
    """
    found = Findings()
    plan = typed_tables(case, tables, found)
    if found.violations:
        return Verdict(False, tuple(found.violations), math.nan, {}, pd.DataFrame(columns=["period", "term", "musd"]), case.cost_unit)
    facts = Facts(case, plan, found, tables)
    if "pairs" in case:
        check_pairs(facts)
    else:
        _check_plan(facts)
    check_cash(facts)
    terms = discounted_terms(facts)
    objective = weighted_total(terms, {**weights, **case.weights})
    if most_of is not None:
        check_objectives(facts, terms, objective, most_of)
    check_claims(found, objective, claimed_objective, claimed_bound, case.cost_unit)
    return Verdict(not found.violations, tuple(found.violations), objective, terms, facts.cash.frame(case.periods), case.cost_unit)


def _check_plan(facts: Facts) -> None:
    """Run every check of a plan for real places, supply first; payments gather in ``facts.cash`` on the way."""
    start = hall_dates(facts)
    stock = after_service(facts, check_orders(facts))
    check_inventory(facts, stock)
    check_stages(facts)
    check_domestic(facts)
    network = Network(facts.case)
    jobs, served = placed_jobs(facts, network), served_rows(facts)
    check_jobs(facts, jobs)
    check_requires(facts, jobs, start)
    check_services(facts, served, network)
    check_releases(facts, jobs, served)
    check_apart(facts, jobs)
    check_spread(facts, served)
    spares = served_rows(facts, "spares") if len(facts.plan["spares"]) else served.iloc[:0]
    check_eligible(facts, spares, network, "spares")
    check_cover(facts, served, spares)
    check_refresh(facts, pd.concat([served, spares], ignore_index=True) if len(spares) else served)
    paused = jobs["preemptible"].to_numpy(bool)
    training, filler = gang_units(facts, jobs[~paused]), gang_units(facts, jobs[paused])
    it_mw, liquid_mw = hall_power(facts, start)
    units, serving = check_chips(facts, stock, check_rents(facts), it_mw, liquid_mw, training)
    check_fillers(facts, filler, training, units, served)
    check_density(facts, units, start)
    if "stranded" in facts.given:  # told, not decided: a plan without it is a plan
        check_stranded(facts, network, it_mw, units, training + serving)
    check_presence(facts, served, spares)
    check_pools(facts, served, spares)
    check_serving(facts, serving, units_needed(facts, served, spares)[0])
    above_idle = service_power(facts, served) + standby_power(facts, spares) + deferred_power(facts, jobs) + filler_power(facts, filler)
    check_power(facts, _power_drawn(facts, units, training) + above_idle, firm_power(facts, jobs))
    both = pd.concat([served, spares], ignore_index=True) if len(spares) else served
    pairs = check_routes(facts, both, network)
    traffic = pd.concat([refresh_traffic(facts, both), ingest_traffic(facts, jobs)], ignore_index=True)
    check_fibre(facts, link_loads(facts, network, traffic, pairs))
    pay_users_traffic(facts, network, served)
    check_funds(facts, it_mw.sum(axis=0))
    check_income(facts)


def _power_drawn(facts: Facts, units: Floats, training: Floats) -> Floats:
    """Return power of idle chips and of jobs above idle, by site, period and block, MW."""
    idle = (facts.unit_mw * facts.idle)[None, :, None] * units
    busy = (facts.unit_mw * (1 - facts.idle))[None, :, None] * training
    return facts.per_site((idle + busy).sum(axis=1))[:, :, None] * facts.pue
