"""Rules on what can be built and bought: halls, power, chips."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd

from placement.case.draft import Draft, Problems, among, domains
from placement.case.findings import suggest
from placement.errors import Problem
from placement.units import KW_PER_MW

_MW_TOLERANCE = 1e-6
_MILLION = 1e6


def zones_given(d: Draft) -> Problems:
    """With tariffs, every site is in a zone."""
    if "tariffs" not in d.case:
        return []
    blank = (d["sites"]["zone"] == "") & ~d["sites"]["power_included"]
    return d.broken("sites", "zone", blank, "must not be blank where tariffs.csv is present", "Name a zone of tariffs.csv.")


def tariffs_complete(d: Draft) -> Problems:
    """Every zone with a site has a price for every period and block.

    Problems elsewhere, and rows that are there twice, do not hide this one: where the zones of sites are not to be trusted, every zone is looked at,
    and where cells of period or block are wrong, rows are counted.
    """
    rows, n_periods, blocks = d["tariffs"], d.case.n_periods, [b.name for b in d.case.blocks]
    if "tariffs" not in d.texts or not d.findings.trusts("tariffs") or not _cells_sound(d, "tariffs", "zone"):
        return
    zones = [z for z in pd.unique(rows["zone"]) if z and (not d.findings.trusts("sites.zone") or z in d.values("sites", "zone"))]
    if _cells_sound(d, "tariffs", "period") and _cells_sound(d, "tariffs", "block"):
        have = set(zip(rows["zone"], rows["period"], rows["block"], strict=True))
        missing = [f"{z}/{d.case.periods[t]}/{b}" for z, t, b in product(zones, range(n_periods), blocks) if (z, t, b) not in have]
    else:
        count, want = rows["zone"].value_counts(), n_periods * len(blocks)
        missing = [f"{z}: {count[z]} rows for {n_periods} periods x {len(blocks)} blocks" for z in zones if count[z] < want]
    if missing:
        yield Problem("tariffs", "zone/period/block", "must be complete for the zones of sites", "Add the missing rows.", tuple(missing))


def _cells_sound(d: Draft, table: str, column: str) -> bool:
    """Whether the cells of a column say what they mean, each on its own: they may be there twice."""
    return column in d.texts[table].columns and not any(p.table == table and p.column == column for p in d.findings.problems)


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
    yield from d.broken("halls", "capex_musd", existing & (halls["capex_musd"] > 0), "must be 0 or blank for an existing hall", "Leave it blank.")
    yield from d.broken(
        "halls",
        "earliest",
        existing & (halls["earliest"] > 0),
        "must be blank for an existing hall",
        "Leave it blank, or set existing to 0.",
    )
    new_before = pd.Series(~existing).groupby(domains(halls)).cummax() if len(halls) else pd.Series([], dtype=bool)
    late = existing & new_before.to_numpy(dtype=bool)
    yield from d.broken("halls", "existing", late, "must come before new halls in a domain, since halls enter service in table order", "Move the row up.")


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
    yield from d.broken("ppas", "start", ppas["start"] < 0, rule, "Give the first period, and in tenor_periods what remains of the contract.")


def offer_shares(d: Draft) -> Problems:
    """Exactly the take-or-pay offers have a share."""
    offers = d["offers"]
    firm = (offers["kind"] == "take_or_pay").to_numpy(dtype=bool)
    shared = (offers["take_share"] > 0).to_numpy(dtype=bool)
    yield from d.broken("offers", "take_share", firm & ~shared, "must be above 0 for take_or_pay", "Give the share, or set kind to buy.")
    yield from d.broken("offers", "take_share", shared & ~firm, "must be blank unless kind is take_or_pay", "Leave it blank, or set kind to take_or_pay.")


def vendor_shares(d: Draft) -> Problems:
    """Where every vendor that sells is capped, the caps leave room for the whole spend."""
    skus, caps = d["skus"], d["vendor_caps"]
    selling = set(skus.loc[among(skus["sku"], d.values("offers", "sku")), "vendor"])
    total = caps.loc[among(caps["vendor"], selling), "max_spend_share"].sum()
    if not selling or not selling <= set(caps["vendor"]) or total >= 1 - _MW_TOLERANCE:
        return []
    rule = f"must sum to at least 1 where every vendor with offers is capped, not {total:.6g}; nothing could be bought"
    return d.broken("vendor_caps", "max_spend_share", np.ones(len(caps), dtype=bool), rule, "Raise a cap, or add offers of another vendor.")


def export_caps(d: Draft) -> Problems:
    """Exactly the rows with rule cap have a cap in units, and those with cap_performance one in processing performance."""
    rows = d["export"]
    for name, column in (("cap", "cap_units"), ("cap_performance", "cap_tpp_million")):
        cap = (rows["rule"] == name).to_numpy(dtype=bool)
        given = rows[column].notna().to_numpy(dtype=bool)
        others = "rule allow or deny" if (rows.loc[given & ~cap, "rule"].isin(["allow", "deny"])).all() else f"any rule but {name}"
        yield from d.broken("export", column, cap & ~given, f"must be filled for rule {name}", "Give the cap.")
        yield from d.broken("export", column, given & ~cap, f"must be blank for {others}", f"Leave it blank, or set rule to {name}.")


def installed_places(d: Draft) -> Problems:
    """Installed chips stand in existing halls of a known domain."""
    halls, rows = d["halls"], d["installed"]
    every = domains(halls)
    known = among(rows["domain"], every)
    unknown = rows["domain"][~known]
    yield from d.broken("installed", "domain", ~known, "must be a domain of halls.csv (or a site id)", suggest(unknown, set(every)) if len(unknown) else "")
    empty = known & ~among(rows["domain"], every[halls["existing"].to_numpy(dtype=bool)])
    yield from d.broken("installed", "domain", empty, "must have an existing hall", "Set existing to 1 for the hall where the chips run.")


def installed_power(d: Draft) -> Problems:
    """Installed chips do not need more IT power than the existing halls have, nor liquid ones more than liquid halls."""
    if d["installed"].empty:
        return
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
    tpp_of = dict(zip(d["skus"]["sku"], d["skus"]["tpp"].fillna(0.0), strict=True))
    used, performance = np.zeros((2, len(rows)))
    denied = np.zeros(len(d["installed"]), dtype=bool)
    for i, chip in enumerate(d["installed"].itertuples()):
        label, country = class_of.get(chip.sku, ""), country_of.get(site_of.get(chip.domain, ""), "")
        at = rows.get((label, country), rows.get((label, "*"))) if label else None
        if at is not None:
            denied[i] = d["export"]["rule"].iat[at] == "deny"
            used[at] += chip.units
            performance[at] += chip.units * tpp_of[chip.sku] / _MILLION
    yield from d.broken("installed", "sku", denied, "must not stand where export.csv denies its class", "Correct the rule, or remove the row.")
    for column, there, what in (("cap_units", used, "units"), ("cap_tpp_million", performance, "processing performance of the units")):
        over = there > d["export"][column].fillna(np.inf).to_numpy() + _MW_TOLERANCE
        yield from d.broken("export", column, over, f"must not be below the {what} installed already", "Raise the cap, or correct installed.")
