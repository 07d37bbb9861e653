"""Sites, halls and milestones: dates from the critical path, order of halls, their costs (models/README.md section 1)."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.case import Case
from placement.plan.checking.designs import saved_periods
from placement.plan.checking.facts import Facts, Floats, Ints, codes
from placement.plan.checking.permits import check_gates, check_grid_queue, check_options, check_starts
from placement.plan.checking.verdict import Where, rows

EPSILON = 1e-9  # of a period, in ceil and floor
PERCENTILES = (10, 50, 90)

Node = tuple[str, str, str]  # site, hall ("" = shared), milestone


def _ceil(x: float) -> int:
    return int(np.ceil(x - EPSILON))


def critical_paths(case: Case) -> pd.DataFrame:
    """Return the milestones with finish_p10, finish_p50, finish_p90, ``finish`` and ``tail`` (periods) and ``after_shared``."""
    table = case["milestones"].copy()
    nodes: list[Node] = list(zip(table["site"], table["hall"], table["milestone"], strict=True))
    graph: nx.DiGraph = nx.DiGraph()
    graph.add_nodes_from(nodes)
    for node, after in zip(nodes, table["after"], strict=True):
        for name in filter(None, (part.strip() for part in after.split(";"))):
            own, shared = (node[0], node[1], name), (node[0], "", name)
            graph.add_edge(own if own in graph else shared, node)
    order = list(nx.topological_sort(graph))
    for percentile in PERCENTILES:
        finish: dict[Node, float] = {}
        lead = dict(zip(nodes, table[f"lead_p{percentile}"], strict=True))
        for node in order:
            finish[node] = lead[node] + max((finish[p] for p in graph.pred[node]), default=0.0)
        table[f"finish_p{percentile}"] = [finish[n] for n in nodes]
    tail: dict[Node, float] = {}
    lead = dict(zip(nodes, table[f"lead_p{case.lead_percentile}"], strict=True))
    for node in reversed(order):  # a tail stays within the hall's own milestones, or within the shared ones
        tail[node] = lead[node] + max((tail[n] for n in graph.succ[node] if n[1] == node[1]), default=0.0)
    table["finish"], table["tail"] = table[f"finish_p{case.lead_percentile}"], [tail[n] for n in nodes]
    table["after_shared"] = [n[1] != "" and any(p[1] == "" for p in graph.pred[n]) for n in nodes]
    return table


def hall_dates(facts: Facts) -> Ints:
    """Return the period in which every hall of the case enters service, ``n_periods`` for never; check halls, sites and milestones."""
    halls, found, horizon = facts.halls, facts.found, facts.n_periods
    paths = critical_paths(facts.case)
    said = facts.plan["halls"].set_index(["site", "hall"]).reindex(pd.MultiIndex.from_frame(halls[["site", "hall"]]))
    existing = halls["existing"].to_numpy(bool)
    listed = said["in_service"].notna().to_numpy(bool)
    where = rows(halls, "site {site} hall {hall}")
    start: Ints = np.where(existing, 0, said["in_service"].fillna(horizon)).astype(int)
    found.never(
        "halls.in_service",
        existing & (said["in_service"].to_numpy(float) != 0),
        where,
        "an existing hall is in service from the first period on",
    )
    found.never("halls.existing", listed & (said["existing"].to_numpy(float) != existing), where, "existing is not what the case says")
    found.equal("halls.it_mw", said["it_mw"].fillna(halls["it_mw"].set_axis(said.index)), halls["it_mw"], where, "IT power", "MW")

    shared, own = paths[paths["hall"] == ""], paths[paths["hall"] != ""]
    site_ready = shared.groupby("site")["finish"].max().map(_ceil)
    hall_ready, hall_work, hall_gap = _hall_spans(own)
    pairs = list(zip(halls["site"], halls["hall"], strict=True))
    work = np.array([hall_work.get(p, 0) for p in pairs], dtype=int)
    saved = saved_periods(facts, start, work)
    ready = np.array([max(hall_ready.get(p, 0) - quick, site_ready.get(p[0], 0)) for p, quick in zip(pairs, saved, strict=True)], dtype=int)
    first = np.maximum(ready, halls["earliest"].to_numpy(int))
    decided = ~existing & (start < horizon)
    _refused(facts, decided, where)
    found.at_most("hall_dates", np.where(decided, first, 0), start, where, "first period possible against period of entry", "periods")
    _hall_order(facts, start)
    opened = _openings(facts, site_ready)
    if len(halls):
        gap = np.maximum(0, np.array([hall_gap.get(p, 0) for p in pairs], dtype=int) - saved)
        allowed = np.where(decided, start - gap, horizon)
        found.at_most(
            "hall_opened",
            opened[halls["s"].to_numpy(int)],
            allowed,
            where,
            "period of the site's opening against entry less the hall's own work",
            "periods",
        )
    check_gates(facts, start, opened)
    check_options(facts, opened)
    check_grid_queue(facts)
    _milestones(facts, paths, dict(zip(pairs, np.where(decided, start, horizon), strict=True)), opened)
    _hall_costs(facts, start, work)
    return start


def _refused(facts: Facts, decided: NDArray[np.bool_], where: Where) -> None:
    """Nothing is built or opened whose permit, or whose site's permit, is refused."""
    halls, milestones = facts.halls, facts.case["milestones"]
    lost = milestones[milestones["refused"].to_numpy(bool)]
    own = set(zip(lost["site"], lost["hall"], strict=True))
    hit = [(s, h) in own or (s, "") in own for s, h in zip(halls["site"], halls["hall"], strict=True)]
    facts.found.never("refused", decided & np.array(hit, dtype=bool), where, "a milestone that it needs is refused")
    opened = facts.plan["sites"]
    shut = opened["site"].isin(list(lost.loc[lost["hall"] == "", "site"])).to_numpy(bool)
    facts.found.never("refused", shut, rows(opened, "site {site}"), "a milestone that its opening needs is refused")


def _hall_spans(own: pd.DataFrame) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """``L_h`` without the site's share, ``D_h`` and ``A_h`` by (site, hall)."""
    keys = ["site", "hall"]

    def spans(part: pd.DataFrame, column: str) -> dict[tuple[str, str], int]:
        if part.empty:
            return {}
        longest = part.groupby(keys, as_index=False)[column].max()
        return {(s, h): _ceil(x) for s, h, x in zip(longest["site"], longest["hall"], longest[column], strict=True)}

    return spans(own, "finish"), spans(own, "tail"), spans(own[own["after_shared"].to_numpy(bool)], "tail")


def _hall_order(facts: Facts, start: Ints) -> None:
    halls = facts.halls.assign(start=start)
    for _, group in halls.groupby("f", sort=False):
        line = group.iloc[np.argsort(~group["existing"].to_numpy(bool), kind="stable")]
        earlier, later = line["start"].to_numpy(int)[:-1], line["start"].to_numpy(int)[1:]
        facts.found.at_most(
            "hall_order",
            earlier,
            later,
            rows(line.iloc[1:], "site {site} hall {hall}"),
            "entry of the hall before it against its own",
            "periods",
        )


def _openings(facts: Facts, site_ready: pd.Series) -> Ints:
    """Return the opening period by site: -n_periods for sites with a hall from the start, n_periods for never; check the dates."""
    said, horizon = facts.plan["sites"], facts.n_periods
    opened: Ints = np.full(len(facts.site_ids), horizon)
    opened[codes(facts.site_ids, said["site"])] = said["opened"]
    with_hall = np.zeros(len(opened), bool)
    with_hall[facts.halls.loc[facts.halls["existing"].to_numpy(bool), "s"].to_numpy(int)] = True
    where = rows(facts.sites, "site {site}")
    facts.found.never("sites.opened", with_hall & (opened < horizon), where, "a site with an existing hall is not opened")
    ready = site_ready.reindex(facts.site_ids).fillna(0).to_numpy(int)
    decided = ~with_hall & (opened < horizon)
    facts.found.at_most("opened_dates", np.where(decided, ready, 0), opened, where, "first period possible against period of opening", "periods")
    facts.cash.pay("capex", opened[decided], facts.sites["opening_cost_musd"].to_numpy(float)[decided])
    # Far enough back that "opened in time" holds for every hall of such a site.
    return np.where(with_hall, -1000 * (horizon + 1), opened)


def _milestones(facts: Facts, paths: pd.DataFrame, start: dict[tuple[str, str], int], opened: Ints) -> None:
    """Pay every milestone that a decision needs; check the table's dates."""
    horizon, found = facts.n_periods, facts.found
    opening = dict(zip(facts.site_ids, opened, strict=True))
    target = [opening[s] if h == "" else start[s, h] for s, h in zip(paths["site"], paths["hall"], strict=True)]
    entry = np.array(target, dtype=int)
    done = (entry >= 0) & (entry < horizon)
    pay = np.maximum(0, np.floor(entry - paths["tail"].to_numpy(float) + EPSILON)).astype(int)
    check_starts(facts, paths, entry, done)
    facts.cash.pay("capex", pay[done], paths["cost_musd"].to_numpy(float)[done])

    key = ["site", "hall", "milestone"]
    said = facts.plan["milestones"].set_index(key).reindex(pd.MultiIndex.from_frame(paths[key]))
    where = rows(paths, "site {site} hall '{hall}' milestone {milestone}")
    claimed = said["start"].fillna(-1).to_numpy(int)  # -1: blank or no row
    found.equal("milestones.start", claimed, np.where(done, pay, -1), where, "period of payment, counted from the first (-1: none)", "periods")
    for percentile in PERCENTILES:
        column = f"finish_p{percentile}"
        actual = paths[column].to_numpy(float)
        found.equal(f"milestones.{column}", np.where(said[column].notna(), said[column], actual), actual, where, "critical path", "periods")


def _hall_costs(facts: Facts, start: Ints, work: Ints) -> None:
    """Capex in equal parts over the ``work`` periods before entry, residual value, opex in every period of service."""
    case, cash, halls, horizon = facts.case, facts.cash, facts.halls, facts.n_periods
    cost = np.where(halls["existing"].to_numpy(bool) | (start >= horizon), 0.0, halls["capex_musd"].to_numpy(float))
    for entry, spread, musd, life in zip(start, work, cost, halls["life_years"], strict=True):
        if musd:
            parts = np.arange(entry - spread, entry) if spread else np.array([entry])
            cash.invest(parts, np.full(len(parts), musd / len(parts)), life, case.period_months, service=np.full(len(parts), entry))
    running = np.arange(horizon) >= start[:, None]
    yearly = halls["opex_musd_per_year"].to_numpy(float)
    cash.pay("opex", np.arange(horizon), (running * yearly[:, None]).sum(axis=0) * case.period_months / 12)


def hall_power(facts: Facts, start: Ints) -> tuple[Floats, Floats]:
    """Return IT power in service by domain and period, of all halls and of the liquid ones, MW."""
    halls = facts.halls
    mw = (np.arange(facts.n_periods) >= start[:, None]) * halls["it_mw"].to_numpy(float)[:, None]
    total, liquid = np.zeros((2, len(facts.domain_ids), facts.n_periods))
    np.add.at(total, halls["f"].to_numpy(int), mw)
    wet = (halls["cooling"] == "liquid").to_numpy(bool)
    np.add.at(liquid, halls["f"].to_numpy(int)[wet], mw[wet])
    return total, liquid
