"""Export and residency: what the rules allow, and the rows of them that still say something."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from placement.generate.kit import Kit


def may_stand(kit: Kit, export_class: str, country: str) -> bool:
    """Whether chips of an export class may be deployed in a country."""
    return kit.policy.may_deploy(export_class, country).allowed


def can_be_met(kit: Kit, residency: str, countries: set[str]) -> bool:
    """Whether a workload of a residency class may run in some of the countries, for some users."""
    rows = kit.base["residency"]
    allowing = rows[(rows["class"] == residency) & rows["allow"]]
    return not residency or not len(allowing) or bool(allowing["country"].isin([*countries, "*"]).any())


def put_export(kit: Kit) -> None:
    """Keep the rows of classes and countries that are there; caps follow the IT power in their country."""
    skus, sites = kit.here("skus"), kit.here("sites")
    rows = kit.base["export"]
    rows = rows[rows["export_class"].isin(skus["export_class"]) & rows["country"].isin([*sites["country"], "*"])].copy()
    old, new = _mw_by_country(kit.base.__getitem__), _mw_by_country(kit.here)
    ratio = [new.get(c, 0.0) / old[c] if c in old else sum(new.values()) / sum(old.values()) for c in rows["country"]]
    installed = _installed(kit)
    least = [installed.get((r.export_class, r.country), 0.0) for r in rows.itertuples()]
    rows["cap_units"] = np.maximum(np.ceil(rows["cap_units"] * ratio), np.ceil(1.05 * np.array(least, dtype=float)))
    rows["cap_tpp_million"] = np.ceil(rows["cap_tpp_million"] * ratio)
    kit.put("export", rows, "rule kept; a cap scaled by the IT power in its country")
    free = ~skus["export_class"].isin(rows["export_class"])
    kit.tables["skus"] = skus.assign(export_class=skus["export_class"].mask(free, ""), tpp=skus["tpp"].mask(free))


def put_residency(kit: Kit) -> None:
    """Keep the rows of classes with workloads, of origins with metros, and of countries with sites where the others decide nothing."""
    rows = kit.base["residency"]
    by_services = set(kit.here("services")["residency"])
    rows = rows[rows["class"].isin(by_services | set(kit.here("jobs")["residency"]))]
    rows = rows[(rows["origin"] == "") | (rows["class"].isin(by_services) & rows["origin"].isin(kit.here("metros")["country"]))]
    here = rows["country"].isin([*kit.here("sites")["country"], "*"])
    group = [rows["class"], rows["origin"]]
    settled = (here & (rows["allow"] | (rows["country"] == "*"))).groupby(group).transform("any")
    alone = (rows["origin"] != "") & ~here.groupby(group).transform("any")
    kit.put("residency", rows[here | np.where(rows["allow"], ~settled, alone)], "rule kept")


def _mw_by_country(tables: Callable[[str], pd.DataFrame]) -> dict[str, float]:
    """Return the IT power of all halls by country."""
    sites, halls = tables("sites"), tables("halls")
    country = halls["site"].map(sites.set_index("site")["country"])
    return {str(c): float(mw) for c, mw in halls["it_mw"].groupby(country).sum().items()}


def _installed(kit: Kit) -> dict[tuple[str, str], float]:
    """Return the installed units by export class and country."""
    chips = kit.here("installed")
    if not len(chips):
        return {}
    halls = kit.here("halls").drop_duplicates("domain").set_index("domain")["site"]
    country = chips["domain"].map(halls).map(kit.here("sites").set_index("site")["country"])
    label = chips["sku"].map(kit.here("skus").set_index("sku")["export_class"])
    return {(str(c), str(k)): float(u) for (c, k), u in chips["units"].groupby([label, country]).sum().items()}  # type: ignore[misc]
