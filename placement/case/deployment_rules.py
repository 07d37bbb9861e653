"""Rules on how chips enter service and leave it."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule, among, domains
from placement.units import MONTHS_PER_YEAR

_YEARS = 1e-9  # rounding of years from periods
_MOVE = 3  # a unit is there in one period, on the way in the next, and of use in the third


def deployment_limited(d: Draft) -> Problems:
    """A limit on what a site can deploy needs chips that can be bought, and halls to put them in."""
    sites, remedy = d["sites"], "Leave it blank."
    given = sites["deploy_mw_per_period"].notna().to_numpy(dtype=bool)
    if not among(d["offers"]["kind"], ("buy", "take_or_pay")).any():
        what = "no offer is to buy" if "offers" in d.case else "no chips can be bought without offers.csv"
        yield from d.broken("sites", "deploy_mw_per_period", given, f"has no effect: {what}", remedy)
        return
    hall = among(sites["site"], d.values("halls", "site"))
    provided = sites["power_included"].to_numpy(dtype=bool)
    yield from d.broken("sites", "deploy_mw_per_period", given & ~hall, "has no effect: the site has no hall", remedy)
    rule = "has no effect where power_included is 1: only rented chips, which the provider puts into service, can be added there"
    yield from d.broken("sites", "deploy_mw_per_period", given & hall & provided, rule, remedy)


def retirements(d: Draft) -> Problems:
    """Chips that run already do so for a period at least."""
    gone = d.filled("installed", "retires") & (d["installed"]["retires"] <= 0).to_numpy(dtype=bool)
    rule = f"must lie after the first period {d.case.periods[0]}"
    return d.broken("installed", "retires", gone, rule, "Remove the row: the units are gone when the horizon begins.")


def service_ends(d: Draft) -> Problems:
    """A SKU whose service ends can be bought, and is worth nothing when it does."""
    skus = d["skus"]
    given = (skus["service_periods"] > 0).to_numpy(dtype=bool)
    rule = "has no effect: no offer is of this SKU; installed.retires is for units that run already"
    yield from d.broken("skus", "service_periods", given & ~among(skus["sku"], d.values("offers", "sku")), rule, "Leave it blank.")
    long = given & (skus["life_years"] > skus["service_periods"] * d.case.period_months / MONTHS_PER_YEAR + _YEARS).to_numpy(dtype=bool)
    rule = "must not be longer than service_periods: units that are gone have no residual value"
    yield from d.broken("skus", "life_years", long, rule, "Shorten it, or raise service_periods.")


def waiting_and_moving(d: Draft) -> Problems:
    """What is said of stock and of moves concerns chips that can be bought, and says something."""
    offered = d.values("offers", "sku")
    for table in ("inventory", "relocation"):
        yield from d.broken(table, "sku", ~among(d[table]["sku"], offered), "has no effect: no offer is of this SKU", "Add its offers, or remove the row.")
    rows = d["inventory"]
    empty = (rows["holding_usd_per_unit_month"] == 0) & rows["max_units"].isna()
    rule = "has no effect: the row says neither a cost nor a limit"
    yield from d.broken("inventory", "holding_usd_per_unit_month", empty, rule, "Fill in a column, or remove the row.")
    if len(d["relocation"]) and (len(set(domains(d["halls"]))) < 2 or d.case.n_periods < _MOVE):
        rule = f"has no effect: a move needs two fabric domains and {_MOVE} periods"
        yield from d.broken("relocation", "usd_per_unit", np.ones(len(d["relocation"]), dtype=bool), rule, "Remove the table.")


RULES: tuple[Rule, ...] = (
    Rule(deployment_limited, "sites.site sites.deploy_mw_per_period sites.power_included halls.site offers.kind"),
    Rule(retirements, "case.periods installed.retires"),
    Rule(service_ends, "skus.sku skus.life_years skus.service_periods offers.sku case.toml.period_months"),
    Rule(
        waiting_and_moving,
        "case.periods offers.sku inventory.sku inventory.holding_usd_per_unit_month inventory.max_units relocation.sku halls.site halls.domain",
    ),
)
