"""Rules on grid connections and power contracts: dates, sizes, and what would have no effect."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.draft import Draft, Problems, Rule, among


def tier_dates(d: Draft) -> Problems:
    """A tier does not end before it begins, and one that ends leaves nothing of worth."""
    grid = d["grid"]
    ends = d.filled("grid", "until")
    yield from d.broken("grid", "until", ends & (grid["until"] < grid["available"]), "must not lie before available", "Correct one of the two.")
    worth = ends & grid["life_years"].notna()
    rule = "must be blank for a tier that ends: nothing of it is left"
    yield from d.broken("grid", "life_years", worth, rule, "Leave it blank, or leave until blank.")


def charged_zones(d: Draft) -> Problems:
    """A demand charge is for a zone in which some site has a connection."""
    sites = d["sites"]
    connected = set(sites.loc[among(sites["site"], d.values("grid", "site")), "zone"])
    idle = ~among(d["demand_charges"]["zone"], connected)
    rule = "has no effect: no site of the zone has a grid connection"
    return d.broken("demand_charges", "zone", idle, rule, "Correct the zone, or remove the rows.")


def contract_sizes(d: Draft) -> Problems:
    """The smallest size of a contract is not above its largest."""
    ppas = d["ppas"]
    return d.broken("ppas", "min_mw", ppas["min_mw"] > ppas["max_mw"], "must not be above max_mw", "Correct one of the two.")


def escalation_felt(d: Draft) -> Problems:
    """A price can only rise where there is one, and over more than one period."""
    ppas = d["ppas"]
    rises = ppas["escalation_per_year"] != 0
    still = np.minimum(ppas["tenor_periods"], d.case.n_periods - ppas["start"]) <= 1
    idle = rises & ((ppas["price_usd_per_mwh"] == 0) | pd.Series(still, index=ppas.index))
    rule = "has no effect: the price is 0, or paid in one period of the horizon at most"
    return d.broken("ppas", "escalation_per_year", idle, rule, "Leave it blank.")


RULES: tuple[Rule, ...] = (
    Rule(tier_dates, "case.periods grid.available grid.until grid.life_years"),
    Rule(charged_zones, "sites.site sites.zone grid.site demand_charges.zone"),
    Rule(contract_sizes, "ppas.min_mw ppas.max_mw"),
    Rule(escalation_felt, "case.periods ppas.escalation_per_year ppas.price_usd_per_mwh ppas.start ppas.tenor_periods"),
)
