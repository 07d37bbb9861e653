"""Rules on what can be bought, rented and sold on."""

from __future__ import annotations

import numpy as np

from placement.case.draft import Draft, Problems, Rule, among

_OWNED, _RENTED = ("buy", "take_or_pay"), ("lease", "on_demand")
_LEAVE = "Leave it blank."

#: Column of offers -> kinds that it says something of, and those that cannot do without it.
_KINDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "unit_price_usd": ((*_OWNED, "lease"), _OWNED),
    "lead_periods": ((*_OWNED, "lease"), ()),
    "rent_usd_per_unit_month": (_RENTED, _RENTED),
    "term_periods": (("lease",), ("lease",)),
    "until": (("on_demand",), ()),
    "site": (_RENTED, ()),
    "min_units": (("buy", "lease"), ()),
}


def kinds_have_columns(d: Draft) -> Problems:
    """Each kind of offer has the columns that it needs, and none that say nothing of it."""
    kind = d["offers"]["kind"]
    for column, (users, needing) in _KINDS.items():
        filled = d.filled("offers", column)
        if column not in ("unit_price_usd", "until", "site"):
            filled = filled & (d["offers"][column] > 0).to_numpy(dtype=bool)
        idle = filled & ~among(kind, users)
        yield from d.broken("offers", column, idle, f"has no effect unless kind is {' or '.join(users)}", _LEAVE)
        missing = ~filled & among(kind, needing)
        above = "filled" if column == "unit_price_usd" else "above 0"
        yield from d.broken("offers", column, missing, f"must be {above} for kind {' and '.join(needing)}", "Give it, or correct kind.")


def sizes_fit(d: Draft) -> Problems:
    """The smallest order, and a pack, are not above the largest order; the last period on offer is not before the first."""
    offers = d["offers"]
    for column in ("min_units", "pack_units"):
        yield from d.broken("offers", column, offers[column] > offers["max_units"], "must not be above max_units", "Correct one of them.")
    packs = np.floor(offers["max_units"] / offers["pack_units"].where(offers["pack_units"] > 0, 1.0) + 1e-9) * offers["pack_units"]
    short = (offers["pack_units"] > 0) & (offers["pack_units"] <= offers["max_units"]) & (packs < offers["min_units"])
    yield from d.broken("offers", "min_units", short, "cannot be reached with whole packs within max_units", "Correct max_units or pack_units.")
    ends = (offers["kind"] == "on_demand") & (offers["until"] < offers["period"])
    yield from d.broken("offers", "until", ends, "must not lie before period", "Correct one of them.")


def tiers_on_purchases(d: Draft) -> Problems:
    """Prices by quantity belong to purchases, begin within the order, and differ from the price before."""
    tiers, offers = d["price_tiers"], d["offers"].drop_duplicates("offer").set_index("offer")
    kind, most = tiers["offer"].map(offers["kind"]), tiers["offer"].map(offers["max_units"])
    rented = ~among(kind, _OWNED)
    yield from d.broken("price_tiers", "offer", rented, "must be an offer of kind buy or take_or_pay", "Correct offer, or remove the row.")
    beyond = ~rented & (tiers["from_units"] >= most).to_numpy(dtype=bool)
    yield from d.broken("price_tiers", "from_units", beyond, "has no effect: the tier begins at or beyond max_units", "Correct it, or remove the row.")


def providers_sites(d: Draft) -> Problems:
    """A provider's site has halls that stand, something to rent, and no power of its own."""
    sites, halls = d["sites"], d["halls"]
    provided = sites["power_included"].to_numpy(dtype=bool)
    ids = set(sites.loc[provided, "site"])
    for table in ("grid", "generators", "storage"):
        own = among(d[table]["site"], ids)
        yield from d.broken(table, "site", own, "has no effect at a site with power_included", "Remove the row, or set sites.power_included to 0.")
    cap = provided & sites["community_mw"].notna().to_numpy(dtype=bool)
    yield from d.broken("sites", "community_mw", cap, "has no effect where power_included is 1", _LEAVE)
    built = among(halls["site"], ids) & ~halls["existing"].to_numpy(dtype=bool)
    yield from d.broken("halls", "existing", built, "must be 1 at a site with power_included: a provider's halls stand", "Set it to 1.")
    domain = set(d["installed"]["domain"])
    running = {s for s, h in zip(halls["site"], halls["domain"], strict=True) if (h or s) in domain}
    empty = provided & ~among(sites["site"], d.values("offers", "site") | running)
    rule = "must have an offer of this site, or installed units: nothing else may stand there"
    yield from d.broken("sites", "power_included", empty, rule, "Name the site in offers.site, or set it to 0.")


def included_firmness_used(d: Draft) -> Problems:
    """Firmness of power in the rent needs such power and jobs that ask."""
    sites = d["sites"]
    given = (sites["included_firmness"] > 0).to_numpy(dtype=bool)
    own = given & ~sites["power_included"].to_numpy(dtype=bool)
    yield from d.broken("sites", "included_firmness", own, "has no effect unless power_included is 1", _LEAVE)
    if not (d["jobs"]["min_firmness"] > 0).any():
        yield from d.broken("sites", "included_firmness", given & ~own, "has no effect: no job has min_firmness above 0", _LEAVE)


def resale_has_stock(d: Draft) -> Problems:
    """Only what was bought, and has arrived in an earlier period, can be sold on."""
    offers = d["offers"][among(d["offers"]["kind"], _OWNED)]
    there = (offers["period"] + offers["lead_periods"]).groupby(offers["sku"]).min()
    first = d["resale"]["sku"].map(there)
    rule = "has no effect: no unit of the SKU can have been bought and arrived in an earlier period"
    yield from d.broken("resale", "period", ~(first < d["resale"]["period"]), rule, "Correct sku or period, or remove the row.")


RULES: tuple[Rule, ...] = (
    Rule(kinds_have_columns, "offers.kind " + " ".join(f"offers.{column}" for column in _KINDS)),
    Rule(sizes_fit, "offers.kind offers.period offers.until offers.max_units offers.min_units offers.pack_units"),
    Rule(tiers_on_purchases, "price_tiers.offer price_tiers.from_units offers.offer offers.kind offers.max_units"),
    Rule(
        providers_sites,
        "sites.site sites.power_included sites.community_mw halls.site halls.domain halls.existing grid.site "
        "generators.site storage.site offers.site installed.domain",
    ),
    Rule(included_firmness_used, "sites.power_included sites.included_firmness jobs.min_firmness"),
    Rule(resale_has_stock, "resale.sku resale.period offers.sku offers.kind offers.period offers.lead_periods"),
)
