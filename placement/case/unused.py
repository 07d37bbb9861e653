"""Rules that refuse single cells and rows without effect: a life of what costs nothing, a rule for nobody, an outage that nothing feels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.draft import Draft, Problems, among
from placement.case.training_rules import LOSSES, lost_hours

_NO_LIFE = "Leave it blank."


def outages_felt(d: Draft) -> Problems:
    """Outages need jobs that lose work, and lost work needs outages."""
    outages, losses = d["sites"]["outages_per_year"] > 0, lost_hours(d["jobs"]) > 0
    if not losses.any():
        rule = "has no effect: no job has loss_hours_per_outage above 0"
        yield from d.broken("sites", "outages_per_year", outages, rule, "Give jobs.loss_hours_per_outage, or leave it blank.")
    if not outages.any():
        rule = "has no effect: no site has outages_per_year above 0"
        for column in LOSSES:
            yield from d.broken("jobs", column, d["jobs"][column] > 0, rule, "Give sites.outages_per_year, or leave it blank.")


def lives_used(d: Draft) -> Problems:
    """Residual value is a share of what was paid: what costs nothing has none."""
    halls, links = d["halls"], d["links"]
    old = halls["existing"].to_numpy(dtype=bool)
    given = halls["life_years"].notna()
    yield from d.broken("halls", "life_years", given & old, "has no effect on an existing hall, which is paid for", _NO_LIFE)
    yield from d.broken("halls", "life_years", given & ~old & (halls["capex_musd"] == 0), "has no effect where capex_musd is 0", _NO_LIFE)
    for table, cost in (("grid", "capex_musd"), ("generators", "capex_musd_per_mw")):
        free = (d[table][cost] == 0) & d[table]["life_years"].notna()
        yield from d.broken(table, "life_years", free, f"has no effect where {cost} is 0", _NO_LIFE)
    free = (links["module_capex_musd"] == 0) & links["life_years"].notna() & links["module_gbps"].notna()  # without modules: link_modules
    yield from d.broken("links", "life_years", free, "has no effect where module_capex_musd is 0", _NO_LIFE)


def chip_lives_used(d: Draft) -> Problems:
    """Chips that run already, or come free of charge, have no residual value either."""
    skus, offers = d["skus"], d["offers"]
    bought = set(offers.loc[(offers["unit_price_usd"] > 0) & among(offers["kind"], ("buy", "take_or_pay")), "sku"])
    idle = skus["life_years"].notna() & ~among(skus["sku"], bought)
    return d.broken("skus", "life_years", idle, "has no effect: no offer to buy it costs anything", _NO_LIFE)


def export_classes_used(d: Draft) -> Problems:
    """A class of chips is one that an export rule speaks of."""
    classes = d["skus"]["export_class"]
    idle = (classes != "").to_numpy(dtype=bool) & ~among(classes, d.values("export", "export_class"))
    rule = "has no effect: " + ("export.csv has no row for the class" if "export" in d.case else "there is no export.csv")
    return d.broken("skus", "export_class", idle, rule, "Add the class's rows to export.csv, or leave it blank.")


def export_countries(d: Draft) -> Problems:
    """An export rule speaks of a country with a site."""
    rule, remedy = "has no effect: no site is in that country", "Correct country or sites.country, or remove the row."
    return d.broken("export", "country", _nowhere(d, "export"), rule, remedy)


def residency_countries(d: Draft) -> Problems:
    """A residency rule speaks of a country with a site, unless the row decides about the others.

    The only rows that allow, all of them elsewhere, deny every country of the case; and any rows of an origin set the general ones aside.
    """
    rows = d["residency"]
    nowhere = pd.Series(_nowhere(d, "residency"), index=rows.index)
    here = ~nowhere  # with the rows for all countries
    group = [rows["class"], rows["origin"]]
    settled = (here & (rows["allow"] | (rows["country"] == "*"))).groupby(group).transform("any")  # others are denied, or ruled, anyway
    alone = (rows["origin"] != "") & ~here.groupby(group).transform("any")  # sets the general rows aside
    idle = nowhere & np.where(rows["allow"], settled, ~alone)
    rule, remedy = "has no effect: no site is in that country", "Correct country or sites.country, or remove the row."
    return d.broken("residency", "country", idle, rule, remedy)


def _nowhere(d: Draft, table: str) -> NDArray[np.bool_]:
    """Return which rows name a country in which no site stands."""
    return ~among(d[table]["country"], d.values("sites", "country") | {"*"})


def demand_given(d: Draft) -> Problems:
    """No demand is a missing row."""
    none = d["demand"]["mtok_per_day"] == 0
    return d.broken("demand", "mtok_per_day", none, "must be above 0: a missing row is no demand", "Remove the rows.")
