"""Rules on what can be ordered and sold on."""

from __future__ import annotations

from placement.case.draft import Draft, Problems, Rule


def resale_has_stock(d: Draft) -> Problems:
    """Only what was bought, and has arrived in an earlier period, can be sold on."""
    offers = d["offers"]
    there = (offers["period"] + offers["lead_periods"]).groupby(offers["sku"]).min()
    first = d["resale"]["sku"].map(there)
    rule = "has no effect: no unit of the SKU can have been bought and arrived in an earlier period"
    yield from d.broken("resale", "period", ~(first < d["resale"]["period"]), rule, "Correct sku or period, or remove the row.")


RULES: tuple[Rule, ...] = (Rule(resale_has_stock, "resale.sku resale.period offers.sku offers.period offers.lead_periods"),)
