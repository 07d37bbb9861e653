"""Rules on what can be built and bought: halls, power, chips, fibre."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from placement.case.draft import Draft, Problems, among, domains
from placement.case.findings import suggest
from placement.errors import Problem
from placement.units import KW_PER_MW

_MW_TOLERANCE = 1e-6
_EARTH_RADIUS_KM = 6371.0  # mean radius
_SLACK_KM = 50.0  # a metro's or campus's coordinates stand for a whole area


def zones_given(d: Draft) -> Problems:
    """With tariffs, every site is in a zone."""
    if "tariffs" not in d.case:
        return []
    return d.broken(
        "sites", "zone", d["sites"]["zone"] == "", "must not be blank where tariffs.csv is present", "Name a zone of tariffs.csv."
    )


def tariffs_complete(d: Draft) -> Problems:
    """Every zone with a site has a price for every period and block."""
    rows = d["tariffs"]
    have = set(zip(rows["zone"], rows["period"], rows["block"], strict=True))
    zones = [z for z in pd.unique(rows["zone"]) if z in d.values("sites", "zone")]
    want = product(zones, range(d.case.n_periods), (b.name for b in d.case.blocks))
    missing = [f"{z}/{d.case.periods[t]}/{b}" for z, t, b in want if (z, t, b) not in have]
    if missing:
        yield Problem("tariffs", "zone/period/block", "must be complete for the zones of sites", "Add the missing rows.", tuple(missing))


def profiles_complete(d: Draft) -> Problems:
    """Every profile has a factor for every block."""
    rows = d["profiles"]
    have = set(zip(rows["profile"], rows["block"], strict=True))
    missing = [f"{p}/{b.name}" for p in pd.unique(rows["profile"]) for b in d.case.blocks if (p, b.name) not in have]
    if missing:
        yield Problem("profiles", "profile/block", "must be complete for the blocks of case.toml", "Add the missing rows.", tuple(missing))


def coordinates_given(d: Draft) -> Problems:
    """Latitude and longitude 0 is a place in the Gulf of Guinea, and a blank in many tools."""
    for table in ("sites", "metros"):
        zero = (d[table]["lat_deg"] == 0) & (d[table]["lon_deg"] == 0)
        yield from d.broken(table, "lat_deg", zero, "and lon_deg are both 0, which is open sea", "Fill in the coordinates.")


def domains_sound(d: Draft) -> Problems:
    """A fabric domain lies at one site and does not carry another site's id."""
    halls = d["halls"]
    domain = pd.Series(domains(halls), dtype=object)
    foreign = np.asarray(domain != halls["site"], dtype=bool) & among(domain, d.values("sites", "site"))
    yield from d.broken("halls", "domain", foreign, "must not be the id of another site", "Rename the domain.")
    first = halls["site"].groupby(domain).transform("first") if len(halls) else halls["site"]
    spanning = domain.isin(domain[(halls["site"] != first).to_numpy(dtype=bool)]) & ~foreign
    yield from d.broken("halls", "domain", spanning, "must not span two sites", "Rename the domain at one of them.")


def existing_halls(d: Draft) -> Problems:
    """An existing hall costs nothing to build, has no date, and stands before new halls of its domain."""
    halls = d["halls"]
    existing = halls["existing"].to_numpy(dtype=bool)
    yield from d.broken(
        "halls", "capex_musd", existing & (halls["capex_musd"] > 0), "must be 0 or blank for an existing hall", "Leave it blank."
    )
    yield from d.broken(
        "halls",
        "earliest",
        existing & (halls["earliest"] > 0),
        "must be blank for an existing hall",
        "Leave it blank, or set existing to 0.",
    )
    new_before = pd.Series(~existing).groupby(domains(halls)).cummax() if len(halls) else pd.Series([], dtype=bool)
    late = existing & new_before.to_numpy(dtype=bool)
    yield from d.broken(
        "halls", "existing", late, "must come before new halls in a domain, since halls enter service in table order", "Move the row up."
    )


def contracts(d: Draft) -> Problems:
    """A contract delivers to a site with a grid connection, and starts within reach."""
    ppas, sites = d["ppas"], d["sites"]
    served = among(ppas["zone"], d.values("sites", "zone"))
    yield from d.broken("ppas", "zone", ~served, "has no effect: no site is in the zone", "Correct the zone, or remove the contract.")
    connected = set(sites.loc[among(sites["site"], d.values("grid", "site")), "zone"])
    cut_off = served & ~among(ppas["zone"], connected)
    if "grid" in d.case:
        rule = "has no effect: no site of the zone has a grid connection to receive the energy"
        yield from d.broken("ppas", "zone", cut_off, rule, "Add rows to grid.csv, or remove the contract.")
    rule = f"must not lie before the first period {d.case.periods[0]}"
    yield from d.broken(
        "ppas", "start", ppas["start"] < 0, rule, "Give the first period, and in tenor_periods what remains of the contract."
    )


def offer_shares(d: Draft) -> Problems:
    """Exactly the take-or-pay offers have a share."""
    offers = d["offers"]
    firm = (offers["kind"] == "take_or_pay").to_numpy(dtype=bool)
    shared = (offers["take_share"] > 0).to_numpy(dtype=bool)
    yield from d.broken("offers", "take_share", firm & ~shared, "must be above 0 for take_or_pay", "Give the share, or set kind to buy.")
    yield from d.broken("offers", "take_share", shared & ~firm, "must be blank for kind buy", "Leave it blank, or set kind to take_or_pay.")


def export_caps(d: Draft) -> Problems:
    """Exactly the rows with rule cap have a cap."""
    rows = d["export"]
    cap = (rows["rule"] == "cap").to_numpy(dtype=bool)
    given = rows["cap_units"].notna().to_numpy(dtype=bool)
    yield from d.broken("export", "cap_units", cap & ~given, "must be filled for rule cap", "Give the cap.")
    yield from d.broken("export", "cap_units", given & ~cap, "must be blank for rule allow or deny", "Leave it blank, or set rule to cap.")


def installed_places(d: Draft) -> Problems:
    """Installed chips stand in existing halls of a known domain."""
    halls, rows = d["halls"], d["installed"]
    every = domains(halls)
    known = among(rows["domain"], every)
    unknown = rows["domain"][~known]
    yield from d.broken(
        "installed", "domain", ~known, "must be a domain of halls.csv (or a site id)", suggest(unknown, set(every)) if len(unknown) else ""
    )
    empty = known & ~among(rows["domain"], every[halls["existing"].to_numpy(dtype=bool)])
    yield from d.broken("installed", "domain", empty, "must have an existing hall", "Set existing to 1 for the hall where the chips run.")


def installed_power(d: Draft) -> Problems:
    """Installed chips do not need more IT power than the existing halls have, nor liquid ones more than liquid halls."""
    chips = d["installed"].merge(d["skus"][["sku", "kw_per_unit", "cooling"]], on="sku", how="left")
    halls = d["halls"].assign(domain=domains(d["halls"])).query("existing")
    for what, halls_in, chips_in in (
        ("IT power", halls, chips),
        ("liquid-cooled IT power", halls.query("cooling == 'liquid'"), chips.query("cooling == 'liquid'")),
    ):
        have = halls_in.groupby("domain")["it_mw"].sum()
        need = (chips_in["units"] * chips_in["kw_per_unit"] / KW_PER_MW).groupby(chips_in["domain"]).sum()
        room = have.reindex(need.index).fillna(0.0)
        over = {str(f) for f in need.index[need > room + _MW_TOLERANCE]} & set(halls["domain"])
        if over:
            worst = max(over, key=lambda f: need[f] - room[f])
            rule = f"must fit into the {what} of the existing halls ({worst}: {need[worst]:.4g} MW needed, {room[worst]:.4g} MW there)"
            mask = among(chips["domain"], over) & (chips.index.isin(chips_in.index))
            yield from d.broken("installed", "units", mask, rule, "Check units, skus.kw_per_unit (kW) and halls.it_mw (MW).")
            return


def installed_exports(d: Draft) -> Problems:
    """Installed chips break no export rule."""
    halls = d["halls"]
    site_of = dict(zip(domains(halls), halls["site"], strict=True))
    country_of = dict(zip(d["sites"]["site"], d["sites"]["country"], strict=True))
    class_of = dict(zip(d["skus"]["sku"], d["skus"]["export_class"], strict=True))
    rows = {(r.export_class, r.country): i for i, r in enumerate(d["export"].itertuples())}
    used = np.zeros(len(rows))
    denied = np.zeros(len(d["installed"]), dtype=bool)
    for i, chip in enumerate(d["installed"].itertuples()):
        label, country = class_of.get(chip.sku, ""), country_of.get(site_of.get(chip.domain, ""), "")
        at = rows.get((label, country), rows.get((label, "*"))) if label else None
        if at is not None:
            denied[i] = d["export"]["rule"].iat[at] == "deny"
            used[at] += chip.units
    yield from d.broken(
        "installed", "sku", denied, "must not stand where export.csv denies its class", "Correct the rule, or remove the row."
    )
    over = used > d["export"]["cap_units"].fillna(np.inf).to_numpy() + _MW_TOLERANCE
    yield from d.broken(
        "export", "cap_units", over, "must not be below the units installed already", "Raise the cap, or correct installed."
    )


def link_modules(d: Draft) -> Problems:
    """A link joins two nodes; its module columns are given together."""
    links = d["links"]
    yield from d.broken("links", "b", links["a"] == links["b"], "must differ from a", "A link joins two nodes.")
    sized, many = links["module_gbps"].notna(), links["max_modules"] > 0
    yield from d.broken(
        "links", "module_gbps", many & ~sized, "must be given where max_modules is above 0", "Give the capacity of one module."
    )
    yield from d.broken(
        "links",
        "max_modules",
        sized & ~many,
        "must be at least 1 where module_gbps is given",
        "Give the most modules, or leave both blank.",
    )
    rule = "must be given where module_gbps is: modules add to a limited capacity"
    yield from d.broken("links", "gbps", sized & many & links["gbps"].isna(), rule, "Give the capacity before the first module.")
    for column in ("module_capex_musd", "lead_periods", "life_years"):
        idle = (links[column] > 0) & ~sized & ~many
        yield from d.broken(
            "links", column, idle, "has no effect on a link without modules", "Give module_gbps and max_modules, or leave it blank."
        )


def fibre_connects(d: Draft) -> Problems:
    """Every site and metro is a node of the fibre graph, and all are in one piece."""
    if "services" not in d.case or "links" not in d.case:
        return
    import networkx as nx  # slow to import, and only cases with fibre need it

    graph = nx.Graph(zip(d["links"]["a"], d["links"]["b"], strict=True))
    largest = max(nx.connected_components(graph), key=len)
    for table, key in (("sites", "site"), ("metros", "metro")):
        ids = d[table][key]
        absent = ~among(ids, graph.nodes)
        yield from d.broken(
            table, key, absent, "must be a node of links.csv", suggest(ids[absent], set(graph.nodes) - {""}) if absent.any() else ""
        )
        cut_off = ~absent & ~among(ids, largest)
        yield from d.broken(table, key, cut_off, "must be connected with all others in links.csv, and is cut off", "Add the missing links.")


def link_lengths(d: Draft) -> Problems:
    """No fibre is shorter than the straight line, and a site and a metro of one id are one place."""
    sites, metros, links = d["sites"], d["metros"], d["links"]
    places = pd.concat([sites.set_index("site")[["lat_deg", "lon_deg"]], metros.set_index("metro")[["lat_deg", "lon_deg"]]])
    unique = places[~places.index.duplicated()]
    a, b = unique.reindex(links["a"]).to_numpy(), unique.reindex(links["b"]).to_numpy()
    straight = great_circle_km(a, b)
    short = links["km"].to_numpy() < 0.9 * straight - _SLACK_KM  # NaN (another node) compares false
    rule = "must not be shorter than the straight line between the two places"
    yield from d.broken("links", "km", short, rule, "Check that km are kilometres, and the coordinates of both ends.")
    both = metros[among(metros["metro"], set(sites["site"]))]
    far = great_circle_km(
        both[["lat_deg", "lon_deg"]].to_numpy(), sites.set_index("site")[["lat_deg", "lon_deg"]].reindex(both["metro"]).to_numpy()
    )
    clash = among(metros["metro"], both["metro"][far > _SLACK_KM])
    yield from d.broken("metros", "metro", clash, "is also a site's id, but lies elsewhere, and one id is one node", "Rename one of them.")


def great_circle_km(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return distances between points of shape (n, 2), latitude and longitude in degrees, km (haversine)."""
    (lat_a, lon_a), (lat_b, lon_b) = np.radians(a).T, np.radians(b).T
    h = np.sin((lat_b - lat_a) / 2) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin((lon_b - lon_a) / 2) ** 2
    return 2 * _EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.clip(h, 0, 1)))
