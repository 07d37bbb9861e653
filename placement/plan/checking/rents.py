"""Where rented units stand: leases for their term, units on demand period by period (models/README.md section 3)."""

from __future__ import annotations

import numpy as np
import pandas as pd

from placement.plan.checking.facts import Facts, Floats, codes, joined
from placement.plan.checking.verdict import UNITS, Where, rows
from placement.units import USD_PER_MUSD


def check_rents(facts: Facts) -> Floats:
    """Check the table of rents and pay the units on demand (leases are paid as they are ordered); return rented units by f,k,t."""
    case, found = facts.case, facts.found
    out = np.zeros((len(facts.domain_ids), len(facts.sku_ids), facts.n_periods))
    if facts.plan["rents"].empty:
        return out
    table = joined(facts.plan["rents"].rename(columns={"site": "said_site", "sku": "said_sku", "period": "t"}), case["offers"], ["offer"])
    f, t = codes(facts.domain_ids, table["domain"]), table["t"].to_numpy(int)
    where = rows(table.assign(label=[case.periods[i] for i in t]), "offer {offer} domain {domain} {label}")
    found.never("rents.sku", table["said_sku"] != table["sku"], where, "the offer is of another SKU")
    found.never("rents.site", table["said_site"].to_numpy(object) != facts.domain_site_ids[f], where, "the domain is at another site")
    found.never("rents.offer", ~table["kind"].isin(["lease", "on_demand"]), where, "the offer is not to rent")
    _where_offered(facts, table, f, where)
    units = table["units"].to_numpy(float)
    cost = table["rent_usd_per_unit_month"].to_numpy(float) * case.period_months * units / USD_PER_MUSD
    found.equal("rents.cost_musd", table["cost_musd"], cost, where, "rent", "M$")
    free = (table["kind"] == "on_demand").to_numpy(bool)
    facts.cash.pay("lease", t[free], cost[free])
    _on_demand(facts, table[free])
    _leases(facts, table[~free])
    np.add.at(out, (f, codes(facts.sku_ids, table["sku"]), t), units)
    return out


def _where_offered(facts: Facts, table: pd.DataFrame, f: np.ndarray, where: Where) -> None:
    """Units stand at the offer's site, or anywhere but at a provider's; and while they are on offer."""
    site, tied = facts.domain_site_ids[f], (table["site"] != "").to_numpy(bool)
    foreign = np.where(tied, site != table["site"].to_numpy(object), facts.power_included[facts.domain_site[f]])
    facts.found.never("rent_site", foreign, where, "the units of the offer do not stand at this site")
    begin, lease = (table["period"] + table["lead_periods"]).to_numpy(int), (table["kind"] == "lease").to_numpy(bool)
    last = np.where(lease, begin + table["term_periods"].to_numpy(int) - 1, table["until"].to_numpy(int))
    t = table["t"].to_numpy(int)
    facts.found.never("rent_dates", (t < begin) | (t > last), where, "outside the time for which the units are on offer")


def _on_demand(facts: Facts, table: pd.DataFrame) -> None:
    """Units within what is on offer, in whole packs."""
    total = table.groupby(["offer", "t"], as_index=False).agg({"units": "sum", "max_units": "first"})
    label = rows(total.assign(label=[facts.case.periods[t] for t in total["t"]]), "offer {offer} {label}")
    facts.found.at_most("rent_max", total["units"], total["max_units"], label, "units on demand against the most on offer", "units", UNITS)
    units, pack = table["units"].to_numpy(float), table["pack_units"].to_numpy(float)
    packs = np.round(units / np.where(pack > 0, pack, 1)) * pack
    where = rows(table, "offer {offer} domain {domain}")
    facts.found.equal("whole_packs_rented", np.where(pack > 0, units, 0), packs, where, "units in whole packs", "units", UNITS)


def _leases(facts: Facts, table: pd.DataFrame) -> None:
    """A lease stands where it was put for its whole term, and no more stands than was ordered."""
    case, ordered = facts.case, facts.plan["orders"].groupby("offer")["units"].sum()
    for offer, rent in table.groupby("offer"):
        begin = int(rent["period"].iloc[0] + rent["lead_periods"].iloc[0])
        end = min(begin + int(rent["term_periods"].iloc[0]), case.n_periods)
        by = rent.pivot_table(index="domain", columns="t", values="units", aggfunc="sum").reindex(columns=range(begin, end)).fillna(0.0)
        units = by.to_numpy(float)
        where = rows(pd.DataFrame({"domain": by.index}), f"offer {offer} domain {{domain}}")
        facts.found.equal("lease_stays", units.min(axis=1, initial=np.inf), units.max(axis=1, initial=0.0), where, "units over the term", "units", UNITS)
        held, most = units.sum(axis=0).max(initial=0.0), float(ordered.get(offer, 0.0))
        here = rows(rent, "offer {offer}")
        facts.found.at_most("lease_split", [held], [most], here, "units in place against units leased", "units", UNITS)
