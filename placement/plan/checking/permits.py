"""Limits that sites share: starts of milestones, crews, gates, options on land, the grid queue (models/README.md sections 1 and 2)."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.plan.checking.facts import Facts, Floats, Ints, codes
from placement.plan.checking.verdict import axes, rows

EPSILON = 1e-9  # of a period


def check_starts(facts: Facts, paths: pd.DataFrame, entry: Ints, done: NDArray[np.bool_]) -> None:
    """Check starts and crews of the milestones ``paths``, whose hall or site is there from ``entry`` on where ``done``."""
    case, found = facts.case, facts.found
    sites = facts.sites.set_index("site")
    homes = [paths["site"].map(sites[column]).to_numpy(object) for column in ("zone", "country")]

    def inside(place: str) -> NDArray[np.bool_]:
        here: NDArray[np.bool_] = done & ((homes[0] == place) | (homes[1] == place) | (place == ""))
        return here

    begin = entry - paths["tail"].to_numpy(float)
    end = begin + paths[f"lead_p{case.lead_percentile}"].to_numpy(float)
    limits, crews = (case[name].assign(label=[case.periods[t] for t in case[name]["period"]]) for name in ("milestone_limits", "crews"))
    name, first = paths["milestone"].to_numpy(object), np.maximum(0, np.floor(begin + EPSILON))
    counted = [(inside(r.place) & (name == r.milestone) & (first == r.period)).sum() for r in limits.itertuples()]
    found.at_most("milestone_starts", counted, limits["max_starts"], rows(limits, "{milestone} in '{place}' {label}"), "started against the most", "milestones")
    need = paths["crews"].to_numpy(float)
    busy = [(need * np.clip(np.minimum(end, r.period + 1) - np.maximum(begin, r.period), 0, None))[inside(r.place)].sum() for r in crews.itertuples()]
    found.at_most("crew_limit", busy, crews["crews"], rows(crews, "'{place}' {label}"), "crews at work against crews there", "crews", absolute=1e-5)


def check_gates(facts: Facts, start: Ints, opened: Ints) -> None:
    """Check what comes only after something else; ``start`` by hall and ``opened`` by site, the horizon for never."""
    horizon, halls, plan = facts.n_periods, facts.halls, facts.plan
    when = {("hall", s, h): int(t) for s, h, t in zip(halls["site"], halls["hall"], start, strict=True)}
    when |= {("site", s, ""): int(t) for s, t in zip(facts.site_ids, opened, strict=True)}
    when |= {("tier", s, r): int(t) for s, r, t in plan["grid"][["site", "tier", "in_service"]].itertuples(index=False)}
    gates = facts.case["gates"]
    held, first = (
        np.array([when.get(key, horizon) for key in gates[list(columns)].itertuples(index=False, name=None)], dtype=int)
        for columns in (("kind", "site", "item"), ("after_kind", "after_site", "after_item"))
    )
    least = np.where(first < horizon, first + gates["lag_periods"].to_numpy(int), horizon)
    facts.found.at_most("gate", np.where(held < horizon, least, 0), held, rows(gates, "gate {gate}"), "first period possible against period", "periods")


def check_options(facts: Facts, opened: Ints) -> None:
    """Check that options on land are held until the opening, and pay their fees."""
    options, said, horizon = facts.case["land_options"], facts.plan["land_options"], facts.n_periods
    ids = pd.Index(options["site"])
    held = np.zeros((len(ids), horizon))
    held[codes(ids, said["site"]), said["period"].to_numpy(int)] = said["held"]
    date = opened[codes(facts.site_ids, options["site"])]
    asked = (np.arange(horizon) < date[:, None]) & (date[:, None] < horizon)
    there = axes(("site", ids), ("", facts.case.periods))
    facts.found.at_most("option_held", np.where(asked, 1.0, 0.0), held, there, "option needed until the opening against option held", "share")
    late = np.where(date < horizon, date, 0)
    facts.found.at_most("option_expires", late, options["expires"], rows(options, "site {site}"), "opening against the last period of the option", "periods")
    fee = options["fee_musd_per_year"].to_numpy(float) * facts.case.period_months / 12
    facts.cash.pay("lease", np.arange(horizon), (fee[:, None] * held).sum(axis=0))


def check_grid_queue(facts: Facts) -> None:
    """Check new grid connection by zone against the queue."""
    queue, case = facts.case["grid_queue"], facts.case
    zones = pd.Index(queue["zone"].unique())
    room, new = np.zeros((2, len(zones), facts.n_periods))
    np.add.at(room, (codes(zones, queue["zone"]), queue["period"].to_numpy(int)), queue["mw"].to_numpy(float))
    tiers = case["grid"].set_index(["site", "tier"])
    zone = facts.sites.set_index("site")["zone"]
    for r in facts.plan["grid"].itertuples():
        tier = tiers.loc[(r.site, r.tier)]
        if tier["capex_musd"] > 0 and zone[r.site] in zones:
            new[zones.get_loc(zone[r.site]), r.in_service : int(tier["until"]) + 1] += tier["mw"]  # temporary power leaves its place to others
    both: tuple[Floats, Floats] = (new, room.cumsum(axis=1))
    facts.found.at_most("grid_queue", *both, axes(("zone", zones), ("", case.periods)), "new connection against the queue", "MW")
