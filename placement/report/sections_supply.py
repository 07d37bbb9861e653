"""Sections about places, power and building: map, power by site and period, halls, milestones, jobs."""

from __future__ import annotations

from placement.report.facts import Facts
from placement.report.formats import fixed, plural
from placement.report.maps import Point, world
from placement.report.markup import Html, figure, note, section, table
from placement.report.tables import names_of, records

MOST_SITES = 12  # small multiples of power; all sites are in the heat map
MOST_GROUPS = 80  # rows of a Gantt chart; the table below it has everything
MOST_FLOWS = 60  # lines on the map


def map_section(facts: Facts) -> Html:
    """Return the map of sites, metros and inference traffic."""
    df, metros = facts.case["sites"], facts.case["metros"]
    if df.empty:
        return section("map", "Where", note("The case has no sites."))
    names, cities = facts.site_names, names_of(metros, "metro")
    sites = {r.site: Point(names[r.site], r.lat_deg, r.lon_deg, float(facts.it_mw.get(r.site, 0.0))) for r in records(df)}
    users = {r.metro: Point(cities[r.metro], r.lat_deg, r.lon_deg) for r in records(metros)}
    flow = facts.traffic.groupby(["site", "metro"])["mtok_per_day"].sum().nlargest(MOST_FLOWS).loc[lambda v: v > 0].reset_index()
    known = flow.loc[flow["site"].isin(list(sites)) & flow["metro"].isin(list(users))]
    flows = [(sites[r.site], users[r.metro], r.mtok_per_day / flow["mtok_per_day"].max()) for r in records(known)]
    used = sum(p.size > 0 for p in sites.values())
    title = f"Map of {plural(len(sites), 'site')}, {fixed(used)} of them in use, and {plural(len(users), 'metro')}"
    quota = " (at a provider's site, of what it keeps for its customer)" if len(facts.own_halls) < len(facts.plan["halls"]) else ""
    hint = f"Disc area: IT capacity of halls at the end{quota}. Dashed rings: unused sites. Diamonds: metros. Lines: the largest inference flows."
    rows = [
        (
            names[r.site],
            r.country,
            r.kind,
            fixed(facts.it_mw.get(r.site, 0.0), 1),
            fixed((facts.plan["training"]["site"] == r.site).sum()),
            fixed(r.pue, 2),
        )
        for r in records(df.assign(mw=df["site"].map(facts.it_mw).fillna(0.0)).sort_values("mw", ascending=False))
    ]
    heads = ("Site", "Country", "Kind", "IT capacity at the end, MW", "Jobs", "PUE")
    return section("map", "Where", figure(title, world(list(sites.values()), list(users.values()), flows, title), hint, table(heads, rows, (3, 4, 5))))
