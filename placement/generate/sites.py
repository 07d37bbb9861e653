"""Sites with all that belongs to them: halls, milestones, grid, generators."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.case.fibre_rules import great_circle_km
from placement.generate.draw import expand
from placement.generate.kit import Kit
from placement.generate.rules import may_stand

SIZE, COST, LEAD, PLACE_DEG = 0.2, 0.1, 0.15, 0.4  # spread of site size, of costs, of lead times; shift of coordinates, degrees


def put_sites(kit: Kit) -> None:
    """Copy sites, each with one factor on its MW and money, a shift in place and a shift in dates."""
    base = kit.base["sites"]
    mw = kit.base["halls"].groupby("site")["it_mw"].sum().reindex(base["site"]).fillna(0.0).to_numpy()
    order = base.assign(mw=mw).sort_values(["kind", "mw", "site"])
    classes = set(kit.here("skus")["export_class"])
    usable = [s.site for s in order.itertuples() if s.mw > 0 and any(may_stand(kit, c, str(s.country)) for c in classes)]
    copies = kit.draw.copies("sites", usable, kit.counts["sites"], base["site"], must=kit.base["services"]["origin"])
    n = len(copies)
    copies["size"] = kit.draw.spread("site size", n, SIZE)
    copies["cost"] = kit.draw.spread("site cost", n, COST) * copies["size"]
    copies["shift"] = kit.draw.stream("site dates").integers(-1, 2, n)
    table = expand(base, "site", copies)
    rng = kit.draw.stream("site place")
    was = table[["lat_deg", "lon_deg"]].to_numpy()
    table["lat_deg"] = np.clip(table["lat_deg"] + rng.normal(0, PLACE_DEG, n), -85, 85).round(4)
    table["lon_deg"] = ((table["lon_deg"] + rng.normal(0, PLACE_DEG, n) + 180) % 360 - 180).round(4)
    copies["moved_km"] = great_circle_km(was, table[["lat_deg", "lon_deg"]].to_numpy())
    table["pue"] = np.minimum(3.0, 1 + (table["pue"] - 1) * kit.draw.spread("pue", n, COST))
    table["outages_per_year"] *= kit.draw.spread("outages", n, COST)
    table["opening_cost_musd"] *= copies["cost"]
    table["community_mw"] *= copies["size"]
    table["name"] = [f"{name} (generated {i.rsplit('.', 1)[1]})" for name, i in zip(table["name"], table["site"], strict=True)]
    kit.copies["sites"] = copies
    kit.put("sites", table, "resampled from " + table["base"])
    _put_halls(kit)
    _put_power(kit)


def _scale(table: pd.DataFrame, copies: pd.DataFrame, **columns: str) -> pd.DataFrame:
    """Multiply columns by what the copy's site has under a name."""
    for column, factor in columns.items():
        table[column] *= copies[factor].to_numpy()[table["copy"]]
    return table


def _put_halls(kit: Kit) -> None:
    copies = kit.copies["sites"]
    halls = _scale(expand(kit.base["halls"], "site", copies), copies, it_mw="size", capex_musd="cost", opex_musd_per_year="size")
    domain = halls["domain"].mask(halls["domain"] == "", halls["base"])
    halls["domain"] = domain + "." + halls["site"].str.rsplit(".", n=1).str[1]
    halls["earliest"] = kit.calendar.moved(halls["earliest"].to_numpy(), copies["shift"].to_numpy()[halls["copy"]])
    kit.put("halls", halls, "resampled with " + halls["base"])
    milestones = _scale(expand(kit.base["milestones"], "site", copies), copies, cost_musd="cost")
    lead = kit.draw.spread("leads", len(copies), LEAD)[milestones["copy"]] * kit.calendar.stretch
    for column in ("lead_p10", "lead_p50", "lead_p90"):
        milestones[column] = (milestones[column] * lead).round(2)
    kit.put("milestones", milestones, "resampled with " + milestones["base"])


def _put_power(kit: Kit) -> None:
    copies = kit.copies["sites"]
    shift = copies["shift"].to_numpy()
    grid = _scale(expand(kit.base["grid"], "site", copies), copies, mw="size", capex_musd="cost", opex_musd_per_year="cost")
    ends = grid["until"].to_numpy() < kit.base.n_periods - 1
    grid["available"] = kit.calendar.moved(grid["available"].to_numpy(), shift[grid["copy"]])
    grid["until"] = np.where(ends, np.maximum(kit.calendar.moved(grid["until"].to_numpy()), grid["available"]), kit.calendar.after - 1)
    kit.put("grid", grid, "resampled with " + grid["base"])
    generators = _scale(expand(kit.base["generators"], "site", copies), copies, max_mw="size", min_mw="size", max_gwh_per_year="size")
    generators["max_mw"] = np.fmax(generators["max_mw"], generators["unit_mw"])  # room for one module
    generators["available"] = kit.calendar.moved(generators["available"].to_numpy(), shift[generators["copy"]])
    generators["capex_musd_per_mw"] *= kit.draw.spread("generator cost", len(copies), COST)[generators["copy"]]
    generators["generator"] = generators["generator"] + "." + generators["site"].str.rsplit(".", n=1).str[1]
    kit.put("generators", generators, "resampled with " + generators["base"])
