"""Rules on routes: leased waves, what services ask of routes, and what traffic costs."""

from __future__ import annotations

from placement.case.draft import Draft, Problems, Rule
from placement.case.fibre_rules import waves_needed


def routes_asked_for(d: Draft) -> Problems:
    """Risk groups and kinds of links matter to services that ask, and what they ask must have an effect."""
    services, links = d["services"], d["links"]
    survivable, dry = services["survivable"].to_numpy(dtype=bool), services["avoid_subsea"].to_numpy(dtype=bool)
    grouped, longer = (links["srlg"] != "").to_numpy(dtype=bool), services["survivable_slo_ms"]
    if {"services", "datasets"} & set(d.case.tables):  # without them the whole table is reported
        rule = "has no effect: no service asks for two routes"
        yield from d.broken("links", "srlg", grouped & (not survivable.any()), rule, "Set services.survivable, or leave it blank.")
    if "links" in d.case:
        subsea = (links["kind"] == "subsea").any()
        yield from d.broken("services", "avoid_subsea", dry & (not subsea), "has no effect: no link is subsea", "Give links.kind, or leave it blank.")
    yield from d.broken("services", "survivable_slo_ms", longer.notna() & ~survivable, "has no effect without survivable", "Set it, or leave this blank.")
    short = survivable & (longer < services["slo_rtt_ms"]).to_numpy(dtype=bool)
    rule = "must not be below slo_rtt_ms: the longer of two routes has the longer limit"
    yield from d.broken("services", "survivable_slo_ms", short, rule, "Raise it, or leave it blank.")


def traffic_priced(d: Draft) -> Problems:
    """Prices need traffic, and traffic needs prices."""
    services, sites, links = d["services"], d["sites"], d["links"]
    talking, fresh = services["bytes_per_token"] > 0, services["refreshes_per_year"] > 0
    lost = fresh & (services["origin"] == "")
    yield from d.broken("services", "refreshes_per_year", lost, "has no effect without origin", "Name the site that the weights come from, or leave it blank.")
    priced = {"sites": "egress_usd_per_gb", "links": "transit_usd_per_gb"}
    if not talking.any() and not (fresh & ~lost).any():
        for table, column in priced.items():
            rule = "has no effect: no service says how much traffic it has"
            yield from d.broken(table, column, d[table][column] > 0, rule, "Give services.bytes_per_token or refreshes_per_year, or leave it blank.")
    elif not (sites["egress_usd_per_gb"] > 0).any() and not (links["transit_usd_per_gb"] > 0).any():
        for column, given in (("bytes_per_token", talking), ("refreshes_per_year", fresh & ~lost)):
            rule = "has no effect: no traffic costs anything"
            yield from d.broken("services", column, given, rule, "Give sites.egress_usd_per_gb or links.transit_usd_per_gb, or leave it blank.")


RULES: tuple[Rule, ...] = (
    Rule(waves_needed, "links.link links.gbps links.available waves.link waves.start"),
    Rule(routes_asked_for, "links.srlg links.kind services.survivable services.survivable_slo_ms services.slo_rtt_ms services.avoid_subsea"),
    Rule(traffic_priced, "sites.egress_usd_per_gb links.transit_usd_per_gb services.bytes_per_token services.refreshes_per_year services.origin"),
)
