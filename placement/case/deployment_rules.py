"""Rules on how chips enter service and leave it."""

from __future__ import annotations

from placement.case.draft import Draft, Problems, Rule, among


def deployment_limited(d: Draft) -> Problems:
    """A limit on what a site can deploy needs chips that can be bought, and halls to put them in."""
    given = d["sites"]["deploy_mw_per_period"].notna().to_numpy(dtype=bool)
    idle = given if "offers" not in d.case else given & ~among(d["sites"]["site"], d.values("halls", "site"))
    rule = "has no effect: " + ("the site has no hall" if "offers" in d.case else "no chips can be bought without offers.csv")
    return d.broken("sites", "deploy_mw_per_period", idle, rule, "Leave it blank.")


def retirements(d: Draft) -> Problems:
    """Chips that run already do so for a period at least."""
    gone = d.filled("installed", "retires") & (d["installed"]["retires"] <= 0).to_numpy(dtype=bool)
    rule = f"must lie after the first period {d.case.periods[0]}"
    return d.broken("installed", "retires", gone, rule, "Remove the row: the units are gone when the horizon begins.")


RULES: tuple[Rule, ...] = (
    Rule(deployment_limited, "sites.site sites.deploy_mw_per_period halls.site"),
    Rule(retirements, "case.periods installed.retires"),
)
